from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.sandbox.wire import OPERATIONS, TARGET_PREFIX, Reply, answer

from .people import CLIENT_ID, PASSWORD, POOL_ID

pytestmark = pytest.mark.django_db


def ask(operation: str, body: bytes) -> Reply:
    return answer([get_pool()], TARGET_PREFIX + operation, body)


def code_of(reply: Reply) -> str:
    document = json.loads(reply.body)
    assert reply.status == 400
    assert reply.headers["x-amzn-errortype"] == f"{document['__type']}:"
    assert isinstance(document["message"], str)
    code: str = document["__type"]
    return code


def test_a_success_is_json_with_its_length_and_a_request_id() -> None:
    reply = ask("ListUsers", json.dumps({"UserPoolId": POOL_ID}).encode())

    assert reply.status == 200
    assert json.loads(reply.body) == {"Users": []}
    assert reply.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert reply.headers["Content-Length"] == str(len(reply.body))
    assert reply.headers["x-amzn-requestid"]
    assert "x-amzn-errortype" not in reply.headers


@pytest.mark.parametrize("target", ["", "SignUp", "AWSCognitoIdentityProviderService.", "Another.SignUp"])
def test_an_unknown_target_is_an_unknown_operation(target: str) -> None:
    assert code_of(answer([get_pool()], target, b"{}")) == "UnknownOperationException"


def test_operations_that_the_sandbox_has_not_are_unknown() -> None:
    assert code_of(ask("DescribeUserPool", b"{}")) == "UnknownOperationException"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b'{"Username": NaN}',
        b'{"Username": "\\ud800"}',
        b'{"\\udc00": 1}',
        b'{"Limit": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"null",
        b"[]",
    ],
)
def test_what_is_no_json_text_is_refused(body: bytes) -> None:
    assert code_of(ask("SignUp", body)) == "SerializationException"


TEXT = st.text(st.characters() | st.sampled_from("\0\ud800\udfff 😀'\"\\"), max_size=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.sampled_from(["ann", CLIENT_ID, POOL_ID]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
MEMBERS = [
    "AttributesToGet",
    "AuthParameters",
    "ClientMetadata",
    "ConfirmationCode",
    "Filter",
    "ForceAliasCreation",
    "Limit",
    "PaginationToken",
    "Password",
    "SecretHash",
    "Session",
    "UserAttributes",
    "UserContextData",
    "Username",
]
ATTRIBUTES = st.lists(
    st.fixed_dictionaries({"Name": st.sampled_from(["email", "phone_number", "name", "custom:x"]), "Value": TEXT}),
    max_size=3,
)
# Close enough to right that many requests pass the first checks.
PLAUSIBLE: dict[str, st.SearchStrategy[Any]] = {
    "ClientId": st.just(CLIENT_ID),
    "UserPoolId": st.just(POOL_ID),
    "Username": st.just("ann") | TEXT,
    "Password": st.just(PASSWORD) | TEXT,
    "ConfirmationCode": TEXT,
    "AuthFlow": st.just("USER_PASSWORD_AUTH"),
    "AuthParameters": st.fixed_dictionaries({"USERNAME": TEXT, "PASSWORD": TEXT}),
}
OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "UserAttributes": ATTRIBUTES | VALUES,
    "Filter": TEXT.map('name = "{}"'.format) | TEXT.map('username ^= "{}"'.format) | TEXT,
    "PaginationToken": TEXT,
    "Session": TEXT.map(lambda text: text * 3),
}
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(operation=st.sampled_from(sorted(OPERATIONS)), request=st.fixed_dictionaries(PLAUSIBLE, optional=OPTIONAL))
def test_nothing_in_a_plausible_request_breaks_the_sandbox(operation: str, request: dict[str, Any]) -> None:
    assert ask(operation, json.dumps(request).encode()).status in (200, 400)


@FUZZ
@given(
    operation=st.sampled_from(sorted(OPERATIONS)),
    request=st.dictionaries(st.sampled_from([*MEMBERS, "ClientId", "UserPoolId"]) | TEXT, VALUES) | VALUES,
)
def test_no_json_at_all_breaks_the_sandbox(operation: str, request: Any) -> None:
    assert ask(operation, json.dumps(request).encode()).status in (200, 400)


@FUZZ
@given(operation=st.sampled_from(sorted(OPERATIONS)), body=st.binary(max_size=200))
def test_no_bytes_break_the_sandbox(operation: str, body: bytes) -> None:
    assert ask(operation, body).status == 400
