"""Tasks: a job's batches for whatever engine the host has. Real engines are in ``tests/integration/engines``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone

from django_cognito_confirm import bulk, ledger, tasks
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.models import Confirmation, Job, Status
from tests.conftest import Heard
from tests.faults import FaultServer

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parent.parent
CALL = "AdminConfirmSignUp"
BACKENDS = f"{tasks._framework.__name__}.backends"
IMMEDIATE = f"{BACKENDS}.immediate.ImmediateBackend"
DUMMY = f"{BACKENDS}.dummy.DummyBackend"
DATABASE = "django_tasks_db.DatabaseBackend"


@pytest.fixture(autouse=True)
def _fast(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.COGNITO_CONFIRM = {"ADMIN_RATE": 1e6}
    monkeypatch.setattr(tasks, "BATCH", 2)
    monkeypatch.setattr(tasks, "PAUSE", 0.01)
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def enqueued(settings: Any) -> list[Any]:
    """Note what is enqueued, and run nothing."""
    settings.TASKS = {"default": {"BACKEND": DUMMY}}
    results: list[Any] = tasks._framework.task_backends["default"].results
    return results


def a_job(server: FaultServer, *names: str) -> Job:
    for name in names:
        server.users.add(name)
    job = bulk.create_job(get_pool(), source="admin")
    list(bulk.add(job, names))
    return job


def run(result: Any) -> dict[str, Any]:
    """Do what a worker does with a task: its arguments and what it returns go through JSON."""
    returned: dict[str, Any] = json.loads(json.dumps(result.task.call(*json.loads(json.dumps(result.args)))))
    return returned


def confirm_batch(job: Job, first: int = 0, last: int | None = None) -> dict[str, Any]:
    returned: dict[str, Any] = tasks.confirm_batch.call(job.pk, first, last)
    return returned


def take(job: Job, *, until: timedelta) -> Confirmation:
    """Let a worker have the job's first row, and die; its lease ends in ``until``."""
    row = next(bulk.waiting(job))
    ledger.take(row, source="admin")
    ledger.rows(pk=row.pk).update(queued_at=timezone.now() + until)
    return row


def test_a_job_is_divided_into_tasks_that_confirm_everybody(
    server: FaultServer, enqueued: list[Any], heard: Heard
) -> None:
    names = ["ann", "bob", "eve", "kim", "zoe"]
    job = a_job(server, *names)

    assert tasks.enqueue(job) == len(enqueued) == 3
    assert [result.args[0] for result in enqueued] == [job.pk] * 3
    assert [run(result)["outcomes"] for result in enqueued] == [{"confirmed": 2}, {"confirmed": 2}, {"confirmed": 1}]
    assert sorted(heard.usernames) == names


def test_tasks_name_nobody(server: FaultServer, enqueued: list[Any]) -> None:
    tasks.enqueue(a_job(server, "ann"))

    assert "ann" not in repr(enqueued[0].args) + repr(enqueued[0].kwargs) + repr(run(enqueued[0]))


def test_tasks_are_enqueued_once_the_job_is_committed(server: FaultServer, enqueued: list[Any]) -> None:
    with transaction.atomic():
        tasks.enqueue(a_job(server, "ann"))
        assert enqueued == []

    assert len(enqueued) == 1


def test_a_job_that_is_rolled_back_leaves_no_task(server: FaultServer, enqueued: list[Any]) -> None:
    with transaction.atomic():
        tasks.enqueue(a_job(server, "ann"))
        transaction.set_rollback(True)

    assert enqueued == []


def test_a_batch_of_a_job_that_is_gone_does_nothing(server: FaultServer) -> None:
    job = a_job(server, "ann")
    Job.objects.filter(pk=job.pk).delete()

    assert tasks.confirm_batch.call(job.pk, 0, None) == {}
    assert server.called(CALL) == []


def test_a_batch_that_runs_twice_asks_once(server: FaultServer, heard: Heard) -> None:
    job = a_job(server, "ann", "bob")
    confirm_batch(job)

    assert confirm_batch(job)["outcomes"] == {}
    assert (len(server.called(CALL)), sorted(heard.usernames)) == (2, ["ann", "bob"])


def test_the_last_batch_confirms_whom_other_batches_left(server: FaultServer, heard: Heard) -> None:
    job = a_job(server, "ann", "bob", "zoe")
    first, _ = list(bulk.batches(job, 2))[-1]

    assert confirm_batch(job, first)["outcomes"] == {"confirmed": 3}
    assert sorted(heard.usernames) == ["ann", "bob", "zoe"]


def test_the_other_batches_keep_to_their_own(server: FaultServer, heard: Heard) -> None:
    job = a_job(server, "ann", "bob", "zoe")
    [first, *_] = bulk.batches(job, 2)
    confirm_batch(job, *first)

    assert sorted(heard.usernames) == ["ann", "bob"]


def test_the_last_batch_waits_for_what_a_dead_worker_had(server: FaultServer, heard: Heard) -> None:
    job = a_job(server, "ann", "bob")
    take(job, until=timedelta(seconds=2))

    assert confirm_batch(job)["outcomes"] == {"confirmed": 2}
    assert heard.usernames == ["bob", "ann"]


def test_the_last_batch_does_not_wait_for_ever(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "PATIENCE", 0.05)
    job = a_job(server, "ann", "bob")
    row = take(job, until=timedelta(hours=1))

    assert confirm_batch(job)["outcomes"] == {"confirmed": 1}
    assert bulk.progress(job).waiting == 1
    row.refresh_from_db()
    assert row.status == Status.STARTED


def test_as_long_as_something_happens_the_last_batch_waits(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "PATIENCE", 0.6)
    job = a_job(server, "ann", "bob")
    take(job, until=timedelta(seconds=0.5))
    server.default(CALL, "delay:0.7")  # bob's call, longer than that
    confirm_batch(job, first=10**9)

    assert bulk.progress(job).is_over


def test_a_problem_ends_the_last_batch_and_is_in_its_result(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "PAUSE", "never")
    job = a_job(server, "ann", "bob")
    take(job, until=timedelta(hours=1))
    server.default(CALL, "access_denied")
    returned = confirm_batch(job)

    assert "cognito-idp:AdminConfirmSignUp" in returned["problem"]
    job.refresh_from_db()
    assert job.problem == returned["problem"]
    assert bulk.progress(job).waiting == 2


@pytest.mark.parametrize(("backend", "expected"), [(IMMEDIATE, False), (DUMMY, False), (DATABASE, True)])
def test_only_an_engine_with_workers_runs_in_the_background(settings: Any, backend: str, expected: bool) -> None:
    settings.TASKS = {"default": {"BACKEND": backend}}

    assert tasks.can_run_in_background() is expected


def test_without_tasks_in_the_settings_nothing_runs_in_the_background() -> None:
    assert not tasks.can_run_in_background()


def test_an_alias_that_is_not_in_tasks_is_told_when_it_is_needed(server: FaultServer, settings: Any) -> None:
    settings.COGNITO_CONFIRM = {"TASKS_BACKEND": "bulk"}
    settings.TASKS = {"default": {"BACKEND": DATABASE}}

    assert not tasks.can_run_in_background()
    with pytest.raises(ImproperlyConfigured, match="'bulk'"):
        tasks.enqueue(a_job(server, "ann"))


@pytest.mark.parametrize(
    ("queues", "expected"),
    [(["bulk"], "bulk"), (["slow", "fast"], "fast"), (["bulk", "default"], "default"), ([], "default")],
)
def test_the_backends_own_queue_is_used(server: FaultServer, settings: Any, queues: list[str], expected: str) -> None:
    settings.COGNITO_CONFIRM = {"TASKS_BACKEND": "bulk"}
    settings.TASKS = {"bulk": {"BACKEND": DUMMY, "QUEUES": queues}}
    tasks.enqueue(a_job(server, "ann"))
    [result] = tasks._framework.task_backends["bulk"].results

    assert (result.task.queue_name, result.backend) == (expected, "bulk")


SET_UP = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django
from django.conf import settings
{before}
django.setup()
from django_cognito_confirm import tasks
print(tasks.can_run_in_background(), sorted({{"boto3", "botocore"}} & set(sys.modules)))
"""


@pytest.mark.parametrize(
    "before",
    [
        "sys.modules['django.tasks'] = sys.modules['django_tasks'] = None",
        "settings.COGNITO_CONFIRM = {'TASKS_BACKEND': 'bulk'}",
        "settings.TASKS = {}",
        "settings.TASKS = {'default': {'BACKEND': 'nowhere.Backend'}}",
        "settings.TASKS = {'default': {'BACKEND': '%s', 'QUEUES': ['bulk']}}" % IMMEDIATE,  # noqa: UP031 - has braces
    ],
    ids=["no framework", "no such alias", "no alias at all", "no such backend", "no default queue"],
)
def test_the_module_can_be_imported_whatever_the_settings(before: str) -> None:
    program = [sys.executable, "-W", "error", "-c", SET_UP.format(before=before)]
    ran = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)

    assert ran.stdout == "False []\n", ran.stderr
