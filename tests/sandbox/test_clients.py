from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Any

import pytest

from . import people
from .people import CLIENT_ID, PASSWORD, refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

    from .conftest import SetPool

SECRET = "a-secret-of-the-client"


def secret_hash(username: str, secret: str = SECRET) -> str:
    digest = hmac.new(secret.encode(), (username + CLIENT_ID).encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def test_the_right_hash_is_taken_by_every_operation(cognito: CognitoIdentityProviderClient, set_pool: SetPool) -> None:
    set_pool(CLIENT_SECRET=lambda: SECRET)
    hashed: dict[str, Any] = {"ClientId": CLIENT_ID, "Username": "ann", "SecretHash": secret_hash("ann")}
    cognito.sign_up(**hashed, Password=PASSWORD, UserAttributes=[{"Name": "email", "Value": "ann@example.org"}])
    cognito.resend_confirmation_code(**hashed)
    cognito.confirm_sign_up(**hashed, ConfirmationCode=people.newest_code())
    cognito.initiate_auth(
        ClientId=CLIENT_ID,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ann", "PASSWORD": PASSWORD, "SECRET_HASH": secret_hash("ann")},
    )


@pytest.mark.parametrize("call", [people.sign_up, people.confirm, people.resend, people.sign_in])
def test_a_missing_hash_is_refused(
    cognito: CognitoIdentityProviderClient, set_pool: SetPool, call: Callable[..., Any]
) -> None:
    people.sign_up(cognito)
    set_pool(CLIENT_SECRET=SECRET)

    message = f"Client {CLIENT_ID} is configured with secret but SECRET_HASH was not received"
    with refused("NotAuthorizedException", message):
        call(cognito)


@pytest.mark.parametrize(
    "wrong",
    [secret_hash("bob"), secret_hash("Ann"), secret_hash("ann", secret="another"), "not=even+one/"],
)
def test_a_wrong_hash_is_refused(cognito: CognitoIdentityProviderClient, set_pool: SetPool, wrong: str) -> None:
    people.sign_up(cognito)
    set_pool(CLIENT_SECRET=SECRET)

    with refused("NotAuthorizedException", f"Unable to verify secret hash for client {CLIENT_ID}"):
        people.confirm(cognito, SecretHash=wrong)


def test_a_wrong_hash_at_sign_in_has_other_words(cognito: CognitoIdentityProviderClient, set_pool: SetPool) -> None:
    set_pool(CLIENT_SECRET=SECRET)

    with refused("NotAuthorizedException", f"SecretHash does not match for the client: {CLIENT_ID}"):
        cognito.initiate_auth(
            ClientId=CLIENT_ID,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ann", "PASSWORD": PASSWORD, "SECRET_HASH": "ä"},
        )


@pytest.mark.parametrize("secret", [None, ""])
def test_a_hash_for_a_client_without_secret_is_refused(
    cognito: CognitoIdentityProviderClient, set_pool: SetPool, secret: str | None
) -> None:
    set_pool(CLIENT_SECRET=secret)
    people.sign_up(cognito)

    with refused("NotAuthorizedException", f"Unable to verify secret hash for client {CLIENT_ID}"):
        people.confirm(cognito, SecretHash=secret_hash("ann", secret=""))


def test_another_client_does_not_exist(cognito: CognitoIdentityProviderClient) -> None:
    with refused("ResourceNotFoundException", "User pool client another does not exist."):
        cognito.resend_confirmation_code(ClientId="another", Username="ann")


def test_another_pool_does_not_exist(cognito: CognitoIdentityProviderClient) -> None:
    with refused("ResourceNotFoundException", "User pool eu-west-1_Another does not exist."):
        cognito.list_users(UserPoolId="eu-west-1_Another")
