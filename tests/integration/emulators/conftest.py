from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conformance.pools import SECRET, UserPool
from tests.conformance.sandboxes import REGION

from .emulator import Emulator
from .programs import EMULATORS

if TYPE_CHECKING:
    from pytest_django import Settings

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.emulator)


@pytest.fixture(scope="session")
def emulator(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Start the emulator that the parameter names."""
    kind = EMULATORS[request.param]
    if not kind.program().exists():
        pytest.skip(f"needs {kind.requirement} in an environment of its own: make test-emulators")
    with kind(tmp_path_factory.mktemp(request.param)) as running:
        yield running


@pytest.fixture
def people(emulator: Emulator, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> UserPool:
    """Point the site at the emulator, with credentials as an operator would give them; the app client has a secret."""
    pool = emulator.pool(SECRET)
    settings.COGNITO_POOLS = {
        "default": {
            "USER_POOL_ID": pool.pool_id,
            "CLIENT_ID": pool.client_id,
            "CLIENT_SECRET": pool.client_secret,
            "REGION": REGION,
            "ENDPOINT_URL": emulator.url,
        }
    }
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return pool
