from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from django_cognito_confirm.sandbox.models import SandboxUser

from . import people
from .people import CLIENT_ID, refused

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

    from .conftest import SetPool


def test_somebody_confirmed_gets_tokens(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    people.confirm(cognito)
    result = people.sign_in(cognito)["AuthenticationResult"]

    assert result["AccessToken"]
    assert (result["TokenType"], result["ExpiresIn"]) == ("Bearer", 3600)


def test_somebody_unconfirmed_is_told_so(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)

    with refused("UserNotConfirmedException", "User is not confirmed."):
        people.sign_in(cognito)


@pytest.mark.parametrize("username", ["ann", "nobody"])
def test_a_wrong_password_and_an_unknown_name_are_one_answer(
    cognito: CognitoIdentityProviderClient, username: str
) -> None:
    people.sign_up(cognito)

    with refused("NotAuthorizedException", "Incorrect username or password."):
        people.sign_in(cognito, username, "wrong password")


def test_somebody_disabled_is_answered_like_somebody_unknown(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    people.confirm(cognito)
    SandboxUser.objects.update(enabled=False)

    with refused("NotAuthorizedException", "Incorrect username or password."):
        people.sign_in(cognito)


def test_somebody_unknown_is_told_so_where_users_are_revealed(
    cognito: CognitoIdentityProviderClient, set_pool: SetPool
) -> None:
    set_pool(SANDBOX={"PREVENT_USER_EXISTENCE_ERRORS": False})

    with refused("UserNotFoundException", "User does not exist."):
        people.sign_in(cognito, "nobody")


def test_somebody_who_must_reset_the_password_is_told_so(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    SandboxUser.objects.update(status="RESET_REQUIRED")

    with refused("PasswordResetRequiredException"):
        people.sign_in(cognito)


def test_other_flows_are_refused(cognito: CognitoIdentityProviderClient) -> None:
    with refused("InvalidParameterException", "Initiate Auth method not supported."):
        cognito.initiate_auth(ClientId=CLIENT_ID, AuthFlow="USER_AUTH", AuthParameters={"USERNAME": "ann"})


def test_a_missing_parameter_is_named(cognito: CognitoIdentityProviderClient) -> None:
    with refused("InvalidParameterException", "Missing required parameter PASSWORD"):
        cognito.initiate_auth(ClientId=CLIENT_ID, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "ann"})
