from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from django_cognito_confirm.sandbox.models import SandboxUser

from . import people
from .people import POOL_ID, refused

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


def test_staff_confirm_without_a_code_and_verify_nothing(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    cognito.admin_confirm_sign_up(UserPoolId=POOL_ID, Username="ann")

    assert people.user().status == "CONFIRMED"
    assert people.attributes(cognito)["email_verified"] == "false"


def test_the_code_is_of_no_use_after_staff_confirmed(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    cognito.admin_confirm_sign_up(UserPoolId=POOL_ID, Username="ann")

    with refused("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED"):
        people.confirm(cognito)


@pytest.mark.parametrize("status", ["CONFIRMED", "FORCE_CHANGE_PASSWORD"])
def test_staff_cannot_confirm_somebody_of_another_status(cognito: CognitoIdentityProviderClient, status: str) -> None:
    people.sign_up(cognito)
    SandboxUser.objects.update(status=status)

    with refused("NotAuthorizedException", f"User cannot be confirmed. Current status is {status}"):
        cognito.admin_confirm_sign_up(UserPoolId=POOL_ID, Username="ann")


def test_staff_cannot_confirm_somebody_disabled(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    SandboxUser.objects.update(enabled=False)

    with refused("NotAuthorizedException", "User is disabled."):
        cognito.admin_confirm_sign_up(UserPoolId=POOL_ID, Username="ann")


def test_staff_are_told_of_somebody_unknown(cognito: CognitoIdentityProviderClient) -> None:
    with refused("UserNotFoundException", "User does not exist."):
        cognito.admin_confirm_sign_up(UserPoolId=POOL_ID, Username="nobody")
    with refused("UserNotFoundException", "User does not exist."):
        cognito.admin_get_user(UserPoolId=POOL_ID, Username="nobody")


def test_a_user_is_shown_with_status_dates_and_attributes(cognito: CognitoIdentityProviderClient) -> None:
    sub = people.sign_up(cognito, phone_number="+15551234567", name="Ann")["UserSub"]
    reply = cognito.admin_get_user(UserPoolId=POOL_ID, Username="ANN")

    assert reply["Username"] == "ann"
    assert reply["Enabled"] is True
    assert reply["UserStatus"] == "UNCONFIRMED"
    assert timezone.now() - reply["UserCreateDate"] < timedelta(minutes=1)
    assert people.attributes(cognito) == {
        "sub": sub,
        "name": "Ann",
        "phone_number": "+15551234567",
        "phone_number_verified": "false",
    }
