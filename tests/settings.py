"""Settings of the test run: SQLite, LocMem and the sandbox, so that a newcomer needs nothing prepared.

``DATABASE_URL`` names another database. Django makes a test database beside it, and removes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ

env = environ.Env()

SECRET_KEY = "only for tests"
DEBUG = True  # as a developer has it; the test run turns it off
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
USE_TZ = True
ROOT_URLCONF = "tests.urls"
# It has pages of a pool "staff", which some tests add.
SILENCED_SYSTEM_CHECKS = ["django_cognito_confirm.E020"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_cognito_confirm",
    "django_cognito_confirm.sandbox",
    "drf_spectacular",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "/static/"
LOGIN_URL = "/sign-in/"

DATABASES = {"default": env.db("DATABASE_URL", default="sqlite://:memory:")}
_database = DATABASES["default"]
# Processes are killed in tests, the machine is not: no commit need wait for the disk.
if _database["ENGINE"] == "django.db.backends.postgresql":
    _database["OPTIONS"] = {"options": "-c synchronous_commit=off"}
elif _database["ENGINE"] == "django.db.backends.sqlite3" and _database["NAME"] != ":memory:":
    _database["OPTIONS"] = {"init_command": "PRAGMA synchronous=OFF"}
    # Django would test in memory, whatever the name.
    _file = Path(_database["NAME"])
    _database["TEST"] = {"NAME": str(_file.with_name(f"test_{_file.name}"))}

COGNITO_POOLS = {
    "default": {
        "USER_POOL_ID": "eu-west-1_Sandbox01",
        "CLIENT_ID": "sandboxclient1example",
        "CLIENT_SECRET": None,
        "SANDBOX": True,
    }
}

# No thread builds a client while a test goes on with something else.
COGNITO_CONFIRM: dict[str, Any] = {"WARM_UP": False}
REST_FRAMEWORK = {"DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"}
SPECTACULAR_SETTINGS = {"TITLE": "A site of people who sign up", "VERSION": "1"}

MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}  # Django 6.1 and newer
