"""Threads ask the sandbox at once, on a SQLite file: ``race.py DATABASE WHAT`` prints what happened, as JSON."""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings

sys.path.insert(0, str(Path(__file__).parents[2]))

if TYPE_CHECKING:
    from collections.abc import Sequence

CLIENT_ID = "raceclient"
NO_MAIL = "django.core.mail.backends.dummy.EmailBackend"
EMAIL = [{"Name": "email", "Value": "shared@example.org"}]


def set_up(database: str) -> None:
    from django.core.management import call_command

    settings.configure(
        DEBUG=True,
        SECRET_KEY="race",
        USE_TZ=True,
        INSTALLED_APPS=["django_cognito_confirm.sandbox"],
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database, "OPTIONS": {"timeout": 30}},
        },
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        **({"EMAIL_BACKEND": NO_MAIL} if django.VERSION < (6, 1) else {"MAILERS": {"default": {"BACKEND": NO_MAIL}}}),
        COGNITO_POOLS={
            "default": {
                "USER_POOL_ID": "eu-west-1_Race01",
                "CLIENT_ID": CLIENT_ID,
                "SANDBOX": {"ALIAS_ATTRIBUTES": ["email"]},
            }
        },
    )
    django.setup()
    call_command("migrate", verbosity=0)


def ask(operation: str, **request: Any) -> str:
    """Return ``"ok"`` or the error's code."""
    from django_cognito_confirm.conf import get_pool
    from django_cognito_confirm.sandbox.wire import TARGET_PREFIX, answer

    body = json.dumps({"ClientId": CLIENT_ID, **request}).encode()
    reply = answer([get_pool()], TARGET_PREFIX + operation, body)
    return "ok" if reply.status == 200 else str(json.loads(reply.body)["__type"])


def at_once(requests: Sequence[dict[str, Any]]) -> list[str]:
    from django.db import connection

    start = threading.Barrier(len(requests))

    def run(request: dict[str, Any]) -> str:
        start.wait(timeout=30)
        try:
            return ask(**request)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(run, requests))


def main(database: str, what: str) -> dict[str, Any]:
    set_up(database)
    from django_cognito_confirm.sandbox.models import Attempt, SandboxUser

    def sign_up(username: str) -> dict[str, Any]:
        return {"operation": "SignUp", "Username": username, "Password": "a-password", "UserAttributes": EMAIL}

    def confirm(username: str, code: str) -> dict[str, Any]:
        return {"operation": "ConfirmSignUp", "Username": username, "ConfirmationCode": code}

    if what == "sign_up":
        return {"outcomes": at_once([sign_up("ann")] * 8)}
    ask(**sign_up("ann"))
    if what == "alias":
        ask(**sign_up("bob"))
    codes = dict(SandboxUser.objects.values_list("username", "code"))
    requests = {
        "confirm": [confirm("ann", codes["ann"])] * 8,
        "guess": [confirm("ann", "wrong")] * 20,
        "alias": [confirm(name, code) for name, code in codes.items()],
    }
    return {
        "outcomes": at_once(requests[what]),
        "attempts": Attempt.objects.count(),
        "verified": SandboxUser.objects.filter(email_verified=True).count(),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))
