"""Attempts begin: what protects a call to Cognito is committed before it is made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F, Q
from django.utils import timezone

from ..conf import Pool
from ..conflicts import tried_again
from ..models import Confirmation
from .rows import LEASE, database, rows

# Nobody's attempt is open, nobody was confirmed and nobody signed up here: the next attempt names the row.
NAME_IS_FREE = Q(username="") | Q(sub="", open_attempts=0, owed=False, delivered_at__isnull=True)

LOOKS: Final = 10
"""At a row that others change. What is looked for changes seldom: with a yes, a new sign-up, a delivery or a name."""


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
    if sign_up and sign_up.sub and not by_staff:
        attempt = _begin_known(pool, username, sign_up, source=source, sub=sub)
        if attempt:
            return attempt
    for _ in range(LOOKS):
        attempt = _begin(pool, username, source=source, sub=sub, by_staff=by_staff)
        if attempt:
            return attempt
    raise OperationalError("The ledger's row was another one each time when it was to be changed.")


@tried_again
def _begin(pool: Pool, username: str, *, source: str, sub: str, by_staff: bool) -> Attempt | None:
    """Look at the row and begin on it as it was then, or make it; ``None`` when somebody has changed or made it since.

    Two statements, each of which commits by itself: the second holds in ``WHERE`` what it rests on.
    """
    key = {"username_key": pool.username_key(username), "pool": pool.alias}
    row = next(iter(rows(**key)), None)
    now = timezone.now()
    lease = now + LEASE if by_staff else None
    if row is not None:
        begun = _begin_on(row, username, source=source, now=now, lease=lease)
        return Attempt(row, row.epoch, username, sub, source, lease) if begun else None
    try:
        with _committed():
            row = Confirmation.objects.using(database()).create(
                **key, username=username, sub=sub, source=source, open_attempts=1, started_at=now, queued_at=lease
            )
    except IntegrityError:
        return None
    return Attempt(row, row.epoch, username, sub, source, lease)


def _begin_on(row: Confirmation, username: str, *, source: str, now: datetime, lease: datetime | None) -> bool:
    """Begin on ``row`` and let it show that, unless it is no longer what it was when it was read."""
    unchanged: dict[str, Any] = {"pk": row.pk, "epoch": row.epoch, "username": row.username}
    if row.owed:  # else it is not before the epoch has changed
        unchanged["owed"] = True
    facts: dict[str, Any] = {"started_at": now}
    if not row.owed and row.delivered_at is None:  # whoever had the person confirmed stays named
        facts["source"] = source
    if row.username != username and _name_is_free(row):
        facts["username"] = username
        unchanged["open_attempts"] = row.open_attempts
    if lease is not None:
        facts["queued_at"] = lease
        unchanged |= {"queued_at": row.queued_at, "job": row.job_id}
        if row.queued_at is None:  # a job in which it does not wait has no part in this attempt
            facts["job"] = None
    with _committed():
        if not rows(**unchanged).update(open_attempts=F("open_attempts") + 1, **facts):
            return False
    for name, value in facts.items():
        setattr(row, name, value)
    row.open_attempts += 1
    return True


def _name_is_free(row: Confirmation) -> bool:
    """``NAME_IS_FREE``, of a row that was read."""
    nobodys = not row.sub and not row.open_attempts and not row.owed and row.delivered_at is None
    return not row.username or nobodys


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
