"""What a sign-in at the sandbox gives, by password and by the Session of a right code."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from django.test import Client

from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.sandbox import key_set, tokens
from django_cognito_confirm.sandbox.models import SandboxUser, SigningKey

from . import people
from .people import CLIENT_ID, POOL_ID, refused

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

    from .conftest import SetPool

PATH = f"/cognito/{POOL_ID}/.well-known/jwks.json"
INVALID = "Invalid session for the user."


def sign_in_with(cognito: CognitoIdentityProviderClient, session: str, username: str = "ann") -> Any:
    return cognito.initiate_auth(
        ClientId=CLIENT_ID, AuthFlow="USER_AUTH", AuthParameters={"USERNAME": username}, Session=session
    )


def read(token: str, **options: Any) -> dict[str, Any]:
    """Check a token as PyJWT's own users do, with the keys that the sandbox shows."""
    keys = jwt.PyJWKSet.from_dict(key_set(POOL_ID))
    kid = jwt.get_unverified_header(token)["kid"]
    claims: dict[str, Any] = jwt.decode(token, keys[kid], algorithms=["RS256"], issuer=get_pool().issuer, **options)
    return claims


def test_the_id_token_says_who_it_is_for_whom_and_from_whom(cognito: CognitoIdentityProviderClient) -> None:
    sub = people.sign_up(cognito, email="ann@example.org", name="Ann")["UserSub"]
    people.confirm(cognito)
    claims = read(people.sign_in(cognito)["AuthenticationResult"]["IdToken"], audience=CLIENT_ID)

    assert claims["exp"] - claims["iat"] == 3600
    assert claims | {"iat": 0, "exp": 0, "auth_time": 0, "jti": "", "origin_jti": "", "event_id": ""} == {
        "sub": sub,
        "iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Sandbox01",
        "aud": CLIENT_ID,
        "token_use": "id",
        "cognito:username": "ann",
        "email": "ann@example.org",
        "email_verified": True,
        "name": "Ann",
        "iat": 0,
        "exp": 0,
        "auth_time": 0,
        "jti": "",
        "origin_jti": "",
        "event_id": "",
    }


def test_the_access_token_is_no_id_token(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    people.confirm(cognito)
    claims = read(people.sign_in(cognito)["AuthenticationResult"]["AccessToken"])

    assert (claims["token_use"], claims["client_id"], claims["username"]) == ("access", CLIENT_ID, "ann")
    assert "aud" not in claims


def test_a_right_code_signs_in_once(cognito: CognitoIdentityProviderClient) -> None:
    session = people.sign_up(cognito)["Session"]
    session = people.confirm(cognito, Session=session)["Session"]
    claims = read(sign_in_with(cognito, session)["AuthenticationResult"]["IdToken"], audience=CLIENT_ID)

    assert claims["sub"] == SandboxUser.objects.get().sub
    with refused("NotAuthorizedException", INVALID):
        sign_in_with(cognito, session)


def test_the_session_of_a_sign_up_signs_nobody_in(cognito: CognitoIdentityProviderClient) -> None:
    session = people.sign_up(cognito)["Session"]
    cognito.admin_confirm_sign_up(UserPoolId=POOL_ID, Username="ann")

    with refused("NotAuthorizedException", INVALID):
        sign_in_with(cognito, session)


@pytest.mark.parametrize("username", ["bob", "nobody"])
def test_somebody_elses_session_signs_nobody_in(cognito: CognitoIdentityProviderClient, username: str) -> None:
    session = people.sign_up(cognito)["Session"]
    session = people.confirm(cognito, Session=session)["Session"]
    people.sign_up(cognito, "bob", email="bob@example.org")

    with refused("NotAuthorizedException", INVALID):
        sign_in_with(cognito, session, username)


def test_a_session_signs_in_for_three_minutes(cognito: CognitoIdentityProviderClient) -> None:
    session = people.sign_up(cognito)["Session"]
    session = people.confirm(cognito, Session=session)["Session"]
    people.make_older("ann", minutes=3)

    with refused("NotAuthorizedException", INVALID):
        sign_in_with(cognito, session)


def test_a_client_with_a_secret_must_show_it(cognito: CognitoIdentityProviderClient, set_pool: SetPool) -> None:
    session = people.sign_up(cognito)["Session"]
    session = people.confirm(cognito, Session=session)["Session"]
    set_pool(CLIENT_SECRET="secret-of-the-app-client")

    with refused("NotAuthorizedException"):
        sign_in_with(cognito, session)


def test_a_new_key_signs_and_the_old_one_stays_known(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    people.confirm(cognito)
    before = people.sign_in(cognito)["AuthenticationResult"]["AccessToken"]
    made = tokens.rotate(POOL_ID)
    after = people.sign_in(cognito)["AuthenticationResult"]["AccessToken"]

    assert jwt.get_unverified_header(after)["kid"] == made.kid
    assert read(before)["sub"] == read(after)["sub"]


def test_all_processes_sign_with_one_key(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    people.confirm(cognito)
    for _ in range(2):
        people.sign_in(cognito)

    assert SigningKey.objects.count() == 1


def test_the_keys_are_served_without_what_signs(client: Client, db: None) -> None:
    tokens.rotate(POOL_ID)
    response = client.get(PATH)

    assert response["Cache-Control"] == "public, max-age=3600"
    [key] = response.json()["keys"]
    assert key.keys() == {"alg", "e", "kid", "kty", "n", "use"}


@pytest.mark.parametrize(
    ("path", "options", "status"),
    [
        (PATH.replace(POOL_ID, "eu-west-1_Another1"), {}, 404),
        (PATH, {"REMOTE_ADDR": "192.0.2.1"}, 403),
        (PATH, {"headers": {"x-forwarded-for": "192.0.2.1"}}, 403),
    ],
    ids=["another pool", "another machine", "behind a proxy"],
)
def test_the_keys_are_not_served(client: Client, path: str, options: dict[str, Any], status: int) -> None:
    assert client.get(path, **options).status_code == status


def test_the_keys_are_not_served_in_production(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("django.test.utils._TestState.saved_data")

    assert client.get(PATH).status_code == 403


def test_without_pyjwt_the_tokens_are_made_up(
    cognito: CognitoIdentityProviderClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(tokens, "find_spec", lambda name: None if name == "jwt" else find_spec(name))
    people.sign_up(cognito)
    people.confirm(cognito)

    assert "." not in people.sign_in(cognito)["AuthenticationResult"]["IdToken"]
    assert key_set(POOL_ID) == {"keys": []}
    assert not SigningKey.objects.exists()
