"""Checks that each pool's pages are where ``remember_sign_up`` looks for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 - Django's name
from django.urls import URLPattern, URLResolver, get_resolver

from ..conf import DEFAULT_POOL_ALIAS

APP_NAME: Final = "cognito_confirm"
"""Of the pages: the app's own, and those that a site has in their place."""


def check_urls(**kwargs: Any) -> list[CheckMessage]:
    """Check that the pool of each include of the pages exists, and that it is found by its alias."""
    pools = getattr(settings, "COGNITO_POOLS", None)
    if not isinstance(pools, dict) or not pools or not getattr(settings, "ROOT_URLCONF", None):
        return []  # other checks say so
    includes = list(_includes(get_resolver().url_patterns, {}))
    try:
        return list(_check(includes)) if includes else []
    except AttributeError:  # something in the URLconf is no pattern: Django's own check says which
        return []


def _includes(
    patterns: Sequence[URLPattern | URLResolver], given: Mapping[str, Any]
) -> Iterator[tuple[URLResolver, Any]]:
    """Yield each include of the pages, with the pool that it is given, there or further out."""
    for resolver in patterns:
        if not isinstance(resolver, URLResolver):
            continue
        options = {**given, **resolver.default_kwargs}
        if resolver.app_name == APP_NAME:
            yield resolver, options.get("pool", DEFAULT_POOL_ALIAS)
        elif not resolver.namespace:
            yield from _includes(resolver.url_patterns, options)


def _check(includes: list[tuple[URLResolver, Any]]) -> Iterator[CheckMessage]:
    namespaces = get_resolver().app_dict.get(APP_NAME, [])
    # Of two with one namespace, Django takes the first.
    pools = {pages.namespace: pool for pages, pool in reversed(includes)}
    for pages, pool in includes:
        if pool not in settings.COGNITO_POOLS:
            yield Error(
                f"The pages at {str(pages.pattern)!r} are given the pool {pool!r}, which is not in COGNITO_POOLS.",
                hint=f'Give include(…) one of them, as in {{"pool": "{next(iter(settings.COGNITO_POOLS))}"}}.',
                id="django_cognito_confirm.E020",
            )
        elif pools[_namespace_of(pool, namespaces)] != pool:
            yield Warning(
                f"The pages at {str(pages.pattern)!r} have the pool {pool!r} and the namespace {pages.namespace!r}.",
                hint="remember_sign_up leads to another pool's pages. Give include(…) the pool's alias as namespace.",
                id="django_cognito_confirm.W017",
            )


def _namespace_of(pool: str, namespaces: list[str]) -> str:
    """Return where ``reverse`` looks with ``current_app=pool``, as Django's documentation has it."""
    if pool in namespaces:
        return pool
    return APP_NAME if APP_NAME in namespaces else namespaces[0]
