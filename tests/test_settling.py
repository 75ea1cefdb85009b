"""One open row, settled because somebody asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from django_cognito_confirm import ledger
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.errors import Misconfigured
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.settling import Settled, settle
from tests.conftest import Heard
from tests.faults import FaultServer

pytestmark = pytest.mark.django_db(transaction=True)


def an_attempt(username: str, *, age: timedelta = timedelta(), unclear: bool = False, **facts: Any) -> Confirmation:
    """Begin an attempt that is never heard of again."""
    attempt = ledger.begin(get_pool(), username, source="form")
    facts |= {"started_at": timezone.now() - age, "unclear": unclear}
    ledger.rows(pk=attempt.row.pk).update(**facts)
    return read(username)


def read(username: str) -> Confirmation:
    row: Confirmation = Confirmation.objects.get(username=username)
    return row


def test_whoever_the_pool_shows_as_confirmed_is_told_of(server: FaultServer, heard: Heard) -> None:
    server.users.add("alice", status="CONFIRMED")
    assert settle(an_attempt("alice", unclear=True)) is Settled.CONFIRMED
    assert heard.usernames == ["alice"]
    assert read("alice").status == "delivered"


def test_an_old_row_without_news_is_closed(server: FaultServer, heard: Heard) -> None:
    server.users.add("alice")
    assert settle(an_attempt("alice", unclear=True, age=timedelta(hours=2))) is Settled.CLOSED
    assert read("alice").status == "rejected"


def test_a_young_row_without_news_stays_open(server: FaultServer) -> None:
    server.users.add("alice")
    assert settle(an_attempt("alice", unclear=True, age=timedelta(minutes=5))) is Settled.WAITING
    assert read("alice").status == "unknown"


def test_an_attempt_that_may_be_under_way_is_left_alone(server: FaultServer, heard: Heard) -> None:
    server.users.add("alice", status="CONFIRMED")
    assert settle(an_attempt("alice")) is Settled.WAITING
    assert server.calls == []
    assert settle(an_attempt("alice", age=timedelta(minutes=3))) is Settled.CONFIRMED
    assert heard.usernames == ["alice"]


def test_a_row_without_an_open_attempt_costs_no_call(server: FaultServer) -> None:
    row = an_attempt("alice", open_attempts=0, age=timedelta(hours=2))
    assert settle(row) is Settled.WAITING
    assert server.calls == []


def test_a_row_that_cannot_be_looked_up_stays_open(server: FaultServer) -> None:
    server.default("ListUsers", "access_denied")
    with pytest.raises(Misconfigured):
        settle(an_attempt("alice", unclear=True, age=timedelta(hours=2)))
    assert read("alice").status == "unknown"
