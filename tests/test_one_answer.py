"""Strangers get one answer for every no: the same status, bytes, calls and statements, whoever they ask for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.ledger import LEASE
from django_cognito_confirm.models import Confirmation, Status
from django_cognito_confirm.sandbox.models import SandboxUser
from tests.conftest import browser_of, last_code, sign_up, wrong_code
from tests.faults import FaultServer

pytestmark = pytest.mark.django_db(transaction=True)

Pools = Callable[..., None]
JSON = {"Accept": "application/json"}
PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
FORMATS = pytest.mark.parametrize("headers", [PAGE, JSON], ids=["page", "JSON"])

NOT_AUTHORIZED = "NotAuthorizedException"
INVALID = "InvalidParameterException"

REFUSED = {
    "wrong code": ("CodeMismatchException", "Invalid verification code provided, please try again."),
    "expired code": ("ExpiredCodeException", "Invalid code provided, please request a code again."),
    "unknown": ("UserNotFoundException", "Username/client id combination not found."),
    "confirmed": (NOT_AUTHORIZED, "User cannot be confirmed. Current status is CONFIRMED"),
    "confirmed, in 2018's words": (NOT_AUTHORIZED, "User cannot confirm because user status is not UNCONFIRMED."),
    "to reset": (NOT_AUTHORIZED, "User cannot be confirmed. Current status is RESET_REQUIRED"),
    "made by staff": (NOT_AUTHORIZED, "User cannot be confirmed. Current status is FORCE_CHANGE_PASSWORD"),
    "disabled": (NOT_AUTHORIZED, "User is disabled."),
    "attempts used up": ("LimitExceededException", "Attempt limit exceeded, please try after some time."),
    "too many failed": ("TooManyFailedAttemptsException", "Too many failed attempts."),
    "no address": (INVALID, "Username should be an email."),
    "no code": (INVALID, "Value at 'confirmationCode' failed to satisfy constraint"),
}
NOT_SENT = {
    "unknown": ("UserNotFoundException", "Username/client id combination not found."),
    "disguised": (INVALID, ""),
    "confirmed": (INVALID, "User is already confirmed."),
    "confirmed, too": (NOT_AUTHORIZED, "User cannot be confirmed. Current status is CONFIRMED"),
    "disabled": (NOT_AUTHORIZED, "User is disabled."),
    "nowhere to send to": (INVALID, "Cannot resend codes. Auto verification not turned on."),
    "limit": ("LimitExceededException", "Attempt limit exceeded, please try after some time."),
    "daily limit": ("LimitExceededException", "Exceeded daily email limit for the operation or the account."),
    "not delivered": ("CodeDeliveryFailureException", "Unable to deliver the message."),
    "SMS role": ("InvalidSmsRoleAccessPolicyException", ""),
    "SMS trust": ("InvalidSmsRoleTrustRelationshipException", ""),
    "mail role": ("InvalidEmailRoleAccessPolicyException", ""),
    "Lambda no": ("UserLambdaValidationException", "CustomMessage failed with error no."),
    "Lambda slow": ("UnexpectedLambdaException", "CustomMessage invocation failed due to error timeout."),
    "Lambda nonsense": ("InvalidLambdaResponseException", "Unrecognizable lambda output"),
    "never heard of": ("BrandNewException", "alice"),
}

NOW = timezone.now()
ROWS: dict[str, dict[str, Any]] = {
    "signed_up": {},
    "queued": {"queued_at": NOW},
    "staff is at it": {"queued_at": NOW + LEASE, "started_at": NOW, "open_attempts": 1},
    "staff has it, and it was delivered": {
        "queued_at": NOW + LEASE,
        "started_at": NOW,
        "open_attempts": 2,
        "confirmed_at": NOW,
        "delivered_at": NOW,
    },
    "started": {"started_at": NOW, "open_attempts": 1},
    "unknown": {"started_at": NOW, "open_attempts": 2, "unclear": True},
    "rejected": {"started_at": NOW, "last_error": "CodeMismatchException"},
    "confirmed": {"started_at": NOW, "confirmed_at": NOW, "owed": True},
    "delivered": {"started_at": NOW, "confirmed_at": NOW, "delivered_at": NOW},
    "confirmed, and another attempt begun": {"started_at": NOW, "confirmed_at": NOW, "owed": True, "open_attempts": 1},
    "nobody signed up here": {"sub": "", "started_at": NOW, "last_error": "UserNotFoundException"},
    "delivered, pruned": {"username": "", "confirmed_at": NOW, "delivered_at": NOW},
}


def put_row(facts: dict[str, Any] | None) -> None:
    """Let the ledger know alice by these facts, or not at all."""
    Confirmation.objects.all().delete()
    if facts is not None:
        key = get_pool().username_key("alice")
        Confirmation.objects.create(pool="default", username_key=key, **{"username": "alice", "sub": "s", **facts})


def answer(server: FaultServer, path: str, headers: dict[str, str], **form: str) -> tuple[Any, ...]:
    """Post as a stranger; return everything about the answer that might tell something."""
    client = Client(headers=headers)
    server.forget()
    with CaptureQueriesContext(connection) as statements:
        response: Any = client.post(path, {"username": "alice", "code": "123456", **form})
    seen = [_bytes(response)]
    if response.status_code == 302:
        seen.append(_bytes(client.get(response["Location"])))
    return (response.status_code, *seen, len(server.calls), len(statements))


def _bytes(response: Any) -> tuple[bytes, tuple[tuple[str, str], ...]]:
    body = re.sub(rb'name="csrfmiddlewaretoken" value="[^"]*"', b"", response.content)
    headers = [(name, value) for name, value in response.headers.items() if name != "Expires"]
    return body, tuple(sorted(headers)) + tuple(sorted((name, "a cookie") for name in response.cookies))


@pytest.fixture(autouse=True)
def no_limits(unlimited: None) -> None:
    """They are for other tests."""


def test_the_rows_have_every_status() -> None:
    found = set()
    for facts in ROWS.values():
        put_row(facts)
        found.add(Confirmation.objects.get().status)
    assert found == set(Status.values)


@FORMATS
def test_every_refusal_is_one_answer(server: FaultServer, headers: dict[str, str]) -> None:
    answers = set()
    for facts in (None, *ROWS.values()):
        for code, text in REFUSED.values():
            put_row(facts)
            server.refuse("ConfirmSignUp", code, text)
            answers.add(answer(server, "/confirm/", headers))
    [(status, (body, _), calls, _)] = answers
    assert (status, calls) == ((200, 1) if headers == PAGE else (400, 1))
    assert b"was not accepted" in body


@FORMATS
def test_every_resend_is_one_answer(server: FaultServer, headers: dict[str, str]) -> None:
    answers = set()
    for facts in (None, *ROWS.values()):
        put_row(facts)
        for destination in ("a***@e***", "+*******1234", ""):
            server.users.add("alice", attributes={})
            server.default("ResendConfirmationCode", "ok")
            answers.add(answer(server, "/confirm/resend/", headers))
            assert not [told for told in answers if destination and destination.encode() in repr(told).encode()]
        for code, text in NOT_SENT.values():
            server.refuse("ResendConfirmationCode", code, text)
            answers.add(answer(server, "/confirm/resend/", headers))
    assert len(answers) == 1


@FORMATS
@pytest.mark.parametrize(
    ("behaviour", "status"),
    [("throttle", 503), ("waf_403", 503), ("access_denied", 503), ("html_502", 503), ("drop", 503)],
)
def test_what_is_wrong_with_cognito_is_one_answer_too(
    server: FaultServer, headers: dict[str, str], behaviour: str, status: int
) -> None:
    for path, operation in (("/confirm/", "ConfirmSignUp"), ("/confirm/resend/", "ResendConfirmationCode")):
        server.default(operation, behaviour)
        answers = set()
        for facts in (None, *ROWS.values()):
            put_row(facts)
            answers.add(answer(server, path, headers))
        assert [told[0] for told in answers] == [status]


@FORMATS
def test_our_limit_is_one_answer_whoever_is_asked_for(
    server: FaultServer, headers: dict[str, str], settings: Any
) -> None:
    settings.COGNITO_CONFIRM = {"LIMITS": {"confirm:username": "0/hour", "resend:username": "0/hour"}}
    for path in ("/confirm/", "/confirm/resend/"):
        answers = set()
        for facts in (None, *ROWS.values()):
            put_row(facts)
            answers.add(answer(server, path, headers))
        [told] = answers
        assert (told[0], told[-2]) == (429, 0)


@FORMATS
@pytest.mark.parametrize("path", ["/confirm/", "/confirm/resend/"])
@pytest.mark.parametrize("disguised", [True, False], ids=["simulated delivery", "said openly"])
def test_the_sandboxs_people_are_told_apart_by_nobody(
    headers: dict[str, str], path: str, disguised: bool, pools: Pools
) -> None:
    pools(SANDBOX={"PREVENT_USER_EXISTENCE_ERRORS": disguised})
    sign_up("alice")
    told = set()
    for change in ({}, {"status": "CONFIRMED"}, {"status": "FORCE_CHANGE_PASSWORD"}, {"enabled": False}, None):
        if change is None:
            SandboxUser.objects.all().delete()
        else:
            SandboxUser.objects.update(**{"status": "UNCONFIRMED", "enabled": True, **change})
        client = Client(headers=headers)
        response = client.post(path, {"username": "alice", "code": "000001"})
        told.add((response.status_code, *_bytes(response), *_bytes(client.get("/confirm/"))))
    assert len(told) == 1


@FORMATS
@pytest.mark.parametrize("path", ["/confirm/", "/confirm/resend/"])
def test_the_owner_of_another_name_learns_no_more_than_a_stranger(headers: dict[str, str], path: str) -> None:
    sign_up("alice")
    owner = browser_of("bob")
    told = set()
    for username in ("alice", "nobdy"):
        response = owner.post(path, {"username": username, "code": "000001"}, headers=headers)
        status, (body, told_by_headers) = response.status_code, _bytes(response)
        told.add((status, body.replace(username.encode(), b"NAME"), told_by_headers))
    assert len(told) == 1


# --- what is told in JSON ---------------------------------------------------------------------------------------------


def test_a_refusal_is_problem_details(client: Client) -> None:
    sign_up("alice")
    response = client.post("/confirm/", {"username": "alice", "code": wrong_code(), "next": "/welcome/"}, headers=JSON)
    assert response["Content-Type"] == "application/problem+json"
    assert response.json() == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": (
            "This code was not accepted. Check it, or ask for a new code. "
            "If you have confirmed your account before, sign in."
        ),
        "kind": "refused",
        "sign_in_url": "/sign-in/",
        "resend_url": "/confirm/resend/?next=%2Fwelcome%2F",
    }


def test_what_was_not_filled_in_is_told_by_field(client: Client) -> None:
    response = client.post("/confirm/", {"username": "al ice", "code": ""}, headers=JSON)
    problem = response.json()
    assert (response.status_code, problem["kind"]) == (400, "invalid")
    assert {name: [error["code"] for error in errors] for name, errors in problem["errors"].items()} == {
        "username": ["invalid"],
        "code": ["required"],
    }


def test_our_limit_is_told_with_the_seconds_to_wait(client: Client, settings: Any) -> None:
    settings.COGNITO_CONFIRM = {"LIMITS": {"confirm:ip": "0/hour"}}
    response = client.post("/confirm/", {"username": "alice", "code": "123456"}, headers=JSON)
    problem = response.json()
    assert (response.status_code, problem["title"], problem["kind"]) == (429, "Too Many Requests", "throttled")
    assert response["Retry-After"] == str(problem["retry_after"]) == "3600"


def test_success_is_told_with_where_to_go(client: Client) -> None:
    sign_up("alice")
    response = client.post("/confirm/", {"username": "alice", "code": last_code()}, headers=JSON)
    assert response.json() == {"confirmed": True, "next": "/confirm/done/"}


def test_a_second_press_of_the_owner_is_success_in_json_too() -> None:
    owner = browser_of("alice")
    form = {"code": last_code()}
    assert owner.post("/confirm/", form, headers=JSON).json() == owner.post("/confirm/", form, headers=JSON).json()


def test_the_owner_is_told_where_the_new_code_went_and_a_stranger_is_not() -> None:
    owner = browser_of("alice")
    told = owner.post("/confirm/resend/", headers=JSON).json()
    assert told["delivery"] == {"destination": "a***@e***", "medium": "EMAIL", "attribute": "email"}
    told = Client().post("/confirm/resend/", {"username": "alice"}, headers=JSON).json()
    assert set(told) == {"detail", "next"}


@pytest.mark.parametrize(
    ("accept", "is_json"),
    [
        ("application/json", True),
        ("application/problem+json", True),
        ("application/json, text/html;q=0.5", True),
        ("text/html, application/json;q=0.5", False),
        ("*/*", False),
        ("", False),
        ("image/png", False),
    ],
)
def test_who_prefers_json_gets_it(client: Client, accept: str, is_json: bool) -> None:
    response = client.post("/confirm/", {}, headers={"Accept": accept})
    assert response["Content-Type"].endswith("json") == is_json
    assert "Accept" in response["Vary"].split(", ")


# --- the owner --------------------------------------------------------------------------------------------------------


@FORMATS
@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("wrong code", "This code is wrong or no longer valid."),
        ("expired code", "This code is wrong or no longer valid."),
        ("confirmed", "already confirmed. You can sign in."),
        ("made by staff", "contact support"),
        ("attempts used up", "try again in an hour"),
    ],
)
def test_the_owner_gets_the_precise_answer(
    server: FaultServer, headers: dict[str, str], kind: str, says: str, pools: Pools
) -> None:
    pools(SANDBOX=True, ENDPOINT_URL=None)
    owner = browser_of("alice")
    pools(SANDBOX=False, ENDPOINT_URL=server.url)
    server.refuse("ConfirmSignUp", *REFUSED[kind])
    response = owner.post("/confirm/", {"code": "123456"}, headers=headers)
    assert says in response.content.decode()


@FORMATS
def test_an_alias_conflict_follows_a_right_code_and_is_told_to_everybody(
    server: FaultServer, headers: dict[str, str]
) -> None:
    server.refuse("ConfirmSignUp", "AliasExistsException", "An account with the email already exists.")
    response = Client().post("/confirm/", {"username": "alice", "code": "123456"}, headers=headers)
    assert "another account already uses this" in response.content.decode()


@FORMATS
def test_reveal_users_tells_strangers_precisely(server: FaultServer, headers: dict[str, str], pools: Pools) -> None:
    pools(REVEAL_USERS=True)
    server.refuse("ConfirmSignUp", *REFUSED["unknown"])
    response = Client().post("/confirm/", {"username": "alice", "code": "123456"}, headers=headers)
    assert "There is no such account." in response.content.decode()
