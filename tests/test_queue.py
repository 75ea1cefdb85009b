"""The queue of bulk jobs: who waits, who has whom, and what is never overwritten."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_cognito_confirm import ledger
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.models import Confirmation, Job, Status
from tests.conftest import Heard

pytestmark = pytest.mark.django_db(transaction=True)


def a_job() -> Job:
    job: Job = Job.objects.create(pool="default", source="command")
    return job


def queue(job: Job, names: Iterable[str], *, again: bool = False) -> ledger.Queued:
    pool = get_pool()
    return ledger.queue(pool, job, {pool.username_key(name): name for name in names}, again=again)


def take(job: Job) -> ledger.Attempt:
    attempt = ledger.take(ledger.waiting(job).order_by("pk")[0], source="command")
    assert attempt is not None
    return attempt


def let_leases_run_out() -> None:
    for row in Confirmation.objects.filter(queued_at__gt=timezone.now()):
        Confirmation.objects.filter(pk=row.pk).update(queued_at=row.queued_at - 2 * ledger.LEASE)


def status(username: str) -> Any:
    return Confirmation.objects.get(username=username).status


def test_new_people_wait() -> None:
    job = a_job()
    queued = queue(job, ["ann", "bob"])

    assert [row.username for row in queued.rows] == ["ann", "bob"]
    assert {row.status for row in Confirmation.objects.all()} == {Status.QUEUED}
    assert ledger.waiting(job).count() == 2


@pytest.mark.parametrize("people", [1, 30])
def test_any_number_of_people_costs_five_statements(people: int) -> None:
    job = a_job()
    with CaptureQueriesContext(connection) as queries:
        queue(job, [f"user{number}" for number in range(people)])
    kinds = [query["sql"].split()[0] for query in queries.captured_queries]
    assert [kind for kind in kinds if kind in ("SELECT", "INSERT", "UPDATE")] == [
        "SELECT",
        "INSERT",
        "UPDATE",
        "SELECT",
        "UPDATE",
    ]
    assert ledger.waiting(job).count() == people


@pytest.mark.parametrize("people", [1, 30])
def test_people_who_are_spelt_otherwise_cost_no_more(people: int) -> None:
    names = [f"user{number}" for number in range(people)]
    queue(a_job(), names)
    with CaptureQueriesContext(connection) as queries:
        queue(a_job(), [name.upper() for name in names])
    assert len([query for query in queries.captured_queries if query["sql"].startswith("UPDATE")]) == 2
    assert set(Confirmation.objects.values_list("username", flat=True)) == {name.upper() for name in names}


def test_whoever_is_not_queued_gets_no_name_back(heard: Heard) -> None:
    ledger.confirm(ledger.begin(get_pool(), "ann", source="form"))
    Confirmation.objects.update(username="")  # pruned
    queue(a_job(), ["ann"])
    assert Confirmation.objects.get().username == ""


def test_a_job_counts_whom_it_has(heard: Heard) -> None:
    ledger.confirm(ledger.begin(get_pool(), "ann", source="form"))
    job = a_job()
    queue(job, ["ann", "bob", "eve"])
    job.refresh_from_db()
    assert (job.total, job.skipped) == (2, 1)


def test_what_is_delivered_stays_as_it_is(heard: Heard) -> None:
    before = ledger.confirm(ledger.begin(get_pool(), "ann", source="form"))
    queued = queue(a_job(), ["ann"])

    row = Confirmation.objects.get()
    assert (queued.rows, [row.pk for row in queued.delivered]) == ([], [before.pk])
    assert (row.status, row.job, row.queued_at, row.epoch) == (Status.DELIVERED, None, None, before.epoch)


def test_what_is_delivered_is_asked_for_again_when_that_is_wanted(heard: Heard) -> None:
    ledger.confirm(ledger.begin(get_pool(), "ann", source="form"))
    job = a_job()
    queued = queue(job, ["ann"], again=True)

    assert [row.username for row in queued.rows] == ["ann"]
    ledger.refuse(take(job), "NotAuthorizedException", "already_confirmed")
    assert (status("ann"), len(heard)) == (Status.DELIVERED, 1)


@pytest.mark.parametrize("again", [False, True])
def test_what_is_owed_stays_owed_and_is_not_asked_for(again: bool) -> None:
    Confirmation.objects.create(pool="default", username="ann", username_key=get_pool().username_key("ann"), owed=True)
    job = a_job()
    queue(job, ["ann"], again=again)

    assert (status("ann"), ledger.waiting(job).count()) == (Status.CONFIRMED, 0)


def test_an_open_attempt_stays_open_beside_the_queue(heard: Heard) -> None:
    visitor = ledger.begin(get_pool(), "ann", source="form")
    job = a_job()
    queue(job, ["ann"])
    assert status("ann") == Status.STARTED

    staff = take(job)
    assert Confirmation.objects.get().open_attempts == 2
    ledger.refuse(staff, "UserNotFoundException", "user_not_found")
    assert status("ann") == Status.STARTED

    ledger.confirm(visitor)
    assert status("ann") == Status.DELIVERED


def test_a_visitor_who_tries_takes_nobody_out_of_the_queue() -> None:
    job = a_job()
    queue(job, ["ann"])
    ledger.refuse(ledger.begin(get_pool(), "ann", source="form"), "CodeMismatchException", "invalid_code")

    assert status("ann") == Status.QUEUED
    assert ledger.waiting(job).count() == 1


def test_a_visitor_who_succeeds_needs_nothing_more(heard: Heard) -> None:
    job = a_job()
    row = queue(job, ["ann"]).rows[0]
    ledger.confirm(ledger.begin(get_pool(), "ann", source="form"))

    assert ledger.take(row, source="command") is None
    assert ledger.waiting(job).count() == 0


def test_a_new_sign_up_leaves_the_queue() -> None:
    job = a_job()
    row = queue(job, ["ann"]).rows[0]
    ledger.sign_up(get_pool(), "ann", sub="sub-2")

    assert ledger.take(row, source="command") is None
    assert (ledger.waiting(job).count(), status("ann")) == (0, Status.SIGNED_UP)


def test_a_person_is_taken_by_one_worker_only() -> None:
    job = a_job()
    queue(job, ["ann"])
    one, other = ledger.waiting(job).get(), ledger.waiting(job).get()

    assert ledger.take(one, source="command") is not None
    assert ledger.take(other, source="command") is None
    assert Confirmation.objects.get().open_attempts == 1


def test_a_worker_that_dies_has_a_person_for_a_while_only(heard: Heard) -> None:
    job = a_job()
    queue(job, ["ann"])
    take(job)
    assert ledger.waiting(job).count() == 0

    let_leases_run_out()
    ledger.confirm(take(job))

    row = Confirmation.objects.get()
    assert (row.status, row.open_attempts, row.queued_at, heard.usernames) == (Status.DELIVERED, 0, None, ["ann"])


@pytest.mark.parametrize(
    "end", [lambda late: ledger.refuse(late, "UserNotFoundException"), ledger.put_back, ledger.renew]
)
def test_a_worker_that_wakes_up_late_takes_nothing_from_the_next(end: Any) -> None:
    job = a_job()
    queue(job, ["ann"])
    late = take(job)
    let_leases_run_out()
    second = take(job)

    end(late)
    row = Confirmation.objects.get()
    assert (row.queued_at, row.open_attempts) == (second.lease, 1)


@pytest.mark.parametrize("say_no", [ledger.refuse, ledger.leave_open])
def test_an_answer_ends_the_waiting(say_no: Any) -> None:
    job = a_job()
    queue(job, ["ann"])
    say_no(take(job), "UserNotFoundException", "user_not_found")

    row = Confirmation.objects.get()
    assert (row.queued_at, row.last_error_kind) == (None, "user_not_found")


def test_who_was_not_asked_for_waits_again() -> None:
    job = a_job()
    queue(job, ["ann"])
    ledger.put_back(take(job))

    assert (status("ann"), ledger.waiting(job).count()) == (Status.QUEUED, 1)


@pytest.mark.parametrize("make_it_later", [ledger.renew, ledger.put_back])
def test_whose_own_code_was_faster_waits_no_more(heard: Heard, make_it_later: Any) -> None:
    job = a_job()
    queue(job, ["ann"])
    attempt = take(job)
    ledger.confirm(ledger.begin(get_pool(), "ann", source="form"))

    assert Confirmation.objects.get().queued_at == attempt.lease  # the call may be under way still
    make_it_later(attempt)
    row = Confirmation.objects.get()
    assert (row.status, row.queued_at, heard.usernames) == (Status.DELIVERED, None, ["ann"])


def test_a_later_job_takes_over_who_waits() -> None:
    first, second = a_job(), a_job()
    queue(first, ["ann", "bob"])
    queued = queue(second, ["ann"])

    assert [row.username for row in queued.rows] == ["ann"]
    assert [row.username for row in ledger.waiting(first)] == ["bob"]


def test_a_later_job_leaves_alone_whom_a_worker_has() -> None:
    first, second = a_job(), a_job()
    queue(first, ["ann"])
    take(first)

    assert [row.username for row in queue(second, ["ann"]).elsewhere] == ["ann"]
    assert Confirmation.objects.get().job == first


def test_a_name_that_comes_twice_is_queued_once() -> None:
    job = a_job()
    queue(job, ["ann"])
    ledger.refuse(take(job), "UserNotFoundException")
    queued = queue(job, ["ann", "bob"])

    assert ([row.username for row in queued.rows], queued.repeated) == (["bob"], 1)
    assert status("ann") == Status.REJECTED


def test_staff_say_how_a_name_is_written_that_nobody_signed_up_here() -> None:
    ledger.refuse(ledger.begin(get_pool(), "ANN", source="form"), "UserNotFoundException")
    job = a_job()
    queue(job, ["Ann"])

    assert take(job).username == "Ann"


def test_a_pruned_row_gets_its_name_back(heard: Heard) -> None:
    ledger.confirm(ledger.begin(get_pool(), "ann", source="form"))
    Confirmation.objects.update(username="")
    job = a_job()
    queue(job, ["ann"], again=True)

    assert take(job).username == "ann"


def test_the_ledger_says_who_asked(heard: Heard) -> None:
    ledger.refuse(ledger.begin(get_pool(), "ann", source="form"), "CodeMismatchException")
    job = a_job()
    queue(job, ["ann"])
    ledger.confirm(take(job))

    assert Confirmation.objects.get().source == "command"


def test_nobody_is_taken_inside_a_transaction() -> None:
    job = a_job()
    row = queue(job, ["ann"]).rows[0]

    with pytest.raises(RuntimeError), transaction.atomic():
        ledger.take(row, source="command")
    assert status("ann") == Status.QUEUED


def test_what_is_closed_for_want_of_news_waits_again() -> None:
    job = a_job()
    queue(job, ["ann"])
    take(job)
    long_ago = timezone.now() - timedelta(hours=2)
    Confirmation.objects.update(started_at=long_ago, queued_at=long_ago)

    assert ledger.close(Confirmation.objects.get())
    assert (status("ann"), ledger.waiting(job).count()) == (Status.QUEUED, 1)


def test_a_call_that_is_made_again_keeps_the_person() -> None:
    job = a_job()
    queue(job, ["ann"])
    attempt = take(job)
    renewed = ledger.renew(attempt)

    assert renewed is not None
    assert renewed.lease == Confirmation.objects.get().queued_at
    ledger.refuse(renewed, "UserNotFoundException")
    assert ledger.waiting(job).count() == Confirmation.objects.get().open_attempts == 0


def test_a_call_is_not_made_again_for_whom_it_was_not_meant() -> None:
    job = a_job()
    queue(job, ["ann"])
    attempt = take(job)
    ledger.sign_up(get_pool(), "ann", sub="sub-2")

    assert ledger.renew(attempt) is None


def test_a_call_is_not_made_again_for_whom_another_worker_has() -> None:
    job = a_job()
    queue(job, ["ann"])
    attempt = take(job)
    let_leases_run_out()
    take(job)

    assert ledger.renew(attempt) is None
