"""What listings of the pool say of people."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils import timezone

from ..conf import Pool
from ..conflicts import tried_again
from ..errors import ConfirmSignUpError
from ..models import Confirmation
from .rows import DELIVERED, OWN_USER, database, recorded, rows

CLOSE_AFTER = timedelta(hours=1)
"""How long after the last start a listing without news may close a row: listings lag behind."""


@tried_again
def confirm_listed(row: Confirmation, *, username: str, sub: str, error: ConfirmSignUpError | None = None) -> bool:
    """A listing shows that ``row`` as it was read is confirmed: record that the signal is owed.

    ``error`` is what Cognito said to the call that made somebody look. Returns ``False`` when the row has changed hands
    or was recorded since it was read.
    """
    said = {"last_error": error.code, "last_error_kind": error.kind} if error else {}
    return bool(
        rows(pk=row.pk, epoch=row.epoch).update(
            **_person(username, sub),
            owed=True,
            **(recorded(timezone.now()) | said),
        )
    )


@tried_again
def take_for_delivered(row: Confirmation, *, username: str, sub: str) -> bool:
    """Record that ``row`` as it was read is confirmed, and told of by other means: nothing is owed.

    Returns ``False``, and does nothing, when an attempt is open (its yes may be ours to tell) or it was recorded since.
    """
    now = timezone.now()
    return bool(
        rows(pk=row.pk, epoch=row.epoch, open_attempts=0, owed=False).update(
            **_person(username, sub),
            delivered_at=now,
            **recorded(now),
        )
    )


@tried_again
def add_listed(pool: Pool, people: Iterable[tuple[str, str]], *, delivered: bool, source: str) -> None:
    """Add rows for people whom a listing shows as confirmed and the ledger did not know: username and sub of each.

    ``delivered``: their signal is not owed. ``source``: why somebody looked. A name that has got a row in the meantime
    is left for the next listing.
    """
    now = timezone.now()
    new = [
        Confirmation(
            pool=pool.alias,
            username_key=pool.username_key(username),
            username=username,
            sub=sub,
            source=source,
            epoch=1,
            confirmed_at=now,
            owed=not delivered,
            delivered_at=now if delivered else None,
        )
        for username, sub in people
    ]
    Confirmation.objects.using(database()).bulk_create(new, ignore_conflicts=True)


def recorded_subs(pool: Pool, subs: Collection[str]) -> set[str]:
    """Return those of ``subs`` whose confirmation is recorded, owed or delivered."""
    return set(rows(pool=pool.alias, sub__in=subs, confirmed_at__isnull=False).values_list("sub", flat=True))


def rows_of_subs(pool: Pool, subs: Collection[str]) -> QuerySet[Confirmation]:
    """Return the rows of people by their sub."""
    return rows(pool=pool.alias, sub__in=subs)


def rows_of_keys(pool: Pool, keys: Collection[str]) -> QuerySet[Confirmation]:
    """Return the rows of people by their ``username_key``."""
    return rows(pool=pool.alias, username_key__in=keys)


@tried_again
def close(row: Confirmation) -> bool:
    """A listing shows no news of ``row`` as it was read: nothing is open any more, and it waits again if it is a job's.

    Returns ``False``, and does nothing, within an hour of the last start or when somebody has begun since.
    """
    unchanged = rows(pk=row.pk, epoch=row.epoch, started_at=row.started_at)
    closed = {
        "open_attempts": 0,
        "unclear": False,
        "queued_at": Case(When(job=None, then=Value(None)), default=F("queued_at")),
    }
    return bool(unchanged.filter(started_at__lte=timezone.now() - CLOSE_AFTER).update(**closed))


def _person(username: str, sub: str) -> dict[str, Any]:
    """Return who is confirmed, as a listing shows them: the name stays as signed up or sent, but for a new person's."""
    return {
        "user": OWN_USER,
        "username": Case(When(Q(username="") | DELIVERED, then=Value(username)), default=F("username")),
        "sub": sub,
    }
