"""The ledger in the admin: what it shows, and what staff can have done about its rows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core import signing
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_cognito_confirm import bulk
from django_cognito_confirm.admin import selections
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.models import Confirmation, Job
from django_cognito_confirm.sandbox.models import Message, SandboxUser
from django_cognito_confirm.signals import sign_up_confirmed
from tests.conftest import Heard, sign_up
from tests.faults import FaultServer

from .conftest import LEDGER, Pools, Staff, people, said, text

pytestmark = pytest.mark.django_db

OPERATIONS = ("resend_code", "deliver_signal", "settle_sign_up")


@pytest.fixture
def clerk(db: None) -> Staff:
    """Somebody who may do everything with the ledger."""
    return Staff("view_confirmation", "view_job", "confirm_sign_up", *OPERATIONS, name="clerk")


def a_row(username: str, *, pool: str = "default", **facts: Any) -> Confirmation:
    key = get_pool(pool).username_key(username)
    made = Confirmation.objects.create(pool=pool, username=username, username_key=key, **facts)
    made.refresh_from_db()
    row: Confirmation = made
    return row


def an_open_row(username: str, *, hours: float = 2) -> Confirmation:
    started_at = timezone.now() - timedelta(hours=hours)
    return a_row(username, open_attempts=1, unclear=True, started_at=started_at, last_error_kind="outcome_unknown")


def an_owed_row(username: str) -> Confirmation:
    return a_row(username, owed=True, confirmed_at=timezone.now(), started_at=timezone.now())


def do(clerk: Staff, operation: str, *rows: Confirmation) -> Any:
    """Choose rows, say yes, and return the page that follows."""
    return clerk.press(clerk.choose(rows, operation, LEDGER))


def names(page: Any) -> list[str]:
    return [row.username for row in page.context["cl"].result_list]


# --- to look at -------------------------------------------------------------------------------------------------------


def test_the_list_tells_status_and_last_error_in_words(clerk: Staff) -> None:
    a_row("alice", started_at=timezone.now(), last_error="CodeMismatchException", last_error_kind="invalid_code")
    page = text(clerk.see(LEDGER))
    assert "alice rejected wrong or expired code" in page


def test_the_page_of_a_person_tells_all_in_words(clerk: Staff) -> None:
    [user] = people("local-record")
    row = a_row(
        "alice",
        started_at=timezone.now(),
        sub="the-sub",
        user=user,
        last_error="CodeMismatchException",
        last_error_kind="invalid_code",
    )
    clerk.choose([row], "confirm", LEDGER)
    clerk.press(clerk.choose([row], "confirm", LEDGER))
    page = text(clerk.see(f"{LEDGER}/{row.pk}/change"))
    for words in (
        "Cognito said no to the last attempt.",
        "not in the user pool (UserNotFoundException)",
        "the-sub",
        "local-record",
        f"#{Job.objects.get().pk} (default)",
        f"Confirm sign-up in Cognito: asked for, job #{Job.objects.get().pk}.",
    ):
        assert words in page


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "Nothing was tried yet."),
        ({"queued_at": timezone.now()}, "Waits in a bulk job."),
        ({"open_attempts": 1}, "An attempt is under way."),
        ({"open_attempts": 1, "unclear": True}, "the person may be confirmed"),
        ({"owed": True}, "have not completed yet"),
        ({"delivered_at": timezone.now()}, "have completed"),
        ({"started_at": timezone.now()}, "Cognito said no"),
    ],
)
def test_each_status_is_explained(clerk: Staff, facts: dict[str, Any], words: str) -> None:
    row = a_row("alice", **facts)
    assert words in text(clerk.see(f"{LEDGER}/{row.pk}/change"))


def test_a_closed_row_no_longer_says_that_sync_will_find_out(clerk: Staff) -> None:
    a_row("alice", started_at=timezone.now(), last_error_kind="outcome_unknown")
    page = text(clerk.see(LEDGER))
    assert "no news in the user pool later" in page
    assert "finds out" not in page


def test_a_row_whose_name_was_pruned_shows_its_key(clerk: Staff) -> None:
    row = a_row("alice", delivered_at=timezone.now())
    Confirmation.objects.update(username="")
    assert f"{row.username_key[:12]}… (no name)" in text(clerk.see(LEDGER))


def test_nobody_adds_changes_or_deletes(clerk: Staff) -> None:
    boss = Staff(name="boss", is_superuser=True)
    row = a_row("alice")
    assert boss.see(f"{LEDGER}/add").status_code == 403
    assert boss.see(f"{LEDGER}/{row.pk}/delete").status_code == 403
    assert boss.post(f"/tenants/{LEDGER}/{row.pk}/change/", {"username": "bob"}).status_code == 403
    assert 'name="_save"' not in boss.see(f"{LEDGER}/{row.pk}/change").content.decode()


def test_the_pool_is_shown_where_there_are_several(clerk: Staff, pools: Pools) -> None:
    assert "pool" not in clerk.see(LEDGER).context["cl"].list_display
    pools("staff", USER_POOL_ID="eu-west-1_Staff")
    assert "pool" in clerk.see(LEDGER).context["cl"].list_display


@pytest.mark.parametrize("found_by", ["alice", " ALICE ", "the-sub", "key"])
def test_a_whole_name_sub_or_key_finds_a_person(clerk: Staff, found_by: str) -> None:
    row = a_row("alice", sub="the-sub")
    a_row("alice2")
    page = clerk.get(f"/tenants/{LEDGER}/", {"q": row.username_key.upper() if found_by == "key" else found_by})
    assert names(page) == ["alice"]


def test_a_name_is_found_in_each_pool_by_its_rule(clerk: Staff, pools: Pools) -> None:
    pools("staff", USER_POOL_ID="eu-west-1_Staff", CASE_SENSITIVE=True)
    a_row("Alice")
    a_row("Alice", pool="staff")
    assert len(names(clerk.get(f"/tenants/{LEDGER}/?q=Alice"))) == 2
    assert len(names(clerk.get(f"/tenants/{LEDGER}/?q=alice"))) == 1


def test_filters_narrow_the_list(clerk: Staff, pools: Pools) -> None:
    pools("staff", USER_POOL_ID="eu-west-1_Staff")
    job = bulk.create_job(get_pool(), source="admin")
    list(bulk.add(job, ["queued"]))
    a_row("started", open_attempts=1, source="form", pool="staff")
    for query, found in {
        "status=queued": ["queued"],
        "status=delivered": [],
        "source=form": ["started"],
        "source=unheard": [],
        "pool=staff": ["started"],
        f"job={job.pk}": ["queued"],
        "job=0": [],
        "job=x": [],
        "job=99999999999999999999": [],
    }.items():
        assert names(clerk.get(f"/tenants/{LEDGER}/?{query}")) == found, query


def test_the_dates_lead_to_a_month(clerk: Staff) -> None:
    for month in (1, 2):
        a_row(f"month{month}", started_at=timezone.now().replace(year=2026, month=month, day=3))
    # A database without time zones, as MariaDB is out of the box, has a list without dates.
    assert ("January 2026 February 2026" in text(clerk.see(LEDGER))) == connection.features.has_zoneinfo_database
    assert names(clerk.get(f"/tenants/{LEDGER}/?started_at__year=2026&started_at__month=2")) == ["month2"]


def test_a_longer_list_costs_no_more_statements(clerk: Staff) -> None:
    job = bulk.create_job(get_pool(), source="admin")
    users = people(*(f"user{number}" for number in range(20)))

    def fill(start: int, stop: int) -> None:
        for number in range(start, stop):
            a_row(f"row{number}", job=job, user=users[number], started_at=timezone.now())

    counts = []
    for start, stop in ((0, 2), (2, 20)):
        fill(start, stop)
        clerk.see(LEDGER)
        with CaptureQueriesContext(connection) as captured:
            clerk.see(LEDGER)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_staff_without_permissions_see_no_ledger() -> None:
    nobody = Staff("view_user", name="nobody")
    row = a_row("alice")
    assert nobody.see(LEDGER).status_code == 403
    assert nobody.see(f"{LEDGER}/{row.pk}/change").status_code == 403


# --- to have done -----------------------------------------------------------------------------------------------------


def test_an_action_is_shown_to_whoever_may_use_it(clerk: Staff) -> None:
    a_row("alice")
    viewer = Staff("view_confirmation", name="viewer")
    assert actions(viewer) == []
    assert actions(clerk) == ["confirm", *OPERATIONS]
    assert actions(Staff("view_confirmation", "resend_code", name="sender")) == ["resend_code"]


def actions(staff: Staff) -> list[str]:
    form = staff.see(LEDGER).context["action_form"]
    return [name for name, _label in form.fields["action"].choices if name] if form else []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_view_itself_looks_at_the_permission(clerk: Staff, operation: str) -> None:
    page = clerk.choose([a_row("alice")], operation, LEDGER)
    clerk.user.user_permissions.remove(*clerk.user.user_permissions.filter(codename=operation))
    assert clerk.press(page).status_code == 403


def test_a_new_code_is_sent(clerk: Staff) -> None:
    sign_up("alice")
    done = do(clerk, "resend_code", a_row("alice"), a_row("nobody"))
    assert sorted(said(done)) == [
        "1 person: a new code was sent (alice)",
        "1 person: no code was sent: confirmed already, or not in the user pool (nobody)",
    ]
    assert Message.objects.count() == 2
    assert done.redirect_chain[-1][0] == f"/tenants/{LEDGER}/"


def test_the_page_that_asks_for_a_code_says_what_it_costs(clerk: Staff) -> None:
    page = text(clerk.choose([a_row("alice")], "resend_code", LEDGER))
    assert "costs money" in page
    assert "becomes invalid" in page


def test_what_is_owed_is_delivered_and_nothing_else(clerk: Staff, heard: Heard) -> None:
    done = do(clerk, "deliver_signal", an_owed_row("alice"), a_row("bob", delivered_at=timezone.now()))
    assert heard.usernames == ["alice"]
    assert sorted(said(done)) == ["1 person: delivered (alice)", "1 person: nothing is owed (bob)"]
    assert Confirmation.objects.get(username="alice").status == "delivered"


def test_a_receiver_that_fails_again_leaves_the_row_owed(clerk: Staff) -> None:
    def fails(**kwargs: Any) -> None:
        raise LookupError

    row = an_owed_row("alice")
    sign_up_confirmed.connect(fails)
    try:
        done = do(clerk, "deliver_signal", row)
    finally:
        sign_up_confirmed.disconnect(fails)
    assert "still owed" in said(done)[0]
    assert Confirmation.objects.get().delivery_error == "LookupError"


def test_open_attempts_are_settled_with_cognito(clerk: Staff, heard: Heard) -> None:
    sign_up("alice")
    sign_up("bob")
    SandboxUser.objects.filter(username="alice").update(status="CONFIRMED")
    rows = [an_open_row("alice"), an_open_row("bob"), an_open_row("carol", hours=0.1), a_row("dora")]
    done = do(clerk, "settle_sign_up", *rows)
    assert sorted(said(done)) == [
        "1 person: confirmed, as the user pool shows (alice)",
        "1 person: no news yet: try again later, for the user pool's listing may be up to an hour behind (carol)",
        "1 person: not confirmed, as the user pool shows (bob)",
        "1 person: nothing is open (dora)",
    ]
    assert heard.usernames == ["alice"]


def test_settling_without_the_iam_permission_names_it_and_changes_nothing(clerk: Staff, server: FaultServer) -> None:
    server.default("ListUsers", "access_denied")
    done = do(clerk, "settle_sign_up", an_open_row("alice"), an_open_row("bob"))
    problem = (
        "2 people: ListUsers: AccessDeniedException, "
        "an IAM policy must allow cognito-idp:ListUsers on this pool (bob, alice)"
    )
    assert said(done) == [problem]
    assert set(Confirmation.objects.values_list("status", flat=True)) == {"unknown"}


def test_rows_of_a_pool_that_is_gone_are_told(clerk: Staff, pools: Pools, settings: Any) -> None:
    pools("old", USER_POOL_ID="eu-west-1_Old")
    row = a_row("alice", pool="old")
    settings.COGNITO_POOLS = {"default": settings.COGNITO_POOLS["default"]}
    assert "COGNITO_POOLS has no pool 'old'." in said(do(clerk, "resend_code", row))[0]
    response = clerk.choose([row], "confirm", LEDGER)
    assert said(clerk.get(response["Location"])) == ["COGNITO_POOLS has no pool 'old'."]


def test_what_was_done_is_in_the_history_of_the_row(clerk: Staff) -> None:
    row = an_owed_row("alice")
    do(clerk, "deliver_signal", row)
    entry = LogEntry.objects.get(object_id=str(row.pk))
    assert (entry.user, entry.get_change_message()) == (clerk.user, "Deliver sign_up_confirmed again: delivered.")


def test_what_takes_too_long_is_left_out_and_told(clerk: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_cognito_confirm.admin.operations.SECONDS", -1)
    assert "left out" in said(do(clerk, "deliver_signal", an_owed_row("alice")))[0]
    assert Confirmation.objects.get().owed


def test_no_more_than_fifty_at_once(clerk: Staff) -> None:
    rows = [a_row(f"row{number}") for number in range(51)]
    response = clerk.choose(rows, "resend_code", LEDGER)
    assert said(clerk.get(response["Location"])) == ["Choose at most 50 at once."]


def test_people_chosen_elsewhere_are_no_rows(clerk: Staff, staff: Staff) -> None:
    page = staff.choose(people("alice"))
    chosen = signing.loads(page.context["selection"], salt=f"{selections.SALT}:confirm")
    forged = signing.dumps(chosen, salt=f"{selections.SALT}:apply:deliver_signal")
    url = clerk.choose([a_row("alice")], "deliver_signal", LEDGER).context["url"]
    staff.user.user_permissions.set(clerk.user.user_permissions.all() | staff.user.user_permissions.all())
    assert staff.post(url, {"selection": forged}).status_code == 400
    assert clerk.post(url.replace("deliver_signal", "anything")).status_code == 404


@pytest.mark.parametrize("operation", ["confirm", "resend_code"])
def test_what_was_chosen_for_one_thing_is_no_choice_for_another(clerk: Staff, operation: str) -> None:
    row = an_owed_row("alice")
    url = clerk.choose([row], operation, LEDGER).context["url"]
    page = clerk.choose([row], "deliver_signal", LEDGER)
    assert clerk.post(url, {"selection": page.context["selection"]}).status_code == 400


def test_rows_are_confirmed_by_a_job(clerk: Staff, heard: Heard) -> None:
    sign_up("alice")
    done = do(clerk, "confirm", a_row("alice"))
    assert "1 of 1" in text(done)
    assert heard.usernames == ["alice"]


def test_a_job_is_of_one_pool(clerk: Staff, pools: Pools) -> None:
    pools("staff", USER_POOL_ID="eu-west-1_Staff")
    response = clerk.choose([a_row("alice"), a_row("alice", pool="staff")], "confirm", LEDGER)
    assert said(clerk.get(response["Location"])) == ["Choose people of one pool."]


def test_rows_without_a_name_cannot_be_confirmed(clerk: Staff) -> None:
    row = a_row("alice", delivered_at=timezone.now())
    Confirmation.objects.update(username="")
    response = clerk.choose([row], "confirm", LEDGER)
    assert "names were removed" in said(clerk.get(response["Location"]))[0]


def test_atomic_requests_are_no_hindrance(clerk: Staff, heard: Heard) -> None:
    row = an_owed_row("alice")
    connections["default"].settings_dict["ATOMIC_REQUESTS"] = True
    try:
        do(clerk, "deliver_signal", row)
    finally:
        connections["default"].settings_dict["ATOMIC_REQUESTS"] = False
    assert heard.usernames == ["alice"]


def test_the_list_that_follows_is_filtered_as_it_was(clerk: Staff) -> None:
    page = clerk.choose([an_owed_row("alice")], "deliver_signal", LEDGER, "?status=confirmed")
    assert page.context["back"] == f"/tenants/{LEDGER}/?status=confirmed"
    assert clerk.press(page).redirect_chain == [(page.context["back"], 302)]
