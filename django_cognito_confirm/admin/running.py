"""Starts and resumes jobs for staff: few people at once, many in the background."""

from __future__ import annotations

import logging
import time
from typing import Final

from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import bulk, ledger, tasks
from ..models import Job

logger = logging.getLogger(__name__)

INLINE: Final = 50
"""People who are confirmed while the browser waits."""

SECONDS: Final = 8.0
"""After which no more calls are begun while the browser waits.

The last may take 20 more (``READ_TIMEOUT``), and gunicorn ends a request after 30.
"""


def go_on(request: HttpRequest, job: Job) -> None:
    """Confirm who waits in ``job``: at once if they are few, else in the background. Call it outside any transaction.

    Where there is no background, they wait, and the job's page names the command.
    """
    if is_short(job):
        try:
            bulk.run_job(job, until=time.monotonic() + SECONDS)
        except ImproperlyConfigured as error:
            messages.error(request, str(error))
    elif tasks.can_run_in_background():
        _enqueue(request, job)


def is_short(job: Job) -> bool:
    """Return whether so few wait in ``job`` that a browser can wait for them."""
    few: bool = ledger.waiting(job)[: INLINE + 1].count() <= INLINE
    return few


def can_be_at_work(job: Job) -> bool:
    """Return whether ``job``, in which somebody waits, may go on by itself: in the background, or in another process.

    A command or another browser has the people of whom it asks for a while; one that has died, no longer than that.
    """
    has_people = ledger.rows(job=job, queued_at__gt=timezone.now())
    return tasks.can_run_in_background() or has_people.exists()


def command(job: Job) -> str:
    """Return the command that confirms who waits in ``job``."""
    return f"manage.py cognito_confirm --job {job.pk}"


def _enqueue(request: HttpRequest, job: Job) -> None:
    try:
        tasks.enqueue(job)
    except Exception:
        # Each engine has exceptions of its own for a broker that is down.
        logger.exception("Job %s could not be handed to the task backend", job.pk)
        messages.error(
            request,
            _("The task backend could not be reached; the log says why. Everybody waits: go on when it is back."),
        )
