"""Bulk work in the background, on whatever engine the host has: django-tasks-db, Celery, RQ.

Through ``django.tasks`` (Django 6.0 and newer) or its backport ``django-tasks`` for Django 5.2 (extra ``tasks``). With
neither installed, this module can still be imported: Celery looks into every app's ``tasks``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from . import bulk, ledger
from .conf import get_option
from .models import Job

BATCH: Final = 200
"""People whom one task confirms: seconds to minutes of work, and less than brokers wait for an acknowledgement."""

PATIENCE: Final = ledger.LEASE.total_seconds() + 60
"""Seconds without news after which the last task of a job no longer waits for the workers of the others."""

PAUSE: Final = 1.0
"""Seconds between two looks at what other workers have."""

QUEUE: Final = "default"


def _find_framework() -> ModuleType | None:
    for name in ("django.tasks", "django_tasks"):
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


_framework: Final[Any] = _find_framework()


def _find_backend() -> Any:
    """Return the backend that ``TASKS_BACKEND`` names, ``None`` where ``TASKS`` has none of that name."""
    try:
        return _framework.task_backends[get_option("TASKS_BACKEND")] if _framework else None
    except ImproperlyConfigured:
        return None


def _task(function: Callable[..., object]) -> Any:
    """Make a task of ``function``, for the backend that is configured; without any, return it as it is.

    In the queue ``default``, or the first by name where the backend has no such queue.
    """
    backend = _find_backend()
    if backend is None:
        return function
    queue = QUEUE if QUEUE in backend.queues or not backend.queues else min(backend.queues)
    return _framework.task(backend=backend.alias, queue_name=queue)(function)


def can_run_in_background() -> bool:
    """Whether ``TASKS_BACKEND`` names an engine with workers of its own, neither "at once" nor "never"."""
    backend = _find_backend()
    if backend is None:
        return False
    backends = f"{_framework.__name__}.backends"
    at_once = import_module(f"{backends}.immediate").ImmediateBackend
    never = import_module(f"{backends}.dummy").DummyBackend
    return not isinstance(backend, at_once | never)


def enqueue(job: Job) -> int:
    """Have workers confirm who waits in ``job``; return into how many tasks they were divided.

    The tasks are enqueued when the transaction that is open, if any, is committed: a worker that is fast must find
    the job. Raises ``ImproperlyConfigured`` where ``TASKS`` has no backend of that name, and what the engine raises
    when it cannot be reached; the people still wait in the job then, and it may be enqueued again.
    """
    task = _task(_confirm_batch)
    if task is _confirm_batch:
        raise ImproperlyConfigured(f"TASKS has no backend {get_option('TASKS_BACKEND')!r}, or django-tasks is missing.")
    batches = list(bulk.batches(job, BATCH))
    transaction.on_commit(partial(_enqueue, task, job.pk, batches), using=ledger.database())
    return len(batches)


def _enqueue(task: Any, job_pk: int, batches: list[tuple[int, int | None]]) -> None:
    for first, last in batches:
        task.enqueue(job_pk, first, last)


# The alias is given here, when the module is imported: a backend may register its tasks with its engine then.
@_task
def confirm_batch(job_pk: int, first: int, last: int | None) -> dict[str, Any]:
    """Confirm who waits in a job, ``first`` to ``last`` by primary key; return how many, by kind of outcome.

    The job's last batch (``last`` is ``None``) looks after the whole job: it confirms whom workers have left that
    died, and waits for those that are at work. Run twice, or twice at once, it does no harm.
    """
    job = Job.objects.using(ledger.database()).filter(pk=job_pk).first()
    if job is None:
        return {}
    report = bulk.run_job(job, first=first, last=last)
    if last is None:
        _sweep(job, report)
    return {"outcomes": dict(report.outcomes), "throttled": report.throttled, "problem": report.problem}


def _sweep(job: Job, report: bulk.Report) -> None:
    """Run ``job`` again until nobody is left in its queue, nothing has happened for long, or a problem comes up."""
    in_queue = ledger.rows(job=job, queued_at__isnull=False)
    people, until = report.people, time.monotonic() + PATIENCE
    while not report.problem and in_queue.exists() and time.monotonic() < until:
        if ledger.waiting(job).exists():  # or else it would take a slot of the rate for nobody
            bulk.run_job(job, report=report)
        if report.people > people:
            people, until = report.people, time.monotonic() + PATIENCE
        else:
            time.sleep(PAUSE)


_confirm_batch: Final[Any] = getattr(confirm_batch, "func", confirm_batch)
