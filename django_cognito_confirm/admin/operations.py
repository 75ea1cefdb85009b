"""What staff can have done about rows of the ledger, one by one, while the browser waits."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

from django.contrib import messages
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from .. import cognito, ledger, services, settling
from ..errors import AlreadyConfirmed, ConfirmSignUpError, Misconfigured
from ..models import Confirmation, Status
from ..settling import Settled
from .running import INLINE, SECONDS
from .selections import Selection
from .wording import tell

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MOST: Final = INLINE
"""Rows chosen at once."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it for one row."""

    summary: StrOrPromise
    is_good: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Something to be done about a row."""

    name: str
    permission: str
    title: StrOrPromise
    facts: tuple[StrOrPromise, ...]
    button: StrOrPromise
    carry_out: Callable[[Confirmation], Result]
    """Raises ``ConfirmSignUpError``, ``ImproperlyConfigured`` and ``ValueError`` when that failed."""


def apply(operation: Operation, request: HttpRequest, selection: Selection) -> None:
    """Carry ``operation`` out on each row; tell what came of it in messages, one for each kind, and in the history."""
    deadline = time.monotonic() + SECONDS
    names: defaultdict[Result, list[str]] = defaultdict(list)
    rows: Iterable[Confirmation] = chain.from_iterable(selection.chunks(request))  # type: ignore[arg-type]
    for row in rows:
        if time.monotonic() > deadline:
            names[_TOO_LATE].append(row.username)
            continue
        result = _result(operation, row)
        names[result].append(row.username)
        selection.origin.log_change(request, row, f"{operation.title}: {result.summary}.")
    for result, concerned in names.items():
        level = messages.SUCCESS if result.is_good else messages.WARNING
        messages.add_message(request, level, tell(result.summary, concerned))


_TOO_LATE = Result(_("left out, as the others took too long: choose them again"))


def _result(operation: Operation, row: Confirmation) -> Result:
    try:
        return operation.carry_out(row)
    except Misconfigured as error:
        return Result(cognito.explain(error))
    except ConfirmSignUpError as error:
        return Result(str(error.summary))
    except (ImproperlyConfigured, ValueError) as error:
        return Result(str(error))


def _resend(row: Confirmation) -> Result:
    try:
        services.resend_code(row.username, pool=row.pool)
    except AlreadyConfirmed:
        return Result(_("no code was sent: confirmed already, or not in the user pool"))
    return Result(_("a new code was sent"), is_good=True)


def _deliver(row: Confirmation) -> Result:
    if row.status != Status.CONFIRMED:
        return Result(_("nothing is owed"))
    if ledger.deliver(row.pk):
        return Result(_("delivered"), is_good=True)
    return Result(_("still owed, a receiver has failed again: the log says why"))


_SETTLED = {
    Settled.CONFIRMED: Result(_("confirmed, as the user pool shows"), is_good=True),
    Settled.CLOSED: Result(_("not confirmed, as the user pool shows"), is_good=True),
    Settled.WAITING: Result(_("no news yet: try again later, for the user pool's listing may be up to an hour behind")),
}


def _settle(row: Confirmation) -> Result:
    return _SETTLED[settling.settle(row)] if row.status in settling.OPEN else Result(_("nothing is open"))


RESEND: Final = Operation(
    name="resend_code",
    permission="resend_code",
    title=_("Send a new code"),
    facts=(
        _("Cognito sends each of them a new code by e-mail or SMS, which costs money."),
        _("Every code that they have got before becomes invalid."),
        _("An app client that hides who exists says that it was sent, even to somebody who is not in the user pool."),
    ),
    button=_("Send a new code"),
    carry_out=_resend,
)

DELIVER: Final = Operation(
    name="deliver_signal",
    permission="deliver_signal",
    title=_("Deliver sign_up_confirmed again"),
    facts=(
        _("The receivers of sign_up_confirmed run once more for each of them whose confirmation is not delivered yet."),
        _("Nobody else is touched, and Cognito is not called."),
    ),
    button=_("Deliver again"),
    carry_out=_deliver,
)

SETTLE: Final = Operation(
    name="settle_sign_up",
    permission="settle_sign_up",
    title=_("Settle with Cognito now"),
    facts=(
        _("The user pool is asked what became of attempts that ended without a clear answer, as cognito_sync does."),
        _("Whoever it shows as confirmed is recorded as such, and the site is told."),
        _("Somebody whom no listing shows is looked up by AdminGetUser, which bills them as active in this month."),
    ),
    button=_("Settle now"),
    carry_out=_settle,
)

OPERATIONS: Final = {operation.name: operation for operation in (RESEND, DELIVER, SETTLE)}
