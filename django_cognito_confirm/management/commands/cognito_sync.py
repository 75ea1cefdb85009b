from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from ...sync import SyncReport, sync


class Command(BaseCommand):
    """What a site runs every few minutes."""

    help = "Settle confirmations whose outcome is not known, and deliver sign_up_confirmed where it is owed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--pool", help="alias in COGNITO_POOLS; all of them without it")

    def handle(self, *args: Any, pool: str | None, **options: Any) -> None:  # noqa: ARG002
        reports = [self.sync(alias) for alias in ([pool] if pool else settings.COGNITO_POOLS)]
        if not all(report.ok for report in reports):
            raise SystemExit(1)

    def sync(self, alias: str) -> SyncReport:
        report = sync(pool=alias)
        self.stdout.write(
            f"{alias}: {report.confirmed} confirmed, {report.closed} closed, {report.waiting} waiting, "
            f"{report.delivered} delivered"
        )
        if report.undelivered:
            self.stderr.write(self.style.ERROR(f"{alias}: {report.undelivered} not delivered: a receiver raised"))
        if report.unsettled:
            self.stderr.write(self.style.ERROR(f"{alias}: {report.unsettled} could not be looked up"))
        for problem in sorted(report.problems):
            self.stderr.write(self.style.ERROR(f"{alias}: {problem}"))
        return report
