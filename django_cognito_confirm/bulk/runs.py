"""Runs: they ask Cognito for the rows that wait, many at once, at the rate that all workers share.

A call that Cognito refuses for its quota is made again, later and slower. How many are under way follows from the rate
and from how long Cognito takes, so that a slow Lambda trigger does not lower the rate. Threads make calls only; the
ledger and the receivers are this thread's.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured

from .. import cognito, ledger, staff
from ..conf import Pool, get_option, get_pool
from ..errors import Blocked, Misconfigured, Throttled, Unavailable
from ..masking import Masked
from ..models import Confirmation, Job, Status
from ..pace import Pace
from . import jobs
from .jobs import OnOutcome
from .reports import DELIVERED_BEFORE, ELSEWHERE, Outcome, Report, recorded

logger = logging.getLogger(__package__)

MOST_AT_ONCE: Final = cognito.MAX_CONNECTIONS
"""Calls under way: enough for 50 a second, Cognito's own quota, that take five seconds each."""

PATIENCE: Final = 120.0
"""Seconds without any answer from Cognito after which a run stops; what it has not asked for stays in the queue."""


def run(
    pool: Pool,
    rows: Iterable[Confirmation],
    *,
    source: str,
    rate: float | None = None,
    until: float | None = None,
    patience: float = PATIENCE,
    report: Report | None = None,
    on_outcome: OnOutcome = lambda outcome: None,
) -> Report:
    """Confirm the people of ``rows``, which wait in a job's queue; call it outside any transaction.

    ``rate`` is the most calls a second of all processes together, ``ADMIN_RATE`` by default. ``until`` is a time
    (``time.monotonic()``) at which no more calls are begun. ``on_outcome`` is told of each person, ``report`` is filled
    in on the way. Stopped by ``KeyboardInterrupt``, it records what is under way first. It stops by itself, and says
    why in ``report.problem``, when the next call would fail as well: no permission, no credentials, Cognito not to be
    reached for ``patience`` seconds. Whatever was not asked for waits in the queue. A listing that may not be made
    stops nothing; it is told of at the end.
    """
    report = report if report is not None else Report()
    cognito.admin_client(pool.alias)  # wrong settings must leave no attempt behind
    work = _Run(pool, source, rate or get_option("ADMIN_RATE"), patience, report, on_outcome)
    try:
        work.go(rows, until)
    finally:
        work.finish()
    report.problem = report.problem or work.listing_problem
    return report


def run_job(job: Job, *, first: int = 0, last: int | None = None, **options: Any) -> Report:
    """Confirm who waits in ``job``, ``first`` to ``last`` by primary key; note in the job why it stopped, if it did.

    ``options`` are those of ``run``. Raises ``ImproperlyConfigured`` as ``run`` does, and notes that as well.
    """
    if not first and last is None:
        jobs.note(job, "")  # a batch must not wipe off what another one has noted
    rows = jobs.waiting(job, first=first, last=last)
    try:
        report = run(get_pool(job.pool), rows, source=job.source, **options)
    except ImproperlyConfigured as error:
        jobs.note(job, str(error))
        raise
    if report.problem:
        jobs.note(job, report.problem)
    return report


@dataclass(slots=True)
class _Run:
    pool: Pool
    source: str
    rate: float
    patience: float
    report: Report
    on_outcome: OnOutcome
    pace: Pace = field(init=False)
    listing_pace: Pace = field(init=False)
    threads: ThreadPoolExecutor | None = field(init=False)
    answers: SimpleQueue[tuple[ledger.Attempt, Future[staff.Answer]]] = field(default_factory=SimpleQueue)
    under_way: int = 0
    put_off: deque[ledger.Attempt] = field(default_factory=deque)
    """Refused for the quota, to be asked for again."""
    silent_since: float | None = None
    """Since when Cognito has given no answer of its own (``time.monotonic()``)."""
    listing_problem: str = ""
    """Why people who were confirmed before could not be looked up."""

    def __post_init__(self) -> None:
        self.pace = Pace(f"UserCreation:{self.pool.region}", self.rate)
        self.listing_pace = Pace(f"UserList:{self.pool.region}", self.rate)
        # The sandbox answers in this process, from the database: it needs this thread's connection.
        self.threads = None if self.pool.sandbox else ThreadPoolExecutor(MOST_AT_ONCE, "cognito")

    def finish(self) -> None:
        """Record what is under way, whatever has ended the run, and put the rest back in the queue."""
        try:
            while self.under_way:
                self.record_or_log(*self.answers.get())
            for attempt in self.put_off:
                ledger.put_back(attempt)
        finally:
            if self.threads:
                self.threads.shutdown()

    def record_or_log(self, attempt: ledger.Attempt, future: Future[staff.Answer]) -> None:
        try:
            self.record(attempt, future)
        except Exception:
            # The attempt stays open, for sync; the answers to the others are not to be lost as well.
            logger.exception("Confirmation %s: its outcome was not recorded; cognito_sync will.", attempt.row.pk)

    def go(self, rows: Iterable[Confirmation], until: float | None) -> None:
        attempts = self.attempts(rows)
        while True:
            self.wait(self.pace.reserve())
            if self.report.problem or (until is not None and time.monotonic() >= until):
                return
            attempt = next(self.put_off_ones(), None) or next(attempts, None)
            if attempt is not None:
                self.ask(attempt)
            elif self.under_way:
                self.record(*self.answers.get())
            else:
                return

    def put_off_ones(self) -> Iterator[ledger.Attempt]:
        while self.put_off:
            put_off = self.put_off.popleft()
            attempt = ledger.renew(put_off)
            if attempt is None:
                self.tell_of_change(put_off.row)
            else:
                yield attempt

    def attempts(self, rows: Iterable[Confirmation]) -> Iterator[ledger.Attempt]:
        for row in rows:
            attempt = ledger.take(row, source=self.source)
            if attempt is None:
                self.tell_of_change(row)
            else:
                yield attempt

    def wait(self, seconds: float) -> None:
        """Record what comes in ``seconds``, and for as long as too much is under way."""
        deadline = time.monotonic() + seconds
        while self.under_way:
            left = deadline - time.monotonic()
            full = self.under_way >= MOST_AT_ONCE
            try:
                self.record(*self.answers.get(block=full or left > 0, timeout=None if full else max(left, 0)))
            except Empty:
                break
        time.sleep(max(0, deadline - time.monotonic()))

    def ask(self, attempt: ledger.Attempt) -> None:
        # Whatever fails here leaves the attempt open: when its two minutes are over, the row waits again.
        metadata = Masked(self.pool.get_client_metadata())
        if self.threads is None:
            future: Future[staff.Answer] = Future()
            future.set_result(staff.ask(self.pool, attempt, metadata))
        else:
            future = self.threads.submit(staff.ask, self.pool, attempt, metadata, before_listing=self.listing_pace.wait)
        self.under_way += 1
        future.add_done_callback(lambda done: self.answers.put((attempt, done)))

    def record(self, attempt: ledger.Attempt, future: Future[staff.Answer]) -> None:
        self.under_way -= 1
        answer = future.result()
        error = answer.error
        now = time.monotonic()
        if not isinstance(error, Unavailable | Blocked):
            self.silent_since = None
        elif self.silent_since is None:
            self.silent_since = now
        if error is not None and staff.is_for_later(error):
            self.put_off.append(attempt)
            if not isinstance(error, Misconfigured):
                self.pace.slow_down()
                self.report.throttled += isinstance(error, Throttled)
            is_silent = self.silent_since is not None and now - self.silent_since > self.patience
            if isinstance(error, Misconfigured) or is_silent:
                self.report.problem = cognito.explain(error)
            return
        if isinstance(answer.listing_error, Misconfigured):
            self.listing_problem = cognito.explain(answer.listing_error)
        outcome = staff.record(self.pool, attempt, answer)
        if isinstance(outcome, Confirmation):
            self.tell(Outcome(attempt.username, recorded(outcome)))
        else:
            self.tell(Outcome.of(attempt.username, outcome))

    def tell_of_change(self, row: Confirmation) -> None:
        """Tell of somebody whose row is not as it was read: confirmed meanwhile, or another worker's."""
        row = ledger.read(row.pk) or row
        self.tell(Outcome(row.username, DELIVERED_BEFORE if row.status == Status.DELIVERED else ELSEWHERE))

    def tell(self, outcome: Outcome) -> None:
        self.report.outcomes[outcome.kind] += 1
        self.on_outcome(outcome)
