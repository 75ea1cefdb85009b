"""Settles what is open and delivers what is owed: what keeps the ledger's promise after a crash.

An open row is settled by a listing of the pool, never by trying again. A listing shows people some seconds late, so one
without news closes a row only an hour after its last start.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from . import cognito, ledger
from .cognito import ListedUser
from .conf import DEFAULT_POOL_ALIAS, Pool, get_pool
from .errors import ConfirmSignUpError, UserNotFound
from .models import Confirmation, Status

ABANDONED_AFTER = timedelta(minutes=2)
"""An attempt that has not ended by then never will: its process has died."""


class Settled(enum.Enum):
    """What became of an open row."""

    CONFIRMED = "confirmed"
    CLOSED = "closed"
    WAITING = "waiting"
    """No news, but it is too early to say no."""
    UNSETTLED = "unsettled"
    """It could not be looked up."""


@dataclass(slots=True)
class SyncReport:
    """What ``sync`` did, in numbers of rows."""

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
    problems: set[str] = field(default_factory=set)
    """Why rows could not be looked up: error codes and what to do; no names of people."""

    @property
    def ok(self) -> bool:
        """Whether nothing failed. Rows that wait for their hour are no failure."""
        return not (self.unsettled or self.undelivered)


def sync(*, pool: str = DEFAULT_POOL_ALIAS) -> SyncReport:
    """Settle the open rows of ``pool`` and deliver what is owed; call it every few minutes, outside any transaction.

    Costs one ListUsers call for each open row (two for a name in mixed case whose sub is not known), and AdminGetUser
    for a name that no listing has shown for an hour. What cannot be looked up (no credentials, no permission) stays
    open and is reported; what is owed is delivered all the same. Two at once do no harm.
    """
    configured = get_pool(pool)
    report = SyncReport()
    for row in _open_rows(pool):
        outcome = settle(configured, row, report)
        setattr(report, outcome.value, getattr(report, outcome.value) + 1)
    owed = Confirmation.objects.using(ledger.database()).filter(pool=pool, status=Status.CONFIRMED)
    for pk in owed.values_list("pk", flat=True).order_by("pk"):
        if ledger.deliver(pk):
            report.delivered += 1
        else:
            report.undelivered += 1
    return report


def _open_rows(pool: str) -> Iterator[Confirmation]:
    """Yield the rows that are due, those with a known sub first: they are sure to cost one call each."""
    rows = Confirmation.objects.using(ledger.database()).filter(pool=pool)
    abandoned = Q(status=Status.STARTED, started_at__lte=timezone.now() - ABANDONED_AFTER)
    for known in (~Q(sub=""), Q(sub="")):
        for due in (Q(status=Status.UNKNOWN), abandoned):
            yield from rows.filter(known, due).order_by("started_at").iterator()


def settle(pool: Pool, row: Confirmation, report: SyncReport | None = None) -> Settled:
    """Look one row up in the pool and record what is seen; a row shown as confirmed is owed then, not delivered yet."""
    problems = (report or SyncReport()).problems
    try:
        return record(pool, row, _find(pool, row))
    except ConfirmSignUpError as error:
        problems.add(f"{error.code}: {error.message}")
    except ValueError as error:
        problems.add(str(error))
    return Settled.UNSETTLED


def record(pool: Pool, row: Confirmation, user: ListedUser | None) -> Settled:
    """Record what a listing, made after ``row`` was read, shows of its person: ``None`` for nobody."""
    if user is not None and _is_news(row, user):
        # In pools of USERNAME_ATTRIBUTES the username proper is a UUID that nobody signs in with.
        username = row.username if pool.username_attributes else user.username
        ledger.confirm_listed(row, username=username, sub=user.sub)
        return Settled.CONFIRMED
    return Settled.CLOSED if ledger.close(row) else Settled.WAITING


def _is_news(row: Confirmation, user: ListedUser) -> bool:
    """Return whether ``user`` is confirmed and not the person whose confirmation the row has recorded before."""
    if not user.is_confirmed:
        return False
    if row.confirmed_at is None:
        return True
    return user.sub != row.sub if row.sub else user.created_at >= row.confirmed_at


def _find(pool: Pool, row: Confirmation) -> ListedUser | None:
    """Return the person whom ``row`` speaks of, ``None`` when the pool shows no such person (yet)."""
    if row.sub:
        for user in cognito.list_users(pool, "sub", row.sub):
            return user
        if row.confirmed_at is None:
            return None
        # Whoever was recorded is gone; somebody else may have the name.
    return _listed_by_name(pool, row) or _asked_by_name(pool, row)


def _listed_by_name(pool: Pool, row: Confirmation) -> ListedUser | None:
    names = [row.username] if pool.case_sensitive else list(dict.fromkeys([row.username, row.username.lower()]))
    for attribute in pool.username_attributes or ["username"]:
        for name in names:
            found = [
                user for user in cognito.list_users(pool, attribute, name) if _has_name(pool, user, attribute, name)
            ]
            if len(found) == 1:
                return found[0]
    return None


def _asked_by_name(pool: Pool, row: Confirmation) -> ListedUser | None:
    """Ask for a name that no listing shows, in whatever case it is stored; late, for it bills the user as active."""
    if row.started_at is None or row.started_at > timezone.now() - ledger.CLOSE_AFTER:
        return None
    try:
        user = cognito.admin_get_user(pool, row.username)
    except UserNotFound:
        return None
    attributes = pool.username_attributes or ["username"]
    return user if any(_has_name(pool, user, attribute, row.username) for attribute in attributes) else None


def _has_name(pool: Pool, user: ListedUser, attribute: str, name: str) -> bool:
    """Return whether people sign in as ``name``, in nothing but another case, to get ``user``.

    With e-mail address and phone number as sign-in names, two people may carry the same unverified one.
    """
    if attribute == "username":
        value = user.username
    else:
        value = user.attributes.get(attribute, "")
        if len(pool.username_attributes) > 1 and user.attributes.get(f"{attribute}_verified") != "true":
            return False
    return value == name or (not pool.case_sensitive and value.lower() == name.lower())
