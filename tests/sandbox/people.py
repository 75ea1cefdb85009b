"""Steps that many tests of the sandbox take."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from django_cognito_confirm.sandbox.models import Message, SandboxUser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

POOL_ID = "eu-west-1_Sandbox01"
CLIENT_ID = "sandboxclient1example"
PASSWORD = "correct horse battery".replace(" ", "-")


def sign_up(cognito: CognitoIdentityProviderClient, username: str = "ann", **attributes: str) -> Any:
    attributes = attributes or {"email": "ann@example.org"}
    return cognito.sign_up(
        ClientId=CLIENT_ID,
        Username=username,
        Password=PASSWORD,
        UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
    )


def confirm(cognito: CognitoIdentityProviderClient, username: str = "ann", code: str = "", **members: Any) -> Any:
    return cognito.confirm_sign_up(
        ClientId=CLIENT_ID, Username=username, ConfirmationCode=code or newest_code(), **members
    )


def resend(cognito: CognitoIdentityProviderClient, username: str = "ann") -> Any:
    return cognito.resend_confirmation_code(ClientId=CLIENT_ID, Username=username)


def sign_in(cognito: CognitoIdentityProviderClient, username: str = "ann", password: str = PASSWORD) -> Any:
    return cognito.initiate_auth(
        ClientId=CLIENT_ID,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": username, "PASSWORD": password},
    )


def newest_code() -> str:
    message = Message.objects.first()
    assert message is not None
    code: str = message.code
    return code


def wrong_code() -> str:
    return f"{(int(newest_code()) + 1) % 10**6:06}"


def user(username: str = "ann") -> SandboxUser:
    found: SandboxUser = SandboxUser.objects.get(username=username)
    return found


def attributes(cognito: CognitoIdentityProviderClient, username: str = "ann") -> dict[str, str]:
    reply = cognito.admin_get_user(UserPoolId=POOL_ID, Username=username)
    return {item["Name"]: item["Value"] for item in reply["UserAttributes"]}


def make_older(username: str, **age: int) -> None:
    """Move everything about a user into the past."""
    found, past = user(username), timedelta(**age)
    if found.code_sent_at:
        found.code_sent_at -= past
    found.save()
    for attempt in found.attempts.all():
        attempt.at -= past
        attempt.save()
    for session in found.sessions.all():
        session.expires_at -= past
        session.save()


@contextmanager
def refused(code: str, message: str | None = None) -> Iterator[None]:
    """Expect Cognito's error ``code``, with exactly ``message`` unless None."""
    with pytest.raises(ClientError) as caught:
        yield
    error = caught.value.response["Error"]
    assert error["Code"] == code
    if message is not None:
        assert error["Message"] == message
