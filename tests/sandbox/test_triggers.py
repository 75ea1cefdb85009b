"""The post-confirmation trigger: who calls it, with what, and what becomes of the call that it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from . import people
from .people import CLIENT_ID, POOL_ID, refused, user

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

    from .conftest import SetPool

called: list[dict[str, Any]] = []


def handler(event: dict[str, Any], context: None) -> dict[str, Any]:
    called.append(event)
    return event


def failing(event: dict[str, Any], context: None) -> None:
    raise LookupError


@pytest.fixture(autouse=True)
def trigger(set_pool: SetPool) -> None:
    called.clear()
    set_pool(SANDBOX={"POST_CONFIRMATION": f"{__name__}.handler"})


def test_a_right_code_calls_it_as_aws_would(cognito: CognitoIdentityProviderClient) -> None:
    sub = people.sign_up(cognito)["UserSub"]
    people.confirm(cognito, ClientMetadata={"language": "en"})

    assert called == [
        {
            "version": "1",
            "region": "eu-west-1",
            "userPoolId": POOL_ID,
            "userName": "ann",
            "callerContext": {"awsSdkVersion": "sandbox", "clientId": CLIENT_ID},
            "triggerSource": "PostConfirmation_ConfirmSignUp",
            "request": {
                "userAttributes": {
                    "sub": sub,
                    "email": "ann@example.org",
                    "email_verified": "true",
                    "cognito:user_status": "CONFIRMED",
                },
                "clientMetadata": {"language": "en"},
            },
            "response": {},
        }
    ]


def test_a_wrong_code_does_not_call_it(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    with refused("CodeMismatchException"):
        people.confirm(cognito, code=people.wrong_code())

    assert called == []


def test_staff_call_it_too(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    cognito.admin_confirm_sign_up(UserPoolId=POOL_ID, Username="ann")

    assert [event["userName"] for event in called] == ["ann"]


def test_so_does_a_pool_that_confirms_by_itself(cognito: CognitoIdentityProviderClient, set_pool: SetPool) -> None:
    set_pool(SANDBOX={"AUTO_CONFIRM": True, "POST_CONFIRMATION": handler})
    people.sign_up(cognito)

    assert [event["userName"] for event in called] == ["ann"]


def test_where_it_fails_the_call_does_and_the_user_stays_confirmed(
    cognito: CognitoIdentityProviderClient, set_pool: SetPool
) -> None:
    set_pool(SANDBOX={"POST_CONFIRMATION": failing})
    people.sign_up(cognito)

    with refused("UserLambdaValidationException", "PostConfirmation failed with error LookupError."):
        people.confirm(cognito)
    assert user().status == "CONFIRMED"
