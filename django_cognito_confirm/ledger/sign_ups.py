"""New sign-ups: a row begins anew with the person who owns the name now."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from ..conf import Pool
from ..models import Confirmation
from .attempts import SignUp
from .delivery import deliver
from .rows import database, rows

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser
    from django.http import HttpRequest


def sign_up(
    pool: Pool,
    username: str,
    *,
    sub: str,
    user: AbstractBaseUser | None = None,
    confirmed: bool = False,
    request: HttpRequest | None = None,
) -> SignUp:
    """SignUp succeeded for ``username``: from now on its row is a new person's, and nothing of a former one's counts.

    Works inside the host's transaction and with it. What it returns is good as long as the row is that person's, and
    not confirmed: ``begin`` takes it. ``confirmed``: the pool has confirmed the person at once; the
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
        "unclear": False,
        "owed": confirmed,
        "confirmed_at": now if confirmed else None,
        "delivered_at": None,
        "job": None,
        "queued_at": None,
        "last_error": "",
        "last_error_kind": "",
        "delivery_attempts": 0,
        "delivery_error": "",
    }
    # Staff's call confirms whoever has the name when it arrives, so this one may be the new person's: it stays open.
    is_staffs = Q(queued_at__gt=now)
    changes = {
        "open_attempts": Case(When(is_staffs, then=Value(1)), default=Value(0)),
        "started_at": Case(When(is_staffs, then=F("started_at")), default=Value(None)),
        "epoch": F("epoch") + 1,
        **facts,
    }
    with transaction.atomic(using=database()):
        pk, epoch = _update(key, changes) or _create(key, facts) or _update(key, changes) or (0, 0)
        if confirmed:
            transaction.on_commit(partial(deliver, pk, by_owner=True, request=request), using=database())
    return SignUp(pk, epoch, username, sub, user_pk="" if user is None else str(user.pk))


def _update(key: Mapping[str, str], changes: Mapping[str, Any]) -> tuple[int, int] | None:
    """Change the row of ``key``; return its primary key and epoch, ``None`` where there is none."""
    if not rows(**key).update(**changes):
        return None
    return rows(**key).values_list("pk", "epoch").get()


def _create(key: Mapping[str, str], facts: Mapping[str, Any]) -> tuple[int, int] | None:
    """Make a row; ``None`` where somebody else was faster."""
    try:
        with transaction.atomic(using=database()):
            row = Confirmation.objects.using(database()).create(**key, **facts)
    except IntegrityError:
        return None
    return row.pk, row.epoch
