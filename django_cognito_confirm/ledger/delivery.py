"""Delivery: the receivers run in the transaction that says that they have."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import connections, transaction
from django.db.models import F
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from ..conflicts import is_broken, tried_again
from ..masking import SecretStr
from ..models import Confirmation
from ..signals import sign_up_confirmed
from ..visits import undone_on_error
from .rows import database, rows

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger(__package__)


def send(row: Confirmation, *, by_owner: bool, session: str, request: HttpRequest | None) -> None:
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
        return not rows(pk=pk, owed=True).update(**owed)
    except Exception:
        logger.exception("Confirmation %s: still owed", pk)
        return False


@tried_again
def _deliver(pk: int, *, by_owner: bool, request: HttpRequest | None) -> None:
    with transaction.atomic(using=database(), durable=True):
        if rows(pk=pk, owed=True).update(owed=False, delivered_at=timezone.now()):
            send(rows(pk=pk).get(), by_owner=by_owner, session="", request=request)
