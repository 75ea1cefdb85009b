"""What may happen to a ``Confirmation``: one function, one transaction.

The promise: if Cognito confirmed a user through this app, ``sign_up_confirmed`` completes, whatever dies and whenever;
it is never sent for a user whom Cognito did not confirm; its effects in the ledger's database happen exactly once.

Three rules keep it. An attempt is committed *before* the call, so that a crash leaves a trace (``begin``). Each change
is one UPDATE whose ``WHERE`` holds the condition, so that nothing comes between a look and a deed. ``epoch`` grows
with each yes and each new sign-up, so that what an earlier attempt reports no longer counts.

In an UPDATE here, a column is read before it is assigned: MariaDB computes the assignments from left to right, each
with the values that those before it have set.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, connections, router, transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from .conf import Pool
from .conflicts import is_broken, tried_again
from .masking import SecretStr
from .models import Confirmation
from .signals import sign_up_confirmed
from .visits import undone_on_error

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser
    from django.http import HttpRequest

logger = logging.getLogger(__name__)

CLOSE_AFTER = timedelta(hours=1)
"""How long after the last start a listing without news may close a row: listings lag behind."""

# Told before: a second yes on such a row is another person's, who signed the name up after the first was deleted.
_DELIVERED = Q(delivered_at__isnull=False)
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


def database() -> str:
    """Return the alias of the database that holds the ledger."""
    return router.db_for_write(Confirmation)


def _rows(**conditions: Any) -> QuerySet[Confirmation]:
    rows: QuerySet[Confirmation] = Confirmation.objects.using(database()).filter(**conditions)
    return rows


def _of(attempt: Attempt) -> QuerySet[Confirmation]:
    return _rows(pk=attempt.row.pk, epoch=attempt.epoch)


def read(pk: int) -> Confirmation | None:
    """Return a row as it is now, ``None`` when it was removed."""
    return _rows(pk=pk).first()


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
        updated = _rows(**key).update(
            username=Case(When(_NAME_IS_FREE, then=Value(username)), default=F("username")),
            source=Case(When(owed=False, delivered_at__isnull=True, then=Value(source)), default=F("source")),
            open_attempts=F("open_attempts") + 1,
            started_at=now,
            queued_at=None,
        )
        if updated:
            row = _rows(**key).get()
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
            _send(row, by_owner=by_owner, session=session, request=request)
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
        "username": Case(When(Q(sub="") | _DELIVERED, then=Value(attempt.username)), default=F("username")),
        "sub": Value(attempt.sub) if attempt.sub else Case(When(_DELIVERED, then=Value("")), default=F("sub")),
        "user": Case(When(_DELIVERED, then=Value(None)), default=F("user")),
        "source": attempt.source,
        "last_error": "",
        **_recorded(now),
    }


def _person(username: str, sub: str) -> dict[str, Any]:
    """Return who is confirmed, as a listing shows them: the name stays as signed up or sent, but for a new person's."""
    return {
        "user": Case(When(_DELIVERED, then=Value(None)), default=F("user")),
        "username": Case(When(Q(username="") | _DELIVERED, then=Value(username)), default=F("username")),
        "sub": sub,
    }


def _recorded(now: datetime) -> dict[str, Any]:
    return {"epoch": F("epoch") + 1, "open_attempts": 0, "unclear": False, "confirmed_at": now}


def _after_yes(attempt: Attempt, now: datetime) -> Confirmation:
    """Return the row as the UPDATE of ``confirm`` left it, without reading it again where that is certain.

    It is, because while an attempt is open and the epoch stands, nothing that ``_yes`` reads can change, but for
    ``delivered_at`` of a row that was owed when the attempt began.
    """
    if attempt.row.owed:
        return _rows(pk=attempt.row.pk).get()
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


def _send(row: Confirmation, *, by_owner: bool, session: str, request: HttpRequest | None) -> None:
    """Run the receivers; raise if one of them did, or has left a transaction that would be rolled back silently."""
    row.session = SecretStr(session)
    with undone_on_error(request):
        sign_up_confirmed.send(
            sender=Confirmation, confirmation=row, by_owner=by_owner, session=row.session, request=request
        )
        if is_broken(connections[database()]):
            raise TransactionManagementError("A receiver of sign_up_confirmed swallowed an error of the database.")


def deliver(pk: int, *, by_owner: bool = False, request: HttpRequest | None = None) -> bool:
    """Run the receivers for a row that is owed; return whether it is delivered now, by us or by somebody else.

    A receiver that raises leaves the row owed, with the exception's name in ``delivery_error``.
    """
    try:
        _deliver(pk, by_owner=by_owner, request=request)
    except Exception as error:
        logger.exception("Confirmation %s: a receiver or the database failed", pk)
        failure = type(error).__name__
    else:
        return True
    try:
        # Nothing to update: delivered all the same, and a hook on that commit failed.
        owed = {"delivery_attempts": F("delivery_attempts") + 1, "delivery_error": failure}
        return not _rows(pk=pk, owed=True).update(**owed)
    except Exception:
        logger.exception("Confirmation %s: still owed", pk)
        return False


@tried_again
def _deliver(pk: int, *, by_owner: bool, request: HttpRequest | None) -> None:
    with transaction.atomic(using=database(), durable=True):
        if _rows(pk=pk, owed=True).update(owed=False, delivered_at=timezone.now()):
            _send(_rows(pk=pk).get(), by_owner=by_owner, session="", request=request)


@tried_again
def confirm_listed(row: Confirmation, *, username: str, sub: str) -> bool:
    """A listing shows that ``row`` as it was read is confirmed: record that the signal is owed.

    Returns ``False`` when the row has changed hands or was recorded since it was read.
    """
    return bool(
        _rows(pk=row.pk, epoch=row.epoch).update(
            **_person(username, sub),
            owed=True,
            **_recorded(timezone.now()),
        )
    )


@tried_again
def take_for_delivered(row: Confirmation, *, username: str, sub: str) -> bool:
    """Record that ``row`` as it was read is confirmed, and told of by other means: nothing is owed.

    Returns ``False``, and does nothing, when an attempt is open (its yes may be ours to tell) or it was recorded since.
    """
    now = timezone.now()
    return bool(
        _rows(pk=row.pk, epoch=row.epoch, open_attempts=0, owed=False).update(
            **_person(username, sub),
            delivered_at=now,
            **_recorded(now),
        )
    )


@tried_again
def add_listed(pool: Pool, people: Iterable[tuple[str, str]], *, delivered: bool) -> None:
    """Add rows for people whom a listing shows as confirmed and the ledger did not know: username and sub of each.

    ``delivered``: their signal is not owed. A name that has got a row in the meantime is left for the next listing.
    """
    now = timezone.now()
    rows = [
        Confirmation(
            pool=pool.alias,
            username_key=pool.username_key(username),
            username=username,
            sub=sub,
            source="sync",
            epoch=1,
            confirmed_at=now,
            owed=not delivered,
            delivered_at=now if delivered else None,
        )
        for username, sub in people
    ]
    Confirmation.objects.using(database()).bulk_create(rows, ignore_conflicts=True)


def recorded_subs(pool: Pool, subs: Collection[str]) -> set[str]:
    """Return those of ``subs`` whose confirmation is recorded, owed or delivered."""
    if not subs:
        return set()
    return set(_rows(pool=pool.alias, sub__in=subs, confirmed_at__isnull=False).values_list("sub", flat=True))


def rows_of_subs(pool: Pool, subs: Collection[str]) -> QuerySet[Confirmation]:
    """Return the rows of people by their sub."""
    return _rows(pool=pool.alias, sub__in=subs)


def rows_of_keys(pool: Pool, keys: Collection[str]) -> QuerySet[Confirmation]:
    """Return the rows of people by their ``username_key``."""
    return _rows(pool=pool.alias, username_key__in=keys) if keys else Confirmation.objects.none()


@tried_again
def close(row: Confirmation) -> bool:
    """A listing shows no news of ``row`` as it was read: nothing is open any more.

    Returns ``False``, and does nothing, within an hour of the last start or when somebody has begun since.
    """
    unchanged = _rows(pk=row.pk, epoch=row.epoch, started_at=row.started_at)
    return bool(unchanged.filter(started_at__lte=timezone.now() - CLOSE_AFTER).update(open_attempts=0, unclear=False))


def sign_up(
    pool: Pool,
    username: str,
    *,
    sub: str,
    user: AbstractBaseUser | None = None,
    confirmed: bool = False,
    request: HttpRequest | None = None,
) -> None:
    """SignUp succeeded for ``username``: from now on its row is a new person's, and nothing of a former one's counts.

    Works inside the host's transaction and with it. ``confirmed``: the pool has confirmed the person at once; the
    signal is sent when the transaction commits.
    """
    key = {"username_key": pool.username_key(username), "pool": pool.alias}
    now = timezone.now()
    facts = {
        "created_at": now,
        "username": username,
        "sub": sub,
        "user": user,
        "source": "sign_up",
        "open_attempts": 0,
        "unclear": False,
        "owed": confirmed,
        "started_at": None,
        "confirmed_at": now if confirmed else None,
        "delivered_at": None,
        "queued_at": None,
        "last_error": "",
        "delivery_attempts": 0,
        "delivery_error": "",
    }
    with transaction.atomic(using=database()):
        if not _rows(**key).update(**facts, epoch=F("epoch") + 1):
            try:
                with transaction.atomic(using=database()):
                    Confirmation.objects.using(database()).create(**key, **facts)
            except IntegrityError:
                _rows(**key).update(**facts, epoch=F("epoch") + 1)
        if confirmed:
            pk = _rows(**key).values_list("pk", flat=True).get()
            transaction.on_commit(partial(deliver, pk, by_owner=True, request=request), using=database())
