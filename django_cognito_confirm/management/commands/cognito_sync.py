from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import math
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_cognito_confirm.conf import get_pool_aliases
from django_cognito_confirm.sync import SyncReport, sync
from django_cognito_confirm.walk import PREFIXES


def positive(value: str) -> float:
    """Read a number above zero."""
    number = float(value)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError("must be a number above zero")
    return number


def sub_prefix(value: str) -> str:
    """Read the beginning of a sub."""
    if not re.fullmatch(r"[0-9a-f-]{1,36}", value):
        raise argparse.ArgumentTypeError("must be the beginning of a UUID, such as 0 or a3")
    return value


class Command(BaseCommand):
    """What a site runs every few minutes."""

    help = (
        "Settle confirmations whose outcome is not known, and deliver sign_up_confirmed where it is owed. "
        "Needs cognito-idp:ListUsers, and cognito-idp:AdminGetUser for names that no listing shows."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--pool",
            choices=get_pool_aliases(),
            help="alias in COGNITO_POOLS; without it, all of them one after the other",
        )
        parser.add_argument(
            "--full", action="store_true", help="also walk the whole pool, for people confirmed elsewhere"
        )
        parser.add_argument(
            "--baseline",
            action="store_true",
            help="walk the whole pool and record who is confirmed, without signalling",
        )
        parser.add_argument(
            "--prefix", action="append", type=sub_prefix, help="walk only subs that begin so (may be repeated)"
        )
        parser.add_argument("--rate", type=positive, help="calls a second at most (ADMIN_RATE by default)")
        parser.add_argument("--dry-run", action="store_true", help="look, and change nothing")
        parser.add_argument("--watch", type=positive, metavar="SECONDS", help="do it again and again, with this pause")
        parser.add_argument("--json", action="store_true", help="print one JSON object a pool")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["prefix"] and not (options["full"] or options["baseline"]):
            raise CommandError("--prefix narrows --full or --baseline.")
        pools = [options["pool"]] if options["pool"] else get_pool_aliases()
        ok = True
        # Whatever is under way is rolled back and still owed, or still open: nothing is lost by stopping here.
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                went_well = [self.sync(alias, **options) for alias in pools]
                ok = all(went_well)
                if not options["watch"]:
                    break
                time.sleep(options["watch"])
        if not ok:
            raise SystemExit(1)

    def sync(self, alias: str, **options: Any) -> bool:
        """Sync one pool, say what was done, also when stopped on the way, and return whether all went well."""
        report = SyncReport()
        try:
            with self.progress() as on_progress:
                sync(
                    pool=alias,
                    full=options["full"],
                    baseline=options["baseline"],
                    prefixes=options["prefix"] or PREFIXES,
                    rate=options["rate"],
                    dry_run=options["dry_run"],
                    report=report,
                    on_progress=on_progress,
                )
        finally:
            self.show(alias, report, as_json=options["json"])
        return report.ok

    @contextlib.contextmanager
    def progress(self) -> Iterator[Callable[[SyncReport], object]]:
        """Show a bar where somebody sits in front of it and tqdm (extra ``progress``) is installed."""
        with contextlib.suppress(ImportError):
            from tqdm import tqdm

            with tqdm(unit=" rows", file=self.stderr, leave=False, disable=None) as bar:
                yield lambda report: bar.update(report.handled - bar.n)
            return
        yield lambda report: None

    def show(self, alias: str, report: SyncReport, *, as_json: bool) -> None:
        if as_json:
            numbers = dataclasses.asdict(report) | {"problems": sorted(report.problems)}
            self.stdout.write(json.dumps({"pool": alias, "ok": report.ok, **numbers}))
            return
        self.stdout.write(
            f"{alias}: {report.confirmed} confirmed, {report.closed} closed, {report.waiting} waiting, "
            f"{report.delivered} delivered"
        )
        if report.walked:
            self.stdout.write(f"{alias}: {report.walked} people listed, {report.found} of them news")
        failures = {
            "open rows could not be looked up": report.unsettled,
            "parts of the pool could not be listed": report.unlisted,
            "rows are not delivered: a receiver raised (see delivery_error)": report.undelivered,
        }
        for what, number in failures.items():
            if number:
                self.stderr.write(self.style.ERROR(f"{alias}: {number} {what}"))
        for problem in sorted(report.problems):
            self.stderr.write(self.style.ERROR(f"{alias}: {problem}"))
