from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from django_cognito_confirm.sandbox.models import SandboxUser

from . import people
from .people import POOL_ID, refused

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

    from .conftest import SetPool


def add_users(count: int, **fields: Any) -> None:
    users = [
        SandboxUser(user_pool_id=POOL_ID, username=f"user{number:03}", email=f"user{number:03}@example.org", **fields)
        for number in range(count)
    ]
    SandboxUser.objects.bulk_create(users)


def names(cognito: CognitoIdentityProviderClient, condition: str, **members: Any) -> list[str]:
    reply = cognito.list_users(UserPoolId=POOL_ID, Filter=condition, **members)
    return [found["Username"] for found in reply["Users"]]


def test_a_listed_user_has_attributes_status_and_dates(cognito: CognitoIdentityProviderClient) -> None:
    sub = people.sign_up(cognito)["UserSub"]
    [found] = cognito.list_users(UserPoolId=POOL_ID)["Users"]

    assert found["Username"] == "ann"
    assert found["UserStatus"] == "UNCONFIRMED"
    assert found["Enabled"] is True
    assert found["UserCreateDate"] <= found["UserLastModifiedDate"]
    assert {item["Name"]: item["Value"] for item in found["Attributes"]} == {
        "sub": sub,
        "email": "ann@example.org",
        "email_verified": "false",
    }


def test_a_listing_shows_one_pool(cognito: CognitoIdentityProviderClient, set_pool: SetPool) -> None:
    people.sign_up(cognito)
    set_pool(USER_POOL_ID="eu-west-1_Another")

    assert cognito.list_users(UserPoolId="eu-west-1_Another")["Users"] == []


def test_pages_have_60_users_and_a_token_until_the_last(cognito: CognitoIdentityProviderClient) -> None:
    add_users(121)
    pages = list(cognito.get_paginator("list_users").paginate(UserPoolId=POOL_ID))

    assert [len(page["Users"]) for page in pages] == [60, 60, 1]
    assert len({found["Username"] for page in pages for found in page["Users"]}) == 121
    assert "PaginationToken" not in pages[-1]


def test_a_full_last_page_has_no_token(cognito: CognitoIdentityProviderClient) -> None:
    add_users(60)

    assert "PaginationToken" not in cognito.list_users(UserPoolId=POOL_ID)


@pytest.mark.parametrize(("limit", "size"), [(0, 60), (1, 1), (60, 60)])
def test_the_limit_is_the_size_of_a_page(cognito: CognitoIdentityProviderClient, limit: int, size: int) -> None:
    add_users(61)

    assert len(cognito.list_users(UserPoolId=POOL_ID, Limit=limit)["Users"]) == size


def test_a_limit_over_60_is_refused(cognito: CognitoIdentityProviderClient) -> None:
    message = (
        "1 validation error detected: Value at 'limit' failed to satisfy constraint: "
        "Member must have value less than or equal to 60"
    )
    with refused("InvalidParameterException", message):
        cognito.list_users(UserPoolId=POOL_ID, Limit=61)


def test_a_filter_goes_on_over_pages(cognito: CognitoIdentityProviderClient) -> None:
    add_users(5)
    SandboxUser.objects.filter(username="user001").update(enabled=False)
    condition = 'status = "Enabled"'
    first = cognito.list_users(UserPoolId=POOL_ID, Filter=condition, Limit=2)

    assert [found["Username"] for found in first["Users"]] == ["user000", "user002"]
    assert names(cognito, condition, PaginationToken=first["PaginationToken"]) == ["user003", "user004"]


@pytest.mark.parametrize("members", [{}, {"Filter": 'status = "Disabled"'}])
def test_a_token_with_another_filter_is_refused(
    cognito: CognitoIdentityProviderClient, members: dict[str, Any]
) -> None:
    add_users(2)
    token = cognito.list_users(UserPoolId=POOL_ID, Filter='status = "Enabled"', Limit=1)["PaginationToken"]

    with refused("InvalidParameterException"):
        cognito.list_users(UserPoolId=POOL_ID, PaginationToken=token, **members)


@pytest.mark.parametrize("token", ["x", "e30:made:up", "\0é"])
def test_a_made_up_token_is_refused(cognito: CognitoIdentityProviderClient, token: str) -> None:
    with refused("InvalidParameterException"):
        cognito.list_users(UserPoolId=POOL_ID, PaginationToken=token)


def test_a_token_lives_for_an_hour(cognito: CognitoIdentityProviderClient) -> None:
    add_users(2)
    token = cognito.list_users(UserPoolId=POOL_ID, Limit=1)["PaginationToken"]
    later = time.time() + 3601

    with mock.patch("time.time", return_value=later), refused("InvalidParameterException"):
        cognito.list_users(UserPoolId=POOL_ID, PaginationToken=token)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("", ["Ann", "annika", "bob"]),
        ("  ", ["Ann", "annika", "bob"]),
        ('username = "Ann"', ["Ann"]),
        ('username = "ann"', []),
        ('username ^= "ann"', ["annika"]),
        ('username^="b"', ["bob"]),
        ('"username" = "bob"', ["bob"]),
        ('email = "bob@example.org"', ["bob"]),
        ('email ^= "a"', ["Ann", "annika"]),
        ('phone_number ^= "+1555"', ["bob"]),
        ('name = "Bob \\"the\\" \\\\ Builder"', ["bob"]),
        ('given_name ^= "x"', []),
        ('status = "Disabled"', ["annika"]),
        ('status = "disabled"', []),
        ('cognito:user_status = "confirmed"', ["bob"]),
        ('cognito:user_status ^= "UNCONF"', ["Ann", "annika"]),
    ],
)
def test_filters(cognito: CognitoIdentityProviderClient, condition: str, expected: list[str]) -> None:
    people.sign_up(cognito, "Ann")
    people.sign_up(cognito, "annika", email="annika@example.org")
    people.sign_up(cognito, "bob", email="bob@example.org", phone_number="+15551234567", name='Bob "the" \\ Builder')
    people.confirm(cognito, "bob")
    SandboxUser.objects.filter(username="annika").update(enabled=False)

    assert names(cognito, condition) == expected


def test_users_are_found_by_sub_and_by_its_first_digit(cognito: CognitoIdentityProviderClient) -> None:
    sub = people.sign_up(cognito)["UserSub"]

    assert names(cognito, f'sub = "{sub}"') == ["ann"]
    assert names(cognito, f'sub ^= "{sub[0]}"') == ["ann"]


@pytest.mark.parametrize(
    "condition",
    [
        "username",
        "username = ann",
        'username = "a" AND email = "b"',
        'username = "a"b"',
        'username = "a\\"',
        'username != "a"',
        'username = "\0"',
        'custom:plan = "a"',
        'UserCreateDate = "a"',
        f'username = "{"x" * 256}"',
    ],
)
def test_other_filters_are_refused(cognito: CognitoIdentityProviderClient, condition: str) -> None:
    with refused("InvalidParameterException"):
        names(cognito, condition)


def test_only_the_attributes_asked_for_are_shown(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    [found] = cognito.list_users(UserPoolId=POOL_ID, AttributesToGet=["email"])["Users"]

    assert found["Attributes"] == [{"Name": "email", "Value": "ann@example.org"}]


def test_asking_for_an_attribute_that_somebody_lacks_is_an_error(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)

    with refused("InvalidParameterException"):
        cognito.list_users(UserPoolId=POOL_ID, AttributesToGet=["phone_number"])
