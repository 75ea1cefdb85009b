"""The calls to Cognito, over real sockets: what is sent, how answers are read, and what is never shown or repeated."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
from botocore.stub import Stubber

from django_cognito_confirm import cognito
from django_cognito_confirm.cognito import ConfirmSignUp, Delivery, ListedUser, admin_client, public_client
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.errors import (
    AlreadyConfirmed,
    AttemptsExceeded,
    Blocked,
    ConfirmSignUpError,
    DeliveryFailed,
    DeliveryUnknown,
    InvalidCode,
    Misconfigured,
    OutcomeUnknown,
    Throttled,
    Unavailable,
    UserNotFound,
    WrongState,
)
from tests.faults import CountingServer, FaultServer
from tests.faults.behaviours import Reply, error
from tests.faults.operations import OPERATIONS, Body, confirm_sign_up
from tests.faults.users import Users

ROOT = Path(__file__).parent.parent
VECTORS = json.loads(Path(__file__).with_name("secret_hash_vectors.json").read_text(encoding="utf-8"))["vectors"]

Pools = Callable[..., None]
Answer = Callable[[Users, Body], Body | Reply]
CLIENT_ID = "sandboxclient1example"
SESSION = "a session of twenty characters or more"


@pytest.fixture(scope="module")
def running_server() -> Iterator[FaultServer]:
    """One for the module, since a client for each test would take longer than its test."""
    with FaultServer() as server:
        yield server
        for client in cognito.clients._clients.values():
            client.close()


@pytest.fixture
def server(running_server: FaultServer, pools: Pools, monkeypatch: pytest.MonkeyPatch) -> FaultServer:
    """Cognito as the default pool finds it: with a user alice, whose code is 123456."""
    running_server.users = Users()
    running_server.users.add("alice", code="123456")
    running_server.forget()
    pools(SANDBOX=False, ENDPOINT_URL=running_server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made-up")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    return running_server


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Answer], None]:
    """Let the server answer one operation in a way of the test's own."""

    def change(operation: str, answer: Answer) -> None:
        monkeypatch.setitem(OPERATIONS, operation, answer)

    return change


def confirm(username: str = "alice", code: str = "123456", *, pool: str = "default", **members: Any) -> str:
    return cognito.confirm_sign_up(get_pool(pool), ConfirmSignUp(username=username, code=code, **members))


def resend(username: str = "alice", **members: Any) -> Delivery:
    return cognito.resend_confirmation_code(get_pool(), username, **members)


def outcome(call: Callable[[], object]) -> type[ConfirmSignUpError] | None:
    """Return the class of what a call raised, None when it went well."""
    try:
        call()
    except ConfirmSignUpError as problem:
        return type(problem)
    return None


def expected_hash(username: str, client_id: str, client_secret: str) -> str:
    digest = hmac.new(client_secret.encode(), (username + client_id).encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


# --- the secret hash --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["source"])
def test_the_secret_hash_is_the_one_that_is_known(pools: Pools, vector: dict[str, str]) -> None:
    pools(CLIENT_ID=vector["client_id"], CLIENT_SECRET=vector["client_secret"])

    assert cognito.secret_hash(vector["username"]) == vector["hash"]


def test_a_client_without_a_secret_has_no_hash() -> None:
    assert cognito.secret_hash("alice") is None


@pytest.mark.parametrize(
    "username", ["alice", "Alice", "a+b@example.com", "jos\u00e9", "jose\u0301", "\U0001f600"], ids=ascii
)
def test_the_hash_is_made_from_the_name_that_is_sent(server: FaultServer, pools: Pools, username: str) -> None:
    pools(CLIENT_SECRET="hush")

    outcome(lambda: confirm(username))
    outcome(lambda: resend(username))

    for operation in ("ConfirmSignUp", "ResendConfirmationCode"):
        (body,) = server.called(operation)
        assert (body["Username"], body["SecretHash"]) == (username, expected_hash(username, CLIENT_ID, "hush"))


def test_a_rotated_secret_is_used_from_the_next_call_on(server: FaultServer, pools: Pools) -> None:
    secrets = iter(["first", "second"])
    pools(CLIENT_SECRET=lambda: next(secrets))

    outcome(lambda: confirm(code="000000"))
    outcome(lambda: confirm(code="000000"))

    assert [body["SecretHash"] for body in server.called("ConfirmSignUp")] == [
        expected_hash("alice", CLIENT_ID, secret) for secret in ("first", "second")
    ]


# --- what is sent -----------------------------------------------------------------------------------------------------


def test_all_nine_members_of_a_confirmation_arrive_as_they_were_given(server: FaultServer, pools: Pools) -> None:
    pools(CLIENT_SECRET="hush")

    confirm(
        session=SESSION,
        force_alias_creation=True,
        client_metadata={"site": "one", "language": "日本語"},
        user_context_data={"IpAddress": "2001:db8::1", "EncodedData": "from the browser"},
        analytics_metadata={"AnalyticsEndpointId": "endpoint"},
    )

    assert server.called("ConfirmSignUp") == [
        {
            "ClientId": CLIENT_ID,
            "SecretHash": expected_hash("alice", CLIENT_ID, "hush"),
            "Username": "alice",
            "ConfirmationCode": "123456",
            "ForceAliasCreation": True,
            "AnalyticsMetadata": {"AnalyticsEndpointId": "endpoint"},
            "UserContextData": {"IpAddress": "2001:db8::1", "EncodedData": "from the browser"},
            "ClientMetadata": {"site": "one", "language": "日本語"},
            "Session": SESSION,
        }
    ]


def test_what_is_not_given_is_not_sent(server: FaultServer) -> None:
    for username in ("bob", "carol"):
        server.users.add(username)

    confirm()
    resend("bob")
    cognito.admin_confirm_sign_up(get_pool(), "carol")

    assert [call.body for call in server.calls] == [
        {"ClientId": CLIENT_ID, "Username": "alice", "ConfirmationCode": "123456"},
        {"ClientId": CLIENT_ID, "Username": "bob"},
        {"UserPoolId": "eu-west-1_Sandbox01", "Username": "carol"},
    ]


def test_a_no_to_taking_an_alias_over_is_sent(server: FaultServer) -> None:
    confirm(force_alias_creation=False)

    assert server.called("ConfirmSignUp")[0]["ForceAliasCreation"] is False


def test_all_members_of_a_resend_arrive_as_they_were_given(server: FaultServer, pools: Pools) -> None:
    pools(CLIENT_SECRET="hush")

    resend(
        client_metadata={"site": "one"},
        user_context_data={"IpAddress": "192.0.2.1"},
        analytics_metadata={"AnalyticsEndpointId": "endpoint"},
    )

    assert server.called("ResendConfirmationCode") == [
        {
            "ClientId": CLIENT_ID,
            "SecretHash": expected_hash("alice", CLIENT_ID, "hush"),
            "Username": "alice",
            "UserContextData": {"IpAddress": "192.0.2.1"},
            "AnalyticsMetadata": {"AnalyticsEndpointId": "endpoint"},
            "ClientMetadata": {"site": "one"},
        }
    ]


def test_an_administrators_confirmation_may_carry_metadata(server: FaultServer) -> None:
    cognito.admin_confirm_sign_up(get_pool(), "alice", client_metadata={"by": "staff"})

    assert server.called("AdminConfirmSignUp")[0]["ClientMetadata"] == {"by": "staff"}


def test_calls_for_everybody_are_not_signed_and_those_of_administrators_are(server: FaultServer) -> None:
    confirm()
    outcome(resend)
    outcome(lambda: cognito.admin_confirm_sign_up(get_pool(), "alice"))
    cognito.admin_get_user(get_pool(), "alice")
    list(cognito.list_users(get_pool(), "username", "alice"))

    assert {call.operation: call.signed for call in server.calls} == {
        "ConfirmSignUp": False,
        "ResendConfirmationCode": False,
        "AdminConfirmSignUp": True,
        "AdminGetUser": True,
        "ListUsers": True,
    }


# --- a yes ------------------------------------------------------------------------------------------------------------


def test_a_right_code_confirms(server: FaultServer) -> None:
    assert confirm() == ""

    alice = server.users.get("alice")
    assert alice is not None
    assert alice.status == "CONFIRMED"


def test_the_session_for_signing_in_comes_back(server: FaultServer, answers: Callable[[str, Answer], None]) -> None:
    answers("ConfirmSignUp", lambda users, body: {"Session": SESSION})

    assert confirm() == SESSION


def test_a_resend_says_where_the_code_went(server: FaultServer) -> None:
    assert resend() == Delivery(destination="a***@e***", medium="EMAIL", attribute="email")


@pytest.mark.parametrize("reply", [{}, {"CodeDeliveryDetails": {}}, {"CodeDeliveryDetails": None}])
def test_cognito_need_not_say_where_a_code_went(reply: dict[str, Any]) -> None:
    assert Delivery.from_reply(reply) == Delivery(destination="", medium="", attribute="")


def test_an_administrator_confirms_without_a_code(server: FaultServer) -> None:
    cognito.admin_confirm_sign_up(get_pool(), "alice")

    assert cognito.admin_get_user(get_pool(), "ALICE").status == "CONFIRMED"


# --- a no, or neither -------------------------------------------------------------------------------------------------

CONFIRM_FAULTS = {
    "drop_before": OutcomeUnknown,
    "drop_after": OutcomeUnknown,
    "truncate_before": OutcomeUnknown,
    "truncate_after": OutcomeUnknown,
    "garbage": OutcomeUnknown,
    "garbage_after": OutcomeUnknown,
    "garbage_bytes": OutcomeUnknown,
    "json_array": OutcomeUnknown,
    "empty_200": OutcomeUnknown,
    "html_200": OutcomeUnknown,
    "html_502": OutcomeUnknown,
    "html_502_after": OutcomeUnknown,
    "internal_error": OutcomeUnknown,
    "internal_error_after": OutcomeUnknown,
    "unavailable": OutcomeUnknown,
    "unknown_code": OutcomeUnknown,
    "lambda_error": OutcomeUnknown,
    "lambda_timeout": OutcomeUnknown,
    "garbage_400": Blocked,
    "waf_403": Blocked,
    "throttle": Throttled,
    "limit": AttemptsExceeded,
    "access_denied": Misconfigured,
}
RESEND_FAULTS = {
    "drop_after": DeliveryUnknown,
    "garbage": DeliveryUnknown,
    "empty_200": DeliveryUnknown,
    "html_200": DeliveryUnknown,
    "html_502": DeliveryUnknown,
    "unknown_code": DeliveryFailed,
    "lambda_error": DeliveryFailed,
    "internal_error": Unavailable,
    "waf_403": Blocked,
    "throttle": Throttled,
    "limit": AttemptsExceeded,
}


@pytest.mark.parametrize(("fault", "expected"), CONFIRM_FAULTS.items())
def test_a_fault_while_confirming_is_read_right_and_nothing_is_repeated(
    server: FaultServer, fault: str, expected: type[ConfirmSignUpError]
) -> None:
    server.script("ConfirmSignUp", fault)

    assert outcome(confirm) is expected
    assert len(server.called("ConfirmSignUp")) == 1


@pytest.mark.parametrize(("fault", "expected"), RESEND_FAULTS.items())
def test_a_fault_while_resending_is_read_right_and_nothing_is_repeated(
    server: FaultServer, fault: str, expected: type[ConfirmSignUpError]
) -> None:
    server.script("ResendConfirmationCode", fault)

    assert outcome(resend) is expected
    assert len(server.called("ResendConfirmationCode")) == 1


@pytest.mark.parametrize(
    ("username", "code", "expected"), [("alice", "000000", InvalidCode), ("nobody", "123456", UserNotFound)]
)
def test_a_no_is_told_with_cognitos_code_and_the_requests_id(
    server: FaultServer, username: str, code: str, expected: type[ConfirmSignUpError]
) -> None:
    with pytest.raises(expected) as refused:
        confirm(username, code)

    assert refused.value.code in ("CodeMismatchException", "UserNotFoundException")
    assert len(refused.value.request_id) == 36


def test_an_account_is_confirmed_once(server: FaultServer) -> None:
    confirm()

    assert outcome(confirm) is AlreadyConfirmed
    assert outcome(resend) is AlreadyConfirmed
    assert outcome(lambda: cognito.admin_confirm_sign_up(get_pool(), "alice")) is AlreadyConfirmed


def test_an_answer_that_comes_too_late_leaves_the_outcome_open(
    server: FaultServer, pools: Pools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cognito.clients, "READ_TIMEOUT", 0.2)
    pools("hasty")
    server.script("ConfirmSignUp", "delay:20")

    assert outcome(lambda: confirm(pool="hasty")) is OutcomeUnknown
    assert len(server.called("ConfirmSignUp")) == 1


def test_nobody_listening_is_known_to_have_changed_nothing(pools: Pools) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        pools("down", SANDBOX=False, ENDPOINT_URL=f"http://127.0.0.1:{unused.getsockname()[1]}")

        assert outcome(lambda: confirm(pool="down")) is Unavailable


def test_nobody_taking_the_call_is_known_to_have_changed_nothing(pools: Pools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cognito.clients, "CONNECT_TIMEOUT", 0.2)
    with socket.socket() as deaf, socket.socket() as first, socket.socket() as second:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(deaf.getsockname())
        pools("deaf", SANDBOX=False, ENDPOINT_URL=f"http://127.0.0.1:{deaf.getsockname()[1]}")

        assert outcome(lambda: confirm(pool="deaf")) is Unavailable


def test_what_botocore_itself_refuses_is_a_misconfiguration(server: FaultServer) -> None:
    assert outcome(lambda: confirm(client_metadata={"site": 1})) is Misconfigured
    assert server.calls == []


# --- the session ------------------------------------------------------------------------------------------------------

EXPIRED = error("NotAuthorizedException", "Invalid session for the user.")


def test_an_expired_session_does_not_spoil_the_confirmation(
    server: FaultServer, answers: Callable[[str, Answer], None]
) -> None:
    answers("ConfirmSignUp", lambda users, body: EXPIRED if "Session" in body else confirm_sign_up(users, body))

    assert confirm(session=SESSION, client_metadata={"site": "one"}) == ""

    first, second = server.called("ConfirmSignUp")
    assert first == {**second, "Session": SESSION}
    assert "Session" not in second


def test_a_wrong_code_after_an_expired_session_is_a_wrong_code(
    server: FaultServer, answers: Callable[[str, Answer], None]
) -> None:
    answers("ConfirmSignUp", lambda users, body: EXPIRED if "Session" in body else confirm_sign_up(users, body))

    assert outcome(lambda: confirm(code="000000", session=SESSION)) is InvalidCode


def test_a_pool_that_never_takes_a_session_is_asked_no_third_time(
    server: FaultServer, answers: Callable[[str, Answer], None]
) -> None:
    answers("ConfirmSignUp", lambda users, body: EXPIRED)

    problem = outcome(lambda: confirm(session=SESSION))

    assert problem is not None
    assert issubclass(problem, WrongState)
    assert len(server.called("ConfirmSignUp")) == 2


def test_without_a_session_there_is_nothing_to_ask_again(
    server: FaultServer, answers: Callable[[str, Answer], None]
) -> None:
    answers("ConfirmSignUp", lambda users, body: EXPIRED)

    outcome(confirm)

    assert len(server.called("ConfirmSignUp")) == 1


# --- what is not shown ------------------------------------------------------------------------------------------------

CODE = "code-that-nobody-may-see"


def our_frames(traceback: TracebackType | None) -> Iterator[tuple[str, str]]:
    """Yield the name and the variables of each frame of the package."""
    while traceback:
        frame = traceback.tb_frame
        if frame.f_globals["__name__"].startswith("django_cognito_confirm"):
            yield frame.f_code.co_name, repr(frame.f_locals)
        traceback = traceback.tb_next


@pytest.mark.parametrize(
    "fault", ["ok", "drop_after", "garbage", "html_502", "waf_403", "throttle", "access_denied", "internal_error"]
)
def test_an_error_keeps_neither_code_nor_hash_nor_session(
    server: FaultServer, pools: Pools, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    pools(CLIENT_SECRET="hush")
    server.script("ConfirmSignUp", fault)

    with pytest.raises(ConfirmSignUpError) as raised:
        confirm(code=CODE, session=SESSION, client_metadata={"note": "only-for-lambdas"})

    problem = raised.value
    assert (problem.__context__, problem.__cause__) == (None, None)
    frames = list(our_frames(problem.__traceback__))
    assert frames
    secrets = (CODE, SESSION, expected_hash("alice", CLIENT_ID, "hush"), "hush", "only-for-lambdas")
    shown = [repr(problem), repr(vars(problem)), caplog.text, *(variables for _, variables in frames)]
    assert not [(secret, text) for secret in secrets for text in shown if secret in text]


def test_a_refusal_of_botocore_itself_does_not_repeat_what_was_typed(
    server: FaultServer, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Misconfigured) as raised:
        confirm(code=CODE, session="short")

    assert raised.value.__context__ is None
    assert CODE not in f"{raised.value!r}{caplog.text}{list(our_frames(raised.value.__traceback__))}"


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (error("AccessDeniedException", "Echo"), "an IAM policy must allow cognito-idp:AdminConfirmSignUp"),
        (error("ResourceNotFoundException", "Echo"), "do CLIENT_ID, USER_POOL_ID and the region belong together?"),
        (error("NotAuthorizedException", "Echo: secret"), "does CLIENT_SECRET belong to CLIENT_ID?"),
        (error("ForbiddenException", "Echo"), "ForbiddenException"),
        (error("BrandNewException", "Echo"), "BrandNewException"),
    ],
    ids=["permission", "pool", "secret", "firewall", "unclear"],
)
def test_operators_read_what_to_mend_and_not_what_was_sent(
    server: FaultServer,
    answers: Callable[[str, Answer], None],
    caplog: pytest.LogCaptureFixture,
    answer: Reply,
    hint: str,
) -> None:
    answers("AdminConfirmSignUp", lambda users, body: answer)

    outcome(lambda: cognito.admin_confirm_sign_up(get_pool(), "alice"))

    (record,) = [record for record in caplog.records if record.name == "django_cognito_confirm.cognito"]
    assert hint in record.getMessage()
    assert record.getMessage().startswith("AdminConfirmSignUp: ")
    assert "Echo" not in caplog.text


def test_a_wrong_code_is_no_news_for_operators(server: FaultServer, caplog: pytest.LogCaptureFixture) -> None:
    outcome(lambda: confirm(code="000000"))

    assert caplog.text == ""


# --- looking at users -------------------------------------------------------------------------------------------------


def listed(attribute: str, value: str, *, prefix: bool = False) -> list[str]:
    return [user.username for user in cognito.list_users(get_pool(), attribute, value, prefix=prefix)]


def test_a_listing_of_more_than_one_page_is_read_to_its_end(server: FaultServer) -> None:
    server.users = Users(population=130)

    names = listed("email", "user", prefix=True)

    assert len(set(names)) == len(names) == 130
    bodies = server.called("ListUsers")
    assert [body["Filter"] for body in bodies] == ['email ^= "user"'] * 3
    assert ["PaginationToken" in body for body in bodies] == [False, True, True]


def test_an_empty_page_is_not_the_end(server: FaultServer, answers: Callable[[str, Answer], None]) -> None:
    list_users = OPERATIONS["ListUsers"]

    def answer(users: Users, body: Body) -> Body | Reply:
        if "PaginationToken" not in body:
            return {"Users": [], "PaginationToken": "the-second-page"}
        return list_users(users, {"Filter": body["Filter"]})

    answers("ListUsers", answer)

    assert listed("username", "alice") == ["alice"]


def test_a_listing_is_read_no_further_than_it_is_needed(server: FaultServer) -> None:
    server.users = Users(population=130)

    next(cognito.list_users(get_pool(), "email", "user", prefix=True))

    assert len(server.called("ListUsers")) == 1


def test_a_listing_that_ends_in_a_refusal_says_so(server: FaultServer) -> None:
    server.users = Users(population=130)
    server.script("ListUsers", "ok", "access_denied")
    users = cognito.list_users(get_pool(), "email", "user", prefix=True)

    assert outcome(lambda: list(users)) is Misconfigured


@pytest.mark.parametrize("username", ['quo"te', "back\\slash", '\\"', "\\", '"', "jos\u00e9"], ids=ascii)
def test_a_name_is_found_whatever_is_in_it(server: FaultServer, username: str) -> None:
    server.users.add(username)

    assert listed("username", username) == [username]


def test_a_filter_cannot_be_broken_out_of(server: FaultServer) -> None:
    assert listed("username", 'x" or username = "alice') == []
    assert server.called("ListUsers") == [
        {"UserPoolId": "eu-west-1_Sandbox01", "Filter": r'username = "x\" or username = \"alice"'}
    ]


@pytest.mark.parametrize(
    "value", ["x" * 244, '"' * 130, "\\" * 130, "x" * 100_000], ids=["long", "quotes", "backslashes", "longest"]
)
def test_a_filter_that_cognito_would_refuse_is_reported_and_not_sent(server: FaultServer, value: str) -> None:
    with pytest.raises(ValueError, match="No ListUsers filter can hold this username"):
        listed("username", value)

    assert server.calls == []


def test_the_longest_filter_is_sent(server: FaultServer) -> None:
    listed("username", "x" * 243)

    assert len(server.called("ListUsers")[0]["Filter"]) == 256


@pytest.mark.parametrize("look", ["AdminGetUser", "ListUsers"])
def test_a_user_is_read_alike_from_either_answer(server: FaultServer, look: str) -> None:
    server.users.add("dora", sub="5-u-b", status="CONFIRMED", created=86_400.0, attributes={"email": "d@example.com"})
    pool = get_pool()

    user = (
        cognito.admin_get_user(pool, "dora")
        if look == "AdminGetUser"
        else next(cognito.list_users(pool, "sub", "5-u-b"))
    )

    assert (user.username, user.sub, user.status, user.enabled) == ("dora", "5-u-b", "CONFIRMED", True)
    assert user.created_at == datetime(1970, 1, 2, tzinfo=timezone.utc)
    assert user.attributes["email"] == "d@example.com"
    assert "d@example.com" not in repr(user)


@pytest.mark.parametrize(
    ("status", "enabled", "confirmed"),
    [
        ("CONFIRMED", True, True),
        ("RESET_REQUIRED", True, True),
        ("CONFIRMED", False, False),
        ("RESET_REQUIRED", False, False),
        ("UNCONFIRMED", True, False),
        ("FORCE_CHANGE_PASSWORD", True, False),
        ("EXTERNAL_PROVIDER", True, False),
        ("ARCHIVED", True, False),
        ("", True, False),
    ],
)
def test_only_an_enabled_and_confirmed_user_is_a_proof(status: str, enabled: bool, confirmed: bool) -> None:
    created = datetime(2026, 1, 2, tzinfo=timezone.utc)
    user = ListedUser(username="dora", status=status, enabled=enabled, created_at=created, attributes={})

    assert user.is_confirmed is confirmed


def test_a_user_who_is_not_there_is_reported(server: FaultServer) -> None:
    assert outcome(lambda: cognito.admin_get_user(get_pool(), "nobody")) is UserNotFound
    assert listed("username", "nobody") == []


@pytest.mark.parametrize("fault", ["garbage", "garbage_bytes", "json_array", "empty_200", "html_200", "unknown_code"])
def test_nonsense_is_no_listing(server: FaultServer, fault: str) -> None:
    server.default("ListUsers", fault)
    server.default("AdminGetUser", fault)

    try:
        assert outcome(lambda: listed("username", "alice")) is Unavailable
        assert outcome(lambda: cognito.admin_get_user(get_pool(), "alice")) is Unavailable
    finally:
        server.default("ListUsers", "ok")
        server.default("AdminGetUser", "ok")


def test_listings_are_tried_again(server: FaultServer) -> None:
    server.script("ListUsers", "internal_error")

    assert listed("username", "alice") == ["alice"]
    assert [call.operation for call in server.calls] == ["ListUsers"] * 2


def test_an_administrators_confirmation_is_not_tried_again(server: FaultServer) -> None:
    # The second would be told that the user is confirmed, and a yes would pass for a no.
    server.script("AdminConfirmSignUp", "drop_after")

    with pytest.raises(OutcomeUnknown):
        cognito.admin_confirm_sign_up(get_pool(), "alice")

    assert [call.operation for call in server.calls] == ["AdminConfirmSignUp"]


def test_a_profile_that_is_not_there_stops_nobody_but_administrators(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch, pools: Pools
) -> None:
    pools(REGION="eu-west-2")  # clients of its own
    monkeypatch.setenv("AWS_PROFILE", "nobody-has-this")
    server.users.add("bob", code="1")

    confirm("bob", "1")

    with pytest.raises(Misconfigured) as caught:
        list(cognito.list_users(get_pool(), "username", "bob"))
    assert caught.value.code == "ProfileNotFound"


def test_a_secret_store_that_is_down_is_a_refusal_without_a_call(server: FaultServer, pools: Pools) -> None:
    def secret() -> str:
        raise ConnectionError("the vault is down")

    pools(CLIENT_SECRET=secret)

    with pytest.raises(Misconfigured):
        confirm()

    assert server.calls == []


@pytest.mark.parametrize("status", [201, 202, 204])
def test_a_success_other_than_cognitos_is_none(
    server: FaultServer, answers: Callable[[str, Answer], None], status: int
) -> None:
    answers("ConfirmSignUp", lambda users, body: Reply(status, b"" if status == 204 else b"{}"))

    with pytest.raises(OutcomeUnknown):
        confirm()


# --- clients ----------------------------------------------------------------------------------------------------------


def test_a_client_is_built_once() -> None:
    assert public_client() is public_client()
    assert admin_client() is admin_client()
    assert public_client() is not admin_client()


def test_threads_share_a_client(pools: Pools) -> None:
    pools("threads")
    together = threading.Barrier(20)

    def build(number: int) -> int:
        together.wait(timeout=10)
        return id(public_client("threads"))

    with ThreadPoolExecutor(20) as threads:
        found = set(threads.map(build, range(20)))

    assert found == {id(public_client("threads"))}


@pytest.mark.parametrize(
    "change", [{"REGION": "us-east-1"}, {"ENDPOINT_URL": "http://127.0.0.1:9"}, {"SANDBOX": False}]
)
def test_other_settings_have_another_client_at_once(pools: Pools, change: dict[str, Any]) -> None:
    before = public_client()

    pools(**change)

    assert public_client() is not before


def test_settings_that_come_back_find_their_client_again(pools: Pools) -> None:
    before = public_client()
    pools(REGION="us-east-1")
    public_client()

    pools(REGION=None)

    assert public_client() is before


def test_a_client_speaks_to_the_region_of_its_pool(pools: Pools) -> None:
    pools("abroad", USER_POOL_ID="ap-southeast-2_AbCdEf123", SANDBOX=False)

    assert public_client("abroad").meta.region_name == "ap-southeast-2"
    assert public_client("abroad").meta.endpoint_url == "https://cognito-idp.ap-southeast-2.amazonaws.com"


def test_a_client_waits_longer_than_lambdas_and_shorter_than_web_servers() -> None:
    config = public_client().meta.config

    assert (config.connect_timeout, config.read_timeout) == (5, 20)  # type: ignore[attr-defined]


def test_hosts_may_stub_our_clients(pools: Pools) -> None:
    pools("stubbed", SANDBOX=False)
    client = public_client("stubbed")
    reply = {"UserConfirmed": False, "UserSub": "5-u-b"}

    with Stubber(client) as stubber:
        stubber.add_response("sign_up", reply)
        stubber.add_response("confirm_sign_up", {"Session": SESSION})
        stubber.add_client_error("confirm_sign_up", "CodeMismatchException", "Invalid verification code provided.")

        assert client.sign_up(ClientId="client", Username="alice", Password="secret")["UserSub"] == "5-u-b"
        assert confirm(pool="stubbed") == SESSION
        assert outcome(lambda: confirm(pool="stubbed")) is InvalidCode


def test_hosts_may_call_operations_that_answer_nothing(
    server: FaultServer, answers: Callable[[str, Answer], None]
) -> None:
    answers("DeleteUser", lambda users, body: Reply(200, b""))

    public_client().delete_user(AccessToken="made-up")

    assert server.called("DeleteUser") == [{"AccessToken": "made-up"}]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system starts its processes otherwise")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_builds_clients_of_its_own(server: FaultServer) -> None:
    before = public_client()
    server.users.add("bob", code="1")
    reading, writing = os.pipe()

    cognito.clients._lock.acquire()  # as another thread might hold it at that moment
    child = os.fork()
    if child == 0:
        try:
            confirm("bob", "1")
            os.write(writing, b"the same" if public_client() is before else b"another")
        finally:
            os._exit(0)
    cognito.clients._lock.release()
    os.close(writing)
    ready, _, _ = select.select([reading], [], [], 20)
    said = os.read(reading, 100) if ready else b"nothing in 20 seconds"
    os.close(reading)
    if not ready:
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)

    assert said == b"another"
    assert public_client() is before
    assert [body["Username"] for body in server.called("ConfirmSignUp")] == ["bob"]


@pytest.fixture
def metadata(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[CountingServer]:
    """A machine without credentials, whose metadata service counts who asks it."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "BOTO"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no credentials"))
    with CountingServer() as server:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url)
        yield server


def test_confirming_never_looks_for_credentials(server: FaultServer, metadata: CountingServer, pools: Pools) -> None:
    pools("bare")

    confirm(pool="bare")

    assert metadata.requests == []
    assert len(server.called("ConfirmSignUp")) == 1


def test_administrators_calls_look_for_credentials_and_say_when_there_are_none(
    server: FaultServer, metadata: CountingServer, pools: Pools, caplog: pytest.LogCaptureFixture
) -> None:
    pools("bare")

    assert outcome(lambda: cognito.admin_confirm_sign_up(get_pool("bare"), "alice")) is Misconfigured
    assert metadata.requests
    assert server.calls == []
    assert "no AWS credentials were found, and cognito-idp:AdminConfirmSignUp needs them" in caplog.text


# --- in a process of its own ------------------------------------------------------------------------------------------


def run(program: str) -> list[str]:
    """Run a program with Django set up, outside the test environment; return the lines that it prints."""
    setup = "import django\ndjango.setup()\nfrom django.conf import settings\n"
    done = subprocess.run(
        [sys.executable, "-c", setup + program],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.splitlines()


BUILD = """
from django_cognito_confirm import cognito
for build in (cognito.public_client, cognito.admin_client):
    try:
        print(type(build()).__name__)
    except Exception as problem:
        print(repr(problem))
"""


def test_the_sandbox_is_refused_in_production() -> None:
    public, admin = run("settings.DEBUG = False" + BUILD)

    assert public == admin
    assert public.startswith("ImproperlyConfigured('The Cognito sandbox is for development and tests")


def test_the_sandbox_serves_developers() -> None:
    assert run("settings.DEBUG = True" + BUILD) == ["CognitoIdentityProvider"] * 2
