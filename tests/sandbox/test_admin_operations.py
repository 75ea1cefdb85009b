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

    from .conftest import SetPool

SHARED = "shared@example.org"


def verify(cognito: CognitoIdentityProviderClient, username: str = "ann", **flags: str) -> None:
    attributes = [{"Name": name, "Value": value} for name, value in (flags or {"email_verified": "true"}).items()]
    cognito.admin_update_user_attributes(UserPoolId=POOL_ID, Username=username, UserAttributes=attributes)  # type: ignore[arg-type]


@pytest.fixture
def alias_pool(set_pool: SetPool) -> None:
    set_pool(SANDBOX={"ALIAS_ATTRIBUTES": ["email", "phone_number"], "PREVENT_USER_EXISTENCE_ERRORS": False})


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


def test_staff_verify_an_address_and_confirm_nobody(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    verify(cognito)

    assert people.attributes(cognito)["email_verified"] == "true"
    assert people.user().status == "UNCONFIRMED"


def test_to_verify_an_address_is_a_change(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    before = people.user().modified_at
    verify(cognito)

    assert people.user().modified_at > before


@pytest.mark.usefixtures("alias_pool")
def test_an_address_that_staff_verified_is_an_alias(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito, email=SHARED)
    with refused("UserNotFoundException"):
        cognito.admin_get_user(UserPoolId=POOL_ID, Username=SHARED)
    verify(cognito)

    assert cognito.admin_get_user(UserPoolId=POOL_ID, Username=SHARED.upper())["Username"] == "ann"


@pytest.mark.usefixtures("alias_pool")
def test_an_alias_that_staff_verify_is_taken_from_whoever_had_it(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito, "ann", email=SHARED)
    people.confirm(cognito, "ann")
    people.sign_up(cognito, "bob", email=SHARED.upper())
    verify(cognito, "bob")

    assert cognito.admin_get_user(UserPoolId=POOL_ID, Username=SHARED)["Username"] == "bob"
    assert people.attributes(cognito, "bob")["email_verified"] == "true"
    assert people.attributes(cognito, "ann")["email_verified"] == "false"


def test_without_aliases_two_people_may_have_verified_one_address(cognito: CognitoIdentityProviderClient) -> None:
    for name in ("ann", "bob"):
        people.sign_up(cognito, name, email=SHARED)
        verify(cognito, name)

    assert [people.attributes(cognito, name)["email_verified"] for name in ("ann", "bob")] == ["true", "true"]
    with refused("UserNotFoundException"):
        cognito.admin_get_user(UserPoolId=POOL_ID, Username=SHARED)


@pytest.mark.usefixtures("alias_pool")
def test_to_verify_an_alias_again_changes_nothing(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito, email=SHARED)
    verify(cognito)
    verify(cognito)

    assert cognito.admin_get_user(UserPoolId=POOL_ID, Username=SHARED)["Username"] == "ann"


def test_staff_verify_address_and_number_at_once(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito, email=SHARED, phone_number="+15551234567")
    verify(cognito, email_verified="true", phone_number_verified="true")

    shown = people.attributes(cognito)
    assert (shown["email_verified"], shown["phone_number_verified"]) == ("true", "true")


@pytest.mark.usefixtures("alias_pool")
def test_what_is_not_there_cannot_be_verified_and_nothing_else_is_either(
    cognito: CognitoIdentityProviderClient,
) -> None:
    people.sign_up(cognito, email=SHARED)

    with refused("InvalidParameterException", "User has no phone_number to verify."):
        verify(cognito, email_verified="true", phone_number_verified="true")
    assert people.attributes(cognito)["email_verified"] == "false"
    with refused("UserNotFoundException"):
        cognito.admin_get_user(UserPoolId=POOL_ID, Username=SHARED)


def test_staff_write_an_address_as_they_verify_it(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    verify(cognito, email=SHARED, email_verified="true")

    shown = people.attributes(cognito)
    assert (shown["email"], shown["email_verified"]) == (SHARED, "true")


@pytest.mark.usefixtures("alias_pool")
def test_an_address_that_staff_replaced_finds_nobody(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    verify(cognito)
    verify(cognito, email=SHARED, email_verified="true")

    assert cognito.admin_get_user(UserPoolId=POOL_ID, Username=SHARED)["Username"] == "ann"
    with refused("UserNotFoundException"):
        cognito.admin_get_user(UserPoolId=POOL_ID, Username="ann@example.org")


def test_people_sign_in_with_the_address_that_staff_wrote(
    cognito: CognitoIdentityProviderClient, set_pool: SetPool
) -> None:
    set_pool(USERNAME_ATTRIBUTES=["email"], SANDBOX={"PREVENT_USER_EXISTENCE_ERRORS": False})
    sub = people.sign_up(cognito, "ann@example.org")["UserSub"]
    verify(cognito, "ann@example.org", email=SHARED, email_verified="true")

    assert cognito.admin_get_user(UserPoolId=POOL_ID, Username=SHARED)["Username"] == sub
    assert cognito.admin_get_user(UserPoolId=POOL_ID, Username=sub)["Username"] == sub
    with refused("UserNotFoundException"):
        cognito.admin_get_user(UserPoolId=POOL_ID, Username="ann@example.org")


@pytest.mark.usefixtures("alias_pool")
def test_an_alias_that_is_written_as_it_was_or_in_another_case_stays(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito, email=SHARED)
    verify(cognito)
    verify(cognito, email=SHARED.upper(), email_verified="true")

    assert cognito.admin_get_user(UserPoolId=POOL_ID, Username=SHARED)["Username"] == "ann"
    assert people.attributes(cognito)["email"] == SHARED.upper()


@pytest.mark.parametrize("email", ["", "no address"])
def test_no_address_can_be_written_that_is_none(cognito: CognitoIdentityProviderClient, email: str) -> None:
    people.sign_up(cognito)

    with refused("InvalidParameterException"):
        verify(cognito, email=email, email_verified="true")
    assert people.attributes(cognito)["email"] == "ann@example.org"


@pytest.mark.parametrize(
    "flags",
    [
        {"email_verified": "false"},
        {"email_verified": "yes"},
        {"name": "Ann"},
        {"email_verified": "true", "name": "Ann"},
        {"email": SHARED},
        {"email": SHARED, "email_verified": "false"},
        {"phone_number": "+15551234567", "email_verified": "true"},
        {"email_verified": "true", "phone_number_verified": "false"},
    ],
)
def test_other_changes_are_refused_not_passed_over(
    cognito: CognitoIdentityProviderClient, flags: dict[str, str]
) -> None:
    people.sign_up(cognito)

    with refused("InvalidParameterException"):
        verify(cognito, **flags)
    assert people.attributes(cognito)["email_verified"] == "false"


def test_nothing_is_verified_for_somebody_unknown(cognito: CognitoIdentityProviderClient) -> None:
    with refused("UserNotFoundException", "User does not exist."):
        verify(cognito, "nobody")
