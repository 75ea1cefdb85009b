"""What may happen to a ``Confirmation``: one function, one transaction.

The promise: if Cognito confirmed a user through this app, ``sign_up_confirmed`` completes, whatever dies and whenever;
it is never sent for a user whom Cognito did not confirm; its effects in the ledger's database happen exactly once.

Three rules keep it. An attempt is committed *before* the call, so that a crash leaves a trace (``begin``). Each change
is one UPDATE whose ``WHERE`` holds the condition, so that nothing comes between a look and a deed. ``epoch`` grows
with each yes and each new sign-up, so that what an earlier attempt reports no longer counts.

In an UPDATE here, a column is read before it is assigned: MariaDB computes the assignments from left to right, each
with the values that those before it have set.
"""

from .attempts import Attempt, SignUp, begin
from .delivery import deliver
from .listed import (
    CLOSE_AFTER,
    add_listed,
    close,
    confirm_listed,
    recorded_subs,
    rows_of_keys,
    rows_of_subs,
    take_for_delivered,
)
from .outcomes import confirm, fail, leave_open, put_back, refuse, release
from .queue import Queued, queue, renew, take, waiting
from .rows import LEASE, database, read, rehearse, rows
from .sign_ups import sign_up

__all__ = [
    "CLOSE_AFTER",
    "LEASE",
    "Attempt",
    "Queued",
    "SignUp",
    "add_listed",
    "begin",
    "close",
    "confirm",
    "confirm_listed",
    "database",
    "deliver",
    "fail",
    "leave_open",
    "put_back",
    "queue",
    "read",
    "recorded_subs",
    "refuse",
    "rehearse",
    "release",
    "renew",
    "rows",
    "rows_of_keys",
    "rows_of_subs",
    "sign_up",
    "take",
    "take_for_delivered",
    "waiting",
]
