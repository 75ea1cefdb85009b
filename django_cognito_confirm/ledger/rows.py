"""The ledger's rows, and what the transactions have in common."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import router
from django.db.models import Case, F, Q, QuerySet, Value, When

from ..models import Confirmation

# Told before: a second yes on such a row is another person's, who signed the name up after the first was deleted.
DELIVERED = Q(delivered_at__isnull=False)
OWN_USER = Case(When(DELIVERED, then=Value(None)), default=F("user"))
"""The local record of whoever is confirmed now, for an UPDATE: a second person has none."""


def database() -> str:
    """Return the alias of the database that holds the ledger."""
    return router.db_for_write(Confirmation)


def rows(**conditions: Any) -> QuerySet[Confirmation]:
    """Return the rows of which ``conditions`` are true, in the ledger's own database."""
    chosen: QuerySet[Confirmation] = Confirmation.objects.using(database()).filter(**conditions)
    return chosen


def read(pk: int) -> Confirmation | None:
    """Return a row as it is now, ``None`` when it was removed."""
    return rows(pk=pk).first()


def recorded(now: datetime) -> dict[str, Any]:
    """Return the facts that every yes changes."""
    return {"epoch": F("epoch") + 1, "open_attempts": 0, "unclear": False, "confirmed_at": now}
