from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_cognito_confirm import bulk, ledger, tasks
from django_cognito_confirm.conf import DEFAULT_POOL_ALIAS, Pool, get_option, get_pool, get_pool_aliases
from django_cognito_confirm.management.ctrl_c import EXIT_CODE, STOPPED, stopped_by_ctrl_c
from django_cognito_confirm.management.files import file_of_failures, names_in
from django_cognito_confirm.models import Confirmation, Job

from .cognito_sync import positive


@dataclass(slots=True)
class Told:
    """Hears of each outcome, for the report, the bar and the file of failures."""

    report: bulk.Report
    failures: bulk.FailureFile | None = None
    advance: Callable[[], object] = lambda: None

    def show(self, outcome: bulk.Outcome) -> None:
        """Pass on an outcome that is counted already."""
        self.advance()
        if self.failures and not outcome.ok:
            self.failures.write(outcome)

    def count(self, outcome: bulk.Outcome) -> None:
        self.report.outcomes[outcome.kind] += 1
        self.show(outcome)

    def count_all(self, outcomes: Iterable[bulk.Outcome]) -> None:
        """Count outcomes until there are no more, or Ctrl-C."""
        for outcome in outcomes:
            if self.report.problem:
                break
            self.count(outcome)

    def count_queued(self, rows: Iterable[Confirmation]) -> None:
        self.count_all(bulk.Outcome(row.username, bulk.QUEUED) for row in rows)

    def count_unreadable(self, number: int) -> None:
        # With a space, which no username has: fed back in, it is nobody.
        self.count(bulk.Outcome(f"line {number}", bulk.UNREADABLE))


class Command(BaseCommand):
    """What an operator runs for a few people, or over night for a file of them."""

    help = (
        "Confirm people in Cognito as an administrator: those named, and those in a column of a CSV file. It fires "
        "the pool's post-confirmation Lambda and verifies no address. Ctrl-C stops it; run again, it goes on, and "
        "whoever is confirmed costs no call. Needs cognito-idp:AdminConfirmSignUp, and cognito-idp:ListUsers for "
        "people who were confirmed elsewhere. Exit codes: 0, nobody is left whom somebody must look after; 1, somebody "
        "is, or it stopped early; 130, Ctrl-C."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "args", metavar="NAME", nargs="*", help="a Cognito username; a lone - is --file -; -- goes before -names"
        )
        parser.add_argument("--file", metavar="PATH", help="also those in this CSV file (UTF-8); - is standard input")
        parser.add_argument(
            "--column",
            default="username",
            metavar="NAME",
            help="column that has the usernames, as the file's first line calls it (default: %(default)s)",
        )
        parser.add_argument("--job", type=int, metavar="ID", help="go on with those who wait in this bulk job")
        parser.add_argument(
            "--pool", choices=get_pool_aliases(), help=f"alias in COGNITO_POOLS (default: {DEFAULT_POOL_ALIAS})"
        )
        parser.add_argument(
            "--rate",
            type=positive,
            help="calls a second at most, with all other workers of the same rate (ADMIN_RATE by default)",
        )
        parser.add_argument(
            "--enqueue", action="store_true", help="put them in the queue, and have the task backend's workers call"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="look into the ledger and say what would be done; change nothing"
        )
        parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
        parser.add_argument(
            "--failed", metavar="PATH", help="CSV file for those who were not confirmed, and why; --file takes it again"
        )

    def handle(self, *names: str, **options: Any) -> None:
        if names == ("-",) and not options["file"]:
            names, options["file"] = (), "-"
        check(names, options)
        report = bulk.Report()
        try:
            with contextlib.ExitStack() as stack:
                self.confirm(names, options, Told(report), stack)
        except (ImproperlyConfigured, OSError) as error:  # a disk that is full, say
            raise CommandError(str(error)) from error
        if report.problem == STOPPED:
            raise SystemExit(EXIT_CODE)
        if not report.ok:
            raise SystemExit(1)

    def confirm(self, names: Sequence[str], options: dict[str, Any], told: Told, stack: contextlib.ExitStack) -> None:
        """Do what ``options`` say, and say what was done, also when stopped on the way."""
        file, given = options["file"], get_job(options["job"])
        pool = get_pool(given.pool if given else options["pool"] or DEFAULT_POOL_ALIAS)
        people: Iterable[str] = names
        if file:
            in_file = names_in(file, options["column"], on_unreadable=told.count_unreadable)
            people = chain(names, stack.enter_context(in_file))
        if options["failed"]:
            failures = file_of_failures(options["failed"], options["column"], beside=file)
            told.failures = stack.enter_context(failures)
        told.advance = stack.enter_context(self.progress(expected(names, file, given)))
        made = None if given or options["dry_run"] else bulk.create_job(pool, source="command")
        try:
            with stopped_by_ctrl_c(told.report):
                if given:
                    work(given, bulk.waiting(given), told, options)
                elif made:
                    work(made, bulk.add(made, people, on_outcome=told.count), told, options)
                else:
                    told.count_all(bulk.preview(pool, people))
        finally:
            if made and bulk.discard_if_empty(made):
                made = None
            self.show(pool, given or made, told.report, as_json=options["json"])
        if not options["dry_run"] and (told.report.problem or not options["enqueue"]):
            self.show_waiting(given or made, told.report)

    @contextlib.contextmanager
    def progress(self, total: int | None) -> Iterator[Callable[[], object]]:
        """Show a bar where somebody sits in front of it and tqdm (extra ``progress``) is installed."""
        with contextlib.suppress(ImportError):
            from tqdm import tqdm

            with tqdm(total=total, unit=" people", file=self.stderr, leave=False, disable=None) as bar:
                yield bar.update
            return
        yield lambda: None

    def show(self, pool: Pool, job: Job | None, report: bulk.Report, *, as_json: bool) -> None:
        if as_json:
            facts = {"pool": pool.alias, "job": job and job.pk, "ok": report.ok, "people": report.people}
            more = {"outcomes": dict(report.outcomes), "throttled": report.throttled, "problem": report.problem}
            self.stdout.write(json.dumps(facts | more))
            return
        self.stdout.write(f"{pool.alias}{f', job {job.pk}' if job else ''}: {report.people} in all")
        for kind, number in report.outcomes.most_common():
            self.stdout.write(f"{number:>9} {bulk.summarize(kind)}")
        if report.throttled:
            self.stdout.write(f"{report.throttled:>9} calls were over Cognito's quota, and made again")
        if report.problem:
            self.stderr.write(self.style.ERROR(report.problem))

    def show_waiting(self, job: Job | None, report: bulk.Report) -> None:
        """Say how many are left, and how to go on with them."""
        waiting = bulk.progress(job).waiting if job else 0
        if job and waiting and report.problem:
            self.stderr.write(f"Waiting in job {job.pk}: {waiting}. To go on, run this again, or with --job {job.pk}.")
        elif with_others := waiting or report.outcomes["elsewhere"]:
            minutes = f"{ledger.LEASE.total_seconds() / 60:g}"
            self.stderr.write(
                f"With another worker now: {with_others}. Should it have died, run this again in {minutes} minutes."
            )


def check(names: Sequence[str], options: dict[str, Any]) -> None:
    """Raise ``CommandError`` for options that contradict each other, or need something that is not there."""
    if options["job"] is None and not names and not options["file"]:
        raise CommandError("Name somebody, or give --file or --job.")
    if options["job"] is not None and (names or options["file"] or options["pool"]):
        raise CommandError("--job goes on with a job as it is: leave out names, --file and --pool.")
    if options["enqueue"] and options["rate"]:
        raise CommandError("--rate does nothing with --enqueue: the workers keep ADMIN_RATE.")
    if options["enqueue"] and not options["dry_run"] and not tasks.can_run_in_background():
        raise CommandError(
            f"--enqueue needs workers: let TASKS[{get_option('TASKS_BACKEND')!r}] name a backend that has some, such "
            "as django_tasks_db.DatabaseBackend. Without it, this command makes the calls itself."
        )


def enqueue(job: Job) -> str:
    """Hand ``job`` to the task backend; return what went wrong, ``""`` for nothing."""
    try:
        tasks.enqueue(job)
    except Exception as error:  # noqa: BLE001 - each engine has exceptions of its own
        return f"The task backend could not be reached: {type(error).__name__}: {error}"
    return ""


def get_job(pk: int | None) -> Job | None:
    """Return the job that ``--job`` names, if it does."""
    job = None if pk is None else Job.objects.using(ledger.database()).filter(pk=pk).first()
    if pk is not None and job is None:
        raise CommandError(f"There is no job {pk}.")
    return job


def expected(names: Sequence[str], file: str | None, job: Job | None) -> int | None:
    """Return how many people there will be, ``None`` when that is not known."""
    if job:
        return bulk.progress(job).waiting
    lines = bulk.count_people(file) if file else 0
    return None if lines is None else len(names) + lines


def work(job: Job, rows: Iterable[Confirmation], told: Told, options: dict[str, Any]) -> None:
    """Confirm those in ``rows``, which wait in ``job``, or have the workers do it."""
    if options["dry_run"]:
        told.count_queued(rows)
        return
    if options["enqueue"]:
        told.count_queued(rows)
        if told.report.outcomes[bulk.QUEUED] and not told.report.problem:
            told.report.problem = enqueue(job)
    else:
        bulk.run(
            get_pool(job.pool),
            rows,
            source=job.source,
            rate=options["rate"],
            report=told.report,
            on_outcome=told.show,
        )
    bulk.note(job, told.report.problem)
