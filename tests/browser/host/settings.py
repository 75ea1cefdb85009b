"""A host of another kind than the example site: several pools, and the look that the app comes with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import django
import environ

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

env = environ.Env()

ROOT_URLCONF = "tests.browser.host.urls"
INSTALLED_APPS = [*INSTALLED_APPS, "tests.browser.host"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(env.str("HOST_FOLDER")) / "host.sqlite3",
        "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF", "timeout": 20},
    }
}
if django.VERSION < (6, 1):  # from there on, MAILERS of the settings above
    EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def pool(name: str, **options: Any) -> dict[str, Any]:
    return {"USER_POOL_ID": f"eu-west-1_{name}", "CLIENT_ID": f"{name}client1example", "SANDBOX": True, **options}


COGNITO_POOLS = {
    "default": pool("Names"),
    "email": pool("Emails", USERNAME_ATTRIBUTES=("email",)),
    "phone": pool("Phones", USERNAME_ATTRIBUTES=("phone_number",)),
    "aliases": pool("Aliases", SANDBOX={"ALIAS_ATTRIBUTES": ("email",)}),
    "secret": pool("Secret", CLIENT_SECRET="secret-of-the-app-client"),
    "auto": pool("Auto", USERNAME_ATTRIBUTES=("email",), SANDBOX={"AUTO_CONFIRM": True}),
    "faults": pool("Faults", SANDBOX=False, ENDPOINT_URL=env.str("FAULTS_URL")),
}
COGNITO_CONFIRM = {
    "SIGN_IN_URL": "/sign-in/",
    "SIGN_UP_URL": "/sign-up/",
    # All tests come from one address.
    "LIMITS": {"confirm:ip": None, "resend:ip": None},
}
CSRF_FAILURE_VIEW = "django_cognito_confirm.views.csrf_failure"
