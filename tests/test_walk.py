from __future__ import annotations

import time
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_cognito_confirm import ledger, pruning
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.services import confirm_sign_up
from django_cognito_confirm.signals import sign_up_confirmed
from django_cognito_confirm.sync import sync
from tests.conftest import Heard, last_code
from tests.conftest import sign_up as sandbox_sign_up
from tests.faults import FaultServer

pytestmark = pytest.mark.django_db(transaction=True)

Pools = Callable[..., None]


def full(**options: Any) -> Any:
    return sync(full=True, rate=10_000, **options)


def test_people_confirmed_elsewhere_are_told_of_with_their_sub(server: FaultServer, heard: Heard) -> None:
    ann = server.users.add("ann", status="CONFIRMED")
    server.users.add("bob")
    report = full()
    assert (report.walked, report.found, report.delivered) == (2, 1, 1)
    [told] = heard
    confirmation = told["confirmation"]
    assert (confirmation.username, confirmation.sub, confirmation.source) == ("ann", ann.sub, "sync")
    assert (told["by_owner"], confirmation.user) == (False, None)


def test_nobody_is_told_of_twice(server: FaultServer, heard: Heard) -> None:
    server.users.add("ann", status="CONFIRMED")
    full()
    assert full().found == 0
    assert len(heard) == 1


def test_whoever_confirmed_here_is_not_told_of_again(server: FaultServer, heard: Heard) -> None:
    server.users.add("ann", code="123456")
    confirm_sign_up("ann", "123456")
    assert full().found == 0
    assert len(heard) == 1


def test_whoever_signed_up_here_and_confirmed_elsewhere_keeps_the_local_user(server: FaultServer, heard: Heard) -> None:
    ann = server.users.add("ann", status="CONFIRMED")
    user = get_user_model().objects.create(username="ann")
    ledger.sign_up(get_pool(), "ann", sub=ann.sub, user=user)
    full()
    assert heard[0]["confirmation"].user == user


def test_an_account_of_before_a_new_sign_up_is_not_taken_for_it(server: FaultServer, heard: Heard) -> None:
    server.users.add("ann", status="CONFIRMED")
    ledger.sign_up(get_pool(), "ann", sub="another-sub")
    full()
    assert heard == []


def test_a_second_person_of_a_name_is_news(server: FaultServer, heard: Heard) -> None:
    ann = server.users.add("ann", status="CONFIRMED")
    full()
    server.users.remove("ann")
    server.users.add("ann", status="CONFIRMED")
    full()
    assert [told["confirmation"].sub == ann.sub for told in heard] == [True, False]


@pytest.mark.parametrize("facts", [{"enabled": False}, {"status": "FORCE_CHANGE_PASSWORD"}, {"status": "UNCONFIRMED"}])
def test_only_enabled_and_confirmed_people_count(server: FaultServer, heard: Heard, facts: dict[str, Any]) -> None:
    server.users.add("ann", **{"status": "CONFIRMED", **facts})
    full()
    assert heard == []


def test_people_who_sign_in_with_an_address_are_known_by_it(pools: Pools, heard: Heard) -> None:
    pools(USERNAME_ATTRIBUTES=("email",))
    sandbox_sign_up("ann@example.com", email="ann@example.com")
    confirm_sign_up("ann@example.com", last_code())
    sandbox_sign_up("bob@example.com", email="bob@example.com")
    from django_cognito_confirm.sandbox.models import SandboxUser

    SandboxUser.objects.update(status="CONFIRMED")
    full()
    assert heard.usernames == ["ann@example.com", "bob@example.com"]


def test_a_baseline_records_and_tells_nobody(server: FaultServer, heard: Heard) -> None:
    server.users.add("ann", status="CONFIRMED")
    report = sync(baseline=True, rate=10_000)
    assert (report.found, report.delivered) == (1, 0)
    assert Confirmation.objects.get().status == "delivered"
    assert full().found == 0
    assert heard == []


def test_a_baseline_leaves_an_open_attempt_to_be_told_of(server: FaultServer, heard: Heard) -> None:
    server.users.add("ann", status="CONFIRMED")
    ledger.begin(get_pool(), "ann", source="form")
    sync(baseline=True, rate=10_000)
    assert Confirmation.objects.get().status == "started"


def test_a_baseline_takes_a_known_sign_up_for_told(server: FaultServer, heard: Heard) -> None:
    ann = server.users.add("ann", status="CONFIRMED")
    ledger.sign_up(get_pool(), "ann", sub=ann.sub)
    sync(baseline=True, rate=10_000)
    assert Confirmation.objects.get().status == "delivered"
    assert heard == []


def test_a_dry_run_changes_nothing(server: FaultServer, heard: Heard) -> None:
    server.users.add("ann", status="CONFIRMED")
    server.users.add("bob", status="CONFIRMED")
    ledger.leave_open(ledger.begin(get_pool(), "bob", source="form"), "ReadTimeoutError")
    Confirmation.objects.create(username="cy", username_key="cy", pool="default", owed=True)
    report = full(dry_run=True)
    assert (report.confirmed, report.found, report.delivered) == (1, 2, 1)
    assert sorted(Confirmation.objects.values_list("username", "status")) == [("bob", "unknown"), ("cy", "confirmed")]
    assert heard == []


def test_a_prefix_narrows_the_walk(server: FaultServer) -> None:
    server.users.population = 64
    assert full(prefixes=["a"]).walked == 4
    assert {call.body["Filter"] for call in server.calls} == {'sub ^= "a"'}


def test_a_part_that_cannot_be_listed_does_not_stop_the_others(server: FaultServer) -> None:
    server.users.population = 16
    server.script("ListUsers", "ok", "throttle", "throttle", "throttle", "ok")
    report = full()
    assert (report.unlisted, report.walked, report.ok) == (1, 15, False)
    assert report.problems == {"ListUsers: TooManyRequestsException"}


def test_a_listing_that_is_nonsense_is_no_empty_pool(server: FaultServer) -> None:
    ledger.leave_open(ledger.begin(get_pool(), "ann", source="form"), "ReadTimeoutError")
    Confirmation.objects.update(started_at="2026-01-01T00:00Z")
    server.script("ListUsers", *["html_200"] * 3)
    report = sync(rate=10_000)
    assert (report.unsettled, report.closed) == (1, 0)


def test_without_permission_it_says_what_is_lacking_and_asks_no_more(server: FaultServer) -> None:
    for name in ("ann", "bob"):
        ledger.leave_open(ledger.begin(get_pool(), name, source="form"), "ReadTimeoutError")
    server.script("ListUsers", *["access_denied"] * 20)
    report = full()
    assert (report.unsettled, report.unlisted) == (2, 16)
    assert len(server.calls) == 1
    assert report.problems == {
        "ListUsers: AccessDeniedException, an IAM policy must allow cognito-idp:ListUsers on this pool"
    }


def test_a_stop_on_the_way_loses_nothing(server: FaultServer, heard: Heard) -> None:
    server.users.add("ann", status="CONFIRMED")
    server.users.add("bob", status="CONFIRMED")

    def receiver(sender: Any, confirmation: Confirmation, **kwargs: Any) -> None:
        if len(heard) == 2:
            raise KeyboardInterrupt

    sign_up_confirmed.connect(receiver)
    out = StringIO()
    try:
        call_command("cognito_sync", full=True, rate=10_000, stdout=out)
    finally:
        sign_up_confirmed.disconnect(receiver)
    assert "1 delivered" in out.getvalue()
    assert sorted(Confirmation.objects.values_list("status", flat=True)) == ["confirmed", "delivered"]
    sync()
    assert sorted(set(heard.usernames)) == ["ann", "bob"]
    assert set(Confirmation.objects.values_list("status", flat=True)) == {"delivered"}


def test_strangers_names_are_forgotten_after_a_day_and_nobody_elses() -> None:
    pool = get_pool()
    for name in ("refused-yesterday", "refused-now", "signed-up", "open", "delivered"):
        if name == "signed-up":
            ledger.sign_up(pool, name, sub="sub-1")
        attempt = ledger.begin(pool, name, source="form")
        if name == "delivered":
            ledger.confirm(attempt)
        elif name != "open":
            ledger.refuse(attempt, "CodeMismatchException")
    Confirmation.objects.exclude(username="refused-now").update(started_at="2026-01-01T00:00Z")
    assert pruning.remove_strangers(pool.alias) == 1
    assert not Confirmation.objects.filter(username="refused-yesterday").exists()
    assert Confirmation.objects.count() == 4


def test_the_command_walks_and_reports_in_json(server: FaultServer) -> None:
    server.users.add("ann", status="CONFIRMED")
    out = StringIO()
    call_command("cognito_sync", full=True, rate=10_000, json=True, stdout=out)
    assert '"found": 1' in out.getvalue()
    out = StringIO()
    call_command("cognito_sync", full=True, rate=10_000, stdout=out)
    assert "1 people listed, 0 of them news" in out.getvalue()


@pytest.mark.parametrize(
    "arguments", [["--pool", "nowhere"], ["--prefix", "a"], ["--full", "--prefix", "xyz"], ["--rate", "0"]]
)
def test_the_command_refuses_what_makes_no_sense(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("cognito_sync", *arguments)


def test_a_hundred_open_rows_cost_a_hundred_calls(server: FaultServer, heard: Heard) -> None:
    server.users.population = 1_000_000
    for number in range(100):
        attempt = ledger.begin(get_pool(), f"user{number:08d}", source="form")
        ledger.leave_open(attempt, "ReadTimeoutError")
    report = sync(rate=10_000)
    assert report.delivered == 100
    assert len(server.calls) == 100


def test_a_page_of_people_who_are_known_costs_one_statement(server: FaultServer) -> None:
    server.users.population = 60 * 16
    sync(baseline=True, rate=10_000)
    with CaptureQueriesContext(connection) as captured:
        full(prefixes=["a"])
    ours = [query["sql"] for query in captured if "IN (" in query["sql"]]
    assert len(ours) == 1


def test_the_command_watches_until_it_is_stopped(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.users.add("ann", status="CONFIRMED")
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", sleep)
    out = StringIO()
    call_command("cognito_sync", "--full", "--prefix", "a", "--rate", "1e9", "--watch", "300", stdout=out)
    assert pauses == [300, 300]
    assert out.getvalue().count(" waiting, ") == 2


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("err", "bar"), [(Terminal(), True), (StringIO(), False)])
def test_on_a_terminal_the_command_shows_how_far_it_is(server: FaultServer, err: StringIO, bar: bool) -> None:
    server.users.population = 120
    call_command("cognito_sync", baseline=True, rate=10_000, stdout=StringIO(), stderr=err)
    assert ("rows/s" in err.getvalue()) is bar
