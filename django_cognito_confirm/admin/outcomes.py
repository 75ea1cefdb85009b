"""What became of the people of a job, in words, as the ledger has it."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import ledger
from ..bulk import summarize
from ..models import Confirmation, Job, Status

RECORDED: Final[tuple[Any, ...]] = (Status.DELIVERED, Status.CONFIRMED)
"""Of rows with a yes."""

SETTLED: Final[tuple[Any, ...]] = (Status.DELIVERED, Status.CONFIRMED, Status.REJECTED)
"""Of rows without an open attempt."""

WITHOUT_ERROR: Final[dict[Any, str]] = {
    Status.DELIVERED: "confirmed",
    Status.CONFIRMED: "owed",
    Status.REJECTED: "refused",
}
"""Kinds of outcome for rows that say no more than their status."""

GOOD: Final = ("", "already_confirmed")
"""Kinds of the last error after which a recorded yes stands."""


def error_in_words(status: str, kind: str) -> str:
    """Return what the last error of a row means, ``""`` without one."""
    if kind == "outcome_unknown" and status in SETTLED:
        return _("no clear answer, and no news in the user pool later")
    return summarize(kind) if kind else ""


def describe(status: str, kind: str) -> str:
    """Return what became of somebody for whom no call waits, by the status and the kind of the last error."""
    return error_in_words(status, kind) or summarize(WITHOUT_ERROR.get(status, "outcome_unknown"))


def outcome_of(row: Confirmation) -> str:
    """Return what became of one person of a job."""
    if row.queued_at is None:
        return describe(row.status, row.last_error_kind)
    return _("is being asked for") if row.queued_at > timezone.now() else _("waits")


def is_confirmed(row: Confirmation) -> bool:
    """Return whether Cognito has said that this person is confirmed, and nothing else since."""
    return row.queued_at is None and row.status in RECORDED and row.last_error_kind in GOOD


def outcomes(job: Job) -> Counter[str]:
    """Return how many people of ``job`` came to which end. One statement."""
    ended = ledger.rows(job=job, queued_at=None).order_by().values_list("status", "last_error_kind")
    counts: Counter[str] = Counter()
    for status, kind, count in ended.annotate(count=Count("pk")):
        counts[describe(status, kind)] += count
    return counts


def not_confirmed(job: Job) -> QuerySet[Confirmation]:
    """Return the rows of people for whom a call was made, and who are not confirmed as far as is known."""
    ended = ledger.rows(job=job, queued_at=None).order_by("pk")
    confirmed = Q(last_error_kind="already_confirmed") | Q(status__in=RECORDED, last_error_kind="")
    others: QuerySet[Confirmation] = ended.exclude(confirmed)
    return others
