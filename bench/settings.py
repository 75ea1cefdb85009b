"""A site as in production, for measurements: no debugging, connections kept, sessions in the database, limits on.

``DATABASE_URL`` names the database, ``COGNITO_ENDPOINT_URL`` what stands in Cognito's place.
``BENCH_WITHOUT_APP`` leaves the app out, to see what it adds.
"""

from __future__ import annotations

from typing import Any

import environ

env = environ.Env()

SECRET_KEY = "only for measurements"  # noqa: S105
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
USE_TZ = True
ROOT_URLCONF = "bench.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WITHOUT_APP = env.bool("BENCH_WITHOUT_APP", default=False)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    *([] if WITHOUT_APP else ["django_cognito_confirm"]),
]
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
# What a refusal logs is no news here.
LOGGING = {"version": 1, "disable_existing_loggers": False, "loggers": {"django.request": {"level": "ERROR"}}}

DATABASES: dict[str, dict[str, Any]] = {"default": env.db("DATABASE_URL", default="sqlite://:memory:")}
_database = DATABASES["default"]
_database["CONN_MAX_AGE"] = env.int("BENCH_CONN_MAX_AGE", default=600)
if _database["ENGINE"] == "django.db.backends.sqlite3":
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        "timeout": 20,
    }
    # Django would make it in memory.
    _database["TEST"] = {"NAME": _database["NAME"].replace("bench.", "test_bench.")}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 1_000_000}}
}

COGNITO_POOLS = {
    "default": {
        "USER_POOL_ID": "eu-west-1_Measured1",
        "CLIENT_ID": "measuredclient1example",
        "CLIENT_SECRET": "measuredsecret1example",
        "CASE_SENSITIVE": False,
        "ENDPOINT_URL": env.str("COGNITO_ENDPOINT_URL", default=None),
    }
}
COGNITO_CONFIRM = {
    "CLIENT_IP": "bench.urls.client_ip",
    # Everybody here is a stranger to one pool, within the hour.
    "LIMITS": {"confirm:pool": "10000000/hour"},
}
