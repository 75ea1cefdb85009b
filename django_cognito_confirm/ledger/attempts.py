"""Attempts: calls to Cognito, from before they are made until what came of them is recorded."""

from __future__ import annotations

import copy
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils import timezone

from ..conf import Pool
from ..conflicts import tried_again
from ..masking import SecretStr
from ..models import Confirmation
from .delivery import send
from .rows import DELIVERED, OWN_USER, database, read, recorded, rows

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger(__package__)

# Nobody's attempt is open, nobody was confirmed and nobody signed up here: the next attempt names the row.
_NAME_IS_FREE = Q(username="") | Q(sub="", open_attempts=0, owed=False, delivered_at__isnull=True)


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


def _of(attempt: Attempt) -> QuerySet[Confirmation]:
    return rows(pk=attempt.row.pk, epoch=attempt.epoch)


def begin(pool: Pool, username: str, *, source: str, sub: str = "") -> Attempt:
    """Record that a call is about to be made; commits before it returns, so call it outside any transaction.

    Raises ``RuntimeError`` inside an ``atomic`` block: its rollback would undo what protects the call.
    """
    try:
        return _begin(pool, username, source=source, sub=sub)
    except IntegrityError:
        # Another attempt has made the row since we looked for it.
        return _begin(pool, username, source=source, sub=sub)


@tried_again
def _begin(pool: Pool, username: str, *, source: str, sub: str) -> Attempt:
    key = {"username_key": pool.username_key(username), "pool": pool.alias}
    now = timezone.now()
    with transaction.atomic(using=database(), durable=True):
        updated = rows(**key).update(
            username=Case(When(_NAME_IS_FREE, then=Value(username)), default=F("username")),
            source=Case(When(owed=False, delivered_at__isnull=True, then=Value(source)), default=F("source")),
            open_attempts=F("open_attempts") + 1,
            started_at=now,
            queued_at=None,
        )
        if updated:
            row = rows(**key).get()
        else:
            row = Confirmation.objects.using(database()).create(
                **key, username=username, sub=sub, source=source, open_attempts=1, started_at=now
            )
    return Attempt(row, row.epoch, username, sub, source)


@tried_again
def refuse(attempt: Attempt, code: str) -> None:
    """Cognito said no, or the call certainly never left: this attempt is over, others stay as they are."""
    _of(attempt).filter(open_attempts__gt=0).update(open_attempts=F("open_attempts") - 1, last_error=code)


@tried_again
def leave_open(attempt: Attempt, code: str) -> None:
    """There was no clear answer; ``sync`` finds out what became of it."""
    _of(attempt).update(unclear=True, last_error=code)


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
        "last_error": "",
        **recorded(now),
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
    row.source, row.last_error = attempt.source, ""
    row.epoch, row.open_attempts, row.unclear, row.confirmed_at = row.epoch + 1, 0, False, now
    row.owed, row.delivered_at = False, now
    row.status = "delivered"  # as the database computes it
    return row
