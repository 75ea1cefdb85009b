from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from django_cognito_confirm.sandbox import attach

from .people import CLIENT_ID, POOL_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from pytest_django import Settings

    SetPool = Callable[..., None]


@pytest.fixture(autouse=True)
def set_pool(settings: Settings) -> SetPool:
    """Return a function that sets the options of the default pool; the sandbox's plain ones until then."""

    def set_options(**options: Any) -> None:
        plain = {"USER_POOL_ID": POOL_ID, "CLIENT_ID": CLIENT_ID, "SANDBOX": True}
        settings.COGNITO_POOLS = {"default": {**plain, **options}}

    set_options()
    # Django 6.1 warns whoever sends mail without this setting.
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    return set_options


@pytest.fixture
def outside_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the sandbox take this process for a development server."""
    from django.test.utils import _TestState

    monkeypatch.delattr(_TestState, "saved_data")


def make_client(**options: Any) -> CognitoIdentityProviderClient:
    return boto3.session.Session().client(
        "cognito-idp",
        region_name="eu-west-1",
        aws_access_key_id="made-up",
        aws_secret_access_key="made-up",
        config=Config(retries={"total_max_attempts": 1, "mode": "standard"}, connect_timeout=5, read_timeout=20),
        **options,
    )


@pytest.fixture(scope="session")
def attached() -> CognitoIdentityProviderClient:
    client = make_client()
    attach(client, "default")
    return client


@pytest.fixture
def cognito(db: None, attached: CognitoIdentityProviderClient) -> CognitoIdentityProviderClient:
    """Return a boto3 client that the sandbox answers inside the process."""
    return attached
