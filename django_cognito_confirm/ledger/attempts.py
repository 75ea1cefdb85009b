"""Attempts: calls to Cognito, from before they are made until what came of them is recorded."""

from __future__ import annotations

import copy
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils import timezone

from ..conf import Pool
from ..conflicts import tried_again
from ..errors import ConfirmSignUpError, OutcomeUnknown
from ..masking import SecretStr
from ..models import Confirmation
from .delivery import send
from .rows import DELIVERED, LEASE, OWN_USER, database, read, recorded, rows

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger(__package__)

# Nobody's attempt is open, nobody was confirmed and nobody signed up here: the next attempt names the row.
NAME_IS_FREE = Q(username="") | Q(sub="", open_attempts=0, owed=False, delivered_at__isnull=True)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A call to Cognito that has begun."""

    row: Confirmation
    """As it was when the attempt began."""
    epoch: int
    username: str
    """As sent."""
    sub: str
    source: str
    lease: datetime | None = None
    """For staff's: until when it has the row, as ``queued_at`` says."""

    @property
    def waits(self) -> bool:
        """Whether the row was in the queue of a job when the attempt began."""
        return self.lease is not None and self.row.job_id is not None


def _of(attempt: Attempt) -> QuerySet[Confirmation]:
    return rows(pk=attempt.row.pk, epoch=attempt.epoch)


def _as_staffs(lease: datetime) -> dict[str, Any]:
    """Return the facts of a row that staff begin on: a job in which it does not wait has no part in this attempt."""
    return {"job": Case(When(queued_at=None, then=Value(None)), default=F("job")), "queued_at": lease}


def begin(pool: Pool, username: str, *, source: str, sub: str = "", by_staff: bool = False) -> Attempt:
    """Record that a call is about to be made; commits before it returns, so call it outside any transaction.

    ``by_staff``: no code is sent, so the call confirms whoever has the name when it arrives. Raises ``RuntimeError``
    inside an ``atomic`` block: its rollback would undo what protects the call.
    """
    try:
        return _begin(pool, username, source=source, sub=sub, by_staff=by_staff)
    except IntegrityError:
        # Another attempt has made the row since we looked for it.
        return _begin(pool, username, source=source, sub=sub, by_staff=by_staff)


@tried_again
def _begin(pool: Pool, username: str, *, source: str, sub: str, by_staff: bool) -> Attempt:
    key = {"username_key": pool.username_key(username), "pool": pool.alias}
    now = timezone.now()
    lease = now + LEASE if by_staff else None
    with transaction.atomic(using=database(), durable=True):
        updated = rows(**key).update(
            username=Case(When(NAME_IS_FREE, then=Value(username)), default=F("username")),
            source=Case(When(owed=False, delivered_at__isnull=True, then=Value(source)), default=F("source")),
            open_attempts=F("open_attempts") + 1,
            started_at=now,
            **(_as_staffs(lease) if lease else {}),
        )
        if updated:
            row = rows(**key).get()
        else:
            row = Confirmation.objects.using(database()).create(
                **key, username=username, sub=sub, source=source, open_attempts=1, started_at=now, queued_at=lease
            )
    return Attempt(row, row.epoch, username, sub, source, lease)


@tried_again
def refuse(attempt: Attempt, code: str, kind: str = "") -> None:
    """Cognito said no, or the call certainly never left: this attempt is over, others stay as they are.

    ``code`` is Cognito's, ``kind`` what it means (``ConfirmSignUpError.kind``).
    """
    facts = {"open_attempts": F("open_attempts") - 1, "last_error": code, "last_error_kind": kind}
    if not _of(attempt).filter(open_attempts__gt=0).update(**facts, **_out_of_the_queue(attempt)):
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


def _out_of_the_queue(attempt: Attempt) -> dict[str, Any]:
    """Return the fact that takes the row out of its job, unless another worker has it by now."""
    if attempt.lease is None:
        return {}
    return {"queued_at": Case(When(queued_at=attempt.lease, then=Value(None)), default=F("queued_at"))}


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
        if _of(attempt).update(**_yes(attempt, now), owed=False, delivered_at=now):
            row = _after_yes(attempt, now)
            send(row, by_owner=by_owner, session=session, request=request)
            return row
    release(attempt)
    # A listing has recorded this yes before us, or the name is a new person's since.
    return read(attempt.row.pk) or attempt.row


def _owe(attempt: Attempt, now: datetime, delivery_error: str) -> Confirmation:
    """Record the yes without its delivery, if that was rolled back (and not a hook on its commit that failed)."""
    owed = {"owed": True, "delivery_attempts": F("delivery_attempts") + 1, "delivery_error": delivery_error}
    try:
        tried_again(_of(attempt).update)(**_yes(attempt, now), **owed)
        return read(attempt.row.pk) or attempt.row
    except Exception:
        logger.exception("Confirmation %s: confirmed, but not recorded; cognito_sync will.", attempt.row.pk)
        return attempt.row


def _yes(attempt: Attempt, now: datetime) -> dict[str, Any]:
    """Return the facts that a yes by reply changes, but for what became of the signal."""
    return {
        "username": Case(When(Q(sub="") | DELIVERED, then=Value(attempt.username)), default=F("username")),
        "sub": Value(attempt.sub) if attempt.sub else Case(When(DELIVERED, then=Value("")), default=F("sub")),
        "user": OWN_USER,
        "source": attempt.source,
        **recorded(now),
        **_out_of_the_queue(attempt),
    }


def _after_yes(attempt: Attempt, now: datetime) -> Confirmation:
    """Return the row as the UPDATE of ``confirm`` left it, without reading it again where that is certain.

    It is, because while an attempt is open and the epoch stands, nothing that ``_yes`` reads can change, but for
    ``delivered_at`` of a row that was owed when the attempt began.
    """
    if attempt.row.owed:
        return rows(pk=attempt.row.pk).get()
    row = copy.copy(attempt.row)
    if row.delivered_at is not None:
        row.username, row.sub, row.user_id = attempt.username, attempt.sub, None
    elif not row.sub:
        row.username = attempt.username
    row.sub = attempt.sub or row.sub
    row.source, row.last_error, row.last_error_kind, row.queued_at = attempt.source, "", "", None
    row.epoch, row.open_attempts, row.unclear, row.confirmed_at = row.epoch + 1, 0, False, now
    row.owed, row.delivered_at = False, now
    row.status = "delivered"  # as the database computes it
    return row
