"""What confirming somebody for staff is made of: a call that touches no database, and a record that makes no call.

They are apart so that a bulk run can make many calls at once, and leave the ledger to the thread that has the
connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import cognito, ledger, listing, settling
from .cognito import ListedUser
from .conf import Pool
from .errors import AlreadyConfirmed, ConfirmSignUpError
from .masking import Masked
from .models import Confirmation

if TYPE_CHECKING:
    from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Answer:
    """What Cognito said: a yes, or an error; for somebody "already confirmed", whom a listing shows."""

    error: ConfirmSignUpError | None = None
    listed: ListedUser | None = None


def ask(
    pool: Pool,
    attempt: ledger.Attempt,
    client_metadata: Masked[Mapping[str, str] | None],
    *,
    before_listing: Callable[[], object] = lambda: None,
) -> Answer:
    """Call AdminConfirmSignUp for an attempt that has begun; look at the listing once for whom it calls confirmed.

    Raises nothing of Cognito's. ``before_listing`` is called before each call of ListUsers.
    """
    try:
        cognito.admin_confirm_sign_up(pool, attempt.username, client_metadata=client_metadata.value)
    except ConfirmSignUpError as error:
        failure = error
    else:
        return Answer()
    if not isinstance(failure, AlreadyConfirmed):
        return Answer(failure)
    try:
        return Answer(failure, listing.find(pool, attempt.row, before_call=before_listing))
    except (ConfirmSignUpError, ValueError):
        return Answer(failure)  # logged; sync looks again


def record(
    pool: Pool, attempt: ledger.Attempt, answer: Answer, *, request: HttpRequest | None = None
) -> Confirmation | ConfirmSignUpError:
    """Record what Cognito said: return the row after a yes, else the error.

    Somebody who was confirmed before, and whom the listing does not show as confirmed (yet), is left to ``sync``.
    """
    error = answer.error
    if error is None:
        return ledger.confirm(attempt, request=request)
    if not isinstance(error, AlreadyConfirmed):
        ledger.fail(attempt, error)
    elif answer.listed is None or not answer.listed.is_confirmed:
        ledger.fail(attempt, error, unclear=True)
    elif settling.record(pool, attempt.row, answer.listed, may_close=False, error=error) is settling.Settled.CONFIRMED:
        ledger.deliver(attempt.row.pk)
    else:
        ledger.fail(attempt, error)
    return error
