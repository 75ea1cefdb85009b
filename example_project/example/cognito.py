"""The two calls that this site makes itself: SignUp and InitiateAuth, by the pool's boto3 client."""

from __future__ import annotations

from typing import Any

from django_cognito_confirm.cognito import public_client, secret_hash
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.tokens import verify_id_token


def sign_up(username: str, email: str, password: str) -> dict[str, Any]:
    """Return Cognito's reply. Raises botocore's ``ClientError`` and ``BotoCoreError``."""
    members: dict[str, Any] = {
        "ClientId": get_pool().client_id,
        "Username": username,
        "Password": password,
        "UserAttributes": [{"Name": "email", "Value": email}],
    }
    if hashed := secret_hash(username):
        members["SecretHash"] = hashed
    return dict(public_client().sign_up(**members))


def sign_in(username: str, password: str) -> str:
    """Return the ``sub`` of the user with this name and password, ``""`` when Cognito wants more than a password.

    The app client must allow ``ALLOW_USER_PASSWORD_AUTH``. Raises botocore's ``ClientError`` and ``BotoCoreError``, and
    what ``verify_id_token`` raises.
    """
    parameters = {"USERNAME": username, "PASSWORD": password}
    if hashed := secret_hash(username):
        parameters["SECRET_HASH"] = hashed
    reply = public_client().initiate_auth(
        ClientId=get_pool().client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters
    )
    id_token = reply.get("AuthenticationResult", {}).get("IdToken", "")
    return str(verify_id_token(id_token)["sub"]) if id_token else ""
