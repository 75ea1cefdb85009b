"""A site for the samples of a page."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib import admin
from django.contrib.auth import signals as auth_signals
from django.dispatch import Signal

from django_cognito_confirm import signals
from tests.docs import project as start
from tests.docs.samples import Site

SIGNALS = [
    signal for module in (signals, auth_signals) for signal in vars(module).values() if isinstance(signal, Signal)
]


@pytest.fixture
def _admin() -> Iterator[None]:
    """Forget what apps register with the admin, which setting INSTALLED_APPS lets them do to a copy."""
    before = {**admin.site._registry}
    yield
    admin.site._registry = before


@pytest.fixture
def as_before(_admin: None) -> Iterator[None]:
    """Forget what samples connect to signals, register with the admin and put into the environment."""
    before = [list(signal.receivers) for signal in SIGNALS]
    with patch.dict(os.environ):
        yield
    for signal, known in zip(SIGNALS, before, strict=True):
        signal.receivers = known
        signal.sender_receivers_cache.clear()


@pytest.fixture
def site(
    transactional_db: None, as_before: None, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Site]:
    """A site whose pool is the sandbox's; its environment variables say the same to ``pool_from_env``."""
    pool = settings.COGNITO_POOLS["default"]
    monkeypatch.setenv("COGNITO_USER_POOL_ID", pool["USER_POOL_ID"])
    monkeypatch.setenv("COGNITO_CLIENT_ID", pool["CLIENT_ID"])
    monkeypatch.setenv("COGNITO_SANDBOX", "true")
    monkeypatch.syspath_prepend(tmp_path)
    site = Site(settings, tmp_path)
    yield site
    site.close()


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> start.Project:
    """The project that docs/start.md builds, in a folder of its own."""
    return start.build(tmp_path_factory.mktemp("mysite"))
