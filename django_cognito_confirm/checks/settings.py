"""Checks ``COGNITO_POOLS`` and ``COGNITO_CONFIRM`` as a whole, and the database that holds the ledger."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - Django's name
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, router

from ..conf import APP_DEFAULTS, POOL_DEFAULTS, get_option, get_pool
from .options import (
    check_app_kinds,
    check_pool_ids,
    check_pool_kinds,
    check_sandbox,
    check_sign_in,
    check_threat_protection,
)


def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """Check ``COGNITO_POOLS`` and ``COGNITO_CONFIRM``."""
    return [*_check_pools(), *_check_app(), *_check_database()]


def _check_pools() -> list[CheckMessage]:
    pools = getattr(settings, "COGNITO_POOLS", None)
    if not isinstance(pools, dict) or not pools:
        return [
            Error(
                "COGNITO_POOLS is not set.",
                hint='Set it to {"default": {"USER_POOL_ID": …, "CLIENT_ID": …}}, or use pool_from_env().',
                id="django_cognito_confirm.E001",
            )
        ]
    return [message for alias, options in pools.items() for message in _check_pool(alias, options)]


def _check_pool(alias: str, options: Any) -> list[CheckMessage]:
    if not isinstance(options, dict):
        return [
            Error(
                f'COGNITO_POOLS["{alias}"] is not a dictionary.',
                hint='Give it "USER_POOL_ID" and "CLIENT_ID".',
                id="django_cognito_confirm.E002",
            )
        ]
    messages: list[CheckMessage] = [
        Error(
            f'COGNITO_POOLS["{alias}"] has an unknown key {name!r}.',
            hint=f"Known are {', '.join(POOL_DEFAULTS)}.",
            id="django_cognito_confirm.E003",
        )
        for name in options
        if name not in POOL_DEFAULTS
    ]
    wrong = check_pool_kinds(alias, options)
    if wrong:
        return [*messages, *wrong]
    try:
        get_pool(alias)
    except ImproperlyConfigured as error:
        messages.append(
            Error(
                str(error),
                hint="The AWS console shows it; with pool_from_env(), set its environment variable.",
                id="django_cognito_confirm.E004",
            )
        )
        return messages
    return [
        *messages,
        *check_pool_ids(alias, options),
        *check_sandbox(alias, options),
        *check_sign_in(alias, options),
        *check_threat_protection(alias),
    ]


def _check_database() -> list[CheckMessage]:
    connection = connections[router.db_for_write(apps.get_model("django_cognito_confirm", "Confirmation"))]
    if connection.vendor != "mysql":
        return []
    # Django's own default; anything weaker or stronger is the site's choice.
    level = connection.settings_dict.get("OPTIONS", {}).get("isolation_level", "read committed")
    if level and level.lower() == "read committed":
        return []
    return [
        Warning(
            f"The ledger's database is at isolation level {level or 'of the server'!r}.",
            hint='Two presses at once fail instead of waiting. Set OPTIONS["isolation_level"] to "read committed".',
            id="django_cognito_confirm.W001",
        )
    ]


def _check_app() -> list[CheckMessage]:
    options = getattr(settings, "COGNITO_CONFIRM", {})
    if not isinstance(options, dict):
        return [
            Error(
                "COGNITO_CONFIRM is not a dictionary.",
                hint=f"Known keys are {', '.join(APP_DEFAULTS)}.",
                id="django_cognito_confirm.E005",
            )
        ]
    rate = get_option("ADMIN_RATE")
    messages: list[CheckMessage] = check_app_kinds(options)
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not rate > 0:
        messages.append(
            Error(
                'COGNITO_CONFIRM["ADMIN_RATE"] is not a number above zero.',
                hint="It is the most administrator's calls a second, 10 by default.",
                id="django_cognito_confirm.E007",
            )
        )
    return messages + [
        Error(
            f"COGNITO_CONFIRM has an unknown key {name!r}.",
            hint=f"Known are {', '.join(APP_DEFAULTS)}.",
            id="django_cognito_confirm.E006",
        )
        for name in options
        if name not in APP_DEFAULTS
    ]
