"""Settles what is open, delivers what is owed and walks the pool: what keeps the ledger's promise after a crash."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from django.db.models import Q, QuerySet
from django.utils import timezone

from . import cognito, ledger, pruning, walk
from .conf import DEFAULT_POOL_ALIAS, Pool, get_option, get_pool
from .errors import ConfirmSignUpError, Misconfigured
from .models import Confirmation, Status
from .pace import Pace
from .settling import ABANDONED_AFTER, look

BATCH = 500
"""Rows read at once."""


@dataclass(slots=True)
class SyncReport:
    """What ``sync`` did, in numbers."""

    confirmed: int = 0
    """Open rows that Cognito showed as confirmed."""
    closed: int = 0
    """Open rows without news for an hour."""
    waiting: int = 0
    """Open rows without news that are younger."""
    unsettled: int = 0
    """Open rows that could not be looked up."""
    delivered: int = 0
    undelivered: int = 0
    """Rows that stay owed, because a receiver raised."""
    walked: int = 0
    """People that a full listing showed."""
    found: int = 0
    """Confirmed people among them of whom the ledger did not know."""
    unlisted: int = 0
    """Partitions of the pool whose listing failed."""
    removed: int = 0
    """Rows of refused names that nobody signed up here."""
    problems: set[str] = field(default_factory=set)
    """Why, in words: operations, error codes and what to do; no names of people."""

    @property
    def handled(self) -> int:
        """Rows and people looked at so far."""
        settled = self.confirmed + self.closed + self.waiting + self.unsettled
        return settled + self.walked + self.delivered + self.undelivered

    @property
    def ok(self) -> bool:
        """Whether nothing failed. Rows that wait for their hour are no failure."""
        return not (self.unsettled or self.undelivered or self.unlisted)


def sync(
    *,
    pool: str = DEFAULT_POOL_ALIAS,
    full: bool = False,
    baseline: bool = False,
    prefixes: Iterable[str] = walk.PREFIXES,
    rate: float | None = None,
    dry_run: bool = False,
    report: SyncReport | None = None,
    on_progress: Callable[[SyncReport], object] = lambda report: None,
) -> SyncReport:
    """Settle the open rows of ``pool`` and deliver what is owed; call it every few minutes, outside any transaction.

    Costs one ListUsers call for each open row (two for a name in mixed case whose sub is not known), and AdminGetUser
    for a name that no listing has shown for an hour. What cannot be looked up (no credentials, no permission) stays
    open and is reported; what is owed is delivered all the same. Two at once do no harm.

    ``full`` also walks the whole pool, by ``prefixes`` of the sub, and tells of everybody confirmed of whom the ledger
    does not know (source ``sync``); ``baseline`` walks it and records them without telling, for a site that starts with
    an old pool. ``rate`` is the most calls a second, ``ADMIN_RATE`` by default. ``dry_run`` looks and changes nothing.
    ``report`` is filled in on the way, and given to ``on_progress`` after each row and page.
    """
    report = report or SyncReport()
    settings = get_pool(pool)
    pace = Pace(f"UserList:{settings.region}", rate or get_option("ADMIN_RATE"))
    work = _Sync(pool=settings, pace=pace, dry_run=dry_run, report=report)
    steps: list[Iterable[None]] = [work.settle_open_rows(), work.deliver_owed()]
    if full or baseline:
        steps += [work.walk(prefixes, baseline=baseline), () if dry_run else work.deliver_owed()]
    for _ in chain(*steps, work.remove_strangers()):
        on_progress(report)
    return report


@dataclass(slots=True, kw_only=True)
class _Sync:
    """One run. Each step yields after each row or page, and has left nothing half done there."""

    pool: Pool
    pace: Pace
    dry_run: bool
    report: SyncReport
    may_list: bool = True

    def settle_open_rows(self) -> Iterator[None]:
        for row in _open_rows(self.pool.alias):
            self.settle(row)
            yield

    def settle(self, row: Confirmation) -> None:
        if not self.may_list:
            self.report.unsettled += 1
            return
        try:
            outcome = look(self.pool, row, self.pace, dry_run=self.dry_run)
        except (ConfirmSignUpError, ValueError) as error:
            self.report.unsettled += 1
            self.note(error)
        else:
            setattr(self.report, outcome.value, getattr(self.report, outcome.value) + 1)

    def walk(self, prefixes: Iterable[str], *, baseline: bool) -> Iterator[None]:
        for prefix in prefixes:
            if not self.may_list:
                self.report.unlisted += 1
                continue
            try:
                for page in walk.walk(self.pool, prefix, self.pace, baseline=baseline, dry_run=self.dry_run):
                    self.report.walked += page.walked
                    self.report.found += page.found
                    yield
            except ConfirmSignUpError as error:
                self.report.unlisted += 1
                self.note(error)

    def deliver_owed(self) -> Iterator[None]:
        owed = ledger.rows(pool=self.pool.alias, status=Status.CONFIRMED).order_by("pk").values_list("pk", flat=True)
        self.report.undelivered = 0  # each has another chance
        last = 0
        while pks := list(owed.filter(pk__gt=last)[:BATCH]):
            for last in pks:
                if self.dry_run or ledger.deliver(last):
                    self.report.delivered += 1
                else:
                    self.report.undelivered += 1
                yield

    def remove_strangers(self) -> Iterator[None]:
        if not self.dry_run:
            self.report.removed = pruning.remove_strangers(self.pool.alias)
            yield

    def note(self, error: Exception) -> None:
        if not isinstance(error, ConfirmSignUpError):
            self.report.problems.add(str(error))
            return
        self.report.problems.add(cognito.explain(error))
        # It will not be allowed for the next one either.
        self.may_list = not (isinstance(error, Misconfigured) and error.operation == "ListUsers")


def _open_rows(pool: str) -> Iterator[Confirmation]:
    """Yield the rows that are due, those with a known sub first: they are sure to cost one call each."""
    abandoned = Q(status=Status.STARTED, started_at__lte=timezone.now() - ABANDONED_AFTER)
    for known in (~Q(sub=""), Q(sub="")):
        for due in (Q(status=Status.UNKNOWN), abandoned):
            yield from _in_batches(ledger.rows(pool=pool).filter(due & known))


def _in_batches(rows: QuerySet[Confirmation]) -> Iterator[Confirmation]:
    """Yield ``rows`` in the order of the index on status and ``started_at``, however many there are."""
    rows = rows.order_by("started_at", "pk")
    batch = list(rows[:BATCH])
    while batch:
        yield from batch
        last = batch[-1]
        later = Q(started_at=last.started_at, pk__gt=last.pk) | Q(started_at__gt=last.started_at)
        # The first condition is all that the index needs; the second leaves out what was seen.
        batch = list(rows.filter(Q(started_at__gte=last.started_at) & later)[:BATCH])
