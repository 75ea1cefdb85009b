"""Runs: they ask Cognito for the rows that wait, many at once, at the rate that all workers share.

A call that Cognito refuses for its quota is made again, later and slower. How many are under way follows from the rate
and from how long Cognito takes, so that a slow Lambda trigger does not lower the rate. Threads make calls only; the
ledger and the receivers are this thread's.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Final

from .. import cognito, ledger, staff
from ..conf import Pool, get_option, get_pool
from ..errors import Blocked, Misconfigured, Throttled, Unavailable
from ..masking import Masked
from ..models import Confirmation, Job
from ..pace import Pace
from . import jobs
from .jobs import OnOutcome
from .reports import CONFIRMED, ELSEWHERE, Outcome, Report

MOST_AT_ONCE: Final = 256
"""Calls under way: 50 a second, Cognito's own quota, that take five seconds each."""

OF_ONE_PERSON: Final = frozenset({"InvalidParameterException"})
"""Codes that mean a wrong setting or a name that this pool cannot have: the next person may do better."""

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
    reached for ``patience`` seconds. Whatever was not asked for waits in the queue.
    """
    report = report if report is not None else Report()
    cognito.admin_client(pool.alias)  # wrong settings must leave no attempt behind
    work = _Run(pool, source, rate or get_option("ADMIN_RATE"), patience, report, on_outcome)
    try:
        work.go(rows, until)
    finally:
        work.finish()
    return report


def run_job(job: Job, *, first: int = 0, last: int | None = None, **options: Any) -> Report:
    """Confirm who waits in ``job``, ``first`` to ``last`` by primary key; note in the job why it stopped, if it did.

    ``options`` are those of ``run``.
    """
    rows = jobs.waiting(job, first=first, last=last)
    report = run(get_pool(job.pool), rows, source=job.source, **options)
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

    def __post_init__(self) -> None:
        self.pace = Pace(f"UserCreation:{self.pool.region}", self.rate)
        self.listing_pace = Pace(f"UserList:{self.pool.region}", self.rate)
        # The sandbox answers in this process, from the database: it needs this thread's connection.
        self.threads = None if self.pool.sandbox else ThreadPoolExecutor(MOST_AT_ONCE, "cognito")

    def finish(self) -> None:
        """Record what is under way, whatever has ended the run, and put the rest back in the queue."""
        try:
            while self.under_way:
                self.record(*self.answers.get())
        finally:
            for attempt in self.put_off:
                ledger.put_back(attempt)
            if self.threads:
                self.threads.shutdown()

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
                self.tell(Outcome(put_off.username, ELSEWHERE))
            else:
                yield attempt

    def attempts(self, rows: Iterable[Confirmation]) -> Iterator[ledger.Attempt]:
        for row in rows:
            attempt = ledger.take(row, source=self.source)
            if attempt is None:
                self.tell(Outcome(row.username, ELSEWHERE))
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
        metadata = Masked(self.pool.get_client_metadata())
        self.under_way += 1
        if self.threads is None:
            future: Future[staff.Answer] = Future()
            future.set_result(staff.ask(self.pool, attempt, metadata))
        else:
            future = self.threads.submit(staff.ask, self.pool, attempt, metadata, before_listing=self.listing_pace.wait)
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
        if isinstance(error, Throttled | Unavailable | Blocked):
            self.put_off.append(attempt)
            self.pace.slow_down()
            self.report.throttled += isinstance(error, Throttled)
            if self.silent_since is not None and now - self.silent_since > self.patience:
                self.report.problem = cognito.explain(error)
            return
        if isinstance(error, Misconfigured) and error.code not in OF_ONE_PERSON:
            self.put_off.append(attempt)
            self.report.problem = cognito.explain(error)
            return
        outcome = staff.record(self.pool, attempt, answer)
        if isinstance(outcome, Confirmation):
            self.tell(Outcome(attempt.username, CONFIRMED))
        else:
            self.tell(Outcome.of(attempt.username, outcome))

    def tell(self, outcome: Outcome) -> None:
        self.report.outcomes[outcome.kind] += 1
        self.on_outcome(outcome)
