"""People confirmed elsewhere: what an event leads to, and that it never says more than the pool does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from django_cognito_confirm import events, ledger
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.events import Taken
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.services import confirm_sign_up
from django_cognito_confirm.signals import sign_up_confirmed
from django_cognito_confirm.sync import sync
from tests.conftest import Heard
from tests.faults import FaultServer

pytestmark = pytest.mark.django_db(transaction=True)

Pools = Callable[..., None]
RACE = Path(__file__).with_name("events_race.py")
SUB = "0a1b2c3d-0000-4000-8000-00000000000a"


@pytest.fixture(autouse=True)
def fast(settings: Any) -> None:
    settings.COGNITO_CONFIRM = {"ADMIN_RATE": 100_000}


def event(username: str = "alice", sub: str = SUB, **changed: Any) -> dict[str, Any]:
    """Return an event as AWS gives it to a Lambda."""
    attributes = {"sub": sub, "email": f"{username}@example.com", "email_verified": "true"}
    return {
        "version": "1",
        "triggerSource": "PostConfirmation_ConfirmSignUp",
        "region": "eu-west-1",
        "userPoolId": get_pool().user_pool_id,
        "userName": username,
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "anotherclient"},
        "request": {"userAttributes": {**attributes, "cognito:user_status": "CONFIRMED"}},
        "response": {},
        **changed,
    }


def take(*arguments: Any, **changed: Any) -> Taken:
    return events.take(get_pool(), event(*arguments, **changed))


def row() -> Confirmation:
    found: Confirmation = Confirmation.objects.get()
    return found


def age(minutes: float) -> None:
    """Let time pass for every attempt."""
    for one in Confirmation.objects.exclude(started_at=None):
        Confirmation.objects.filter(pk=one.pk).update(started_at=one.started_at - timedelta(minutes=minutes))


# --- at once ----------------------------------------------------------------------------------------------------------


def test_somebody_never_seen_here_is_told_of_at_once(server: FaultServer, heard: Heard) -> None:
    server.users.add("alice", sub=SUB, status="CONFIRMED")
    assert take() is Taken.SETTLED
    assert heard.usernames == ["alice"]
    assert not heard[0]["by_owner"]
    assert (row().status, row().sub, row().source) == ("delivered", SUB, "event")
    assert server.called("ListUsers") == [{"UserPoolId": get_pool().user_pool_id, "Filter": f'sub = "{SUB}"'}]


def test_somebody_who_signed_up_here_is_told_of_with_their_record(server: FaultServer, heard: Heard) -> None:
    user = User.objects.create_user("alice")
    ledger.sign_up(get_pool(), "alice", sub=SUB, user=user)
    server.users.add("alice", sub=SUB, status="CONFIRMED")
    assert take() is Taken.SETTLED
    assert [told["confirmation"].user for told in heard] == [user]


def test_a_second_event_costs_no_call_and_tells_nobody(server: FaultServer, heard: Heard) -> None:
    server.users.add("alice", sub=SUB, status="CONFIRMED")
    assert [take(), take()] == [Taken.SETTLED, Taken.SETTLED]
    assert len(server.calls) == 1
    assert len(heard) == 1


def test_the_name_is_that_of_the_sign_in_attribute_where_the_pool_has_one(
    server: FaultServer, pools: Pools, heard: Heard
) -> None:
    pools(SANDBOX=False, ENDPOINT_URL=server.url, USERNAME_ATTRIBUTES=["email"])
    ledger.sign_up(get_pool(), "alice@example.com", sub=SUB)
    server.users.add(SUB, sub=SUB, status="CONFIRMED", attributes={"email": "alice@example.com"})
    attributes = {"sub": SUB, "email": "alice@example.com", "email_verified": "true"}
    assert take(SUB, request={"userAttributes": attributes}) is Taken.SETTLED
    assert heard.usernames == ["alice@example.com"]
    assert row().status == "delivered"


def test_a_receiver_that_raises_is_called_again_by_sync(server: FaultServer, heard: Heard) -> None:
    def receiver(sender: Any, **kwargs: Any) -> None:
        raise LookupError

    server.users.add("alice", sub=SUB, status="CONFIRMED")
    sign_up_confirmed.connect(receiver)
    try:
        assert take() is Taken.SETTLED
    finally:
        sign_up_confirmed.disconnect(receiver)
    assert row().status == "confirmed"
    heard.clear()
    sync()
    assert heard.usernames == ["alice"]


# --- left to sync -----------------------------------------------------------------------------------------------------


def test_who_is_not_listed_yet_is_found_by_sync(server: FaultServer, heard: Heard) -> None:
    person = server.users.add("alice", sub=SUB)
    assert take() is Taken.LEFT
    assert (row().status, row().source, row().sub) == ("started", "event", "")
    person.status = "CONFIRMED"
    sync()
    assert heard == []  # for an attempt may be under way
    age(minutes=3)
    sync()
    assert heard.usernames == ["alice"]
    assert (row().status, row().sub) == ("delivered", SUB)


@pytest.mark.parametrize("behaviour", ["drop", "access_denied", "throttle", "internal_error", "html_502"])
def test_a_listing_that_fails_leaves_it_to_sync(server: FaultServer, heard: Heard, behaviour: str) -> None:
    server.users.add("alice", sub=SUB, status="CONFIRMED")
    server.default("ListUsers", behaviour)
    assert take() is Taken.LEFT
    server.default("ListUsers", "ok")
    age(minutes=3)
    sync()
    assert heard.usernames == ["alice"]


def test_what_is_over_the_rate_is_left_to_sync(server: FaultServer, heard: Heard, settings: Any) -> None:
    settings.COGNITO_CONFIRM = {"ADMIN_RATE": 0.5}
    subs = [f"0a1b2c3d-0000-4000-8000-00000000000{number}" for number in range(5)]
    for number, sub in enumerate(subs):
        server.users.add(f"user{number}", sub=sub, status="CONFIRMED")
    taken = [take(f"user{number}", sub) for number, sub in enumerate(subs)]
    assert len(server.called("ListUsers")) == taken.count(Taken.SETTLED) <= 1
    settings.COGNITO_CONFIRM = {"ADMIN_RATE": 100_000}
    age(minutes=3)
    sync()
    assert sorted(heard.usernames) == [f"user{number}" for number in range(5)]


def test_the_event_of_a_call_of_our_own_leaves_the_telling_to_its_answer(server: FaultServer, heard: Heard) -> None:
    """The trigger runs before Cognito answers. The answer has the Session, and knows whether it was the owner."""
    server.users.add("alice", sub=SUB, code="123456")
    server.say("ConfirmSignUp", {"Session": "s" * 40})
    person = server.users.get("alice")
    assert person
    attempt = ledger.begin(get_pool(), "alice", source="form")
    person.status = "CONFIRMED"
    assert take() is Taken.LEFT
    assert heard == []
    ledger.confirm(attempt, by_owner=True, session="s" * 40)
    assert [(told["by_owner"], str(told["session"])) for told in heard] == [(True, "s" * 40)]
    assert (row().status, row().open_attempts) == ("delivered", 0)
    sync()
    assert len(heard) == 1


def test_the_hint_outlives_a_call_of_our_own_that_is_refused(server: FaultServer, heard: Heard) -> None:
    """Somebody mistypes here while the person is confirmed elsewhere."""
    server.users.add("alice", sub=SUB, status="CONFIRMED")
    attempt = ledger.begin(get_pool(), "alice", source="form")
    assert take() is Taken.LEFT
    ledger.refuse(attempt, "CodeMismatchException")
    age(minutes=3)
    sync()
    assert heard.usernames == ["alice"]


def test_the_hint_outlives_a_process_that_dies_over_its_call(server: FaultServer, heard: Heard) -> None:
    server.users.add("alice", sub=SUB, status="CONFIRMED")
    ledger.begin(get_pool(), "alice", source="form")
    assert take() is Taken.LEFT
    age(minutes=3)
    assert take() is Taken.SETTLED
    assert heard.usernames == ["alice"]


def test_a_sign_up_that_comes_after_its_event_is_not_settled_by_it(server: FaultServer, heard: Heard) -> None:
    server.users.add("alice", sub=SUB)
    assert take() is Taken.LEFT
    ledger.sign_up(get_pool(), "alice", sub=SUB)
    assert (row().status, row().open_attempts) == ("signed_up", 0)


# --- never more than the pool says ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "facts", [{"status": "UNCONFIRMED"}, {"status": "CONFIRMED", "enabled": False}, {"status": "EXTERNAL_PROVIDER"}]
)
def test_an_event_confirms_nobody_whom_the_pool_does_not_show_as_confirmed(
    server: FaultServer, heard: Heard, facts: dict[str, Any]
) -> None:
    server.users.add("alice", sub=SUB, **facts)
    assert take() is Taken.LEFT
    age(minutes=3)
    sync()
    age(minutes=60)
    sync()
    assert heard == []
    assert row().status == "rejected"


def test_an_event_about_nobody_is_forgotten_after_a_day(server: FaultServer, heard: Heard) -> None:
    assert take() is Taken.LEFT
    age(minutes=61)
    sync()
    age(minutes=24 * 60)
    sync()
    assert not Confirmation.objects.exists()
    assert heard == []


def test_an_old_event_about_somebody_deleted_tells_nobody_of_the_next_one_by_that_name(
    server: FaultServer, heard: Heard
) -> None:
    server.users.add("alice", status="UNCONFIRMED")
    assert take() is Taken.LEFT
    age(minutes=3)
    sync()
    assert heard == []


def test_a_row_that_was_told_by_name_alone_is_not_told_again(server: FaultServer, heard: Heard) -> None:
    server.users.add("alice", sub=SUB, code="123456")
    confirm_sign_up("alice", "123456")
    assert take() is Taken.SETTLED
    assert len(heard) == 1
    assert (row().status, row().open_attempts) == ("delivered", 0)


def test_a_new_person_by_an_old_name_is_told_of(server: FaultServer, heard: Heard) -> None:
    server.users.add("alice", sub=SUB, status="CONFIRMED")
    take()
    server.users.add("alice", sub=SUB[:-1] + "b", status="CONFIRMED", created=time.time() + 1)
    assert take("alice", SUB[:-1] + "b") is Taken.SETTLED
    assert [told["confirmation"].sub for told in heard] == [SUB, SUB[:-1] + "b"]


# --- not for us -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"triggerSource": "PostConfirmation_ConfirmForgotPassword"},
        {"triggerSource": "PreSignUp_SignUp"},
        {"userPoolId": "eu-west-1_Another1"},
        {"request": {"userAttributes": {"sub": SUB, "cognito:user_status": "EXTERNAL_PROVIDER"}}},
    ],
    ids=str,
)
def test_what_is_about_something_else_is_ignored(server: FaultServer, changed: dict[str, Any]) -> None:
    server.users.add("alice", sub=SUB, status="CONFIRMED")
    assert take(**changed) is Taken.IGNORED
    assert server.calls == []
    assert not Confirmation.objects.exists()


@pytest.mark.parametrize(
    "changed",
    [
        {"request": None},
        {"request": {}},
        {"request": {"userAttributes": None}},
        {"request": {"userAttributes": ["sub"]}},
        {"request": {"userAttributes": {}}},
        {"request": {"userAttributes": {"sub": ""}}},
        {"request": {"userAttributes": {"sub": 5}}},
        {"request": {"userAttributes": {"sub": 'x" or'}}},
        {"request": {"userAttributes": {"sub": "x" * 65}}},
        {"userName": None},
        {"userName": 5},
        {"userName": ""},
        {"userName": "a b"},
        {"userName": " alice"},
        {"userName": "a\x00b"},
        {"userName": "x" * 129},
        {"userName": "\ud800"},
    ],
    ids=repr,
)
def test_nonsense_is_refused(server: FaultServer, changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"event|username"):
        take(**changed)
    assert server.calls == []
    assert not Confirmation.objects.exists()


@pytest.mark.parametrize("nonsense", [None, 5, "event", [], {}, [{"userName": "alice"}], {"request": 5}], ids=repr)
def test_what_is_no_event_is_refused(nonsense: Any) -> None:
    with pytest.raises(ValueError, match="event"):
        events.take(get_pool(), nonsense)


def test_inside_a_transaction_it_says_so(server: FaultServer) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        take()


def test_events_that_come_at_once_tell_of_each_person_once(tmp_path: Path) -> None:
    program = [sys.executable, str(RACE)]
    env = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path / 'race.sqlite3'}"}
    done = subprocess.run(program, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["taken"] == 240
    assert result["told"] == sorted(f"user{number}" for number in range(40))
