"""The ledger's rows, and what the transactions have in common."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import router
from django.db.models import Case, F, Q, QuerySet, Value, When

from ..models import Confirmation

LEASE: Final = timedelta(minutes=2)
"""How long staff's attempt, or a worker of a bulk job, has a row: longer than any call takes."""

# Told before: a second yes on such a row is another person's, who signed the name up after the first was deleted.
DELIVERED = Q(delivered_at__isnull=False)
OWN_USER = Case(When(DELIVERED, then=Value(None)), default=F("user"))
"""The local record of whoever is confirmed now, for an UPDATE: a second person has none."""


def database() -> str:
    """Return the alias of the database that holds the ledger."""
    return router.db_for_write(Confirmation)


def rows(*conditions: Q, **facts: Any) -> QuerySet[Confirmation]:
    """Return the rows of which ``conditions`` and ``facts`` are true, in the ledger's own database."""
    chosen: QuerySet[Confirmation] = Confirmation.objects.using(database()).filter(*conditions, **facts)
    return chosen


def rehearse() -> None:
    """Make up a statement and drop it: Django imports and works much out for the first one. Opens no connection."""
    str(rows(pk=0, username_key="", owed=True, queued_at=None).query)


def read(pk: int) -> Confirmation | None:
    """Return a row as it is now, ``None`` when it was removed."""
    return rows(pk=pk).first()


def recorded(now: datetime) -> dict[str, Any]:
    """Return the facts that a yes by listing changes."""
    return {
        "epoch": F("epoch") + 1,
        "open_attempts": 0,
        "unclear": False,
        "queued_at": unless_at_work(now),
        "confirmed_at": now,
        "last_error": "",
        "last_error_kind": "",
    }


def unless_at_work(now: datetime) -> Case:
    """Return what a yes leaves of ``queued_at``: whoever works for staff has the row until their call has ended."""
    return Case(When(queued_at__gt=now, then=F("queued_at")), default=Value(None))
