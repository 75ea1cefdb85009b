"""Events of Cognito's post-confirmation trigger: people confirmed elsewhere, known here within seconds.

An event is only a hint. What confirms a person here is the listing of the pool, as for ``sync``: at once where it shows
them already. Otherwise the hint becomes an attempt in the ledger whose answer is never heard, as if a process here had
died over its call, which ``sync`` settles two minutes later. So duplicates, reordering and lies do no harm.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone

from . import cognito, ledger, listing, walk
from .cognito import ListedUser
from .conf import Pool, get_option
from .errors import ConfirmSignUpError
from .inputs import clean_username
from .models import Status
from .pace import Pace
from .settling import ABANDONED_AFTER

TRIGGER: Final = "PostConfirmation_ConfirmSignUp"
"""The other trigger source, ``PostConfirmation_ConfirmForgotPassword``, is about a new password."""

SOURCE: Final = "event"

_SUB: Final = re.compile(r"[0-9A-Za-z-]{1,64}", re.ASCII)


class Taken(enum.Enum):
    """What became of an event."""

    IGNORED = "ignored"
    """It is not about a sign-up of this pool."""
    SETTLED = "settled"
    """The person is recorded as confirmed, now or before."""
    LEFT = "left"
    """``sync`` will settle it."""


def take(pool: Pool, event: Any) -> Taken:
    """Take one event, as AWS gives it to a Lambda; call it outside any transaction.

    Costs one ListUsers call (IAM: ``cognito-idp:ListUsers``) for a person who is news, where ``ADMIN_RATE`` has room
    for it just now, and none for one who is known. Raises ``ValueError`` for what is no such event.
    """
    user = _read(pool, event)
    if user is None:
        return Taken.IGNORED
    if ledger.recorded_subs(pool, [user.sub]):
        return Taken.SETTLED
    if not _is_under_way(pool, user) and _settle(pool, user.sub):
        return Taken.SETTLED
    ledger.begin(pool, listing.name_of(pool, user), source=SOURCE)
    return Taken.LEFT


def _read(pool: Pool, event: Any) -> ListedUser | None:
    """Return the person as the event shows them, ``None`` where it is about something else."""
    try:
        about = event["triggerSource"], event["userPoolId"]
        username: Any = event["userName"]
        given: Mapping[str, Any] = dict(event["request"]["userAttributes"])
    except (KeyError, TypeError, ValueError):
        raise ValueError("This is no event of a Cognito trigger.") from None
    user = ListedUser(
        username=username if isinstance(username, str) else "",
        status=str(given.get("cognito:user_status", "")),
        enabled=True,
        created_at=timezone.now(),
        attributes={name: value for name, value in given.items() if isinstance(value, str)},
    )
    # Somebody who signs in by another provider was never unconfirmed.
    if about != (TRIGGER, pool.user_pool_id) or user.status == "EXTERNAL_PROVIDER":
        return None
    if any(clean_username(name) != name for name in walk.names_of(pool, user)):
        raise ValueError("The event names nobody.")
    if not _SUB.fullmatch(user.sub):
        raise ValueError("The event has no sub.")
    return user


def _is_under_way(pool: Pool, user: ListedUser) -> bool:
    """Return whether somebody is confirming this person here: the trigger runs before their call is answered.

    The answer says more than a listing: who did it, and Cognito's Session.
    """
    keys = [pool.username_key(name) for name in walk.names_of(pool, user)]
    young = {"status": Status.STARTED, "started_at__gt": timezone.now() - ABANDONED_AFTER}
    return ledger.rows(Q(sub=user.sub) | Q(username_key__in=keys), pool=pool.alias, **young).exists()


def _settle(pool: Pool, sub: str) -> bool:
    """Look the person up, and deliver if they are confirmed; return whether that settles it."""
    if not Pace(f"UserList:{pool.region}", get_option("ADMIN_RATE")).take_now():
        return False
    try:
        listed = next(cognito.list_users(pool, "sub", sub), None)
    except ConfirmSignUpError:
        return False  # logged where operators can mend it
    if listed is None or not listed.is_confirmed:
        return False  # yet
    is_news = walk.record(pool, [listed], source=SOURCE)
    for pk in ledger.rows(pool=pool.alias, sub=sub, owed=True).values_list("pk", flat=True):
        ledger.deliver(pk)
    # Where somebody else has made a row of this name at the same moment, it is recorded next time.
    return not is_news or bool(ledger.recorded_subs(pool, [sub]))
