"""Forgets what the ledger need not keep: refused names, old sign-ups, the names of people confirmed long ago."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from . import ledger
from .conf import DEFAULT_POOL_ALIAS, get_pool
from .conflicts import tried_again
from .models import Confirmation, Job, Status

STRANGERS_KEPT_FOR: Final = timedelta(hours=24)
"""How long a refused name is remembered that nobody signed up here."""

BATCH: Final = 1000
"""Rows in one transaction."""


class Pruned(NamedTuple):
    """Numbers of rows."""

    removed: int
    stripped: int


def prune(older_than: timedelta, *, pool: str = DEFAULT_POOL_ALIAS) -> Pruned:
    """Remove sign-ups and refused attempts older than ``older_than``; take the names off those delivered before that.

    Bulk jobs in which nobody waits go as well. What stays of a delivered row (``username_key``, ``sub`` and times)
    keeps a full sync from telling of these people again. Rows that are open, owed or queued are left alone.
    """
    before = timezone.now() - older_than
    rows = ledger.rows(pool=pool)
    old = Q(status=Status.SIGNED_UP, created_at__lt=before) | Q(status=Status.REJECTED, started_at__lt=before)
    pruned = Pruned(removed=_remove(rows.filter(old), still=rows.filter(old)), stripped=_strip(rows, before))
    _remove_jobs(pool, before)
    return pruned


def remove_strangers(pool: str) -> int:
    """Remove rows of names refused a day ago that nobody signed up here and no job asked for; return how many."""
    cutoff = timezone.now() - STRANGERS_KEPT_FOR
    refused = ledger.rows(pool=pool, status=Status.REJECTED, started_at__lt=cutoff)
    # A row gets a sub or a user by a sign-up or a yes only, and a job when it is queued, after which it is no longer
    # refused: no need to look twice, and MariaDB would go through all rows without a sub.
    return _remove(refused.filter(sub="", user=None, job=None), still=refused)


def forget(username: str, *, pool: str = DEFAULT_POOL_ALIAS) -> bool:
    """Erase all that the ledger knows of one person, whatever their row is waiting for; return whether there was any.

    A full sync tells of them anew if Cognito still has them: delete the account there first.
    """
    return bool(ledger.rows(pool=pool, username_key=get_pool(pool).username_key(username)).delete()[0])


def _remove(rows: QuerySet[Confirmation], *, still: QuerySet[Confirmation]) -> int:
    """Remove ``rows``, of each batch those that are among ``still`` when they are held."""
    removed = 0
    while chosen := list(rows.values_list("pk", flat=True)[:BATCH]):
        removed += _remove_batch(still.filter(pk__in=chosen))
    return removed


@tried_again
def _remove_batch(rows: QuerySet[Confirmation]) -> int:
    """Remove those that are still as ``rows`` says, held so that nobody begins on them before they are gone.

    SQLite holds everything from the first write on, so the UPDATE comes first; other databases hold what is selected.
    A plain DELETE would do, if Django did not select first where a host listens to ``post_delete``.
    """
    with transaction.atomic(using=ledger.database()):
        rows.update(unclear=False)
        held = list(rows.select_for_update().values_list("pk", flat=True))
        removed: int = ledger.rows(pk__in=held).delete()[0]
        return removed


def _strip(rows: QuerySet[Confirmation], before: datetime) -> int:
    # Who waits is asked for by name.
    rows = rows.exclude(job__isnull=False, queued_at__isnull=False)
    named = rows.filter(status=Status.DELIVERED, delivered_at__lt=before).exclude(username="", user=None)
    stripped = 0
    while chosen := list(named.values_list("pk", flat=True)[:BATCH]):
        facts = {
            "username": "",
            "user": None,
            "source": "",
            "last_error": "",
            "last_error_kind": "",
            "delivery_error": "",
        }
        stripped += tried_again(named.filter(pk__in=chosen).update)(**facts)
    return stripped


def _remove_jobs(pool: str, before: datetime) -> None:
    waiting = ledger.rows(job=OuterRef("pk"), queued_at__isnull=False)
    jobs = Job.objects.using(ledger.database()).filter(~Exists(waiting), pool=pool, requested_at__lt=before)
    jobs.delete()
