from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from django_cognito_confirm.conf import get_pool, get_pool_aliases
from django_cognito_confirm.inspection import Finding, Level, inspect


class Command(BaseCommand):
    """What one runs after changing the settings or the pool."""

    help = (
        "Look at the live user pools and say where they and the settings disagree. Changes nothing. "
        "Shows more with cognito-idp:DescribeUserPool and cognito-idp:DescribeUserPoolClient."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--pool", choices=get_pool_aliases(), help="alias in COGNITO_POOLS; without it, all of them"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        ok = True
        for alias in [options["pool"]] if options["pool"] else get_pool_aliases():
            pool = get_pool(alias)
            if pool.sandbox:
                self.stdout.write(f"{alias}: the local sandbox answers, so there is nothing to look at")
                continue
            for finding in inspect(pool):
                ok = ok and finding.level is not Level.ERROR
                self.show(alias, finding)
        if not ok:
            raise SystemExit(1)

    def show(self, alias: str, finding: Finding) -> None:
        styles = {Level.OK: self.style.SUCCESS, Level.WARNING: self.style.WARNING, Level.ERROR: self.style.ERROR}
        style = styles.get(finding.level, str)
        self.stdout.write(f"{alias}: {style(finding.level.value)}: {finding.what}")
        if finding.mend:
            self.stdout.write(f"    {finding.mend}")
