"""``manage.py cognito_check``: what it says of a live pool, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from tests.faults import FaultServer

pytestmark = pytest.mark.django_db

Pools = Callable[..., None]
CLIENT = {
    "ClientSecret": "hush-hush",
    "PreventUserExistenceErrors": "ENABLED",
    "ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    "EnablePropagateAdditionalUserContextData": True,
}
POOL = {"UsernameConfiguration": {"CaseSensitive": False}}


@pytest.fixture
def live(server: FaultServer, pools: Pools) -> FaultServer:
    """A pool that the settings agree with."""
    pools(SANDBOX=False, ENDPOINT_URL=server.url, CLIENT_SECRET="hush-hush")
    server.refuse("ConfirmSignUp", "CodeMismatchException", "Invalid verification code provided, please try again.")
    describe(server)
    return server


def describe(server: FaultServer, pool: dict[str, Any] | None = None, **client: Any) -> None:
    server.say("DescribeUserPoolClient", {"UserPoolClient": {**CLIENT, **client}})
    server.say("DescribeUserPool", {"UserPool": POOL if pool is None else pool})


def check(*, ok: bool) -> str:
    """Run the command, insist on how it ends, and return what it printed."""
    out = StringIO()
    ended = nullcontext() if ok else pytest.raises(SystemExit, match="1")
    with ended:
        call_command("cognito_check", stdout=out)
    assert "hush-hush" not in out.getvalue()
    return out.getvalue()


def test_a_pool_that_agrees_is_fine(live: FaultServer) -> None:
    said = check(ok=True)
    assert "warning" not in said
    assert "error" not in said
    assert "ALLOW_USER_AUTH" in said


def test_it_changes_nothing_and_asks_for_nobody_who_is_there(live: FaultServer) -> None:
    check(ok=True)
    assert [call.operation for call in live.calls] == ["ConfirmSignUp", "DescribeUserPoolClient", "DescribeUserPool"]
    assert live.calls[0].body["Username"].startswith("cognito-check-")
    assert [call.signed for call in live.calls] == [False, True, True]


@pytest.mark.parametrize(
    ("secret", "says"),
    [("wrong hush-hush", 'does not take "CLIENT_SECRET"'), (None, 'has a secret, and "CLIENT_SECRET" is not set')],
)
def test_a_wrong_or_missing_secret_is_told_without_credentials(
    live: FaultServer, pools: Pools, secret: str | None, says: str
) -> None:
    pools(CLIENT_SECRET=secret)
    live.refuse("ConfirmSignUp", "NotAuthorizedException", "Unable to verify secret hash for client 1example")
    live.default("DescribeUserPoolClient", "access_denied")
    said = check(ok=False)
    assert says in said
    assert "cognito-idp:DescribeUserPoolClient" in said


def test_a_client_that_is_not_there_is_told(live: FaultServer) -> None:
    live.refuse("ConfirmSignUp", "ResourceNotFoundException", "User pool client 1example does not exist.")
    assert '"CLIENT_ID"' in check(ok=False)


def test_a_pool_that_is_not_there_is_told(live: FaultServer) -> None:
    live.refuse("DescribeUserPool", "ResourceNotFoundException", "User pool eu-west-1_X does not exist.")
    assert '"USER_POOL_ID"' in check(ok=False)


def test_a_region_that_does_not_answer_is_told(live: FaultServer, pools: Pools) -> None:
    with FaultServer() as gone:
        pools(ENDPOINT_URL=gone.url)
    assert "does not answer at" in check(ok=False)


@pytest.mark.parametrize("behaviour", ["drop", "headers_only", "html_200", "html_502", "garbage", "internal_error"])
def test_what_does_not_answer_as_cognito_does_is_told(live: FaultServer, behaviour: str) -> None:
    live.default("ConfirmSignUp", behaviour)
    told = check(ok=False)
    assert "does not answer at" in told
    assert "takes CLIENT_ID" not in told


@pytest.mark.parametrize(("behaviour", "says"), [("waf_403", "A firewall"), ("access_denied", "The call is refused")])
def test_a_call_that_is_refused_is_told(live: FaultServer, behaviour: str, says: str) -> None:
    live.default("ConfirmSignUp", behaviour)
    assert says in check(ok=False)


def test_too_many_calls_are_no_error(live: FaultServer) -> None:
    live.default("ConfirmSignUp", "throttle")
    assert "Try again in a minute" in check(ok=True)


def test_what_confirms_anybody_is_not_cognito(live: FaultServer) -> None:
    live.say("ConfirmSignUp", {})
    assert "This is not Cognito" in check(ok=False)


def test_a_client_that_tells_who_exists_is_warned_of(live: FaultServer) -> None:
    describe(live, PreventUserExistenceErrors="LEGACY")
    assert "Set it to ENABLED" in check(ok=True)
    describe(live)
    live.refuse("ConfirmSignUp", "UserNotFoundException", "Username/client id combination not found.")
    assert "Set it to ENABLED" in check(ok=True)


def test_a_secret_that_the_client_has_not_is_told(live: FaultServer) -> None:
    describe(live, ClientSecret=None)
    assert 'has no secret, and "CLIENT_SECRET" is set' in check(ok=False)


def test_a_secret_that_is_not_set_is_told(live: FaultServer, pools: Pools) -> None:
    pools(CLIENT_SECRET=None)
    assert 'has a secret, and "CLIENT_SECRET" is not set' in check(ok=False)


def test_a_client_without_a_secret_is_warned_of(live: FaultServer, pools: Pools) -> None:
    pools(CLIENT_SECRET=None)
    describe(live, ClientSecret=None)
    assert "whoever knows its id can call Cognito" in check(ok=True)


@pytest.mark.parametrize(
    ("pool", "setting", "says"),
    [
        ({"UsernameConfiguration": {"CaseSensitive": True}}, False, 'Set "CASE_SENSITIVE" to True'),
        ({}, False, 'Set "CASE_SENSITIVE" to True'),
        (POOL, True, 'Set "CASE_SENSITIVE" to False'),
    ],
)
def test_another_case_sensitivity_is_told(
    live: FaultServer, pools: Pools, pool: dict[str, Any], setting: bool, says: str
) -> None:
    pools(CASE_SENSITIVE=setting)
    describe(live, pool)
    assert says in check(ok=False)


def test_other_sign_in_attributes_are_told(live: FaultServer) -> None:
    describe(live, {**POOL, "UsernameAttributes": ["email", "phone_number"]})
    assert """Set "USERNAME_ATTRIBUTES" to ('email', 'phone_number')""" in check(ok=False)


def test_aliases_are_noted(live: FaultServer) -> None:
    describe(live, {**POOL, "AliasAttributes": ["email"]})
    assert "They find nobody who is not confirmed yet" in check(ok=True)


def test_a_client_that_takes_no_addresses_is_warned_of_where_they_are_sent(live: FaultServer, pools: Pools) -> None:
    describe(live, EnablePropagateAdditionalUserContextData=False)
    assert "SEND_CLIENT_IP" not in check(ok=True)
    pools(SEND_CLIENT_IP=True)
    assert '"SEND_CLIENT_IP" is on' in check(ok=True)


def test_flows_without_a_session_are_noted(live: FaultServer) -> None:
    describe(live, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    assert "SignUp returns no Session" in check(ok=True)


@pytest.mark.parametrize("operation", ["DescribeUserPool", "DescribeUserPoolClient"])
@pytest.mark.parametrize("reply", [{}, {"UserPool": 5, "UserPoolClient": 5}])
def test_nonsense_is_told(live: FaultServer, operation: str, reply: dict[str, Any]) -> None:
    live.say(operation, reply)
    assert "cannot be described" in check(ok=False)


def test_without_credentials_it_says_what_was_not_looked_at(
    live: FaultServer, monkeypatch: pytest.MonkeyPatch, pools: Pools
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    said = check(ok=True)
    assert "were not looked at" in said
    assert "no AWS credentials" in said


def test_the_sandbox_is_not_asked() -> None:
    assert "sandbox" in check(ok=True)
