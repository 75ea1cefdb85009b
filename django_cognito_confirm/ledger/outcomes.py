"""Attempts end: refused, not carried out, without a clear answer, or with a yes."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, transaction
from django.db.models import Case, F, QuerySet, Value, When
from django.utils import timezone

from ..conflicts import tried_again
from ..errors import ConfirmSignUpError, OutcomeUnknown
from ..masking import SecretStr
from ..models import Confirmation
from .attempts import Attempt
from .delivery import send
from .rows import database, read, rows, unless_at_work

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger(__package__)


def _of(attempt: Attempt, **facts: Any) -> QuerySet[Confirmation]:
    return rows(pk=attempt.row.pk, epoch=attempt.epoch, **facts)


@tried_again
def refuse(attempt: Attempt, code: str, kind: str = "") -> None:
    """Cognito said no, or the call certainly never left: this attempt is over, others stay as they are.

    ``code`` is Cognito's, ``kind`` what it means (``ConfirmSignUpError.kind``).
    """
    facts = {"open_attempts": F("open_attempts") - 1, "last_error": code, "last_error_kind": kind}
    if not _of(attempt, open_attempts__gt=0).update(**facts, **_out_of_the_queue(attempt)):
        release(attempt)


@tried_again
def put_back(attempt: Attempt) -> None:
    """The call certainly was not carried out, and shall be made later: the row waits again, if nobody else has it."""
    begun = _of(attempt, open_attempts__gt=0)
    if not begun.update(open_attempts=F("open_attempts") - 1, **_out_of_the_queue(attempt, until=timezone.now())):
        release(attempt)


@tried_again
def leave_open(attempt: Attempt, code: str, kind: str = "") -> None:
    """There was no clear answer; ``sync`` finds out what became of it."""
    facts = {"unclear": True, "last_error": code, "last_error_kind": kind}
    if not _of(attempt).update(**facts, **_out_of_the_queue(attempt)):
        release(attempt)


def fail(attempt: Attempt, error: ConfirmSignUpError, *, unclear: bool | None = None) -> None:
    """Record that the call of ``attempt`` ended with ``error``: refused, or ``unclear``, by default as it says itself.

    A database that fails is logged: the attempt stays open then, and ``sync`` finds out.
    """
    record = leave_open if (isinstance(error, OutcomeUnknown) if unclear is None else unclear) else refuse
    try:
        record(attempt, error.code, error.kind)
    except DatabaseError:
        logger.exception("Confirmation %s: its outcome was not recorded; cognito_sync will.", attempt.row.pk)


def _out_of_the_queue(attempt: Attempt, *, until: datetime | None = None) -> dict[str, Any]:
    """Return the fact that takes the row out of its job, for good or ``until`` then, unless another worker has it."""
    if attempt.lease is None:
        return {}
    return {"queued_at": Case(When(queued_at=attempt.lease, then=Value(until)), default=F("queued_at"))}


@tried_again
def release(attempt: Attempt) -> None:
    """Staff's call has ended, and the row is not what it was when it began: do no more than give it back."""
    if attempt.lease is not None:
        rows(pk=attempt.row.pk, queued_at=attempt.lease).update(queued_at=None)


def confirm(
    attempt: Attempt, *, by_owner: bool = False, session: str = "", request: HttpRequest | None = None
) -> Confirmation:
    """Cognito said yes: record it and run the receivers, in one transaction. Return the row as it is then.

    Never raises: whatever fails here, the person is confirmed. A receiver that raises leaves a row that is owed; a
    database that fails leaves the attempt open. ``sync`` takes care of both.
    """
    now = timezone.now()
    try:
        row = _confirm(attempt, now, by_owner=by_owner, session=session, request=request)
    except Exception as error:
        logger.exception("Confirmation %s: confirmed, and a receiver or the database failed", attempt.row.pk)
        row = _owe(attempt, now, type(error).__name__)
    row.session = SecretStr(session)
    return row


@tried_again
def _confirm(
    attempt: Attempt, now: datetime, *, by_owner: bool, session: str, request: HttpRequest | None
) -> Confirmation:
    with transaction.atomic(using=database(), durable=True):
        if row := _record_yes(attempt, now, owed=False, delivered_at=now):
            row.owed, row.delivered_at = False, now
            row.status = "delivered"  # as the database computes it
            send(row, by_owner=by_owner, session=session, request=request)
            return row
    release(attempt)
    # A listing has recorded this yes before us, or the name is a new person's since.
    return read(attempt.row.pk) or attempt.row


def _owe(attempt: Attempt, now: datetime, delivery_error: str) -> Confirmation:
    """Record the yes without its delivery, if that was rolled back (and not a hook on its commit that failed)."""
    owed = {"owed": True, "delivery_attempts": F("delivery_attempts") + 1, "delivery_error": delivery_error}
    try:
        tried_again(_record_yes)(attempt, now, **owed)
        return read(attempt.row.pk) or attempt.row
    except Exception:
        logger.exception("Confirmation %s: confirmed, but not recorded; cognito_sync will.", attempt.row.pk)
        return attempt.row


def _record_yes(attempt: Attempt, now: datetime, **delivery: Any) -> Confirmation | None:
    """Record a yes by reply, and ``delivery``; return the row as it is then but for that, ``None`` if it is too late.

    What follows from the facts is worked out here and not in the database, which needs no look at the row: while the
    epoch stands they are what they were when the attempt began, but for those that ``_may_be_by_now`` knows of.
    """
    for before in _may_be_by_now(attempt.row):
        after = _after_yes(before, attempt, now)
        facts = {name: getattr(after, name) for name in _CHANGED_BY_A_YES} | delivery
        if not before.sub:  # a database that minds no case may have let another spelling through
            facts["username"] = after.username
        # Not the user as such: that record may have been removed since, which empties the column.
        facts |= {name: getattr(after, name) for name in _OF_ANOTHER if getattr(after, name) != getattr(before, name)}
        same = {"owed": before.owed} if attempt.row.owed else {}
        # Rows are seldom in a job, and the condition costs more than a look. (What was not read is no reason to.)
        if vars(attempt.row).get("queued_at") is None and _of(attempt, queued_at=None, **same).update(**facts):
            return after
        if _of(attempt, **same).update(**facts, **({"queued_at": unless_at_work(now)} | _out_of_the_queue(attempt))):
            return after
    return None


_CHANGED_BY_A_YES = (
    "source",
    "epoch",
    "open_attempts",
    "unclear",
    "confirmed_at",
    "last_error",
    "last_error_kind",
)
_OF_ANOTHER = ("username", "sub", "user_id")
"""What may be another person's than before."""


def _may_be_by_now(row: Confirmation) -> Iterator[Confirmation]:
    """Yield ``row`` as it was when an attempt began, and in what other way it may have changed in the same epoch."""
    yield row
    if row.owed:
        delivered = copy.copy(row)
        delivered.owed, delivered.delivered_at = False, timezone.now()
        yield delivered


def _after_yes(before: Confirmation, attempt: Attempt, now: datetime) -> Confirmation:
    """Return the row as a yes by reply leaves it. A second yes on one that was told of is another person's."""
    row = copy.copy(before)
    if before.delivered_at is not None:
        row.username, row.sub, row.user_id = attempt.username, "", None
    elif not before.sub:
        row.username = attempt.username
    row.sub = attempt.sub or row.sub
    row.source, row.last_error, row.last_error_kind, row.queued_at = attempt.source, "", "", None
    row.epoch, row.open_attempts, row.unclear, row.confirmed_at = attempt.epoch + 1, 0, False, now
    return row
