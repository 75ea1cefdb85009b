from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection

from django_cognito_confirm import ledger
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.conflicts import TRIES
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.signals import sign_up_confirmed
from tests.conftest import Heard

pytestmark = pytest.mark.django_db(transaction=True)


class Gone(Exception):
    """What a driver raises; psycopg's has ``sqlstate``, mysqlclient's a number first."""

    def __init__(self, *args: object, sqlstate: str | None = None) -> None:
        super().__init__(*args)
        self.sqlstate = sqlstate


DEADLOCKS = [
    Gone("deadlock detected", sqlstate="40P01"),
    Gone("serialize", sqlstate="40001"),
    Gone(1213, "Deadlock"),
    Gone(1020),
]


def failing(cause: Exception, times: int) -> Callable[..., Any]:
    """A database that gives the next ``times`` writes up."""
    left = [times]

    def execute_or_fail(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if sql.startswith(("INSERT", "UPDATE")) and left[0]:
            left[0] -= 1
            raise OperationalError(*cause.args) from cause
        return execute(sql, *args)

    return execute_or_fail


@pytest.mark.parametrize("cause", DEADLOCKS, ids=lambda cause: str(cause.sqlstate or cause.args[0]))
def test_each_transaction_is_tried_again_after_a_conflict(cause: Gone, heard: Heard) -> None:
    with connection.execute_wrapper(failing(cause, 1)):
        refused = ledger.begin(get_pool(), "alice", source="form")
    with connection.execute_wrapper(failing(cause, 1)):
        ledger.refuse(refused, "CodeMismatchException")
    assert Confirmation.objects.get().status == "rejected"
    unclear = ledger.begin(get_pool(), "alice", source="form")
    with connection.execute_wrapper(failing(cause, 2)):
        ledger.leave_open(unclear, "ReadTimeoutError")
    attempt = ledger.begin(get_pool(), "alice", source="form")
    with connection.execute_wrapper(failing(cause, TRIES - 1)):
        assert ledger.confirm(attempt).status == "delivered"
    assert len(heard) == 1


def test_after_the_last_try_the_failure_is_the_callers(heard: Heard) -> None:
    with connection.execute_wrapper(failing(DEADLOCKS[0], TRIES)), pytest.raises(OperationalError):
        ledger.begin(get_pool(), "alice", source="form")


def test_another_failure_is_not_tried_again() -> None:
    with connection.execute_wrapper(failing(Gone(2006, "server has gone away"), 1)), pytest.raises(OperationalError):
        ledger.begin(get_pool(), "alice", source="form")


def test_a_conflict_in_a_receiver_runs_all_receivers_again_in_a_new_transaction() -> None:
    calls: list[str] = []

    def receiver(sender: Any, **kwargs: Any) -> None:
        calls.append("called")
        if len(calls) == 1:
            raise OperationalError from DEADLOCKS[0]

    sign_up_confirmed.connect(receiver)
    try:
        confirmation = ledger.confirm(ledger.begin(get_pool(), "alice", source="form"))
    finally:
        sign_up_confirmed.disconnect(receiver)
    assert (len(calls), confirmation.status) == (2, "delivered")
