"""Jobs and runs: many people, at one rate, with nobody lost and nobody told twice."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

from django_cognito_confirm import bulk, ledger
from django_cognito_confirm.bulk import Outcome, Report
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.models import Confirmation, Job, Status
from django_cognito_confirm.sandbox.models import SandboxUser
from django_cognito_confirm.signals import sign_up_confirmed
from tests.conftest import Heard, sign_up
from tests.faults import FaultServer

pytestmark = pytest.mark.django_db(transaction=True)

Pools = Callable[..., None]

FAST = 1e6
"""Calls a second: as fast as they go."""

CALL = "AdminConfirmSignUp"


@pytest.fixture(autouse=True)
def _forget_the_pace() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def a_job(*names: str) -> Job:
    job = bulk.create_job(get_pool(), source="command")
    list(bulk.add(job, names))
    job.refresh_from_db()
    return job


def run(job: Job, **options: Any) -> Report:
    return bulk.run_job(job, **{"rate": FAST, **options})


def statuses() -> dict[str, Any]:
    return {row.username: row.status for row in Confirmation.objects.all()}


def test_everybody_in_a_job_is_confirmed_and_told_of_once(server: FaultServer, heard: Heard) -> None:
    names = [f"user{number}" for number in range(30)]
    for name in names:
        server.users.add(name)
    job = a_job(*names)
    report = run(job)

    assert report.ok
    assert report.outcomes == {"confirmed": 30}
    assert sorted(heard.usernames) == sorted(names)
    assert Counter(body["Username"] for body in server.called(CALL)) == Counter(names)
    assert set(statuses().values()) == {Status.DELIVERED}
    assert (bulk.progress(job).done, bulk.progress(job).is_over) == (30, True)


def test_the_sandbox_confirms_many_as_well(heard: Heard) -> None:
    for name in ("ann", "bob"):
        sign_up(name)
    report = run(a_job("ann", "bob"))

    assert report.outcomes == {"confirmed": 2}
    assert set(SandboxUser.objects.values_list("status", flat=True)) == {"CONFIRMED"}


def test_each_outcome_is_told_apart_and_the_rest_goes_on(server: FaultServer, heard: Heard) -> None:
    server.users.add("ann")
    server.users.add("made", status="FORCE_CHANGE_PASSWORD")
    server.users.add("before", status="CONFIRMED")
    server.users.add("zoe")
    outcomes: dict[str, Outcome] = {}
    job = bulk.create_job(get_pool(), source="command")
    people = bulk.add(job, ["ann", "nobody", "made", "before", "two words", "ann", "zoe"], on_outcome=note(outcomes))
    report = bulk.run(get_pool(), people, source="command", rate=FAST, on_outcome=note(outcomes))

    assert {name: outcome.kind for name, outcome in outcomes.items()} == {
        "ann": "confirmed",
        "nobody": "user_not_found",
        "made": "force_change_password",
        "before": "already_confirmed",
        "two words": "unfit",
        "zoe": "confirmed",
    }
    assert "set a password" in outcomes["made"].summary
    assert not report.ok
    assert sorted(heard.usernames) == ["ann", "before", "zoe"]
    assert Confirmation.objects.get(username="made").last_error_kind == "force_change_password"


def note(outcomes: dict[str, Outcome]) -> Any:
    def on_outcome(outcome: Outcome) -> None:
        if outcome.kind != "repeated":
            outcomes[outcome.username] = outcome

    return on_outcome


def test_who_was_confirmed_before_is_looked_up_in_the_listing_once(server: FaultServer, heard: Heard) -> None:
    server.users.add("ann", status="CONFIRMED")
    report = run(a_job("ann"))

    assert report.outcomes == {"already_confirmed": 1}
    assert report.ok
    assert len(server.called("ListUsers")) == 1
    assert (statuses(), heard.usernames) == ({"ann": Status.DELIVERED}, ["ann"])


def test_who_was_confirmed_before_and_is_not_listed_yet_is_left_to_sync(server: FaultServer, heard: Heard) -> None:
    server.users.add("ann", status="CONFIRMED")
    server.default("ListUsers", "throttle")
    run(a_job("ann"))

    assert (statuses(), heard.usernames) == ({"ann": Status.UNKNOWN}, [])


def test_a_call_that_is_refused_for_the_quota_is_made_again(server: FaultServer, heard: Heard) -> None:
    names = [f"user{number}" for number in range(5)]
    for name in names:
        server.users.add(name)
    server.script(CALL, "throttle", "throttle", "ok")
    report = run(a_job(*names))

    assert (report.outcomes, report.throttled) == ({"confirmed": 5}, 2)
    assert sorted(heard.usernames) == names
    assert {row.open_attempts for row in Confirmation.objects.all()} == {0}


def test_after_a_refusal_for_the_quota_nobody_calls_for_a_moment(server: FaultServer, heard: Heard) -> None:
    server.users.add("ann")
    server.script(CALL, "throttle", "ok")
    run(a_job("ann"))

    refused, repeated = (call.at for call in server.calls)
    assert repeated - refused >= 0.5


def test_an_unclear_answer_is_left_to_sync(server: FaultServer, heard: Heard) -> None:
    server.users.add("ann")
    server.script(CALL, "drop_after")
    report = run(a_job("ann"))

    assert report.outcomes == {"outcome_unknown": 1}
    assert not report.ok
    assert (statuses(), len(server.called(CALL))) == ({"ann": Status.UNKNOWN}, 1)


def test_a_missing_permission_stops_the_run_and_keeps_the_queue(server: FaultServer) -> None:
    names = [f"user{number}" for number in range(400)]
    job = a_job(*names)
    server.default(CALL, "access_denied")
    report = run(job, rate=200)

    assert "cognito-idp:AdminConfirmSignUp" in report.problem
    assert len(server.called(CALL)) < 400
    assert set(statuses().values()) == {Status.QUEUED}
    assert bulk.progress(job).waiting == 400
    job.refresh_from_db()
    assert job.problem == report.problem


def test_a_run_goes_on_where_the_last_one_stopped(server: FaultServer, heard: Heard) -> None:
    names = [f"user{number}" for number in range(20)]
    for name in names:
        server.users.add(name)
    job = a_job(*names)
    server.script(CALL, "ok", "ok", "access_denied")
    run(job)
    assert bulk.progress(job).waiting > 0
    report = run(job)

    job.refresh_from_db()
    assert (report.ok, job.problem, bulk.progress(job).is_over) == (True, "", True)
    assert sorted(heard.usernames) == sorted(names)


def test_a_pool_that_cannot_be_reached_stops_the_run_after_a_while(pools: Pools, credentials: None) -> None:
    pools(SANDBOX=False, ENDPOINT_URL="http://127.0.0.1:9")
    job = a_job("ann", "bob")
    report = run(job, patience=0)

    assert report.problem.startswith("AdminConfirmSignUp: EndpointConnectionError")
    assert set(statuses().values()) == {Status.QUEUED}


def test_a_run_that_is_stopped_records_what_is_under_way(server: FaultServer, heard: Heard) -> None:
    names = [f"user{number}" for number in range(10)]
    for name in names:
        server.users.add(name)
    job = a_job(*names)

    def stop_after_four(rows: Iterator[Confirmation]) -> Iterator[Confirmation]:
        for number, row in enumerate(rows):
            if number == 4:
                raise KeyboardInterrupt
            yield row

    server.default(CALL, "delay:0.3")
    with pytest.raises(KeyboardInterrupt):
        bulk.run(get_pool(), stop_after_four(bulk.waiting(job)), source="command", rate=FAST)

    assert Counter(statuses().values()) == {Status.DELIVERED: 4, Status.QUEUED: 6}
    assert len(heard) == 4


def test_no_call_is_begun_after_the_end(server: FaultServer) -> None:
    server.users.add("ann")
    report = run(a_job("ann"), until=time.monotonic() - 1)

    assert (report.people, server.called(CALL)) == (0, [])


def test_many_calls_are_under_way_where_cognito_is_slow(server: FaultServer, heard: Heard) -> None:
    names = [f"user{number}" for number in range(60)]
    for name in names:
        server.users.add(name)
    job = a_job(*names)
    server.default(CALL, "hold")
    done = threading.Thread(target=let_go_when_all_have_come, args=(server, len(names)))
    done.start()
    report = run(job)
    done.join()

    assert report.outcomes == {"confirmed": 60}


def let_go_when_all_have_come(server: FaultServer, people: int) -> None:
    server.wait_for(CALL, people)
    server.release()


def test_receivers_run_in_the_thread_that_has_the_connection(server: FaultServer) -> None:
    server.users.add("ann")
    threads: list[str] = []

    def receiver(**kwargs: Any) -> None:
        threads.append(threading.current_thread().name)
        assert connection.in_atomic_block

    sign_up_confirmed.connect(receiver)
    try:
        run(a_job("ann"))
    finally:
        sign_up_confirmed.disconnect(receiver)
    assert threads == [threading.current_thread().name]


def test_two_runs_of_one_job_do_no_harm(server: FaultServer, heard: Heard) -> None:
    names = [f"user{number}" for number in range(10)]
    for name in names:
        server.users.add(name)
    job = a_job(*names)
    one, other = list(bulk.waiting(job)), list(bulk.waiting(job))
    bulk.run(get_pool(), one, source="command", rate=FAST)
    report = bulk.run(get_pool(), other, source="command", rate=FAST)

    assert report.outcomes == {"delivered_before": 10}
    assert len(server.called(CALL)) == 10
    assert sorted(heard.usernames) == names


def test_a_receiver_that_raises_stops_nobody_else(server: FaultServer) -> None:
    for name in ("ann", "bob"):
        server.users.add(name)

    def receiver(confirmation: Confirmation, **kwargs: Any) -> None:
        if confirmation.username == "ann":
            raise RuntimeError

    sign_up_confirmed.connect(receiver)
    try:
        report = run(a_job("ann", "bob"))
    finally:
        sign_up_confirmed.disconnect(receiver)
    assert report.outcomes == {"owed": 1, "confirmed": 1}
    assert not report.ok
    assert statuses() == {"ann": Status.CONFIRMED, "bob": Status.DELIVERED}
    assert [outcome.kind for outcome in bulk.preview(get_pool(), ["ann", "bob"])] == ["owed", "delivered_before"]


def test_whom_the_listing_shows_as_confirmed_waits_no_more(server: FaultServer, heard: Heard) -> None:
    server.users.add("ann", status="CONFIRMED")
    job = a_job("ann")
    assert run(job).outcomes == {"already_confirmed": 1}
    assert (Confirmation.objects.get().queued_at, bulk.progress(job).is_over, heard.usernames) == (None, True, ["ann"])


def test_a_listing_that_is_not_allowed_stops_nobody_and_is_named(server: FaultServer) -> None:
    server.users.add("ann", status="CONFIRMED")
    server.users.add("bob")
    server.default("ListUsers", "access_denied")
    report = run(a_job("ann", "bob"))
    assert report.outcomes == {"not_listed_yet": 1, "confirmed": 1}
    assert "cognito-idp:ListUsers" in report.problem
    assert not report.ok


def test_what_one_batch_has_noted_stands_when_another_goes_well(server: FaultServer) -> None:
    server.users.add("ann")
    job = a_job("ann", "bob")
    first, second = bulk.batches(job, 1)
    server.script(CALL, "access_denied")
    run(job, first=second[0], last=second[1])
    run(job, first=first[0], last=first[1])
    job.refresh_from_db()
    assert "AdminConfirmSignUp" in job.problem
    run(job)
    job.refresh_from_db()
    assert job.problem == ""


def test_a_pool_that_is_gone_is_noted_in_the_job(settings: Any) -> None:
    job = a_job("ann")
    settings.COGNITO_POOLS = {}
    with pytest.raises(ImproperlyConfigured):
        run(job)
    job.refresh_from_db()
    assert job.problem == "COGNITO_POOLS is not set."


def test_a_thread_that_cannot_be_started_ends_the_run_and_loses_nobody(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["ann", "bob", "eve"]
    for name in names:
        server.users.add(name)
    server.default(CALL, "delay:0.2")
    start = threading.Thread.start
    started: list[threading.Thread] = []

    def start_one(thread: threading.Thread) -> None:
        if thread.name.startswith("cognito") and started:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    job = a_job(*names)
    monkeypatch.setattr(threading.Thread, "start", start_one)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        run(job)
    monkeypatch.undo()
    assert statuses() == {"ann": Status.DELIVERED, "bob": Status.STARTED, "eve": Status.QUEUED}
    assert bulk.progress(job).waiting == 2


def test_whoever_fails_to_listen_loses_no_answer(server: FaultServer, heard: Heard) -> None:
    names = ["ann", "bob", "eve"]
    for name in names:
        server.users.add(name)
    server.default(CALL, "delay:0.2")

    def fail(outcome: Outcome) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        run(a_job(*names), on_outcome=fail)
    assert (sorted(heard.usernames), statuses()) == (names, dict.fromkeys(names, Status.DELIVERED))


def test_a_job_is_cut_into_batches_that_leave_nobody_out(server: FaultServer, heard: Heard) -> None:
    names = [f"user{number:02}" for number in range(25)]
    for name in names:
        server.users.add(name)
    job = a_job(*names)
    batches = list(bulk.batches(job, 10))
    assert len(batches) == 3
    assert batches[-1][1] is None

    done = [run(job, first=first, last=last).people for first, last in batches]
    assert (done, sorted(heard.usernames)) == ([10, 10, 5], names)


def test_the_triggers_are_told_what_the_pool_says(server: FaultServer, pools: Pools) -> None:
    server.users.add("ann")
    pools(CLIENT_METADATA=lambda request: {"asked_by": "staff" if request is None else "visitor"})
    run(a_job("ann"))

    assert server.called(CALL)[0]["ClientMetadata"] == {"asked_by": "staff"}


def test_a_run_inside_a_transaction_is_refused_before_any_call(server: FaultServer) -> None:
    server.users.add("ann")
    job = a_job("ann")

    with pytest.raises(RuntimeError), transaction.atomic():
        run(job)
    assert server.called(CALL) == []


def test_a_row_that_is_pruned_meanwhile_does_no_harm(server: FaultServer) -> None:
    job = a_job("ann")
    rows = list(bulk.waiting(job))
    Confirmation.objects.all().delete()

    assert bulk.run(get_pool(), rows, source="command", rate=FAST).outcomes == {"elsewhere": 1}


def test_the_progress_of_a_job_costs_one_statement(server: FaultServer, django_assert_num_queries: Any) -> None:
    server.users.add("ann")
    job = a_job("ann", "nobody", "eve")
    run(job)
    ledger.queue(get_pool(), job, {get_pool().username_key("late"): "late"})
    job.refresh_from_db()
    with django_assert_num_queries(1):
        progress = bulk.progress(job)

    assert (progress.total, progress.waiting, progress.done) == (4, 1, 3)
