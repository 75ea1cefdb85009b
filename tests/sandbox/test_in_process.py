from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import botocore
import pytest
from botocore.config import Config
from django.core.exceptions import ImproperlyConfigured

from django_cognito_confirm.sandbox import attach
from django_cognito_confirm.sandbox.models import SandboxUser

from . import people
from .conftest import make_client
from .people import refused

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from pytest_django import Settings

    from .conftest import SetPool


@pytest.fixture
def production(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.test.utils import _TestState

    settings.DEBUG = False
    monkeypatch.delattr(_TestState, "saved_data")


@pytest.mark.django_db
def test_a_client_without_credentials_is_answered() -> None:
    import boto3

    client = boto3.session.Session().client(
        "cognito-idp", region_name="eu-west-1", config=Config(signature_version=botocore.UNSIGNED)
    )
    attach(client)
    people.sign_up(client)
    people.confirm(client)

    assert people.user().status == "CONFIRMED"


@pytest.mark.django_db
def test_attaching_twice_answers_once() -> None:
    client = make_client()
    attach(client, "default")
    attach(client, "default")
    people.sign_up(client)

    assert SandboxUser.objects.count() == 1


def test_replies_carry_a_request_id(cognito: CognitoIdentityProviderClient) -> None:
    first, second = people.sign_up(cognito), people.resend(cognito)

    assert len(first["ResponseMetadata"]["RequestId"]) == 36
    assert first["ResponseMetadata"]["RequestId"] != second["ResponseMetadata"]["RequestId"]
    assert first["ResponseMetadata"]["HTTPHeaders"]["content-type"] == "application/x-amz-json-1.1"


def test_a_setting_that_changes_holds_from_the_next_call(
    cognito: CognitoIdentityProviderClient, set_pool: SetPool
) -> None:
    set_pool(CLIENT_ID="another")

    with refused("ResourceNotFoundException"):
        people.resend(cognito)


def test_a_pool_that_is_no_sandbox_any_more_is_not_called(
    cognito: CognitoIdentityProviderClient, set_pool: SetPool
) -> None:
    set_pool(SANDBOX=False)

    with pytest.raises(ImproperlyConfigured, match="no longer is one"):
        people.resend(cognito)


@pytest.mark.usefixtures("production")
def test_nothing_is_attached_in_production() -> None:
    with pytest.raises(ImproperlyConfigured, match="DEBUG is off"):
        attach(make_client())


@pytest.mark.usefixtures("production")
def test_a_client_that_was_attached_is_not_answered_in_production(cognito: CognitoIdentityProviderClient) -> None:
    with pytest.raises(ImproperlyConfigured, match="DEBUG is off"):
        people.resend(cognito)


@pytest.mark.usefixtures("production")
def test_debug_allows_it_outside_tests(cognito: CognitoIdentityProviderClient, settings: Settings) -> None:
    settings.DEBUG = True

    people.sign_up(cognito)


def test_setting_django_up_imports_no_botocore() -> None:
    program = (
        "import sys, django; from django.conf import settings;"
        "settings.configure(DEBUG=True, INSTALLED_APPS=['django_cognito_confirm.sandbox']);"
        "django.setup(); import django_cognito_confirm.sandbox;"
        "sys.exit(any(name.startswith('boto') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0
