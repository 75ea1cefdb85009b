"""The fault server, seen through the client that it is for: boto3."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.faults import CountingServer, FaultServer, control
from tests.faults.behaviours import behaviour
from tests.faults.quota import Quota
from tests.faults.records import Call, summarise

ROOT = Path(__file__).parent.parent
POOL = "eu-west-1_Faults001"


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


def build_client(url: str, **facts: Any) -> Any:
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}, read_timeout=2, connect_timeout=2)
    return boto3.client("cognito-idp", region_name="eu-west-1", endpoint_url=url, config=config, **facts)


@pytest.fixture
def client(server: FaultServer) -> Iterator[Any]:
    client = build_client(server.url)
    yield client
    client.close()


def confirm(client: Any, username: str, code: str) -> None:
    client.confirm_sign_up(ClientId="client", Username=username, ConfirmationCode=code)


def confirm_as_staff(client: Any, username: str) -> None:
    client.admin_confirm_sign_up(UserPoolId=POOL, Username=username)


def outcome(call: Callable[[], object]) -> str:
    """Return how a call ended: "ok", Cognito's error code, or the name of the exception that botocore raised."""
    try:
        call()
    except ClientError as problem:
        return problem.response["Error"]["Code"]
    except (BotoCoreError, ValueError, AttributeError) as problem:
        return type(problem).__name__
    return "ok"


def listed(client: Any, **query: Any) -> list[str]:
    return [user["Username"] for user in client.list_users(UserPoolId=POOL, **query)["Users"]]


def test_a_sign_up_is_confirmed_with_its_code(server: FaultServer, client: Any) -> None:
    reply = client.sign_up(
        ClientId="client",
        Username="Ann",
        Password="Secret-123",
        UserAttributes=[{"Name": "email", "Value": "ann@example.com"}],
    )
    ann = server.users.get("ann")
    assert ann is not None
    assert reply["UserSub"] == ann.sub
    assert reply["CodeDeliveryDetails"]["Destination"] == "A***@e***"

    confirm(client, "Ann", ann.code)

    assert client.admin_get_user(UserPoolId=POOL, Username="ann")["UserStatus"] == "CONFIRMED"
    assert listed(client, Filter='email = "ann@example.com"') == ["Ann"]


def test_a_name_is_signed_up_once(client: Any) -> None:
    def sign_up() -> object:
        return client.sign_up(ClientId="client", Username="ann", Password="Secret-123")

    assert [outcome(sign_up), outcome(sign_up)] == ["ok", "UsernameExistsException"]


def test_a_new_code_replaces_the_old_one(server: FaultServer, client: Any) -> None:
    ann = server.users.add("ann", code="not six digits")

    client.resend_confirmation_code(ClientId="client", Username="ann")

    assert outcome(lambda: confirm(client, "ann", "not six digits")) == "CodeMismatchException"
    assert outcome(lambda: confirm(client, "ann", ann.code)) == "ok"
    assert outcome(lambda: confirm(client, "ann", ann.code)) == "NotAuthorizedException"


def test_staff_confirm_without_a_code(server: FaultServer, client: Any) -> None:
    ann = server.users.add("ann")

    client.admin_confirm_sign_up(UserPoolId=POOL, Username="ann")

    assert ann.status == "CONFIRMED"


def test_an_unknown_user_is_told_from_a_wrong_code(server: FaultServer, client: Any) -> None:
    assert outcome(lambda: confirm(client, "nobody", "1")) == "UserNotFoundException"


def test_every_call_is_recorded_with_its_body(server: FaultServer, client: Any) -> None:
    server.users.add("ann", code="1")

    confirm(client, "ann", "1")
    listed(client)

    assert [call.operation for call in server.calls] == ["ConfirmSignUp", "ListUsers"]
    assert server.called("ConfirmSignUp") == [{"ClientId": "client", "Username": "ann", "ConfirmationCode": "1"}]
    assert server.connections == 1


def test_signed_calls_are_told_from_unsigned_ones(server: FaultServer, client: Any) -> None:
    signing = boto3.client(
        "cognito-idp",
        region_name="eu-west-1",
        endpoint_url=server.url,
        aws_access_key_id="made-up",
        aws_secret_access_key="made-up",
    )

    listed(client)
    listed(signing)
    signing.close()

    assert [call.signed for call in server.calls] == [False, True]


@pytest.mark.parametrize(
    ("name", "expected", "confirmed"),
    [
        ("ok", "ok", True),
        ("drop_before", "ConnectionClosedError", False),
        ("drop_after", "ConnectionClosedError", True),
        ("internal_error", "InternalErrorException", False),
        ("internal_error_after", "InternalErrorException", True),
        ("unavailable", "503", False),
        ("garbage", "ok", False),  # botocore takes any 200 for a yes
        ("garbage_after", "ok", True),
        ("garbage_400", "400", False),
        ("garbage_bytes", "UnicodeDecodeError", False),
        ("json_array", "AttributeError", False),
        ("html_200", "ok", False),
        ("html_502", "502", False),
        ("html_502_after", "502", True),
        ("empty_200", "ok", False),
        ("waf_403", "403", False),
        ("throttle", "TooManyRequestsException", False),
        ("limit", "LimitExceededException", False),
        ("access_denied", "AccessDeniedException", False),
        ("unknown_code", "BrandNewException", False),
        ("lambda_error", "UserLambdaValidationException", True),
        ("lambda_error_before", "UserLambdaValidationException", False),
        ("lambda_timeout", "UnexpectedLambdaException", True),
        ("delay:0.1", "ok", True),
    ],
)
def test_a_call_goes_wrong_as_it_is_told(
    server: FaultServer, client: Any, name: str, expected: str, confirmed: bool
) -> None:
    ann = server.users.add("ann", code="1")
    server.script("ConfirmSignUp", name)

    assert outcome(lambda: confirm(client, "ann", "1")) == expected
    assert (ann.status == "CONFIRMED") is confirmed


@pytest.mark.parametrize("fault", ["truncate", "headers_only"])
@pytest.mark.parametrize(("when", "confirmed"), [("before", False), ("after", True)])
def test_an_answer_breaks_off(server: FaultServer, client: Any, fault: str, when: str, confirmed: bool) -> None:
    ann = server.users.add("ann", code="1")
    server.script("ConfirmSignUp", f"{fault}_{when}")

    # Newer releases of botocore take what came for the whole, older ones notice.
    assert outcome(lambda: confirm(client, "ann", "1")) in ("ok", "ConnectionClosedError")
    assert (ann.status == "CONFIRMED") is confirmed


@pytest.mark.parametrize(("name", "has_one"), [("ok", True), ("throttle", True), ("html_502", False)])
def test_only_what_comes_from_aws_bears_a_request_id(
    server: FaultServer, client: Any, name: str, has_one: bool
) -> None:
    server.script("ListUsers", name)
    try:
        reply = client.list_users(UserPoolId=POOL)
    except ClientError as problem:
        reply = problem.response

    assert ("x-amzn-requestid" in reply["ResponseMetadata"]["HTTPHeaders"]) is has_one


def test_a_script_is_followed_and_then_the_default(server: FaultServer, client: Any) -> None:
    server.users.add("ann", code="1")
    server.script("ConfirmSignUp", "throttle", "html_502")
    server.default("ConfirmSignUp", "waf_403")

    outcomes = [outcome(lambda: confirm(client, "ann", "1")) for _ in range(4)]

    assert outcomes == ["TooManyRequestsException", "502", "403", "403"]


def test_one_default_can_stand_for_all_operations(server: FaultServer, client: Any) -> None:
    server.default("*", "access_denied")

    assert outcome(lambda: listed(client)) == "AccessDeniedException"


def test_a_misspelt_behaviour_is_refused(server: FaultServer) -> None:
    for name in ("explode", "drop_during", "drop:3", "delay"):
        with pytest.raises(ValueError, match="no behaviour"):
            server.script("ConfirmSignUp", name)


def test_an_answer_later_than_the_callers_patience_is_a_time_out(server: FaultServer) -> None:
    ann = server.users.add("ann", code="1")
    server.script("ConfirmSignUp", "delay:30")
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}, read_timeout=0.2)
    hasty = boto3.client("cognito-idp", region_name="eu-west-1", endpoint_url=server.url, config=config)

    started = time.monotonic()
    assert outcome(lambda: confirm(hasty, "ann", "1")) == "ReadTimeoutError"
    hasty.close()

    assert time.monotonic() - started < 5
    assert ann.status == "CONFIRMED"


@pytest.mark.parametrize(("name", "meanwhile"), [("hold", "CONFIRMED"), ("hold_before", "UNCONFIRMED")])
def test_a_held_call_waits_until_it_is_let_go(server: FaultServer, client: Any, name: str, meanwhile: str) -> None:
    ann = server.users.add("ann", code="1")
    server.script("ConfirmSignUp", name)
    caller = threading.Thread(target=confirm, args=(client, "ann", "1"))
    caller.start()
    server.wait_for("ConfirmSignUp")
    time.sleep(0.05)
    seen, waiting = ann.status, caller.is_alive()

    server.release()
    caller.join(timeout=5)

    assert (seen, waiting, caller.is_alive(), ann.status) == (meanwhile, True, False, "CONFIRMED")


def test_waiting_for_a_call_that_never_comes_ends(server: FaultServer) -> None:
    with pytest.raises(TimeoutError, match="0 of 1"):
        server.wait_for("ConfirmSignUp", timeout=0.05)


def test_leaving_the_block_ends_what_is_still_held(server: FaultServer) -> None:
    with FaultServer() as other:
        other.users.add("ann", code="1")
        other.script("ConfirmSignUp", "hold")
        client = build_client(other.url)
        outcomes: list[str] = []
        caller = threading.Thread(target=lambda: outcomes.append(outcome(lambda: confirm(client, "ann", "1"))))
        caller.start()
        other.wait_for("ConfirmSignUp")
    caller.join(timeout=5)
    client.close()

    assert outcomes == ["ConnectionClosedError"]


def test_a_listing_is_filtered_as_cognito_does(server: FaultServer, client: Any) -> None:
    server.users.add("ann", sub="a1", status="CONFIRMED", attributes={"email": "ann@example.com"})
    server.users.add('quo"te', sub="a2")
    server.users.add("bob", sub="b1", enabled=False)

    assert listed(client, Filter='username = "ann"') == ["ann"]
    assert listed(client, Filter='username = "Ann"') == []
    assert listed(client, Filter='username = "quo\\"te"') == ['quo"te']
    assert listed(client, Filter='sub ^= "a"') == ["ann", 'quo"te']
    assert listed(client, Filter='email = "ann@example.com"') == ["ann"]
    assert listed(client, Filter='cognito:user_status = "CONFIRMED"') == ["ann"]
    assert listed(client, Filter='status = "Disabled"') == ["bob"]
    assert outcome(lambda: listed(client, Filter="username = ann")) == "InvalidParameterException"
    assert outcome(lambda: listed(client, Filter=f'username = "{"a" * 256}"')) == "InvalidParameterException"


def test_a_deleted_user_is_gone(server: FaultServer, client: Any) -> None:
    server.users.add("ann")

    server.users.remove("Ann")

    assert listed(client) == []


def test_a_token_goes_on_where_its_page_ended(server: FaultServer, client: Any) -> None:
    for number in range(130):
        server.users.add(f"name{number}")

    pages = [
        [user["Username"] for user in page["Users"]]
        for page in client.get_paginator("list_users").paginate(UserPoolId=POOL)
    ]

    assert [len(page) for page in pages] == [60, 60, 10]
    assert len({name for page in pages for name in page}) == 130


def test_a_token_belongs_to_its_filter(server: FaultServer, client: Any) -> None:
    for number in range(61):
        server.users.add(f"name{number}")
    token = client.list_users(UserPoolId=POOL)["PaginationToken"]

    with pytest.raises(ClientError, match="Paging marker is invalid"):
        client.list_users(UserPoolId=POOL, PaginationToken=token, Filter='sub ^= "a"')


def test_a_million_made_up_users_are_listed_by_the_page() -> None:
    with FaultServer(population=1_000_000, unconfirmed_every=1000) as server:
        server.users.add("ann", sub="f-ann")
        client = build_client(server.url)
        sizes = [
            sum(1 for _ in server.users.page(f'sub ^= "{digit}{other}"', 0, 10_000)[0])
            for digit in "0f"
            for other in "0123456789abcdef"
        ]
        far = client.list_users(UserPoolId=POOL, Filter='sub ^= "f"', Limit=2)
        user = client.admin_get_user(UserPoolId=POOL, Username="user00999000")
        by_sub = listed(client, Filter=f'sub = "{user["UserAttributes"][0]["Value"]}"')
        by_email = listed(client, Filter='email = "user00000007@example.com"')
        beyond = listed(client, Filter='username = "user01000000"')
        client.close()

    assert sum(sizes) == pytest.approx(125_000, abs=40)
    assert [found["Username"] for found in far["Users"]] == ["ann", "user00000015"]
    assert all(found["Attributes"][0]["Value"].startswith("f") for found in far["Users"])
    assert user["UserStatus"] == "UNCONFIRMED"
    assert (by_sub, by_email, beyond) == (["user00999000"], ["user00000007"], [])


def test_a_made_up_user_can_be_confirmed() -> None:
    with FaultServer(population=100, unconfirmed_every=10) as server:
        client = build_client(server.url)
        confirm(client, "user00000030", "123456")
        unconfirmed = listed(client, Filter='cognito:user_status = "UNCONFIRMED"')
        client.close()

    assert len(unconfirmed) == 9
    assert "user00000030" not in unconfirmed


def test_staff_confirm_made_up_people_once_and_only_those_are_kept() -> None:
    with FaultServer(population=10_000, unconfirmed_every=1) as server:
        client = build_client(server.url)
        outcomes = [outcome(lambda: confirm_as_staff(client, "user00009999")) for _ in range(2)]
        status = client.admin_get_user(UserPoolId=POOL, Username="user00009999")["UserStatus"]
        confirmed = listed(client, Filter='cognito:user_status = "CONFIRMED"')
        client.close()

        assert [user.username for user in server.users.added()] == ["user00009999"]
    assert (outcomes, status) == (["ok", "NotAuthorizedException"], "CONFIRMED")
    assert confirmed == ["user00009999"]


def test_staff_change_attributes(server: FaultServer, client: Any) -> None:
    ann = server.users.add("ann", attributes={"email": "ann@example.com"})

    def verify(username: str) -> object:
        attributes = [{"Name": "email_verified", "Value": "true"}]
        return client.admin_update_user_attributes(UserPoolId=POOL, Username=username, UserAttributes=attributes)

    assert [outcome(lambda: verify("Ann")), outcome(lambda: verify("bob"))] == ["ok", "UserNotFoundException"]
    assert ann.attributes == {"email": "ann@example.com", "email_verified": "true"}


# --- the quota --------------------------------------------------------------------------------------------------------

ONE_CALL = 1e-6  # a quota that lets one call through, and the next one in eleven days


def taken(quota: Quota, now: float) -> int:
    """Return how many calls a quota lets through at one moment."""
    return sum(quota.take(now) for _ in range(200))


def test_a_quota_fills_up_at_its_rate_and_holds_a_seconds_worth() -> None:
    quota, start = Quota(50), time.monotonic()

    assert [taken(quota, start + seconds) for seconds in (1, 1, 1.5, 2.5, 100)] == [50, 0, 25, 50, 50]


def test_a_call_over_the_quota_has_no_effect(client: Any, server: FaultServer) -> None:
    ann, bob = server.users.add("ann"), server.users.add("bob")
    server.limit(ONE_CALL)

    confirm_as_staff(client, "ann")

    assert outcome(lambda: confirm_as_staff(client, "bob")) == "TooManyRequestsException"
    assert (ann.status, bob.status) == ("CONFIRMED", "UNCONFIRMED")
    assert [call.throttled for call in server.calls] == [False, True]


def test_signing_up_and_confirming_share_the_quota_and_nothing_else_does(client: Any, server: FaultServer) -> None:
    server.limit(ONE_CALL)
    client.sign_up(ClientId="client", Username="ann", Password="Secret-123")

    assert outcome(lambda: confirm(client, "ann", "1")) == "TooManyRequestsException"
    assert outcome(lambda: confirm_as_staff(client, "ann")) == "TooManyRequestsException"
    assert outcome(lambda: client.admin_get_user(UserPoolId=POOL, Username="ann")) == "ok"
    assert listed(client) == ["ann"]


def test_a_call_over_the_quota_leaves_the_script_to_the_next(client: Any, server: FaultServer) -> None:
    server.users.add("ann", code="1")
    server.limit(ONE_CALL)
    server.script("ConfirmSignUp", "waf_403", "html_502")

    outcomes = [outcome(lambda: confirm(client, "ann", "1")) for _ in range(2)]
    server.limit(0)
    outcomes.append(outcome(lambda: confirm(client, "ann", "1")))

    assert outcomes == ["403", "TooManyRequestsException", "502"]


def test_the_time_of_a_calls_arrival_is_recorded(client: Any, server: FaultServer) -> None:
    before = time.monotonic()
    listed(client)
    between = time.monotonic()
    listed(client)
    after = time.monotonic()

    first, second = [call["at"] for call in control(server.url)["calls"]]
    assert before <= first <= between <= second <= after


def test_calls_are_summed_up(client: Any, server: FaultServer) -> None:
    for name in ("ann", "bob", "cy"):
        server.users.add(name, code="1")
    outcome(lambda: confirm(client, "ann", "0"))
    confirm(client, "ann", "1")
    confirm(client, "bob", "1")
    outcome(lambda: confirm(client, "cy", "0"))
    server.limit(ONE_CALL)
    for _ in range(3):
        outcome(lambda: confirm_as_staff(client, "bob"))
    listed(client)

    summary = control(server.url, summary=True)
    seen = summary["operations"]["ConfirmSignUp"]
    assert (summary["confirmed"], summary["connections"]) == (2, 1)
    assert (seen["calls"], seen["throttled"], seen["repeated"]) == (4, 0, ["ann"])
    assert (seen["first"], seen["last"]) == (server.calls[0].at, server.calls[3].at)
    # Whoever was throttled had to come again.
    seen = summary["operations"]["AdminConfirmSignUp"]
    assert (seen["calls"], seen["throttled"], seen["repeated"]) == (3, 2, [])
    assert summary["operations"]["ListUsers"]["calls"] == 1
    assert summary.keys() == {"operations", "confirmed", "connections"}


def test_calls_that_were_let_through_are_counted_by_the_second() -> None:
    times = [(10.0, False), (10.9, False), (11.5, True), (12.5, False)]
    calls = [Call("AdminConfirmSignUp", {}, True, at=at, throttled=throttled) for at, throttled in times]

    assert summarise(calls)["AdminConfirmSignUp"]["by_second"] == [2, 0, 1]


def test_300_calls_are_served_at_once() -> None:
    body = b'{"UserPoolId": "eu-west-1_Faults001", "Username": "user%08d"}'
    head = (
        b"POST / HTTP/1.1\r\nX-Amz-Target: AWSCognitoIdentityProviderService.AdminConfirmSignUp\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body % 0)
    )
    with FaultServer(population=300, unconfirmed_every=1) as server, contextlib.ExitStack() as stack:
        server.default("AdminConfirmSignUp", "hold")
        callers = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.server_port), timeout=30))
            for _ in range(300)
        ]
        for number, caller in enumerate(callers):
            caller.sendall(head + body % number)
        server.wait_for("AdminConfirmSignUp", 300, timeout=30)
        held = len(server.calls)
        server.release()
        answers = {caller.recv(12) for caller in callers}
        summary = server.obey({"summary": True})

    assert (held, answers) == (300, {b"HTTP/1.1 200"})
    assert (summary["confirmed"], summary["connections"]) == (300, 300)


# --- as a process of its own ------------------------------------------------------------------------------------------


def test_another_process_is_told_what_to_do_over_http() -> None:
    command = [sys.executable, "-m", "tests.faults", "--population", "1000", "--lifetime", "30"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        control(url, users=[{"username": "ann", "code": "1"}], script={"ConfirmSignUp": ["drop_after"]})
        client = build_client(url)
        result = outcome(lambda: confirm(client, "ann", "1"))
        everybody = len(listed(client, Limit=60))
        client.close()
        records = control(url)
        process.terminate()

    assert result == "ConnectionClosedError"
    assert everybody == 60
    assert [call["operation"] for call in records["calls"]] == ["ConfirmSignUp", "ListUsers"]
    assert records["connections"] == 2
    assert records["users"][0]["status"] == "CONFIRMED"


def test_another_process_keeps_a_quota() -> None:
    command = [sys.executable, "-m", "tests.faults", "--population", "1000", "--unconfirmed-every", "1"]
    command += ["--quota", str(ONE_CALL), "--lifetime", "30"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        client = build_client(url)
        confirm_as_staff(client, "user00000001")
        over = outcome(lambda: confirm_as_staff(client, "user00000002"))
        control(url, quota=0)
        confirm_as_staff(client, "user00000002")
        client.close()
        process.terminate()

    assert over == "TooManyRequestsException"


def test_records_start_anew_on_request(server: FaultServer, client: Any) -> None:
    listed(client)

    assert control(server.url, forget=True)["calls"] == []


def test_the_counting_server_counts() -> None:
    with CountingServer() as server:
        for _ in range(2):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(server.url + "/latest/api/token", timeout=5)
            refused.value.close()

    assert server.requests == ["/latest/api/token"] * 2


def test_a_delay_may_come_before_the_effect() -> None:
    assert behaviour("delay_before:2").late
    assert not behaviour("delay_after:2").late
