"""Jobs: who asked for whom, and how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from django.db.models import QuerySet
from django.utils import timezone

from .. import inputs, ledger
from ..conf import Pool, get_pool
from ..models import Confirmation, Job
from .reports import DELIVERED_BEFORE, ELSEWHERE, OWED, QUEUED, REPEATED, UNFIT, Outcome

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

CHUNK: Final = 500
"""People put in the queue with one statement."""

OnOutcome = Callable[[Outcome], object]


def create_job(pool: Pool, *, source: str, requested_by: AbstractBaseUser | None = None) -> Job:
    """Make a job without people; ``add`` puts them in. ``source`` has at most 32 characters."""
    job: Job = Job.objects.using(ledger.database()).create(pool=pool.alias, source=source, requested_by=requested_by)
    return job


def add(
    job: Job, usernames: Iterable[str], *, again: bool = False, on_outcome: OnOutcome = lambda outcome: None
) -> Iterator[Confirmation]:
    """Put people in the queue of ``job`` and yield the rows that wait for a call, as ``usernames`` are read.

    Never all in memory: some hundred at a time. ``on_outcome`` is told of people for whom no call is needed or
    possible. ``again``: ask Cognito also for people whom the ledger has as confirmed.
    """
    pool = get_pool(job.pool)
    for names, outcomes in _in_chunks(pool, usernames):
        queued = ledger.queue(pool, job, names, again=again)
        outcomes.extend(_before(row) for row in queued.delivered)
        outcomes.extend(Outcome(names[row.username_key], ELSEWHERE) for row in queued.elsewhere)
        outcomes.extend([Outcome("", REPEATED)] * queued.repeated)
        for outcome in outcomes:
            on_outcome(outcome)
        yield from queued.rows


def _before(row: Confirmation) -> Outcome:
    return Outcome(row.username, OWED if row.owed else DELIVERED_BEFORE)


def preview(pool: Pool, usernames: Iterable[str]) -> Iterator[Outcome]:
    """Yield what ``add`` would do with each of ``usernames``, by a look at the ledger. Nothing is written.

    Whoever is named again more than some hundred names later is not noticed.
    """
    now = timezone.now()
    for names, outcomes in _in_chunks(pool, usernames):
        yield from outcomes
        rows = {row.username_key: row for row in ledger.rows(pool=pool.alias, username_key__in=list(names))}
        for key, username in names.items():
            row = rows.get(key)
            if row and (row.owed or row.delivered_at):
                yield _before(row)
            elif row and row.queued_at and row.queued_at > now:
                yield Outcome(username, ELSEWHERE)
            else:
                yield Outcome(username, QUEUED)


def _in_chunks(pool: Pool, usernames: Iterable[str]) -> Iterator[tuple[dict[str, str], list[Outcome]]]:
    rest = iter(usernames)
    while chunk := list(islice(rest, CHUNK)):
        yield _keyed(pool, chunk)


def _keyed(pool: Pool, usernames: list[str]) -> tuple[dict[str, str], list[Outcome]]:
    names: dict[str, str] = {}
    outcomes = []
    for raw in usernames:
        try:
            username = inputs.clean_username(raw)
        except ValueError:
            outcomes.append(Outcome(raw, UNFIT))
            continue
        key = pool.username_key(username)
        if key in names:
            outcomes.append(Outcome(username, REPEATED))
        names.setdefault(key, username)
    return names, outcomes


def waiting(job: Job, *, first: int = 0, last: int | None = None) -> Iterator[Confirmation]:
    """Yield the rows of ``job`` that wait, ``first`` to ``last`` by primary key, for as long as there are any."""
    rows = ledger.waiting(job).order_by("pk")
    if last is not None:
        rows = rows.filter(pk__lte=last)
    while chunk := list(rows.filter(pk__gte=first)[:CHUNK]):
        yield from chunk
        first = chunk[-1].pk + 1


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is, in people."""

    total: int
    waiting: int
    """In the queue, or with a worker at this moment."""

    @property
    def done(self) -> int:
        return self.total - self.waiting

    @property
    def is_over(self) -> bool:
        return not self.waiting


def progress(job: Job) -> Progress:
    """Return how far ``job`` is. One statement."""
    return Progress(total=job.total, waiting=ledger.rows(job=job, queued_at__isnull=False).count())


def batches(job: Job, size: int) -> Iterator[tuple[int, int | None]]:
    """Cut who waits in ``job`` into ranges of primary keys with ``size`` rows each; the last one has no end."""
    pks = ledger.waiting(job).order_by("pk").values_list("pk", flat=True)
    first = 0
    while True:
        batch = list(pks.filter(pk__gte=first)[: size + 1])
        if len(batch) <= size:
            yield first, None
            return
        yield first, batch[size - 1]
        first = batch[size]


def discard_if_empty(job: Job) -> bool:
    """Remove ``job`` if nobody was put in it: there is nothing to be told of it. Return whether it was removed."""
    return not ledger.rows(job=job).exists() and bool(_rows(job).filter(total=0).delete()[0])


def note(job: Job, problem: str) -> None:
    """Write down why a run of ``job`` stopped before its end, ``""`` when it did not."""
    _rows(job).update(problem=problem[:255])


def _rows(job: Job) -> QuerySet[Job]:
    rows: QuerySet[Job] = Job.objects.using(ledger.database()).filter(pk=job.pk)
    return rows
