"""The queue of bulk jobs: rows that wait, and workers that have them for a while.

``queued_at`` is in the past while a row waits, and in the future while a worker has it. A worker that dies has a row
no longer than that; then the row waits again, and asking twice does no harm: staff's calls burn no attempts, and a
second yes cannot happen. Attempts of visitors leave the queue alone, but for a yes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils import timezone

from ..conf import Pool
from ..conflicts import tried_again
from ..models import Confirmation, Job
from .attempts import NAME_IS_FREE, Attempt
from .outcomes import put_back
from .rows import DELIVERED, LEASE, database, rows


@dataclass(frozen=True, slots=True)
class Queued:
    """What ``queue`` did with some names."""

    rows: list[Confirmation] = field(default_factory=list)
    """Those that wait in the job now."""
    delivered: list[Confirmation] = field(default_factory=list)
    """Those that are confirmed already, as far as the ledger knows."""
    elsewhere: list[Confirmation] = field(default_factory=list)
    """Those whom a worker of another job has at this moment."""
    repeated: int = 0
    """How many this job has seen before."""


@tried_again
def queue(pool: Pool, job: Job, names: Mapping[str, str], *, again: bool = False) -> Queued:
    """Put people in the queue of ``job``: some hundred ``names`` by their ``username_key``. Overwrites no attempt.

    Rows whose confirmation is recorded are left alone, unless ``again``; what is owed is left alone in any case. A row
    that waits in another job waits in this one from now on. Counts them in the job; commits before it returns.
    """
    now = timezone.now()
    free = Q(queued_at=None) | Q(queued_at__lte=now)
    can_be_asked = Q(owed=False) if again else Q(owed=False) & ~DELIVERED
    of_names = rows(pool=pool.alias, username_key__in=list(names))
    with transaction.atomic(using=database()):
        before = {row.username_key: row for row in of_names}
        _add(pool, job, {key: name for key, name in names.items() if key not in before})
        spelt = {key: names[key] for key, row in before.items() if row.username != names[key]}
        of_names.filter(free & can_be_asked).exclude(job=job).update(**_names(spelt), job=job, queued_at=now)
        queued = _sorted(list(of_names.all()), job, before)
        Job.objects.using(database()).filter(pk=job.pk).update(
            total=F("total") + len(queued.rows), skipped=F("skipped") + len(queued.delivered)
        )
    return queued


def _add(pool: Pool, job: Job, names: Mapping[str, str]) -> None:
    new = [
        Confirmation(
            pool=pool.alias, username_key=key, username=name, source=job.source, job=job, queued_at=job.requested_at
        )
        for key, name in names.items()
    ]
    Confirmation.objects.using(database()).bulk_create(new, ignore_conflicts=True)


def _names(spelt: Mapping[str, str]) -> dict[str, Any]:
    """Return the fact that names rows anew which nobody has named so far, by their ``username_key``."""
    if not spelt:
        return {}
    name = Case(*(When(username_key=key, then=Value(name)) for key, name in spelt.items()), default=F("username"))
    return {"username": Case(When(NAME_IS_FREE, then=name), default=F("username"))}


def _sorted(after: list[Confirmation], job: Job, before: Mapping[str, Confirmation]) -> Queued:
    seen = {key for key, row in before.items() if row.job_id == job.pk}
    fresh = [row for row in after if row.username_key not in seen]
    taken = [row for row in fresh if row.job_id == job.pk]
    others = [row for row in fresh if row.job_id != job.pk]
    delivered = [row for row in others if row.confirmed_at is not None]
    elsewhere = [row for row in others if row.confirmed_at is None]
    return Queued(taken, delivered, elsewhere, len(after) - len(fresh))


def waiting(job: Job) -> QuerySet[Confirmation]:
    """Return the rows of ``job`` that no worker has."""
    return rows(job=job, queued_at__lte=timezone.now())


@tried_again
def take(row: Confirmation, *, source: str) -> Attempt | None:
    """Begin an attempt on a row that waits, as it was read; ``None`` when somebody was faster, or it needs none now.

    Commits before it returns, so call it outside any transaction. Raises ``RuntimeError`` inside one.
    """
    now = timezone.now()
    unchanged = rows(pk=row.pk, epoch=row.epoch, job=row.job_id, queued_at=row.queued_at)
    with transaction.atomic(using=database(), durable=True):
        if not unchanged.update(
            source=Case(When(DELIVERED, then=F("source")), default=Value(source)),
            open_attempts=F("open_attempts") + 1,
            started_at=now,
            queued_at=now + LEASE,
        ):
            return None
    row.open_attempts, row.started_at, row.queued_at = row.open_attempts + 1, now, now + LEASE
    return Attempt(row, row.epoch, row.username, "", source, lease=row.queued_at)


@tried_again
def renew(attempt: Attempt) -> Attempt | None:
    """The call was refused for the moment and is made again: have the row for as long once more.

    ``None`` when it needs no call any more, or another worker has it since: the attempt is over then.
    """
    lease = timezone.now() + LEASE
    mine = rows(pk=attempt.row.pk, epoch=attempt.epoch, queued_at=attempt.lease)
    if mine.update(queued_at=lease):
        return replace(attempt, lease=lease)
    put_back(attempt)
    return None
