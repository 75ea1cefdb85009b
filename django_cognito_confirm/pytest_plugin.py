"""pytest's fixture, for whoever asks for it: ``pytest_plugins = ["django_cognito_confirm.pytest_plugin"]``.

Not an entry point, which every run of pytest would load in every environment that this package is installed in.
pytest-django must be there.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_django import Settings

    from .testing import CognitoSandbox


@pytest.fixture
def cognito_sandbox(db: None, settings: Settings) -> Iterator[CognitoSandbox]:
    """Let the sandbox answer in place of every Cognito pool, with nobody in it; the default pool's ``CognitoSandbox``.

    ``override_settings`` and the fixture ``settings`` may change settings further. For a test that needs real commits,
    ask for ``transactional_db`` as well.
    """
    from .testing import sandboxed  # when pytest loads this module, Django may not be set up yet

    with sandboxed(partial(setattr, settings)) as sandbox:
        yield sandbox
