"""Attempts begin: what protects a call to Cognito is committed before it is made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone

from ..conf import Pool
from ..conflicts import tried_again
from ..models import Confirmation
from .rows import LEASE, database, rows

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


@dataclass(frozen=True, slots=True)
class SignUp:
    """A row as a sign-up left it, for whoever keeps it: an attempt on it need not look the row up."""

    pk: int
    epoch: int
    username: str
    sub: str
    user_pk: str = ""
    """Of the local record, as text; ``""`` for none."""


def begin(
    pool: Pool, username: str, *, source: str, sub: str = "", by_staff: bool = False, sign_up: SignUp | None = None
) -> Attempt:
    """Record that a call is about to be made; commits before it returns, so call it outside any transaction.

    ``by_staff``: no code is sent, so the call confirms whoever has the name when it arrives. ``sign_up``: what
    ``ledger.sign_up`` returned for this name, where the caller has it; it spares a query, and nothing else. Raises
    ``RuntimeError`` inside an ``atomic`` block: its rollback would undo what protects the call.
    """
    if (
        sign_up
        and sign_up.sub
        and not by_staff
        and (attempt := _begin_known(pool, username, sign_up, source=source, sub=sub))
    ):
        return attempt
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
    found = rows(**key)
    with transaction.atomic(using=database(), durable=True):
        if found.update(
            # A row that was pruned gets its name back. Any other keeps it until Cognito says yes.
            username=Coalesce(NullIf("username", Value("")), Value(username)),
            # Whoever had the person confirmed stays named.
            source=Case(When(owed=False, delivered_at__isnull=True, then=Value(source)), default=F("source")),
            open_attempts=F("open_attempts") + 1,
            started_at=now,
            **({"queued_at": lease} if by_staff else {}),
        ):
            row = found.get()
        else:
            row = Confirmation.objects.using(database()).create(
                **key, username=username, sub=sub, source=source, open_attempts=1, started_at=now, queued_at=lease
            )
    return Attempt(row, row.epoch, username, sub, source, lease)


@tried_again
def _begin_known(pool: Pool, username: str, sign_up: SignUp, *, source: str, sub: str) -> Attempt | None:
    """Begin on the row of ``sign_up`` if it still is that; ``None`` when it is another's by now, or gone.

    What the row says then is known without reading it: as long as the epoch stands, nobody was confirmed.
    """
    key = pool.username_key(username)
    if pool.username_key(sign_up.username) != key:
        return None
    user_id = Confirmation.user.field.to_python(sign_up.user_pk or None)
    now = timezone.now()
    # By the sub as well: after a rollback, some databases give another row this key.
    unchanged = rows(pk=sign_up.pk, epoch=sign_up.epoch, sub=sign_up.sub, user=user_id)
    with _committed():
        if not unchanged.update(source=source, open_attempts=F("open_attempts") + 1, started_at=now):
            return None
    facts = {  # in the order of the model's fields, as from_db wants them
        "id": sign_up.pk,
        "pool": pool.alias,
        "username_key": key,
        "username": sign_up.username,
        "sub": sign_up.sub,
        "user_id": user_id,
        "source": source,
        "owed": False,
        "epoch": sign_up.epoch,
        "started_at": now,
        "confirmed_at": None,
        "delivered_at": None,
    }
    # What is not known is read when somebody asks for it.
    row = Confirmation.from_db(database(), list(facts), list(facts.values()))
    return Attempt(row, sign_up.epoch, username, sub, source)


@contextmanager
def _committed() -> Iterator[None]:
    """A block of one statement, which commits by itself where no transaction is open; inside one, it must not run."""
    if transaction.get_autocommit(using=database()):
        yield
        return
    with transaction.atomic(using=database(), durable=True):
        yield
