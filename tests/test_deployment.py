"""What ``manage.py check`` says of caches, sessions, logs and endpoints: warnings, and none while DEBUG is on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import CheckMessage, Tags, run_checks
from django.core.checks import Warning as DjangoWarning

from tests.caches import in_database, in_files, in_memory

Pools = Callable[..., None]
REDIS = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}
MEMCACHED = {"BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache", "LOCATION": "127.0.0.1:1"}
PREFIX = "django_cognito_confirm.W"


@pytest.fixture(autouse=True)
def a_good_site(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A site that nothing is wrong with, in production."""
    settings.DEBUG = False
    settings.CACHES = {"default": REDIS}
    settings.COGNITO_CONFIRM = {"CLIENT_IP": lambda request: request.META["REMOTE_ADDR"]}
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"):
        monkeypatch.delenv(name, raising=False)


def ours(*, deploy: bool = True) -> list[CheckMessage]:
    found = run_checks(tags=[Tags.security, Tags.caches], include_deployment_checks=deploy)
    return [message for message in found if (message.id or "").startswith(PREFIX)]


def ids(*, deploy: bool = True) -> list[str]:
    messages = ours(deploy=deploy)
    assert all(isinstance(message, DjangoWarning) and message.hint for message in messages)
    return [str(message.id).removeprefix(PREFIX) for message in messages]


def test_a_good_site_is_not_warned() -> None:
    assert ids() == []


def test_a_cache_in_the_process_is_warned_of(settings: Any, tmp_path: Path) -> None:
    settings.CACHES = {"default": in_memory(tmp_path)}
    assert ids(deploy=False) == ["011"]
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    assert ids(deploy=False) == ["011"]


@pytest.mark.parametrize("cache", [in_memory, in_files, in_database])
def test_a_cache_with_few_entries_is_warned_of(settings: Any, tmp_path: Path, cache: Callable[[Path], Any]) -> None:
    for options in ({}, {"OPTIONS": {"MAX_ENTRIES": 99_999}}):
        settings.CACHES = {"default": {**cache(tmp_path), "OPTIONS": {}, **options}}
        assert "012" in ids(deploy=False)
    settings.CACHES = {"default": {**cache(tmp_path), "OPTIONS": {"MAX_ENTRIES": 100_000}}}
    assert "012" not in ids(deploy=False)


@pytest.mark.parametrize("cache", [REDIS, MEMCACHED])
def test_a_server_of_its_own_is_fine(settings: Any, cache: Any) -> None:
    settings.CACHES = {"default": cache}
    assert ids() == []


def test_only_the_cache_of_the_limits_is_looked_at(settings: Any, tmp_path: Path) -> None:
    settings.CACHES = {"default": in_memory(tmp_path), "limits": REDIS}
    settings.COGNITO_CONFIRM = {**settings.COGNITO_CONFIRM, "CACHE": "limits"}
    assert ids() == []


def test_sessions_in_cookies_are_warned_of(settings: Any) -> None:
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    assert ids(deploy=False) == ["013"]


def test_an_unset_client_ip_is_warned_of_in_deployment(settings: Any) -> None:
    settings.COGNITO_CONFIRM = {}
    assert ids(deploy=False) == []
    assert ids() == ["014"]


@pytest.mark.parametrize("name", ["botocore", "botocore.endpoint", ""])
def test_botocores_logger_at_debug_is_warned_of_in_deployment(name: str) -> None:
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        assert ids(deploy=False) == []
        assert ids() == ["015"]
    finally:
        logger.setLevel(before)


def test_an_endpoint_without_tls_is_warned_of_in_deployment(pools: Pools) -> None:
    pools(SANDBOX=False, CASE_SENSITIVE=True, ENDPOINT_URL="http://cognito.internal")
    assert ids(deploy=False) == []
    assert ids() == ["016"]
    assert "cognito.internal" not in ours()[0].msg
    pools(SANDBOX=False, CASE_SENSITIVE=True, ENDPOINT_URL="https://cognito.internal")
    assert ids() == []


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"])
def test_an_endpoint_of_the_environment_is_looked_at(pools: Pools, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "http://localhost:4566")
    assert ids() == []  # the sandbox calls nobody
    pools(SANDBOX=False, CASE_SENSITIVE=True)
    assert [message.msg.split()[0] for message in ours()] == [name]
    pools(SANDBOX=False, CASE_SENSITIVE=True, ENDPOINT_URL="https://cognito.internal")
    assert ids() == []  # the setting wins
    pools(SANDBOX=False, CASE_SENSITIVE=True, ENDPOINT_URL=None)
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert ids() == []


def test_while_debug_is_on_nothing_is_said(settings: Any, tmp_path: Path) -> None:
    settings.CACHES = {"default": {**in_memory(tmp_path), "OPTIONS": {}}}
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    settings.COGNITO_CONFIRM = {}
    assert ids() != []
    settings.DEBUG = True
    assert ids() == []


@pytest.mark.parametrize("options", [["LIMITS"], {"CACHE": "no such"}, {"CLIENT_IP": "no.such.function"}])
def test_options_that_are_wrong_are_left_to_other_checks(settings: Any, options: Any) -> None:
    settings.COGNITO_CONFIRM = options
    assert set(ids()) <= {"014"}
