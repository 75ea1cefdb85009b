from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from django_cognito_confirm.sandbox.errors import CognitoError
from django_cognito_confirm.sandbox.validation import service_model, validate

from . import people
from .people import CLIENT_ID, refused

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

CONFIRM = {"ClientId": CLIENT_ID, "Username": "ann", "ConfirmationCode": "123456"}


def violation(operation: str, request: Any) -> CognitoError:
    with pytest.raises(CognitoError) as caught:
        validate(operation, request)
    return caught.value


def test_a_code_with_spaces_gets_cognitos_own_words(cognito: CognitoIdentityProviderClient) -> None:
    message = (
        "1 validation error detected: Value at 'confirmationCode' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\S]+"
    )
    with refused("InvalidParameterException", message):
        people.confirm(cognito, code="12 34 56")


@pytest.mark.parametrize(
    ("member", "value", "constraint"),
    [
        ("username", "", "have length greater than or equal to 1"),
        ("username", "x" * 129, "have length less than or equal to 128"),
        ("username", "an n", r"satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+"),
        ("username", "ann\u200b", r"satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+"),
        ("username", "ann\0", r"satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+"),
        ("confirmationCode", "1" * 2049, "have length less than or equal to 2048"),
        ("secretHash", "!", r"satisfy regular expression pattern: [\w+=/]+"),
        ("clientId", "ä", r"satisfy regular expression pattern: [\w+]+"),
        ("session", "x" * 19, "have length greater than or equal to 20"),
    ],
)
def test_members_keep_to_the_model(member: str, value: str, constraint: str) -> None:
    found = violation("ConfirmSignUp", {**CONFIRM, member[0].upper() + member[1:]: value})

    assert found.code == "InvalidParameterException"
    assert f"Value at '{member}' failed to satisfy constraint: Member must {constraint}" in found.message


def test_a_session_may_be_as_long_as_the_installed_model_says() -> None:
    longest = service_model().shape_for("SessionType").metadata["max"]  # 2048 in 2024, 4096 in 2026

    validate("ConfirmSignUp", {**CONFIRM, "Session": "x" * longest})
    found = violation("ConfirmSignUp", {**CONFIRM, "Session": "x" * (longest + 1)})
    assert found.message.endswith(f"Member must have length less than or equal to {longest}")


def test_every_violation_is_told() -> None:
    found = violation("ConfirmSignUp", {"ClientId": CLIENT_ID})

    assert found.message == (
        "2 validation errors detected: "
        "Value at 'username' failed to satisfy constraint: Member must not be null; "
        "Value at 'confirmationCode' failed to satisfy constraint: Member must not be null"
    )


def test_a_violation_deep_inside_is_told_with_its_path() -> None:
    attributes = [{"Name": "email", "Value": "a"}, {"Name": "x" * 33}]
    found = violation("SignUp", {"ClientId": CLIENT_ID, "Username": "ann", "UserAttributes": attributes})

    assert "Value at 'userAttributes.2.member.name' failed" in found.message


def test_a_long_value_of_a_map_is_refused() -> None:
    found = violation("ConfirmSignUp", {**CONFIRM, "ClientMetadata": {"key": "x" * 131073}})

    assert "Value at 'clientMetadata' failed to satisfy constraint: Member must have length less" in found.message


def test_a_value_outside_an_enumeration_is_refused() -> None:
    found = violation("InitiateAuth", {"ClientId": CLIENT_ID, "AuthFlow": "MAGIC"})

    assert "Member must satisfy enum value set: [USER_SRP_AUTH, " in found.message


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("Username", 1),
        ("ConfirmationCode", 123456),
        ("ForceAliasCreation", "true"),
        ("ForceAliasCreation", 1),
        ("ClientMetadata", []),
        ("ClientMetadata", {"key": 1}),
        ("ClientMetadata", {"key": None}),
        ("UserContextData", "x"),
    ],
)
def test_a_wrong_type_is_refused(member: str, value: object) -> None:
    assert violation("ConfirmSignUp", {**CONFIRM, member: value}).code == "SerializationException"


@pytest.mark.parametrize("value", [True, 1.5, "1"])
def test_a_limit_is_a_whole_number(value: object) -> None:
    assert violation("ListUsers", {"UserPoolId": people.POOL_ID, "Limit": value}).code == "SerializationException"


@pytest.mark.parametrize("request_", [None, [], "x", 1])
def test_a_request_is_an_object(request_: object) -> None:
    assert violation("ConfirmSignUp", request_).code == "SerializationException"


def test_nulls_and_unknown_members_are_left_out() -> None:
    assert validate("ConfirmSignUp", {**CONFIRM, "Session": None, "Colour": "blue"}) == CONFIRM
