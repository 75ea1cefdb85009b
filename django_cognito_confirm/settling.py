"""Settles an open row by a listing of the pool, never by trying again.

A listing shows people some seconds late, so one without news closes a row only an hour after its last start.
"""

from __future__ import annotations

import enum
from datetime import timedelta
from typing import Final

from django.utils import timezone

from . import ledger, listing
from .cognito import ListedUser
from .conf import Pool, get_option, get_pool
from .errors import ConfirmSignUpError
from .models import Confirmation, Status
from .pace import Pace

ABANDONED_AFTER: Final = timedelta(minutes=2)
"""An attempt that has not ended by then never will: its process has died."""

OPEN: Final = (Status.STARTED, Status.UNKNOWN)
"""Of rows with an attempt whose outcome is not known."""


class Settled(enum.Enum):
    """What became of an open row."""

    CONFIRMED = "confirmed"
    CLOSED = "closed"
    WAITING = "waiting"
    """No news, but it is too early to say no."""


def settle(row: Confirmation) -> Settled:
    """Settle one open row as it was read, and deliver it if its person is confirmed; call it outside any transaction.

    For staff who do not want to wait for ``sync``. An attempt that may be under way still, for it is younger than two
    minutes, is left alone. Makes the calls that ``sync`` would. Raises ``ConfirmSignUpError``, after which the row is
    as it was; ``ValueError`` for a name that no listing can be asked for; and ``ImproperlyConfigured``.
    """
    if row.status not in OPEN or (row.status == Status.STARTED and not _is_older(row, ABANDONED_AFTER)):
        return Settled.WAITING
    pool = get_pool(row.pool)
    pace = Pace(f"UserList:{pool.region}", get_option("ADMIN_RATE"))
    outcome = look(pool, row, pace)
    if outcome is Settled.CONFIRMED:
        ledger.deliver(row.pk)
    return outcome


def look(pool: Pool, row: Confirmation, pace: Pace, *, dry_run: bool = False) -> Settled:
    """Look ``row`` as it was read up in the pool, and record what the listing shows. Raises as ``listing.find``."""
    old = may_close(row)
    user = listing.find(pool, row, ask=old, before_call=pace.wait)
    return record(pool, row, user, may_close=old, dry_run=dry_run)


def record(
    pool: Pool,
    row: Confirmation,
    user: ListedUser | None,
    *,
    may_close: bool,
    dry_run: bool = False,
    error: ConfirmSignUpError | None = None,
) -> Settled:
    """Record what a listing, made after ``row`` was read, shows of its person: ``None`` for nobody.

    A row that is shown as confirmed is owed then, not delivered yet. ``may_close``: the row was an hour old before the
    listing was made. ``error`` is what Cognito said to the call that made somebody look.
    """
    if user is not None and listing.is_news(row, user):
        if not dry_run:
            ledger.confirm_listed(row, username=listing.name_of(pool, user), sub=user.sub, error=error)
        return Settled.CONFIRMED
    return Settled.CLOSED if may_close and (dry_run or ledger.close(row)) else Settled.WAITING


def may_close(row: Confirmation) -> bool:
    """Return whether ``row`` is so old that a listing made from now on says enough of it."""
    return _is_older(row, ledger.CLOSE_AFTER)


def _is_older(row: Confirmation, age: timedelta) -> bool:
    return row.started_at is not None and row.started_at <= timezone.now() - age
