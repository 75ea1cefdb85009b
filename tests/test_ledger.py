"""The ledger's promise, by a state machine: the actions of users, processes and syncs, in any order, crashing anywhere.

One name in one pool. Persons 1 and 2 have it one after the other (the first is deleted in between). Attempts of owners
(right code) and strangers (wrong code) run at once; each may crash between any two steps; a reply may be lost; a
receiver may raise; syncs run side by side; a listing may show an older state of the pool until an hour has passed.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from datetime import timezone as tz
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from django_cognito_confirm import ledger, settling, staff
from django_cognito_confirm.cognito import ListedUser
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.errors import AlreadyConfirmed
from django_cognito_confirm.models import Confirmation, Status
from django_cognito_confirm.signals import sign_up_confirmed
from tests.conftest import Heard

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Running:
    """An attempt in some process."""

    attempt: ledger.Attempt
    by: str
    """``"owner"``, with the right code; ``"stranger"``, with a wrong one; ``"staff"``, who need none."""
    person: int
    answer: str = ""


@dataclass
class Looking:
    """A sync in some process: the row that it read, and the person that the listing showed it, confirmed or not."""

    row: Confirmation
    old: bool
    seen: tuple[int, bool] | None = None


Step = Callable[[st.DataObject], None]

EXAMPLES = int(os.environ.get("LEDGER_EXAMPLES", "400"))
"""Runs of each machine."""


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=tz.utc)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)  # no two moments are the same
        return self.now

    def pass_by(self, **kwargs: float) -> None:
        self.now += timedelta(**kwargs)


class ReceiverFails(Exception):
    pass


class Ledger(RuleBasedStateMachine):
    """What may happen at all; subclasses leave some of it out, so that what is left meets more often."""

    clock: Clock
    lost_replies = True
    failing_receivers = True
    time = True
    elsewhere = True
    second_person = True

    def __init__(self) -> None:
        super().__init__()
        Confirmation.objects.all().delete()
        get_user_model().objects.all().delete()
        self.pool = get_pool()
        self.person = 1
        self.confirmed = ""
        self.past = [(1, False)]
        self.running: list[Running] = []
        self.begun = 0
        self.looking: list[Looking] = []
        self.told: list[int] = []
        self.wrong: list[str] = []
        self.telling = 0
        self.recorded = 0
        self.fails = False
        self.failed = 0
        self.age = 0
        self.created = {1: self.clock(), 2: None}
        self.users: dict[int, Any] = {1: None, 2: None}
        self.sign_ups: list[ledger.SignUp] = []
        sign_up_confirmed.connect(self.receive)

    def teardown(self) -> None:
        try:
            self.come_to_rest()
        finally:
            sign_up_confirmed.disconnect(self.receive)

    # --- what the host sees ---

    def receive(self, sender: Any, confirmation: Confirmation, **kwargs: Any) -> None:
        if self.fails:
            self.fails = False
            self.failed += 1
            raise ReceiverFails
        person = self.telling
        wrong = {
            f"person {person} is told twice": person in self.told,
            f"person {person} is told for a name that is person {self.person}'s now": person != self.person,
            f"person {person} is told but not confirmed": not self.confirmed,
            f"person {person} is told with a sub of somebody else": confirmation.sub not in ("", f"sub-{person}"),
            f"person {person} is told with a user of somebody else": confirmation.user
            not in (None, self.users[person]),
        }
        # Noted, not raised: the ledger takes what a receiver raises for the host's own trouble.
        self.wrong += [what for what, is_so in wrong.items() if is_so]
        self.told.append(person)

    @invariant()
    def nobody_is_told_wrongly(self) -> None:
        assert self.wrong == []

    def row(self) -> Confirmation | None:
        found: Confirmation | None = Confirmation.objects.first()
        return found

    # --- attempts ---

    @precondition(lambda self: self.begun < 4)
    @rule(by=st.sampled_from(["owner", "owner", "stranger", "staff"]), data=st.data())
    def an_attempt_begins(self, by: str, data: st.DataObject) -> None:
        # Browsers keep what a sign-up left, whoever has the name by now.
        sign_up = data.draw(st.sampled_from([None, *self.sign_ups]), label="sign-up")
        attempt = ledger.begin(self.pool, "Alice", source="form", by_staff=by == "staff", sign_up=sign_up)
        self.running.append(Running(attempt, by, self.person))
        self.begun += 1
        self.age = 0

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def an_attempt_goes_on(self, data: st.DataObject) -> None:
        running = data.draw(st.sampled_from(self.running), label="attempt")
        steps: dict[str, list[Callable[[Running], None]]] = {
            "": [self.cognito_answers, self.cognito_answers, self.crash],
            "yes": [self.record_yes, self.crash],
            "no": [self.record_no, self.crash],
            "unclear": [self.record_unclear, self.crash],
        }
        if self.lost_replies:
            steps[""].append(self.the_reply_is_lost)
        if self.failing_receivers:
            steps["yes"].append(self.record_yes_and_fail)
        step = data.draw(st.sampled_from(steps[running.answer]), label="step")
        step(running)

    def cognito_answers(self, running: Running) -> None:
        if running.by == "staff":
            running.person = self.person  # whoever has the name when the call arrives
        if running.by != "stranger" and running.person == self.person and not self.confirmed:
            self.confirmed = "here"
            self.past.append((self.person, True))
            running.answer = "yes"
        else:
            running.answer = "no"

    def the_reply_is_lost(self, running: Running) -> None:
        self.cognito_answers(running)
        running.answer = "unclear"

    def crash(self, running: Running) -> None:
        self.running.remove(running)

    def record_no(self, running: Running) -> None:
        self.running.remove(running)
        if running.by == "staff":
            self.look_and_record(running)
        else:
            ledger.refuse(running.attempt, "CodeMismatchException")

    def look_and_record(self, running: Running) -> None:
        """Staff are told "already confirmed", and a listing, perhaps an old one, shows whom."""
        listed = self.listed(*self.past[self.begun % len(self.past)])
        self.telling = self.recorded
        with self.noting(self.person):
            staff.record(self.pool, running.attempt, staff.Answer(AlreadyConfirmed(), listed))

    def record_unclear(self, running: Running) -> None:
        self.running.remove(running)
        ledger.leave_open(running.attempt, "ReadTimeoutError")

    def record_yes(self, running: Running) -> None:
        self.running.remove(running)
        self.telling = running.person
        with self.noting(running.person):
            if running.by == "staff":
                staff.record(self.pool, running.attempt, staff.Answer())
            else:
                ledger.confirm(running.attempt)

    def record_yes_and_fail(self, running: Running) -> None:
        self.fails = self.failed < 2
        self.record_yes(running)
        self.fails = False

    @contextmanager
    def noting(self, person: int) -> Iterator[None]:
        """Note whose yes was recorded, if one was."""
        before = self.row()
        yield
        after = self.row()
        if before and after and after.epoch != before.epoch:
            self.recorded = person

    # --- syncs ---

    @precondition(lambda self: self.begun)
    @rule(data=st.data())
    def a_sync_goes_on(self, data: st.DataObject) -> None:
        steps = [self.a_listing_shows(looking) for looking in self.looking if looking.seen is None]
        steps += [self.a_sync_records(looking) for looking in self.looking if looking.seen]
        row = self.row()
        if row is not None and row.owed:
            steps += [self.a_sync_delivers(row, fails=fails) for fails in {False, self.failing_receivers}]
        due = row is not None and (row.status == Status.UNKNOWN or (row.status == Status.STARTED and self.age > 0))
        if row is not None and due and len(self.looking) < 2:
            steps.append(self.a_sync_reads(row))
        if steps:
            step = data.draw(st.sampled_from(steps), label="step")
            step(data)

    def a_sync_reads(self, row: Confirmation) -> Step:
        return lambda data: self.looking.append(Looking(row, settling.may_close(row)))

    def a_listing_shows(self, looking: Looking) -> Step:
        def step(data: st.DataObject) -> None:
            looking.seen = data.draw(st.sampled_from(self.past), label="listing")

        return step

    def a_sync_records(self, looking: Looking) -> Step:
        def step(data: st.DataObject) -> None:
            assert looking.seen is not None
            self.looking.remove(looking)
            self.record(looking.row, *looking.seen, may_close=looking.old)

        return step

    def a_sync_delivers(self, row: Confirmation, *, fails: bool) -> Step:
        def step(data: st.DataObject) -> None:
            self.telling = self.recorded
            self.fails = fails and self.failed < 2
            ledger.deliver(row.pk)
            self.fails = False

        return step

    def record(self, row: Confirmation, person: int, confirmed: bool, *, may_close: bool) -> None:
        with self.noting(person):
            settling.record(self.pool, row, self.listed(person, confirmed), may_close=may_close)

    def listed(self, person: int, confirmed: bool) -> ListedUser:
        created = self.created[person]
        assert created is not None
        status = "CONFIRMED" if confirmed else "UNCONFIRMED"
        return ListedUser("Alice", status, True, created, {"sub": f"sub-{person}"})

    # --- the world ---

    @rule(data=st.data())
    def the_world_goes_on(self, data: st.DataObject) -> None:
        steps = []
        if self.time and not self.running:
            steps += [self.time_passes] * 2
        if self.elsewhere and not self.confirmed:
            steps.append(self.confirmed_elsewhere)
        if self.row() is None and not self.confirmed:
            steps += [self.the_first_signs_up_here] * 2
        if self.second_person and self.person == 1 and self.row() is not None:
            steps += [self.the_first_is_deleted_and_a_second_signs_up] * 2
        if steps:
            step = data.draw(st.sampled_from(steps), label="step")
            step()

    def time_passes(self) -> None:
        # A process does not sleep two minutes between begin and the end of its call.
        self.age += 1
        self.clock.pass_by(minutes=3 if self.age == 1 else 61)
        if self.age > 1:
            self.past = self.past[-1:]

    def confirmed_elsewhere(self) -> None:
        self.confirmed = "elsewhere"
        self.past.append((self.person, True))

    def the_first_signs_up_here(self) -> None:
        self.users[1] = get_user_model().objects.create(username="Alice")
        self.sign_ups.append(ledger.sign_up(self.pool, "Alice", sub="sub-1", user=self.users[1]))

    def the_first_is_deleted_and_a_second_signs_up(self) -> None:
        self.person, self.confirmed, self.past = 2, "", [(2, False)]
        self.created[2] = self.clock()
        self.users[2] = get_user_model().objects.create(username="Alice II")
        self.sign_ups.append(ledger.sign_up(self.pool, "Alice", sub="sub-2", user=self.users[2]))

    def come_to_rest(self) -> None:
        """Everything ends, an hour passes, one whole sync runs: now the promise must hold."""
        self.running.clear()
        self.clock.pass_by(minutes=61)
        row = self.row()
        if row is not None and row.open_attempts:
            self.record(row, self.person, bool(self.confirmed), may_close=True)
        self.fails, self.telling = False, self.recorded
        row = self.row()
        if row is not None and row.owed:
            assert ledger.deliver(row.pk)
        self.nobody_is_told_wrongly()
        if self.confirmed == "here":
            assert self.person in self.told, f"person {self.person} was confirmed here and never told"
        row = self.row()
        assert row is None or row.status not in (Status.STARTED, Status.UNKNOWN, Status.CONFIRMED)


class Takeover(Ledger):
    """A second person comes while attempts of the first are under way."""

    lost_replies = failing_receivers = time = elsewhere = False


class Night(Ledger):
    """Time passes, syncs run, nobody else comes."""

    lost_replies = failing_receivers = elsewhere = second_person = False


class Trouble(Ledger):
    """Receivers raise and replies are lost."""

    time = elsewhere = second_person = False


@pytest.mark.parametrize("machine", [Ledger, Takeover, Night, Trouble])
def test_none_lost_none_false_none_twice(machine: type[Ledger], monkeypatch: pytest.MonkeyPatch) -> None:
    Ledger.clock = Clock()
    monkeypatch.setattr(timezone, "now", Ledger.clock)
    run_state_machine_as_test(
        machine,
        settings=hypothesis_settings(
            max_examples=EXAMPLES, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


# --- the shortest way in which each guard is missed, as a search of all orders finds it -------------------------------


def listed(confirmed: bool, *, sub: str = "sub-1", created: datetime | None = None) -> ListedUser:
    created = created or timezone.now() - timedelta(days=1)
    return ListedUser("alice", "CONFIRMED" if confirmed else "UNCONFIRMED", True, created, {"sub": sub})


def record(read: Confirmation, user: ListedUser) -> settling.Settled:
    return settling.record(get_pool(), read, user, may_close=settling.may_close(read))


def an_hour_later(monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() + timedelta(minutes=61))


def begin() -> ledger.Attempt:
    return ledger.begin(get_pool(), "alice", source="form")


def row() -> Confirmation:
    only: Confirmation = Confirmation.objects.get()
    return only


def test_an_attempt_whose_process_dies_is_seen() -> None:
    begin()
    assert row().status == "started"


def test_a_refusal_closes_one_attempt_and_not_all() -> None:
    begin()  # … is confirmed, and its process dies
    ledger.refuse(begin(), "CodeMismatchException")
    assert row().status == "started"


def test_a_refusal_of_before_a_new_sign_up_closes_nothing() -> None:
    before = begin()
    ledger.sign_up(get_pool(), "alice", sub="sub-2")
    begin()
    ledger.refuse(before, "NotAuthorizedException")
    assert row().status == "started"


def test_a_yes_of_before_a_new_sign_up_is_told_to_nobody(heard: Heard) -> None:
    before = begin()
    ledger.sign_up(get_pool(), "alice", sub="sub-2")
    ledger.confirm(before)
    assert (heard, row().status) == ([], "signed_up")


def test_staffs_call_may_confirm_whoever_signs_up_before_it_arrives(heard: Heard) -> None:
    attempt = ledger.begin(get_pool(), "alice", source="admin", by_staff=True)
    ledger.sign_up(get_pool(), "alice", sub="sub-2")
    staff.record(get_pool(), attempt, staff.Answer())
    assert (heard, row().status) == ([], "started")

    assert record(row(), listed(True, sub="sub-2")) is settling.Settled.CONFIRMED
    assert ledger.deliver(row().pk)
    assert [told["confirmation"].sub for told in heard] == ["sub-2"]


def test_a_new_sign_up_after_staffs_call_has_ended_is_no_more_than_that() -> None:
    attempt = ledger.begin(get_pool(), "alice", source="admin", by_staff=True)
    ledger.refuse(attempt, "UserNotFoundException")
    ledger.sign_up(get_pool(), "alice", sub="sub-2")
    assert (row().status, row().started_at) == ("signed_up", None)


def test_staffs_attempt_that_is_closed_waits_in_no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.begin(get_pool(), "alice", source="admin", by_staff=True)
    an_hour_later(monkeypatch)
    assert ledger.close(row())
    assert (row().status, row().queued_at) == ("rejected", None)


def test_what_is_owed_for_a_yes_of_before_a_new_sign_up_is_owed_to_nobody(heard: Heard) -> None:
    before = begin()
    ledger.sign_up(get_pool(), "alice", sub="sub-2")
    failures = iter([True])

    def fails_once(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if next(failures, False):
            raise DatabaseError("gone for a moment")
        return execute(sql, *args)

    with connection.execute_wrapper(fails_once):
        ledger.confirm(before)
    assert (heard, row().status) == ([], "signed_up")


def test_a_yes_that_a_listing_has_recorded_is_told_once(heard: Heard) -> None:
    attempt = begin()
    assert record(row(), listed(True)) is settling.Settled.CONFIRMED
    ledger.confirm(attempt)
    assert ledger.deliver(attempt.row.pk)
    assert ledger.deliver(attempt.row.pk)
    assert len(heard) == 1


def test_a_listed_yes_of_before_a_new_sign_up_is_told_to_nobody(heard: Heard) -> None:
    read = begin().row
    ledger.sign_up(get_pool(), "alice", sub="sub-2")
    record(read, listed(True))
    assert row().status == "signed_up"


def test_an_old_listing_does_not_speak_for_whoever_signed_up_since() -> None:
    ledger.sign_up(get_pool(), "alice", sub="sub-2")
    begin()
    assert record(row(), listed(True, sub="sub-1")) is settling.Settled.WAITING


def test_beginning_leaves_what_is_owed() -> None:
    Confirmation.objects.filter(pk=begin().row.pk).update(owed=True)
    begin()
    assert row().status == "confirmed"


def test_a_listing_from_before_somebody_began_closes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    begin()
    read = row()
    an_hour_later(monkeypatch)
    begin()  # … is confirmed, and its process dies
    an_hour_later(monkeypatch)
    assert record(read, listed(False)) is settling.Settled.WAITING
    assert row().status == "started"


def test_a_listing_without_news_closes_nothing_within_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    begin()
    assert record(row(), listed(False)) is settling.Settled.WAITING
    an_hour_later(monkeypatch)
    assert record(row(), listed(False)) is settling.Settled.CLOSED


@pytest.mark.parametrize("sub", ["", "sub-1"])
def test_whoever_was_recorded_before_is_no_news(heard: Heard, sub: str) -> None:
    ledger.confirm(ledger.begin(get_pool(), "alice", source="form", sub=sub))
    begin()
    assert record(row(), listed(True)) is settling.Settled.WAITING
    assert len(heard) == 1


# --- what the machine does not see ------------------------------------------------------------------------------------


def test_a_rehearsal_opens_no_connection() -> None:
    def rehearse() -> None:
        ledger.rehearse()
        opened.append(connections[ledger.database()].connection is not None)

    opened: list[bool] = []
    thread = threading.Thread(target=rehearse)
    thread.start()
    thread.join()
    assert opened == [False]


def test_begin_is_committed_before_it_returns() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        ledger.begin(get_pool(), "alice", source="form")


def test_begin_on_a_row_that_is_known_is_committed_before_it_returns() -> None:
    sign_up = ledger.sign_up(get_pool(), "alice", sub="sub-1")
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        ledger.begin(get_pool(), "alice", source="form", sign_up=sign_up)


def test_an_attempt_on_a_known_row_says_of_it_what_reading_it_would(heard: Heard) -> None:
    user = get_user_model().objects.create(username="alice")
    sign_up = ledger.sign_up(get_pool(), "Alice", sub="sub-1", user=user)
    attempt = ledger.begin(get_pool(), "alice", source="form", sign_up=sign_up)
    read = row()
    for name in [field.attname for field in Confirmation._meta.concrete_fields]:
        assert getattr(attempt.row, name) == getattr(read, name), name
    ledger.confirm(attempt)
    told = heard[0]["confirmation"]
    read = row()
    for name in [field.attname for field in Confirmation._meta.concrete_fields]:
        assert getattr(told, name) == getattr(read, name), name
    assert (told.user, told.username) == (user, "Alice")


def test_a_sign_up_whose_local_record_was_removed_is_told_without_it(heard: Heard) -> None:
    user = get_user_model().objects.create(username="alice")
    sign_up = ledger.sign_up(get_pool(), "alice", sub="sub-1", user=user)
    user.delete()
    ledger.confirm(ledger.begin(get_pool(), "alice", source="form", sign_up=sign_up))
    assert [told["confirmation"].user for told in heard] == [None]


def test_a_local_record_that_is_removed_while_an_attempt_runs_spoils_no_yes(heard: Heard) -> None:
    user = get_user_model().objects.create(username="alice")
    attempt = ledger.begin(
        get_pool(), "alice", source="form", sign_up=ledger.sign_up(get_pool(), "alice", sub="sub-1", user=user)
    )
    user.delete()
    ledger.confirm(attempt)
    assert (row().status, row().user, len(heard)) == ("delivered", None, 1)


def test_what_a_sign_up_left_is_no_key_to_another_name() -> None:
    alice = ledger.sign_up(get_pool(), "alice", sub="sub-1")
    ledger.begin(get_pool(), "bob", source="form", sign_up=alice)
    assert sorted(Confirmation.objects.values_list("username", "open_attempts")) == [("alice", 0), ("bob", 1)]


def test_what_a_sign_up_left_that_was_rolled_back_is_no_key_to_the_next_persons_row() -> None:
    with transaction.atomic():
        first = ledger.sign_up(get_pool(), "alice", sub="sub-1")
        transaction.set_rollback(True)
    second = ledger.sign_up(get_pool(), "alice", sub="sub-2")  # SQLite gives this row the primary key of that one
    taken = replace(first, pk=second.pk)
    assert ledger.begin(get_pool(), "alice", source="form", sign_up=taken).row.sub == "sub-2"


class Meddles:
    """Does ``work`` once, between the look at a row and what comes of it."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.work: Callable[[], object] | None = work

    def __call__(self, execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        work, looked = self.work, sql.startswith("SELECT")
        answer = execute(sql, *args)
        if looked and work is not None:
            self.work = None
            work()
        return answer


MEDDLING: dict[str, Callable[[], object]] = {
    "made": lambda: ledger.begin(get_pool(), "alice", source="service"),
    "signed up": lambda: ledger.sign_up(get_pool(), "alice", sub="sub-2"),
    "confirmed": lambda: ledger.confirm(begin()),
    "delivered": lambda: [ledger.deliver(row.pk) for row in Confirmation.objects.all()],
    "renamed": lambda: ledger.begin(get_pool(), "ALICE", source="service"),
    "stripped": lambda: Confirmation.objects.update(username=""),
    "removed": lambda: Confirmation.objects.all().delete(),
}


@pytest.mark.parametrize("before", ["nothing", "tried", "confirmed", "owed"])
@pytest.mark.parametrize("meddling", MEDDLING.values(), ids=MEDDLING)
def test_whatever_happens_after_the_look_an_attempt_begins_on_what_is_there(
    before: str, meddling: Callable[[], object]
) -> None:
    if before != "nothing":
        ledger.refuse(begin(), "CodeMismatchException")
        told = {"confirmed_at": timezone.now(), "epoch": 1, "source": "teller"}
        facts = {"confirmed": told | {"delivered_at": timezone.now()}, "owed": told | {"owed": True}}
        Confirmation.objects.update(**facts.get(before, {}))
    with connection.execute_wrapper(Meddles(meddling)):
        attempt = begin()
    now = row()
    for name in ("pk", "epoch", "owed", "sub", "user_id", "source", "delivered_at"):
        assert getattr(attempt.row, name) == getattr(now, name), name
    assert attempt.epoch == now.epoch
    # Some databases take one spelling for the other.
    assert now.username.lower() == attempt.row.username.lower() == "alice"
    ledger.refuse(attempt, "CodeMismatchException")
    assert row().open_attempts == now.open_attempts - 1


def test_a_name_that_somebody_is_trying_since_the_look_is_not_changed() -> None:
    ledger.refuse(begin(), "CodeMismatchException")
    with connection.execute_wrapper(Meddles(begin)):
        attempt = ledger.begin(get_pool(), "ALICE", source="form")
    assert (row().username, attempt.row.username) == ("alice", "alice")


def test_a_yes_names_the_row_whatever_the_database_takes_for_equal(heard: Heard) -> None:
    attempt = begin()
    Confirmation.objects.update(username="ALICE")  # as another attempt may have called it
    ledger.confirm(attempt)
    assert (row().username, heard.usernames) == ("alice", ["alice"])


@pytest.mark.parametrize("told", [{"owed": True}, {"delivered_at": timezone.now()}])
def test_an_attempt_leaves_who_had_the_person_confirmed(told: dict[str, Any]) -> None:
    Confirmation.objects.filter(pk=begin().row.pk).update(source="teller", confirmed_at=timezone.now(), **told)
    begin()
    assert row().source == "teller"


def test_what_a_sign_up_left_is_out_of_date_after_a_yes(heard: Heard) -> None:
    sign_up = ledger.sign_up(get_pool(), "alice", sub="sub-1")
    ledger.confirm(ledger.begin(get_pool(), "alice", source="form", sign_up=sign_up))
    again = ledger.begin(get_pool(), "alice", source="form", sign_up=sign_up)
    ledger.refuse(again, "NotAuthorizedException")
    assert (row().status, row().open_attempts, len(heard)) == ("delivered", 0, 1)


def test_a_yes_takes_a_person_out_of_a_job_that_asked_for_them_since() -> None:
    sign_up = ledger.sign_up(get_pool(), "alice", sub="sub-1")
    attempt = ledger.begin(get_pool(), "alice", source="form", sign_up=sign_up)
    Confirmation.objects.update(queued_at=timezone.now())
    ledger.confirm(attempt)
    assert (row().status, row().queued_at) == ("delivered", None)


def test_a_name_is_as_typed_until_somebody_is_known_by_it() -> None:
    pool = get_pool()
    ledger.refuse(ledger.begin(pool, "ALICE", source="form"), "CodeMismatchException")
    ledger.confirm(ledger.begin(pool, "Alice", source="form"))
    ledger.refuse(ledger.begin(pool, "aLiCe", source="form"), "NotAuthorizedException")
    assert Confirmation.objects.get().username == "Alice"


def test_josé_and_jose_are_two_people() -> None:
    pool = get_pool()
    for name in ("jose", "josé", "JOSE"):
        ledger.begin(pool, name, source="form")
    assert sorted(Confirmation.objects.values_list("username", "open_attempts")) == [("jose", 2), ("josé", 1)]


def test_a_second_yes_on_a_delivered_row_is_another_persons(heard: Heard) -> None:
    pool = get_pool()
    banned = get_user_model().objects.create(username="alice", is_active=False)
    ledger.sign_up(pool, "alice", sub="sub-1", user=banned)
    ledger.confirm(ledger.begin(pool, "alice", source="form"))
    ledger.confirm(ledger.begin(pool, "alice", source="form"))
    first, second = (told["confirmation"] for told in heard)
    assert (first.user, first.sub) == (banned, "sub-1")
    assert (second.user, second.sub) == (None, "")
    assert Confirmation.objects.get().user is None


def test_what_was_delivered_while_an_attempt_ran_is_not_this_attempts(heard: Heard) -> None:
    pool = get_pool()
    first = get_user_model().objects.create(username="alice")
    ledger.sign_up(pool, "alice", sub="sub-1", user=first, confirmed=False)
    Confirmation.objects.update(owed=True, confirmed_at=timezone.now())
    attempt = ledger.begin(pool, "alice", source="form")
    assert ledger.deliver(attempt.row.pk)
    ledger.confirm(attempt)
    assert [told["confirmation"].user for told in heard] == [first, None]


def test_a_sign_up_that_the_pool_confirms_at_once_is_told_on_commit(heard: Heard) -> None:
    with transaction.atomic():
        ledger.sign_up(get_pool(), "alice", sub="sub-1", confirmed=True)
        assert heard == []
    assert [(told["confirmation"].sub, told["by_owner"]) for told in heard] == [("sub-1", True)]


def test_a_sign_up_that_is_rolled_back_is_not_told(heard: Heard) -> None:
    def sign_up_and_fail() -> None:
        with transaction.atomic():
            ledger.sign_up(get_pool(), "alice", sub="sub-1", confirmed=True)
            raise ReceiverFails

    with pytest.raises(ReceiverFails):
        sign_up_and_fail()
    assert heard == []
    assert not Confirmation.objects.exists()


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({}, "signed_up"),
        ({"started_at": 1}, "rejected"),
        ({"started_at": 1, "queued_at": 1}, "queued"),
        ({"started_at": 1, "queued_at": 1, "delivered_at": 1}, "delivered"),
        ({"delivered_at": 1, "open_attempts": 1}, "started"),
        ({"delivered_at": 1, "open_attempts": 1, "unclear": True}, "unknown"),
        ({"delivered_at": 1, "unclear": True}, "delivered"),
        ({"delivered_at": 1, "open_attempts": 1, "unclear": True, "owed": True}, "confirmed"),
    ],
)
def test_the_status_is_computed_from_the_facts(facts: dict[str, Any], status: str) -> None:
    moments = {name: timezone.now() if name.endswith("_at") else value for name, value in facts.items()}
    row = Confirmation.objects.create(username_key="x", pool="default", **moments)
    assert Confirmation.objects.get(pk=row.pk).status == status


def test_nothing_secret_can_be_stored() -> None:
    names = {field.name for field in Confirmation._meta.get_fields()}
    assert not names & {"code", "secret", "session", "client_metadata"}
