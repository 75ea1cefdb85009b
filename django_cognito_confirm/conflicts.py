"""Tries a transaction again that the database gave up in favour of another: it has applied nothing."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

P = ParamSpec("P")
R = TypeVar("R")

TRIES: Final = 4
LONGEST_PAUSE: Final = 0.05
"""Seconds before the second try; twice that before the third."""

# PostgreSQL: serialization_failure, deadlock_detected.
_SQLSTATES = frozenset({"40001", "40P01"})
# MariaDB and MySQL: ER_CHECKREAD (the row has changed since this transaction's snapshot), ER_LOCK_DEADLOCK.
_MYSQL_ERRORS = frozenset({1020, 1213})

# libpq's PQTRANS_INERROR, in both psycopgs.
_IN_ERROR = 3


def tried_again(work: Callable[P, R]) -> Callable[P, R]:
    """Run ``work``, which is one whole transaction, again after a deadlock or serialisation failure; three times more.

    Not for work inside another's transaction, all of which the database has given up.
    """

    @functools.wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for again in range(1, TRIES):
            try:
                return work(*args, **kwargs)
            except OperationalError as error:
                if not is_conflict(error):
                    raise
            time.sleep(random.uniform(0, LONGEST_PAUSE * again))  # noqa: S311 - so that two do not meet again
        return work(*args, **kwargs)

    return run


def is_broken(connection: BaseDatabaseWrapper) -> bool:
    """Return whether the transaction under way can only be rolled back, although no exception says so any more.

    Django marks one in which saving failed; after a failed query, PostgreSQL answers COMMIT with a silent rollback.
    """
    if connection.get_rollback():
        return True
    driver = connection.connection
    return connection.vendor == "postgresql" and driver is not None and driver.info.transaction_status == _IN_ERROR


def is_conflict(error: OperationalError) -> bool:
    """Return whether the database rolled the transaction back because of another's."""
    cause = error.__cause__
    number = cause.args[0] if cause is not None and cause.args else None
    return getattr(cause, "sqlstate", None) in _SQLSTATES or number in _MYSQL_ERRORS
