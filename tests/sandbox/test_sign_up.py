from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core import mail

from django_cognito_confirm.sandbox.models import Message, SandboxUser

from . import people
from .people import CLIENT_ID, PASSWORD, refused

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from pytest_django import Settings

    from .conftest import SetPool


def test_a_new_user_is_unconfirmed_and_told_where_the_code_went(cognito: CognitoIdentityProviderClient) -> None:
    reply = people.sign_up(cognito)

    assert reply["UserConfirmed"] is False
    assert reply["UserSub"] == people.user().sub
    assert reply["CodeDeliveryDetails"] == {
        "Destination": "a***@e***",
        "DeliveryMedium": "EMAIL",
        "AttributeName": "email",
    }
    assert 20 <= len(reply["Session"]) <= 4096


def test_the_password_is_hashed(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)

    assert PASSWORD not in people.user().password


def test_a_name_that_exists_is_refused(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)

    with refused("UsernameExistsException", "User already exists"):
        people.sign_up(cognito)

    assert SandboxUser.objects.count() == 1
    assert len(mail.outbox) == 1


def test_names_that_differ_in_case_are_one_and_are_kept_as_typed(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito, "Ann")

    with refused("UsernameExistsException"):
        people.sign_up(cognito, "aNN")
    assert cognito.admin_get_user(UserPoolId=people.POOL_ID, Username="ANN")["Username"] == "Ann"


def test_names_that_differ_in_case_are_two_in_a_case_sensitive_pool(
    cognito: CognitoIdentityProviderClient, set_pool: SetPool
) -> None:
    set_pool(CASE_SENSITIVE=True)
    people.sign_up(cognito, "Ann")
    people.sign_up(cognito, "ann")

    assert SandboxUser.objects.count() == 2


def test_two_pools_may_have_users_of_one_name(cognito: CognitoIdentityProviderClient, set_pool: SetPool) -> None:
    people.sign_up(cognito)
    set_pool(USER_POOL_ID="eu-west-1_Another01")
    people.sign_up(cognito)

    assert SandboxUser.objects.count() == 2


def test_a_short_password_is_refused(cognito: CognitoIdentityProviderClient) -> None:
    with refused("InvalidPasswordException", "Password did not conform with policy: Password not long enough"):
        cognito.sign_up(ClientId=CLIENT_ID, Username="ann", Password="1234567")


def test_no_password_is_a_short_one(cognito: CognitoIdentityProviderClient) -> None:
    with refused("InvalidPasswordException"):
        cognito.sign_up(ClientId=CLIENT_ID, Username="ann")


def test_a_pool_that_confirms_by_itself_says_so_and_sends_nothing(
    cognito: CognitoIdentityProviderClient, set_pool: SetPool
) -> None:
    set_pool(SANDBOX={"AUTO_CONFIRM": True})
    reply = people.sign_up(cognito)

    assert reply["UserConfirmed"] is True
    assert "CodeDeliveryDetails" not in reply
    assert not mail.outbox
    assert people.attributes(cognito)["email_verified"] == "false"


def test_with_neither_address_nor_number_no_code_is_sent(cognito: CognitoIdentityProviderClient) -> None:
    reply = people.sign_up(cognito, name="Ann")

    assert "CodeDeliveryDetails" not in reply
    assert not Message.objects.exists()
    with refused("ExpiredCodeException"):
        people.confirm(cognito, code="000000")
    with refused("InvalidParameterException", "Cannot resend codes. Auto verification not turned on."):
        people.resend(cognito)


def test_a_mail_that_cannot_be_sent_leaves_an_account_behind(
    cognito: CognitoIdentityProviderClient, settings: Settings
) -> None:
    settings.DEFAULT_FROM_EMAIL = "two\nlines@example.org"
    with refused("CodeDeliveryFailureException"):
        people.sign_up(cognito)

    assert people.user().status == "UNCONFIRMED"
    assert not Message.objects.exists()


@pytest.mark.parametrize("name", ["custom:plan", "given_name", "preferred_username"])
def test_other_attributes_are_kept(cognito: CognitoIdentityProviderClient, name: str) -> None:
    people.sign_up(cognito, **{name: "Zoë"})

    assert people.attributes(cognito)[name] == "Zoë"


@pytest.mark.parametrize("name", ["email_verified", "sub"])
def test_attributes_that_cognito_writes_are_refused(cognito: CognitoIdentityProviderClient, name: str) -> None:
    with refused("NotAuthorizedException", "A client attempted to write unauthorized attribute"):
        people.sign_up(cognito, **{name: "true"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("shoe_size", "43"),
        ("name", "nul\0"),
        ("email", "nobody"),
        ("phone_number", "0151 1234"),
        ("phone_number", "+1555123456\u0664"),
    ],
)
def test_attributes_that_cannot_be_are_refused(cognito: CognitoIdentityProviderClient, name: str, value: str) -> None:
    with refused("InvalidParameterException"):
        people.sign_up(cognito, **{name: value})

    assert not SandboxUser.objects.exists()
