"""Every cache that Django comes with, each in settings of its own, for tests that must hold on all of them.

``REDIS_URL`` and ``MEMCACHED`` (host and port) name other servers than those on this machine.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.cache import caches
from django.core.management import call_command

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379")
MEMCACHED = os.environ.get("MEMCACHED", "127.0.0.1:11211")

CacheSettings = dict[str, Any]
ENOUGH = {"MAX_ENTRIES": 100_000}


def in_memory(directory: Path) -> CacheSettings:
    return {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": str(directory),
        "OPTIONS": ENOUGH,
    }


def in_files(directory: Path) -> CacheSettings:
    return {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": str(directory / "cache"),
        "OPTIONS": ENOUGH,
    }


def in_database(directory: Path) -> CacheSettings:
    return {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "throttling_test_cache",
        "OPTIONS": ENOUGH,
    }


def in_redis(directory: Path) -> CacheSettings:
    pytest.importorskip("redis")
    address = urlsplit(REDIS_URL)
    _insist_on(address.hostname or "127.0.0.1", address.port or 6379, "redis-server")
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": uuid.uuid4().hex,
    }


def in_memcached(directory: Path) -> CacheSettings:
    pytest.importorskip("pymemcache")
    host, _, port = MEMCACHED.rpartition(":")
    _insist_on(host, int(port), "memcached")
    return {
        "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
        "LOCATION": MEMCACHED,
        "KEY_PREFIX": uuid.uuid4().hex,
    }


CACHES: dict[str, Callable[[Path], CacheSettings]] = {
    "memory": in_memory,
    "files": in_files,
    "database": in_database,
    "redis": in_redis,
    "memcached": in_memcached,
}


def _insist_on(host: str, port: int, package: str) -> None:
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        pytest.skip(f"Nothing answers at {host}:{port} (Debian: apt-get install {package})")


@pytest.fixture(params=[*CACHES.values()], ids=[*CACHES])
def each_cache(request: pytest.FixtureRequest, settings: Any, tmp_path: Path, transactional_db: None) -> None:
    """Run the test once with each cache as the site's."""
    settings.CACHES = {"default": request.param(tmp_path)}
    if request.param is in_database:
        call_command("createcachetable", verbosity=0)
        caches["default"].clear()  # no model's table, so nothing empties it


@pytest.fixture
def roomy_cache(settings: Any, tmp_path: Path) -> None:
    """Give the site a cache that is large enough for a flood."""
    settings.CACHES = {"default": in_memory(tmp_path)}
