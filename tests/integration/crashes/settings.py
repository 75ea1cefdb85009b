"""Settings of the site that gets killed: a database of its own on whatever ``DATABASE_URL`` names, SQLite without."""

from __future__ import annotations

import os

import environ

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, INSTALLED_APPS, MIDDLEWARE

env = environ.Env()

DEBUG = False
ROOT_URLCONF = "tests.integration.crashes.urls"
INSTALLED_APPS = [*INSTALLED_APPS, "tests.integration.crashes"]
MIDDLEWARE = ["tests.integration.crashes.steps.follow_requests", *MIDDLEWARE]

_database = DATABASES["default"]
if _database["ENGINE"].endswith("sqlite3"):
    _database["TEST"] = {"NAME": str(env.path("CRASH_FOLDER")("site.sqlite3"))}
    _database["OPTIONS"] = {"timeout": 20}
else:
    _database["TEST"] = {"NAME": f"crashes_{os.getpid()}"}

COGNITO_POOLS = {
    "default": {
        "USER_POOL_ID": "eu-west-1_Crashes01",
        "CLIENT_ID": "crashesclient1example",
        "ENDPOINT_URL": env.str("COGNITO_ENDPOINT_URL"),
    }
}
COGNITO_CONFIRM = {
    "ADMIN_RATE": 10_000,
    # Everybody here comes from one address, and strangers are meant to get through.
    "LIMITS": {
        f"{call}:{who}": None
        for call, whom in {
            "confirm": ["ip", "ip+username", "username", "pool"],
            "resend": ["ip", "username", "owner", "pool", "pool-owner"],
        }.items()
        for who in whom
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "loggers": {
        "django.request": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
        "django_cognito_confirm": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
    },
}
