from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .sandboxes import COGNITO_POOLS

if TYPE_CHECKING:
    from pytest_django import Settings


@pytest.fixture
def pools_of_every_kind(settings: Settings) -> None:
    settings.COGNITO_POOLS = COGNITO_POOLS
