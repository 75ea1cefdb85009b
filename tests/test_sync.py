from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from django_cognito_confirm import ledger
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.errors import AlreadyConfirmed, ConfirmSignUpError, InvalidCode
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.sandbox.models import SandboxUser
from django_cognito_confirm.services import confirm_sign_up
from django_cognito_confirm.signals import sign_up_confirmed
from django_cognito_confirm.sync import sync
from tests.conftest import Heard, last_code, sign_up, wrong_code
from tests.faults import FaultServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("credentials")]

Pools = Callable[..., None]


def begin(username: str) -> ledger.Attempt:
    """Begin an attempt whose process dies."""
    return ledger.begin(get_pool(), username, source="form")


def hours_pass(hours: float = 1) -> None:
    for row in Confirmation.objects.exclude(started_at=None):
        assert row.started_at is not None
        Confirmation.objects.filter(pk=row.pk).update(started_at=row.started_at - timedelta(hours=hours, seconds=1))


def confirmed_in_the_pool(username: str = "alice") -> None:
    SandboxUser.objects.filter(username=username).update(status="CONFIRMED")


def test_the_owners_process_dies_after_the_yes_while_a_stranger_is_refused(heard: Heard) -> None:
    sign_up("alice")
    stranger = begin("alice")
    begin("alice")
    confirmed_in_the_pool()  # … and the owner's process dies here
    ledger.refuse(stranger, "CodeMismatchException")
    hours_pass(0.1)
    report = sync()
    assert (report.confirmed, report.delivered) == (1, 1)
    assert heard.usernames == ["alice"]


def test_pressed_again_after_an_unclear_answer_sync_delivers(pools: Pools, heard: Heard) -> None:
    with FaultServer() as server:
        server.users.add("ann", code="123456")
        pools(SANDBOX=False, ENDPOINT_URL=server.url)
        server.script("ConfirmSignUp", "drop_after")
        with pytest.raises(ConfirmSignUpError):
            confirm_sign_up("ann", "123456")
        with pytest.raises(AlreadyConfirmed):
            confirm_sign_up("ann", "123456")
        assert heard == []
        assert sync().delivered == 1
    assert heard.usernames == ["ann"]


def test_an_attempt_that_may_still_run_is_left_alone(heard: Heard) -> None:
    sign_up("alice")
    begin("alice")
    confirmed_in_the_pool()
    assert sync() == type(sync())()
    assert Confirmation.objects.get().status == "started"


def test_a_row_without_news_waits_for_its_hour_and_is_closed_then() -> None:
    sign_up("alice")
    ledger.leave_open(begin("alice"), "ReadTimeoutError")
    assert sync().waiting == 1
    hours_pass()
    report = sync()
    assert (report.closed, report.ok) == (1, True)
    assert Confirmation.objects.get().status == "rejected"


def test_a_disabled_person_is_no_news() -> None:
    sign_up("alice")
    ledger.leave_open(begin("alice"), "ReadTimeoutError")
    SandboxUser.objects.update(status="CONFIRMED", enabled=False)
    assert sync().waiting == 1


def test_whoever_was_delivered_before_is_no_news(heard: Heard) -> None:
    sign_up("alice")
    confirm_sign_up("alice", last_code())
    ledger.leave_open(begin("alice"), "ReadTimeoutError")
    assert sync().waiting == 1
    assert heard.usernames == ["alice"]


def test_another_person_with_the_same_name_is_news(heard: Heard) -> None:
    sign_up("alice")
    confirm_sign_up("alice", last_code())
    SandboxUser.objects.all().delete()
    sign_up("alice")
    ledger.leave_open(begin("alice"), "ReadTimeoutError")
    confirmed_in_the_pool()
    assert sync().delivered == 1
    assert heard.usernames == ["alice", "alice"]


def test_a_name_typed_in_another_case_is_found(heard: Heard) -> None:
    sign_up("alice")
    ledger.leave_open(begin("ALICE"), "ReadTimeoutError")
    confirmed_in_the_pool()
    assert sync().delivered == 1
    assert heard.usernames == ["ALICE"]  # as sent


def test_a_name_stored_in_a_case_that_nobody_typed_is_asked_for_before_it_is_closed(heard: Heard) -> None:
    sign_up("AlIcE")
    ledger.leave_open(begin("alice"), "ReadTimeoutError")
    confirmed_in_the_pool("AlIcE")
    assert sync().waiting == 1
    hours_pass()
    assert sync().delivered == 1
    assert heard.usernames == ["alice"]


def test_where_names_are_case_sensitive_another_case_is_another_person(pools: Pools, heard: Heard) -> None:
    pools(CASE_SENSITIVE=True)
    sign_up("alice")
    ledger.leave_open(begin("ALICE"), "ReadTimeoutError")
    confirmed_in_the_pool()
    hours_pass()
    assert sync().closed == 1
    assert heard == []


def test_a_name_that_nobody_has_is_closed() -> None:
    ledger.leave_open(begin("nobody"), "ReadTimeoutError")
    hours_pass()
    assert sync().closed == 1


def test_people_who_sign_in_with_an_address_are_found_by_it(pools: Pools, heard: Heard) -> None:
    pools(USERNAME_ATTRIBUTES=("email",))
    sub = sign_up("alice@example.com", email="alice@example.com")["UserSub"]
    ledger.leave_open(begin("alice@example.com"), "ReadTimeoutError")
    SandboxUser.objects.update(status="CONFIRMED")
    assert sync().delivered == 1
    [told] = heard
    assert (told["confirmation"].username, told["confirmation"].sub) == ("alice@example.com", sub)


def test_of_two_kinds_of_sign_in_names_only_a_verified_one_counts(pools: Pools, heard: Heard) -> None:
    pools(USERNAME_ATTRIBUTES=("email", "phone_number"))
    sign_up("alice@example.com", email="alice@example.com")
    ledger.leave_open(begin("alice@example.com"), "ReadTimeoutError")
    SandboxUser.objects.update(status="CONFIRMED", email_verified=False)
    assert sync().waiting == 1
    SandboxUser.objects.update(email_verified=True)
    assert sync().delivered == 1


def test_a_receiver_that_always_raises_stops_nobody_else(heard: Heard) -> None:
    def receiver(sender: Any, confirmation: Confirmation, **kwargs: Any) -> None:
        if confirmation.username == "alice":
            raise LookupError

    Confirmation.objects.bulk_create(
        Confirmation(username=name, username_key=name, pool="default", owed=True) for name in ("alice", "bob")
    )
    sign_up_confirmed.connect(receiver)
    try:
        report = sync()
    finally:
        sign_up_confirmed.disconnect(receiver)
    assert (report.delivered, report.undelivered, report.ok) == (1, 1, False)
    alice = Confirmation.objects.get(username="alice")
    assert (alice.status, alice.delivery_attempts, alice.delivery_error) == ("confirmed", 1, "LookupError")


def test_a_name_that_no_filter_can_hold_is_asked_for_when_its_hour_has_come() -> None:
    ledger.leave_open(begin('"' * 128), "ReadTimeoutError")
    hours_pass()
    assert sync().closed == 1


def test_a_name_that_no_filter_can_hold_stops_nobody_else(heard: Heard) -> None:
    sign_up("alice")
    ledger.leave_open(begin('"' * 128), "ReadTimeoutError")
    ledger.leave_open(begin("alice"), "ReadTimeoutError")
    confirmed_in_the_pool()
    report = sync()
    assert (report.unsettled, report.delivered) == (1, 1)
    assert len(report.problems) == 1


def test_without_permission_what_is_owed_is_delivered_all_the_same(pools: Pools, heard: Heard) -> None:
    Confirmation.objects.create(username="bob", username_key="bob", pool="default", owed=True)
    ledger.leave_open(begin("ann"), "ReadTimeoutError")
    with FaultServer() as server:
        server.users.add("ann")
        pools(SANDBOX=False, ENDPOINT_URL=server.url)
        server.script("ListUsers", "access_denied")
        report = sync()
    assert (report.unsettled, report.delivered, report.ok) == (1, 1, False)
    assert any("AccessDeniedException" in problem for problem in report.problems)


def test_pools_are_apart(pools: Pools) -> None:
    pools("staff", CLIENT_ID="staffclient1example", USER_POOL_ID="eu-west-1_Staff")
    Confirmation.objects.create(username="bob", username_key="bob", pool="staff", owed=True)
    assert sync().delivered == 0
    assert sync(pool="staff").delivered == 1


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_syncs_every_pool_and_says_what_it_did(pools: Pools) -> None:
    pools("staff", CLIENT_ID="staffclient1example", USER_POOL_ID="eu-west-1_Staff")
    Confirmation.objects.create(username="bob", username_key="bob", pool="staff", owed=True)
    out = StringIO()
    call_command("cognito_sync", stdout=out)
    assert "default: 0 confirmed, 0 closed, 0 waiting, 0 delivered" in out.getvalue()
    assert "staff: 0 confirmed, 0 closed, 0 waiting, 1 delivered" in out.getvalue()


def test_the_command_fails_when_something_stays_undone() -> None:
    def receiver(sender: Any, **kwargs: Any) -> None:
        raise LookupError

    Confirmation.objects.create(username="bob", username_key="bob", pool="default", owed=True)
    ledger.leave_open(begin('"' * 128), "ReadTimeoutError")
    sign_up_confirmed.connect(receiver)
    err = StringIO()
    try:
        with pytest.raises(SystemExit) as caught:
            call_command("cognito_sync", pool="default", stdout=StringIO(), stderr=err)
    finally:
        sign_up_confirmed.disconnect(receiver)
    assert caught.value.code == 1
    assert "1 rows are not delivered" in err.getvalue()
    assert "1 open rows could not be looked up" in err.getvalue()


def test_rows_that_wait_for_their_hour_are_no_failure() -> None:
    sign_up("alice")
    ledger.leave_open(begin("alice"), "ReadTimeoutError")
    out = StringIO()
    call_command("cognito_sync", stdout=out)
    assert "1 waiting" in out.getvalue()


def test_a_wrong_code_leaves_nothing_for_sync() -> None:
    sign_up("alice")
    with pytest.raises(InvalidCode):
        confirm_sign_up("alice", wrong_code())
    hours_pass()
    assert sync() == type(sync())()
    assert timezone.is_aware(Confirmation.objects.get().created_at)
