"""New sign-ups: a row begins anew with the person who owns the name now."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from ..conf import Pool
from ..models import Confirmation
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
        if not rows(**key).update(**changes):
            try:
                with transaction.atomic(using=database()):
                    Confirmation.objects.using(database()).create(**key, **facts)
            except IntegrityError:
                rows(**key).update(**changes)
        if confirmed:
            pk = rows(**key).values_list("pk", flat=True).get()
            transaction.on_commit(partial(deliver, pk, by_owner=True, request=request), using=database())
