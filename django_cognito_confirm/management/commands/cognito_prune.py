from __future__ import annotations

import argparse
import re
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from django_cognito_confirm.conf import get_pool_aliases
from django_cognito_confirm.pruning import forget, prune

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def age(value: str) -> timedelta:
    """Read ``30d``, ``12h`` or ``4w``."""
    match = re.fullmatch(r"(\d+)([hdw])", value)
    if not match:
        raise argparse.ArgumentTypeError("must be a number of hours, days or weeks, such as 12h, 30d or 4w")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


class Command(BaseCommand):
    """What a site runs every day, to keep no more personal data than it needs."""

    help = (
        "Remove sign-ups and refused attempts of long ago, and take the names off people confirmed long ago. "
        "What is open, owed or queued is touched by --forget only."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--pool", choices=get_pool_aliases(), help="alias in COGNITO_POOLS; without it, all of them"
        )
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--older-than", type=age, metavar="AGE", help="such as 30d")
        what.add_argument("--forget", metavar="NAME", help="erase all that is known of one person")

    def handle(self, *args: Any, **options: Any) -> None:
        for alias in [options["pool"]] if options["pool"] else get_pool_aliases():
            if options["forget"] is not None:
                self.stdout.write(f"{alias}: {'forgotten' if forget(options['forget'], pool=alias) else 'not known'}")
            else:
                pruned = prune(options["older_than"], pool=alias)
                self.stdout.write(f"{alias}: {pruned.removed} removed, {pruned.stripped} stripped of names")
