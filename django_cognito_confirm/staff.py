"""What confirming somebody for staff is made of: a call that touches no database, and a record that makes no call.

They are apart so that a bulk run can make many calls at once, and leave the ledger to the thread that has the
connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from . import cognito, ledger, listing, settling
from .cognito import ListedUser
from .conf import Pool
from .errors import (
    AlreadyConfirmed,
    Blocked,
    ConfirmSignUpError,
    Misconfigured,
    NotListedYet,
    Throttled,
    Unavailable,
)
from .masking import Masked
from .models import Confirmation

if TYPE_CHECKING:
    from django.http import HttpRequest


OF_ONE_PERSON: Final = frozenset({"InvalidParameterException"})
"""Codes that mean a wrong setting or a name that this pool cannot have: the next person may do better."""


def is_for_later(error: ConfirmSignUpError) -> bool:
    """Return whether a call that ended with ``error`` was not carried out, and may be in a while, or once mended."""
    if isinstance(error, Misconfigured):
        return error.code not in OF_ONE_PERSON
    return isinstance(error, Throttled | Unavailable | Blocked)


@dataclass(frozen=True, slots=True)
class Answer:
    """What Cognito said: a yes, or an error; for somebody "already confirmed", whom a listing shows."""

    error: ConfirmSignUpError | None = None
    listed: ListedUser | None = None
    listing_error: ConfirmSignUpError | None = None
    """Why nothing was listed."""


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
    except ConfirmSignUpError as error:
        return Answer(failure, listing_error=error)
    except ValueError:
        return Answer(failure)  # no listing can be asked for this name


def record(
    pool: Pool, attempt: ledger.Attempt, answer: Answer, *, request: HttpRequest | None = None
) -> Confirmation | ConfirmSignUpError:
    """Record what Cognito said: return the row after a yes, else the error.

    Somebody who was confirmed before, and whom the listing does not show as confirmed (yet), is left to ``sync``.
    Somebody who waits in a job goes on waiting if the call was not carried out.
    """
    error = answer.error
    if error is None:
        return ledger.confirm(attempt, request=request)
    if not isinstance(error, AlreadyConfirmed):
        if attempt.waits and is_for_later(error):
            ledger.put_back(attempt)
        else:
            ledger.fail(attempt, error)
    elif answer.listed is None or not answer.listed.is_confirmed:
        error = NotListedYet(error.code, request_id=error.request_id)
        ledger.fail(attempt, error, unclear=True)
    elif settling.record(pool, attempt.row, answer.listed, may_close=False, error=error) is settling.Settled.CONFIRMED:
        ledger.release(attempt)
        ledger.deliver(attempt.row.pk)
    else:
        ledger.fail(attempt, error)
    return error
