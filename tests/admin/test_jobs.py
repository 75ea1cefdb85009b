"""The page of a bulk job: how far it is, what became of its people, and how to go on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone

from django_cognito_confirm import bulk
from django_cognito_confirm.admin import running
from django_cognito_confirm.cognito import clients
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.models import Confirmation, Job
from tests.conftest import Heard, sign_up

from .conftest import JOBS, LEDGER, Staff, said, text

pytestmark = pytest.mark.django_db(transaction=True)


def a_job(*names: str, by: User | None = None) -> Job:
    """Queue people who never come to be asked for, unless somebody presses the button."""
    job = bulk.create_job(get_pool(), source="admin", requested_by=by)
    list(bulk.add(job, names))
    job.refresh_from_db()
    return job


def end(job: Job, username: str, **facts: Any) -> None:
    """Take somebody out of the queue, as a run does."""
    facts.setdefault("started_at", timezone.now())
    Confirmation.objects.filter(job=job, username=username).update(queued_at=None, **facts)


def see(staff: Staff, job: Job) -> Any:
    return staff.see(f"{JOBS}/{job.pk}/change")


def test_outcomes_are_counted_in_words(staff: Staff) -> None:
    job = a_job("alice", "bob", "carol", "dora", "erin", "frank")
    now = timezone.now()
    end(job, "alice", confirmed_at=now, delivered_at=now)
    end(job, "bob", confirmed_at=now, owed=True)
    end(job, "carol", last_error_kind="user_not_found")
    end(job, "dora", open_attempts=1, unclear=True, last_error_kind="outcome_unknown")
    end(job, "erin")
    page = see(staff, job)
    assert dict(page.context["outcomes"]) == {
        "confirmed": 1,
        "confirmed, but a receiver failed: cognito_sync tries again, and the log says why": 1,
        "not in the user pool": 1,
        "no clear answer yet: cognito_sync finds out": 1,
        "refused": 1,
    }
    assert "5 of 6" in text(page)
    assert "Waiting 1" in text(page)


def test_the_page_looks_again_while_somebody_waits_for_the_background(staff: Staff, engine: list[Any]) -> None:
    job = a_job("alice")
    assert see(staff, job)["Refresh"] == "5"
    end(job, "alice")
    assert "Refresh" not in see(staff, job)


def test_without_a_background_the_page_looks_again_while_another_process_has_somebody(
    staff: Staff, no_engine: None
) -> None:
    job = a_job("alice", "bob")
    for minutes, refresh in ((1, "5"), (-1, None)):
        Confirmation.objects.filter(username="alice").update(queued_at=timezone.now() + timedelta(minutes=minutes))
        assert see(staff, job).headers.get("Refresh") == refresh


@pytest.mark.parametrize("people", [1, 51])
def test_a_page_on_which_somebody_must_go_on_or_run_a_command_stays_as_it_is(
    staff: Staff, no_engine: None, people: int
) -> None:
    assert "Refresh" not in see(staff, a_job(*(f"person{number}" for number in range(people))))


def test_of_a_large_job_those_are_named_who_were_not_confirmed(staff: Staff) -> None:
    job = a_job(*(f"person{number:03}" for number in range(60)))
    now = timezone.now()
    end(job, "person001", confirmed_at=now, delivered_at=now)
    end(job, "person002", last_error_kind="already_confirmed")
    end(job, "person003", last_error_kind="user_not_found")
    page = see(staff, job)
    assert [(name, outcome) for name, outcome, _url in page.context["people"]] == [
        ("person003", "not in the user pool")
    ]
    assert "Not confirmed (the first 1)" in text(page)


def test_whoever_may_see_the_ledger_gets_links_to_its_rows(staff: Staff) -> None:
    job = a_job("alice")
    row = Confirmation.objects.get()
    assert f'href="/tenants/{LEDGER}/{row.pk}/change/"' in see(staff, job).content.decode()
    assert f'href="/tenants/{LEDGER}/?job={job.pk}"' in see(staff, job).content.decode()
    other = Staff("view_job", name="other")
    assert LEDGER not in see(other, job).content.decode()


def test_whoever_is_in_a_later_job_is_counted_apart(staff: Staff) -> None:
    job = a_job("alice", "bob")
    end(job, "alice")
    a_job("alice")
    assert "In a later job, or removed 1" in text(see(staff, job))


def test_who_a_worker_has_at_this_moment_is_told_apart(staff: Staff) -> None:
    job = a_job("alice", "bob")
    Confirmation.objects.filter(username="alice").update(queued_at=timezone.now() + timedelta(minutes=1))
    assert {name: outcome for name, outcome, _url in see(staff, job).context["people"]} == {
        "alice": "is being asked for",
        "bob": "waits",
    }


def test_why_a_run_stopped_is_shown(staff: Staff) -> None:
    job = a_job("alice")
    bulk.note(job, "AdminConfirmSignUp: AccessDeniedException")
    assert "The last run stopped: AdminConfirmSignUp: AccessDeniedException" in text(see(staff, job))


def test_an_empty_job_is_done(staff: Staff) -> None:
    page = see(staff, a_job())
    assert "0 of 0" in text(page)
    assert "Refresh" not in page


# --- going on ---------------------------------------------------------------------------------------------------------


def test_go_on_confirms_who_waits(staff: Staff, heard: Heard) -> None:
    sign_up("alice")
    page = see(staff, a_job("alice"))
    assert "Go on" in text(page)
    done = staff.post(page.context["go_on_url"], follow=True)
    assert "1 of 1" in text(done)
    assert "Go on" not in text(done)
    assert heard.usernames == ["alice"]
    assert LogEntry.objects.get(content_type__model="job").user == staff.user


def test_go_on_keeps_the_promise_under_atomic_requests(staff: Staff, heard: Heard) -> None:
    sign_up("alice")
    page = see(staff, a_job("alice"))
    connections["default"].settings_dict["ATOMIC_REQUESTS"] = True
    try:
        staff.post(page.context["go_on_url"])
    finally:
        connections["default"].settings_dict["ATOMIC_REQUESTS"] = False
    assert heard.usernames == ["alice"]


def test_go_on_hands_many_to_the_task_backend(staff: Staff, engine: list[Any]) -> None:
    page = see(staff, a_job(*(f"person{number}" for number in range(51))))
    staff.post(page.context["go_on_url"])
    assert len(engine) == 1


def test_many_without_a_task_backend_need_the_command(staff: Staff, no_engine: None) -> None:
    job = a_job(*(f"person{number}" for number in range(51)))
    page = see(staff, job)
    assert f"manage.py cognito_confirm --job {job.pk}" in text(page)
    assert "Go on" not in text(page)


def test_going_on_needs_the_permission_and_a_press(staff: Staff) -> None:
    job = a_job("alice")
    viewer = Staff("view_job", name="viewer")
    page = see(viewer, job)
    assert "Go on" not in text(page)
    assert viewer.post(page.context["go_on_url"]).status_code == 403
    assert staff.get(page.context["go_on_url"]).status_code == 405
    assert staff.post(f"/tenants/{JOBS}/0/go-on/").status_code == 404
    assert Confirmation.objects.get().status == "queued"


def test_settings_that_lack_something_are_named(staff: Staff, settings: Any) -> None:
    page = see(staff, a_job("alice"))
    settings.COGNITO_POOLS = {"default": {**settings.COGNITO_POOLS["default"], "CLIENT_ID": ""}}
    job_url = page.context["go_on_url"]
    assert said(staff.post(job_url, follow=True)) == ['COGNITO_POOLS["default"]["CLIENT_ID"] is not set.']


def test_a_server_that_gives_up_after_thirty_seconds_sees_the_last_answer() -> None:
    assert running.SECONDS + clients.READ_TIMEOUT < 30


# --- who may ----------------------------------------------------------------------------------------------------------


def test_whoever_may_confirm_sees_the_own_jobs_only() -> None:
    staff = Staff("view_user", "confirm_sign_up")
    mine, other = a_job("alice", by=staff.user), a_job("bob")
    assert [job.pk for job in staff.see(JOBS).context["cl"].result_list] == [mine.pk]
    assert see(staff, mine).status_code == 200
    assert see(staff, other).status_code == 302
    assert staff.post(f"/tenants/{JOBS}/{other.pk}/go-on/").status_code == 404


def test_jobs_are_there_to_look_at() -> None:
    boss = Staff(name="boss", is_superuser=True)
    job = a_job("alice")
    assert boss.see(f"{JOBS}/add").status_code == 403
    assert boss.see(f"{JOBS}/{job.pk}/delete").status_code == 403
    assert 'name="_save"' not in see(boss, job).content.decode()


def test_the_list_says_which_jobs_are_over(staff: Staff) -> None:
    over, waiting = a_job(), a_job("alice")
    jobs = {job.pk: job.somebody_waits for job in staff.see(JOBS).context["cl"].result_list}
    assert jobs == {over.pk: False, waiting.pk: True}
