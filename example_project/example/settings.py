"""Settings of the example site. Everything that differs between machines comes from environment variables.

Without any, it is a development site with a local sandbox in Cognito's place. With ``COGNITO_USER_POOL_ID`` and
``COGNITO_CLIENT_ID`` it talks to that user pool on AWS.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import django
import environ
from django.conf import global_settings

from .secret_key import read_or_make_key

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = Path(env.str("EXAMPLE_VAR_DIR", default=str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = env.bool("DEBUG", default=True)
SECRET_KEY = env.str("SECRET_KEY", default="") or read_or_make_key(VAR_DIR / "secret_key")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", ".localhost", "127.0.0.1", "[::1]"])

# The pool -------------------------------------------------------------------------------------------------------------

COGNITO_ON_AWS = "COGNITO_USER_POOL_ID" in env.ENVIRON and "COGNITO_CLIENT_ID" in env.ENVIRON

if COGNITO_ON_AWS:
    from django_cognito_confirm.conf import pool_from_env

    COGNITO_POOLS = {"default": pool_from_env()}
else:
    COGNITO_POOLS = {
        "default": {
            "USER_POOL_ID": "eu-west-1_Sandbox01",
            "CLIENT_ID": "1example23456789sandbox",
            "AUTO_SIGN_IN": True,
            "WEBHOOK_SECRETS": [read_or_make_key(VAR_DIR / "webhook_secret")],
            "SANDBOX": {"POST_CONFIRMATION": "example.triggers.post_confirmation"},
        }
    }

COGNITO_CONFIRM: dict[str, Any] = {
    "SIGN_UP_URL": "/sign-up/",
    "SIGN_IN_URL": "/sign-in/",
    "ADMIN_RATE": env.float("EXAMPLE_ADMIN_RATE", default=10),
}
CSRF_FAILURE_VIEW = "django_cognito_confirm.views.csrf_failure"
# Limits are kept here. A site of several processes needs a cache that they share.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# Django ---------------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "example",
    "django_cognito_confirm",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
if COGNITO_POOLS["default"].get("SANDBOX"):
    INSTALLED_APPS.append("django_cognito_confirm.sandbox")

# More people than a page can wait for are confirmed in the background, where an engine is installed (extra "demo").
if find_spec("django_tasks_db") and find_spec("django.tasks" if django.VERSION >= (6, 0) else "django_tasks"):
    INSTALLED_APPS.append("django_tasks_db")
    TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

if django.VERSION >= (6, 0):
    # No inline script or style anywhere, in the app's pages as little as in these.
    from django.utils.csp import CSP

    MIDDLEWARE.insert(1, "django.middleware.csp.ContentSecurityPolicyMiddleware")
    SECURE_CSP = {
        "default-src": [CSP.SELF],
        "base-uri": [CSP.NONE],
        "form-action": [CSP.SELF],
        "frame-ancestors": [CSP.NONE],
        "object-src": [CSP.NONE],
    }

ROOT_URLCONF = "example.urls"
WSGI_APPLICATION = "example.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "example.context_processors.pool",
            ]
        },
    }
]

DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'example.sqlite3'}"),
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Writers queue up instead of failing, and readers do not wait for them.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        "timeout": 20,
    }

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LANGUAGE_CODE = "en"
# Those that the confirm pages speak; the rest of this site is in English.
SPOKEN = "ar da de en es fr he hi id it ja ko nb nl pl pt-br sv th tr uk zh-hans zh-hant".split()  # noqa: SIM905
LANGUAGES = [(code, name) for code, name in global_settings.LANGUAGES if code in SPOKEN]
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
if django.VERSION >= (6, 1):
    MAILERS = {"default": {"BACKEND": "django.core.mail.backends.console.EmailBackend"}}
else:
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
SESSION_COOKIE_HTTPONLY = True
