"""Checks where the site runs: its caches, sessions, logs and endpoints. Warnings only."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sessions.backends.signed_cookies import SessionStore as CookieSessions
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.checks import CheckMessage, Warning  # noqa: A004 - Django's name
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from ..conf import APP_DEFAULTS, get_pool, get_pool_aliases

ENOUGH_ENTRIES: Final = 100_000
"""Each visitor who is let through takes up to five."""


def check_caches(**kwargs: Any) -> list[CheckMessage]:
    """Check the cache that holds the limits. Nothing while ``DEBUG`` is on: one process is all there is then."""
    return [] if settings.DEBUG else list(_check_cache())


def check_sessions(**kwargs: Any) -> list[CheckMessage]:
    """Check where Cognito's Session would be kept. Nothing while ``DEBUG`` is on."""
    return [] if settings.DEBUG else list(_check_sessions())


def check_deployment(**kwargs: Any) -> list[CheckMessage]:
    """Check what ``manage.py check --deploy`` is for."""
    return [] if settings.DEBUG else [*_check_client_ip(), *_check_logs(), *_check_endpoints()]


def _option(name: str) -> Any:
    """Return an option as it is written; one that is wrong is told of by another check."""
    options = getattr(settings, "COGNITO_CONFIRM", {})
    return {**APP_DEFAULTS, **(options if isinstance(options, dict) else {})}[name]


def _warn(number: int, message: str, hint: str) -> Warning:
    return Warning(message, hint=hint, id=f"django_cognito_confirm.W{number:03d}")


def _check_cache() -> Iterator[CheckMessage]:
    alias = _option("CACHE")
    configured = settings.CACHES.get(alias, {})
    try:
        backend: type[BaseCache] = import_string(configured.get("BACKEND", ""))
    except ImportError:
        return  # Django says so itself
    if issubclass(backend, LocMemCache | DummyCache):
        yield _warn(
            11,
            f'The cache of the limits, CACHES["{alias}"], is not shared between processes.',
            "With more than one process, each lets as many through. Use Redis, Memcached or the database.",
        )
    entries = configured.get("max_entries", configured.get("OPTIONS", {}).get("MAX_ENTRIES", 300))
    if issubclass(backend, LocMemCache | DatabaseCache | FileBasedCache) and entries < ENOUGH_ENTRIES:
        yield _warn(
            12,
            f'The cache of the limits, CACHES["{alias}"], holds {entries} entries.',
            f'Anybody can flush the limits out of it. Set OPTIONS["MAX_ENTRIES"] to {ENOUGH_ENTRIES} or more.',
        )


def _check_sessions() -> Iterator[CheckMessage]:
    try:
        store = import_module(settings.SESSION_ENGINE).SessionStore
    except (ImportError, AttributeError):
        return
    if issubclass(store, CookieSessions):
        yield _warn(
            13,
            "Sessions are kept in cookies.",
            "Cognito's Session is a secret of up to 4,096 characters, and browsers drop such a cookie. "
            "Use another SESSION_ENGINE.",
        )


def _check_client_ip() -> Iterator[CheckMessage]:
    if _option("CLIENT_IP") is None:
        yield _warn(
            14,
            'COGNITO_CONFIRM["CLIENT_IP"] is not set.',
            "Behind a proxy, all visitors seem to come from one address and share its limits. Set a callable that "
            "takes the request and returns the address that your proxy vouches for; without a proxy, one that returns "
            'request.META["REMOTE_ADDR"].',
        )


def _check_logs() -> Iterator[CheckMessage]:
    loggers = ["botocore", *(name for name in logging.Logger.manager.loggerDict if name.startswith("botocore."))]
    if any(logging.getLogger(name).isEnabledFor(logging.DEBUG) for name in loggers):
        yield _warn(
            15,
            "The logger botocore is at DEBUG.",
            "It logs whole requests. This app redacts those of its own clients; set the logger to INFO all the same.",
        )


def _check_endpoints() -> Iterator[CheckMessage]:
    for setting, url in _endpoints():
        if urlsplit(url).scheme != "https":
            yield _warn(
                16,
                f"{setting} is not an https address.",
                "Codes and secret hashes go there. Use https, or leave it out.",
            )


def _endpoints() -> Iterator[tuple[str, str]]:
    of_pools = []
    for alias in get_pool_aliases():
        try:
            pool = get_pool(alias)
        except (ImproperlyConfigured, TypeError, AttributeError):
            continue  # another check says so
        if not pool.sandbox:
            of_pools.append(pool.endpoint_url)
            if pool.endpoint_url:
                yield f'COGNITO_POOLS["{alias}"]["ENDPOINT_URL"]', pool.endpoint_url
    ignored = os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true"
    if not ignored and not all(of_pools):
        for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"):
            if os.environ.get(name):
                yield name, os.environ[name]
