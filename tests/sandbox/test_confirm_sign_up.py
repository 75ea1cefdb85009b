from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from django_cognito_confirm.sandbox import operations
from django_cognito_confirm.sandbox.errors import CognitoError
from django_cognito_confirm.sandbox.models import SandboxUser

from . import people
from .people import refused

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

    from .conftest import SetPool

MISMATCH = "Invalid verification code provided, please try again."
EXPIRED = "Invalid code provided, please request a code again."


def test_the_right_code_confirms_and_verifies_the_address(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    reply = people.confirm(cognito)

    assert reply.keys() == {"ResponseMetadata"}
    assert people.user().status == "CONFIRMED"
    assert people.attributes(cognito)["email_verified"] == "true"


def test_confirming_changes_the_date_of_the_last_change(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    before = cognito.admin_get_user(UserPoolId=people.POOL_ID, Username="ann")
    people.confirm(cognito)
    after = cognito.admin_get_user(UserPoolId=people.POOL_ID, Username="ann")

    assert after["UserCreateDate"] == before["UserCreateDate"]
    assert after["UserLastModifiedDate"] > before["UserLastModifiedDate"]


@pytest.mark.parametrize("code", ["12345", "\uff11\uff12\uff13\uff14\uff15\uff16", "\0", "😀", "x" * 2048])
def test_anything_but_the_code_is_a_mismatch(cognito: CognitoIdentityProviderClient, code: str) -> None:
    people.sign_up(cognito)

    with refused("CodeMismatchException", MISMATCH):
        people.confirm(cognito, code=code)
    assert people.user().status == "UNCONFIRMED"


def test_a_wrong_code_leaves_the_right_one_good(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    with refused("CodeMismatchException", MISMATCH):
        people.confirm(cognito, code=people.wrong_code())
    people.confirm(cognito)

    assert people.user().status == "CONFIRMED"


def test_a_code_is_good_for_24_hours(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    people.make_older("ann", hours=23, minutes=59)
    people.confirm(cognito)

    assert people.user().status == "CONFIRMED"


def test_after_24_hours_the_code_has_expired(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    people.make_older("ann", hours=24)

    with refused("ExpiredCodeException", EXPIRED):
        people.confirm(cognito)


def test_codes_keep_their_leading_zeros(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    SandboxUser.objects.update(code="000042")

    with refused("CodeMismatchException"):
        people.confirm(cognito, code="42")
    people.confirm(cognito, code="000042")


@pytest.mark.parametrize("code", ["000000", "not a code".replace(" ", "")])
def test_somebody_confirmed_is_told_so_whatever_the_code(cognito: CognitoIdentityProviderClient, code: str) -> None:
    people.sign_up(cognito)
    people.confirm(cognito)

    with refused("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED"):
        people.confirm(cognito, code=code)


@pytest.mark.parametrize("status", ["FORCE_CHANGE_PASSWORD", "RESET_REQUIRED", "EXTERNAL_PROVIDER"])
def test_other_statuses_are_named(cognito: CognitoIdentityProviderClient, status: str) -> None:
    people.sign_up(cognito)
    SandboxUser.objects.update(status=status)

    with refused("NotAuthorizedException", f"User cannot be confirmed. Current status is {status}"):
        people.confirm(cognito)


def test_somebody_unknown_is_told_of_a_wrong_code(cognito: CognitoIdentityProviderClient) -> None:
    with refused("CodeMismatchException", MISMATCH):
        people.confirm(cognito, "nobody", code="123456")


def test_somebody_unknown_is_told_so_where_users_are_revealed(
    cognito: CognitoIdentityProviderClient, set_pool: SetPool
) -> None:
    set_pool(SANDBOX={"PREVENT_USER_EXISTENCE_ERRORS": False})

    with refused("UserNotFoundException", "Username/client id combination not found."):
        people.confirm(cognito, "nobody", code="123456")


def test_somebody_disabled_is_answered_like_somebody_unknown(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    SandboxUser.objects.update(enabled=False)

    with refused("CodeMismatchException", MISMATCH):
        people.confirm(cognito)
    assert people.user().status == "UNCONFIRMED"


def test_somebody_disabled_is_told_so_where_users_are_revealed(
    cognito: CognitoIdentityProviderClient, set_pool: SetPool
) -> None:
    set_pool(SANDBOX={"PREVENT_USER_EXISTENCE_ERRORS": False})
    people.sign_up(cognito)
    SandboxUser.objects.update(enabled=False)

    with refused("NotAuthorizedException", "User is disabled."):
        people.confirm(cognito)


def test_all_nine_members_are_taken(cognito: CognitoIdentityProviderClient) -> None:
    session = people.sign_up(cognito)["Session"]
    reply = people.confirm(
        cognito,
        ForceAliasCreation=False,
        AnalyticsMetadata={"AnalyticsEndpointId": "x"},
        UserContextData={"IpAddress": "192.0.2.1", "EncodedData": "x"},
        ClientMetadata={"language": "ja"},
        Session=session,
    )

    assert reply["Session"]


def test_a_row_that_was_read_before_somebody_else_confirmed_is_not_confirmed_again(
    cognito: CognitoIdentityProviderClient,
) -> None:
    people.sign_up(cognito)
    read_before = people.user()
    people.confirm(cognito)

    with pytest.raises(CognitoError, match="Current status is CONFIRMED"):
        operations.confirm(read_before)
