"""Whether each option in ``COGNITO_POOLS`` and ``COGNITO_CONFIRM`` is of the kind that it must be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - Django's name
from django.urls import NoReverseMatch
from django.utils.module_loading import import_string

from ..conf import (
    DEFAULT_LIMITS,
    MIN_WEBHOOK_SECRET_LENGTH,
    THREAT_PROTECTION_REGIONS,
    get_pool,
    get_sign_in_url,
    get_sign_up_url,
)
from ..throttling import parse

SANDBOX_OPTIONS = ("ALIAS_ATTRIBUTES", "PREVENT_USER_EXISTENCE_ERRORS", "AUTO_CONFIRM", "POST_CONFIRMATION")


class _Kind(NamedTuple):
    fits: Callable[[Any], bool]
    name: str


def _is_metadata(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(text, str) for item in value.items() for text in item)
    return value is None or callable(value)


def _is_secrets(value: Any) -> bool:
    if value is None:
        return True
    return isinstance(value, list | tuple) and all(
        isinstance(key, str) and len(key) >= MIN_WEBHOOK_SECRET_LENGTH for key in value
    )


def _is_url(value: Any) -> bool:
    return value is None or (isinstance(value, str) and urlsplit(value).scheme in ("http", "https"))


def _is_sandbox(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, Mapping) and set(value) <= set(SANDBOX_OPTIONS))


def _is_callable(value: Any) -> bool:
    if isinstance(value, str):
        try:
            value = import_string(value)
        except ImportError:
            return False
    return value is None or callable(value)


_FLAG = _Kind(lambda value: isinstance(value, bool), "True or False")
_TEXT = _Kind(lambda value: value is None or isinstance(value, str), "a string")
_FUNCTION = _Kind(_is_callable, "a callable or the dotted path to one")

POOL_KINDS = {
    "CLIENT_SECRET": _Kind(
        lambda value: value is None or isinstance(value, str) or callable(value), "a string or a callable"
    ),
    "REGION": _TEXT,
    "ENDPOINT_URL": _Kind(_is_url, "an address that begins with https://"),
    "CASE_SENSITIVE": _FLAG,
    "REVEAL_USERS": _FLAG,
    "FORCE_ALIAS_CREATION": _FLAG,
    "CLIENT_METADATA": _Kind(_is_metadata, "a dictionary of strings, or a callable that takes the request"),
    "SEND_CLIENT_IP": _FLAG,
    "AUTO_SIGN_IN": _FLAG,
    "WEBHOOK_SECRETS": _Kind(_is_secrets, f"a list of strings of {MIN_WEBHOOK_SECRET_LENGTH} characters or more"),
    "THREAT_PROTECTION": _Kind(
        lambda value: isinstance(value, bool) or value in THREAT_PROTECTION_REGIONS,
        f"True, False or one of the regions that offer AWS's script: {', '.join(THREAT_PROTECTION_REGIONS)}",
    ),
    "SANDBOX": _Kind(_is_sandbox, f"True, False or a dictionary of {', '.join(SANDBOX_OPTIONS)}"),
}
APP_KINDS = {
    "LIMITS": _Kind(lambda value: isinstance(value, Mapping), "a dictionary"),
    "CLIENT_IP": _FUNCTION,
    "USERNAME_FROM_USER": _FUNCTION,
    "TASKS_BACKEND": _Kind(lambda value: isinstance(value, str), "the alias of a task backend"),
    "WARM_UP": _FLAG,
}
# botocore's model of UserPoolId and ClientId.
PATTERNS = {"USER_POOL_ID": r"[\w-]{1,46}_[0-9a-zA-Z]+", "CLIENT_ID": r"[\w+]{1,128}"}


def check_pool_kinds(alias: str, options: Mapping[str, Any]) -> list[CheckMessage]:
    """Check the options of one pool. What is wrong is named, never its value."""
    return [
        Error(
            f'COGNITO_POOLS["{alias}"]["{name}"] is not {kind.name}.',
            hint="Leave it out for the default.",
            id="django_cognito_confirm.E010",
        )
        for name, kind in POOL_KINDS.items()
        if name in options and not kind.fits(options[name])
    ]


def check_pool_ids(alias: str, options: Mapping[str, Any]) -> list[CheckMessage]:
    """Check what AWS gave the pool and its client for names, and that the case of usernames is settled."""
    messages: list[CheckMessage] = [
        Error(
            f'COGNITO_POOLS["{alias}"]["{name}"] does not look like one of AWS.',
            hint=f"Copy it from the AWS console; it matches {pattern}.",
            id="django_cognito_confirm.E011",
        )
        for name, pattern in PATTERNS.items()
        if not re.fullmatch(pattern, options[name], re.ASCII)
    ]
    if not options.get("SANDBOX") and "CASE_SENSITIVE" not in options:
        messages.append(
            Warning(
                f'COGNITO_POOLS["{alias}"] does not say whether usernames are case-sensitive.',
                hint=(
                    'Set "CASE_SENSITIVE" (manage.py cognito_check finds out). Taken for insensitive, which is the '
                    "console's default and not the API's: two people whose names differ in case would be one."
                ),
                id="django_cognito_confirm.W010",
            )
        )
    return messages


def check_sign_in(alias: str, options: Mapping[str, Any]) -> list[CheckMessage]:
    """Check that tokens can be checked where people are signed in."""
    if not options.get("AUTO_SIGN_IN") or (find_spec("jwt") and find_spec("cryptography")):
        return []
    return [
        Error(
            f'COGNITO_POOLS["{alias}"]["AUTO_SIGN_IN"] is on, and PyJWT is not installed.',
            hint='Nobody would be signed in. pip install "django-cognito-confirm[sign-in]", or switch it off.',
            id="django_cognito_confirm.E017",
        )
    ]


def check_sandbox(alias: str, options: Mapping[str, Any]) -> list[CheckMessage]:
    """Check that the sandbox has its tables where it is to answer."""
    if not options.get("SANDBOX") or apps.is_installed("django_cognito_confirm.sandbox"):
        return []
    return [
        Error(
            f'COGNITO_POOLS["{alias}"]["SANDBOX"] is on, and the sandbox is not installed.',
            hint='Add "django_cognito_confirm.sandbox" to INSTALLED_APPS and run manage.py migrate.',
            id="django_cognito_confirm.E019",
        )
    ]


def check_threat_protection(alias: str) -> list[CheckMessage]:
    """Check that AWS offers its script in the pool's region, or that another one is named."""
    pool = get_pool(alias)
    if not pool.threat_protection or pool.threat_protection_script:
        return []
    return [
        Error(
            f'COGNITO_POOLS["{alias}"]["THREAT_PROTECTION"] is on, and AWS offers no script in {pool.region}.',
            hint=f"Name a region near your visitors instead of True: {', '.join(THREAT_PROTECTION_REGIONS)}.",
            id="django_cognito_confirm.E018",
        )
    ]


def check_app_kinds(options: Mapping[str, Any]) -> list[CheckMessage]:
    """Check the options of ``COGNITO_CONFIRM``."""
    messages: list[CheckMessage] = [
        Error(
            f'COGNITO_CONFIRM["{name}"] is not {kind.name}.',
            hint="Leave it out for the default.",
            id="django_cognito_confirm.E012",
        )
        for name, kind in APP_KINDS.items()
        if name in options and not kind.fits(options[name])
    ]
    limits = options.get("LIMITS")
    if isinstance(limits, Mapping):
        messages += _check_limits(limits)
    return [*messages, *_check_cache(options.get("CACHE", "default")), *_check_urls()]


def _check_limits(limits: Mapping[str, Any]) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    for name, rates in limits.items():
        if name not in DEFAULT_LIMITS:
            messages.append(
                Error(
                    f'COGNITO_CONFIRM["LIMITS"] has an unknown key {name!r}.',
                    hint=f"Known are {', '.join(DEFAULT_LIMITS)}.",
                    id="django_cognito_confirm.E013",
                )
            )
        elif rates is not None and not _is_rate(rates):
            messages.append(
                Error(
                    f'COGNITO_CONFIRM["LIMITS"]["{name}"] is not a rate.',
                    hint='Write "20/hour", several as "1/minute, 3/hour", or None to switch the limit off.',
                    id="django_cognito_confirm.E014",
                )
            )
    return messages


def _is_rate(rates: Any) -> bool:
    try:
        parse(rates)
    except (ValueError, TypeError, AttributeError):
        return False
    return True


def _check_cache(alias: Any) -> list[CheckMessage]:
    if alias in settings.CACHES:
        return []
    return [
        Error(
            'COGNITO_CONFIRM["CACHE"] is not an alias in CACHES.',
            hint=f"Known are {', '.join(settings.CACHES)}.",
            id="django_cognito_confirm.E015",
        )
    ]


def _check_urls() -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    for name, resolve in (("SIGN_IN_URL", get_sign_in_url), ("SIGN_UP_URL", get_sign_up_url)):
        try:
            resolve()
        except (NoReverseMatch, TypeError, AttributeError):
            messages.append(
                Error(
                    f'COGNITO_CONFIRM["{name}"] leads nowhere.',
                    hint="Give a path, such as /sign-in/, or the name of a URL. SIGN_IN_URL defaults to LOGIN_URL.",
                    id="django_cognito_confirm.E016",
                )
            )
    return messages
