"""Settings of the site and its workers; ``ENGINE`` says what runs its tasks, ``ENGINE_NAME`` keeps runs apart."""

from __future__ import annotations

import os

import environ

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, INSTALLED_APPS

env = environ.Env()

DEBUG = False
ENGINE = env.str("ENGINE", default="database")
ENGINE_NAME = env.str("ENGINE_NAME", default=f"cognito_confirm_{os.getpid()}")
INSTALLED_APPS = [
    *(app for app in INSTALLED_APPS if not app.endswith(".sandbox")),
    "tests.integration.engines",
    "django_tasks_db",
]

if not DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": f"engines_{os.getpid()}"}

RABBITMQ_URL = env.str("RABBITMQ_URL", default="amqp://guest:guest@127.0.0.1:5672//")
REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
# The workers share one rate through it.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": ENGINE_NAME,
    }
}

COGNITO_POOLS = {
    "default": {
        "USER_POOL_ID": "eu-west-1_Engines01",
        "CLIENT_ID": "enginesclient1example",
        "ENDPOINT_URL": env.str("COGNITO_ENDPOINT_URL", default="http://127.0.0.1:9"),
    }
}
COGNITO_CONFIRM = {"TASKS_BACKEND": "bulk", "ADMIN_RATE": env.float("ENGINE_RATE", default=200)}

TASKS = {"bulk": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": [ENGINE_NAME]}}
if ENGINE != "database":
    INSTALLED_APPS = [*INSTALLED_APPS, "django_tasks_fennel"]
    TASKS = {"bulk": {"BACKEND": "django_tasks_fennel.CeleryBackend", "QUEUES": [ENGINE_NAME]}}
    CELERY_BROKER_URL = RABBITMQ_URL if ENGINE == "rabbitmq" else REDIS_URL
    CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
    # A batch is acknowledged when it is done, and given to another worker when its own is killed: it may run twice.
    CELERY_TASK_ACKS_LATE = True
    CELERY_TASK_REJECT_ON_WORKER_LOST = True
    # A worker that is busy with a batch keeps no other one from those that are not.
    CELERY_WORKER_PREFETCH_MULTIPLIER = 1
    # Nothing is to be left behind in the broker.
    CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
    CELERY_TASK_DEFAULT_EXCHANGE = ENGINE_NAME
    if ENGINE == "redis":
        CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": f"{ENGINE_NAME}:"}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "loggers": {"django_cognito_confirm": {"handlers": ["stderr"], "level": "INFO", "propagate": False}},
}
