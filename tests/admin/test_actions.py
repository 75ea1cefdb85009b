"""Staff choose people in a list of users, and confirm them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.core import signing
from django.db import connections
from django.test import Client
from django.utils import timezone

from django_cognito_confirm.admin import selections
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.models import Confirmation, Job
from django_cognito_confirm.sandbox.models import SandboxUser
from django_cognito_confirm.verifying import AddressDiffers
from tests.conftest import Heard, sign_up
from tests.faults import FaultServer

from . import sites
from .conftest import EVERYTHING, GROUPS, Pools, Staff, people, said, text

pytestmark = pytest.mark.django_db(transaction=True)


CONFIRMING = f"{selections.SALT}:confirm"
"""What the form that confirms people is signed with."""


def outcomes(response: Any) -> dict[str, str]:
    """Return who came to which end, as a job's page has it."""
    return {name: outcome for name, outcome, _url in response.context["people"]}


def a_row(username: str, *, pool: str = "default", **facts: Any) -> Confirmation:
    row: Confirmation = Confirmation.objects.create(
        pool=pool, username=username, username_key=get_pool(pool).username_key(username), **facts
    )
    return row


# --- three people, three outcomes -------------------------------------------------------------------------------------


def test_each_of_the_chosen_gets_an_outcome_in_words(staff: Staff, heard: Heard) -> None:
    for name in ("alice", "bob", "dora"):
        sign_up(name)
    SandboxUser.objects.filter(username="bob").update(status="CONFIRMED")
    SandboxUser.objects.filter(username="dora").update(status="FORCE_CHANGE_PASSWORD")
    page = staff.choose(people("alice", "bob", "carol", "dora"))
    done = staff.press(page)

    assert outcomes(done) == {
        "alice": "confirmed",
        "bob": "was confirmed already",
        "carol": "not in the user pool",
        "dora": "made by an administrator: set a password instead",
    }
    assert "4 of 4" in text(done)
    assert "Refresh" not in done
    assert sorted(heard.usernames) == ["alice", "bob"]
    assert {row.source for row in Confirmation.objects.filter(username="alice")} == {"admin"}


def test_choosing_people_asks_first_and_calls_nobody(staff: Staff) -> None:
    sign_up("alice")
    page = staff.choose(people("alice"))

    assert "1 person is chosen: alice" in text(page)
    for fact in ("eu-west-1_Sandbox01 (default)", "Lambda", "does not verify", "at once"):
        assert fact in text(page)
    assert not Job.objects.exists()
    assert SandboxUser.objects.get().status == "UNCONFIRMED"


def test_the_job_says_who_asked(staff: Staff) -> None:
    staff.press(staff.choose(people("alice")))
    job = Job.objects.get()
    assert (job.requested_by, job.source, job.pool, job.total) == (staff.user, "admin", "default", 1)


def test_who_is_delivered_in_the_ledger_is_asked_for_again(staff: Staff) -> None:
    sign_up("alice")
    chosen = people("alice")
    staff.press(staff.choose(chosen))
    SandboxUser.objects.all().delete()
    assert outcomes(staff.press(staff.choose(chosen))) == {"alice": "not in the user pool"}


def test_the_history_of_each_person_and_row_has_the_job(staff: Staff) -> None:
    chosen = people("alice", "bob")
    staff.press(staff.choose(chosen))
    number = Job.objects.get().pk
    entries = LogEntry.objects.filter(user=staff.user)
    assert {entry.change_message for entry in entries} == {f"Confirm sign-up in Cognito: asked for, job #{number}."}
    assert entries.filter(content_type__model="user", object_id__in=[person.pk for person in chosen]).count() == 2
    assert entries.filter(content_type__model="confirmation").count() == 2


def test_a_name_that_nobody_can_have_is_told_and_the_rest_goes_on(staff: Staff) -> None:
    sign_up("alice")
    done = staff.press(staff.choose(people("alice", "two words")))
    assert said(done) == ["1 person: no account can have this name (two words)"]
    assert outcomes(done) == {"alice": "confirmed"}


def test_who_is_taken_care_of_elsewhere_is_named(staff: Staff) -> None:
    a_row("alice", queued_at=timezone.now() + timedelta(minutes=1), open_attempts=1)
    done = staff.press(staff.choose(people("alice")))
    assert said(done) == ["1 person: taken care of elsewhere at this moment (alice)"]


def test_one_name_in_two_records_is_asked_for_once(staff: Staff, settings: Any) -> None:
    settings.COGNITO_CONFIRM = {"ADMIN_RATE": 1e6, "USERNAME_FROM_USER": lambda user: user.first_name}
    chosen = people("first", "second")
    User.objects.filter(pk=chosen[0].pk).update(first_name="alice")
    User.objects.filter(pk=chosen[1].pk).update(first_name="ALICE")
    done = staff.press(staff.choose(chosen))
    assert len(said(done)) == 1
    assert "named more than once" in said(done)[0]
    assert Job.objects.get().total == 1


def test_what_is_wrong_with_the_permissions_is_named_on_the_page(staff: Staff, server: FaultServer) -> None:
    server.default("AdminConfirmSignUp", "access_denied")
    done = staff.press(staff.choose(people("alice")))
    assert "an IAM policy must allow cognito-idp:AdminConfirmSignUp on this pool" in text(done)
    assert "0 of 1" in text(done)
    assert done.context["go_on_url"]


def test_the_username_can_be_anything_of_any_model(settings: Any, pools: Pools) -> None:
    pools("staff", USER_POOL_ID="eu-west-1_Staff", CLIENT_ID="staffclient1example")
    settings.COGNITO_CONFIRM = {"ADMIN_RATE": 1e6, "USERNAME_FROM_USER": lambda group: f"of-{group.name}"}
    sign_up("of-sales", pool="staff")
    boss = Staff(name="boss", is_superuser=True)
    group = Group.objects.create(name="sales")
    done = boss.press(boss.choose([group], path=GROUPS))
    assert outcomes(done) == {"of-sales": "confirmed"}
    assert Job.objects.get().pool == "staff"


def test_atomic_requests_keep_the_promise(staff: Staff, heard: Heard) -> None:
    sign_up("alice")
    chosen = people("alice")
    connections["default"].settings_dict["ATOMIC_REQUESTS"] = True
    try:
        done = staff.press(staff.choose(chosen))
    finally:
        connections["default"].settings_dict["ATOMIC_REQUESTS"] = False
    assert outcomes(done) == {"alice": "confirmed"}
    assert heard.usernames == ["alice"]


# --- who may ----------------------------------------------------------------------------------------------------------


def test_without_the_permission_a_plain_list_refuses() -> None:
    nosy = Staff("view_user", site="plain")
    assert nosy.choose(people("alice")).status_code == 403


def test_with_the_permission_a_plain_list_asks_and_confirms(heard: Heard) -> None:
    sign_up("alice")
    staff = Staff(*EVERYTHING, site="plain")
    done = staff.press(staff.choose(people("alice")))
    assert outcomes(done) == {"alice": "confirmed"}
    assert done.redirect_chain[-1][0].startswith("/plain/")


def test_the_permission_is_looked_at_again_when_the_button_is_pressed(staff: Staff) -> None:
    page = staff.choose(people("alice"))
    staff.user.user_permissions.clear()
    assert staff.press(page).status_code == 403
    assert not Job.objects.exists()


def test_whoever_may_not_see_the_list_any_more_confirms_nobody(staff: Staff) -> None:
    page = staff.choose(people("alice"))
    staff.user.user_permissions.remove(*staff.user.user_permissions.filter(codename="view_user"))
    assert staff.press(page).status_code == 403
    assert not Job.objects.exists()


def test_people_of_another_tenant_are_not_confirmed_whatever_the_form_says(staff: Staff) -> None:
    sign_up("mallory")
    [mine] = people("alice")
    [other] = people("mallory", tenant="Other")
    page = staff.choose([mine])
    facts = signing.loads(page.context["selection"], salt=CONFIRMING)
    facts[2] = [other.pk]
    forged = signing.dumps(facts, salt=CONFIRMING)
    assert staff.post(page.context["url"], {"selection": forged}).status_code == 404
    facts[2] = [mine.pk, other.pk]
    done = staff.post(page.context["url"], {"selection": signing.dumps(facts, salt=CONFIRMING)}, follow=True)
    assert said(done) == ["No longer in the list: 1."]
    assert outcomes(done) == {"alice": "not in the user pool"}
    assert SandboxUser.objects.get().status == "UNCONFIRMED"


def test_people_of_another_tenant_cannot_be_chosen(staff: Staff) -> None:
    [other] = people("mallory", tenant="Other")
    page = staff.choose([other])
    assert staff.press(page).status_code == 404


BOBS = "left out, as the ledger has this name for another record here"


@pytest.mark.parametrize("name", ["bob", " BOB ", "sub"])
def test_whose_name_the_ledger_has_for_another_record_is_left_out(staff: Staff, name: str) -> None:
    sub = sign_up("bob")["UserSub"]
    sign_up("alice")
    [bob] = people("bob", tenant="Other")
    row = a_row("bob", user=bob, sub=sub)
    User.objects.filter(pk=bob.pk).update(username="bob-of-other")
    name = sub if name == "sub" else name
    mine = people("alice", name)
    done = staff.press(staff.choose(mine))

    assert said(done) == [f"1 person: {BOBS} ({name.strip()})"]
    assert outcomes(done) == {"alice": "confirmed"}
    assert SandboxUser.objects.get(username="bob").status == "UNCONFIRMED"
    entries = LogEntry.objects.filter(user=staff.user, change_message=f"Confirm sign-up in Cognito: {BOBS}.")
    assert {(entry.content_type.model, entry.object_id) for entry in entries} == {
        ("user", str(mine[1].pk)),
        ("confirmation", str(row.pk)),
    }
    assert not LogEntry.objects.filter(object_id=str(mine[1].pk), change_message__contains="asked for").exists()


def test_whose_name_the_ledger_has_for_the_record_itself_or_for_nobody_is_asked_for(staff: Staff) -> None:
    chosen = people("alice", "bob")
    for name, user in (("alice", chosen[0]), ("bob", None)):
        a_row(name, user=user, sub=sign_up(name)["UserSub"])
    assert set(outcomes(staff.press(staff.choose(chosen))).values()) == {"confirmed"}


def test_among_records_that_are_no_users_the_name_decides(settings: Any, pools: Pools) -> None:
    pools("staff", USER_POOL_ID="eu-west-1_Staff", CLIENT_ID="staffclient1example")
    settings.COGNITO_CONFIRM = {"ADMIN_RATE": 1e6, "USERNAME_FROM_USER": lambda group: group.name}
    sign_up("sales", pool="staff")
    boss = Staff(name="boss", is_superuser=True)
    a_row("sales", pool="staff", user=boss.user)
    done = boss.press(boss.choose([Group.objects.create(name="sales")], path=GROUPS))
    assert outcomes(done) == {"sales": "confirmed"}


@pytest.mark.parametrize("selection", ["", "nonsense", "[1, 2]", json.dumps(["auth.user", "default", [1], "/"])])
def test_a_form_that_is_none_of_ours_is_a_bad_request(staff: Staff, selection: str) -> None:
    page = staff.choose(people("alice"))
    assert staff.post(page.context["url"], {"selection": selection}).status_code == 400


@pytest.mark.parametrize("label", ["auth.nothing", "nonsense.user", "sessions.session"])
def test_a_list_that_is_gone_is_not_found(staff: Staff, label: str) -> None:
    page = staff.choose(people("alice"))
    selection = signing.dumps([label, "default", [1], "/"], salt=CONFIRMING)
    assert staff.post(page.context["url"], {"selection": selection}).status_code == 404


def test_a_page_left_open_for_days_is_a_bad_request(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    page = staff.choose(people("alice"))
    monkeypatch.setattr(selections, "MAX_AGE", timedelta(seconds=-1))
    assert staff.press(page).status_code == 400


def test_nothing_is_done_by_get_or_for_strangers(staff: Staff) -> None:
    page = staff.choose(people("alice"))
    assert staff.get(page.context["url"]).status_code == 405
    stranger = Client().post(page.context["url"], {"selection": page.context["selection"]})
    assert "/login/" in stranger["Location"]
    forger = Client(enforce_csrf_checks=True)
    forger.force_login(staff.user)
    assert forger.post(page.context["url"], {"selection": page.context["selection"]}).status_code == 403


def test_a_site_without_the_ledger_says_what_is_missing() -> None:
    staff = Staff(*EVERYTHING, site="bare")
    response = staff.choose(people("alice"))
    assert response.status_code == 302
    assert "register Confirmation and Job" in said(staff.get(response["Location"]))[0]


def test_a_pool_that_the_settings_lack_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sites.PlainUserAdmin, "cognito_pool", "gone", raising=False)
    staff = Staff(*EVERYTHING, site="plain")
    response = staff.choose(people("alice"))
    assert said(staff.get(response["Location"])) == ["COGNITO_POOLS has no pool 'gone'."]


# --- more than a page can wait for ------------------------------------------------------------------------------------


def crowd(number: int) -> list[User]:
    users: list[User] = User.objects.bulk_create(
        User(username=f"person{index:04}", last_name="Acme", email=f"person{index:04}@example.com")
        for index in range(number)
    )
    return users


def test_more_than_fifty_are_handed_to_the_task_backend(staff: Staff, engine: list[Any]) -> None:
    page = staff.choose(crowd(51))
    assert "51 people are chosen: person0000" in text(page)
    assert "and 41 more" in text(page)
    assert "in the background" in text(page)
    done = staff.press(page)
    job = Job.objects.get()
    assert [list(arguments) for arguments in engine] == [[job.pk, 0, None]]
    assert "0 of 51" in text(done)
    assert done["Refresh"] == "5"


def test_fifty_are_confirmed_at_once(staff: Staff, engine: list[Any]) -> None:
    done = staff.press(staff.choose(crowd(50)))
    assert engine == []
    assert "50 of 50" in text(done)
    assert len(outcomes(done)) == 50


def test_without_a_task_backend_the_command_is_named(staff: Staff, no_engine: None) -> None:
    page = staff.choose(crowd(51))
    assert "this site has none" in text(page)
    done = staff.press(page)
    assert f"manage.py cognito_confirm --job {Job.objects.get().pk}" in text(done)
    assert Confirmation.objects.filter(status="queued").count() == 51


def test_of_many_those_confirmed_before_are_skipped(staff: Staff, engine: list[Any]) -> None:
    chosen = crowd(60)
    for person in chosen[:3]:
        sign_up(person.username)
    staff.press(staff.choose(chosen[:3]))
    done = staff.press(staff.choose(chosen))
    assert "0 of 57" in text(done)
    assert "Confirmed before, nothing to do 3" in text(done)
    assert "3 people: was confirmed before, nothing to do (person0000, person0001, person0002)" in said(done)


def test_a_broker_that_is_down_leaves_a_job_to_go_on_with(
    staff: Staff, settings: Any, engine: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    settings.TASKS = {"default": {"BACKEND": "tests.admin.engine.Unreachable"}}
    done = staff.press(staff.choose(crowd(51)))
    assert "could not be reached" in said(done)[0]
    assert "the broker is down" in caplog.text
    settings.TASKS = {"default": {"BACKEND": "tests.admin.engine.Engine"}}
    staff.post(done.context["go_on_url"])
    assert len(engine) == 1


def test_too_many_for_a_form_are_for_the_command(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selections, "MOST", 2)
    response = staff.choose(people("a", "b", "c"))
    assert "manage.py cognito_confirm --file" in said(staff.get(response["Location"]))[0]


# --- the e-mail address -----------------------------------------------------------------------------------------------


@pytest.fixture
def verifier() -> Staff:
    return Staff(*EVERYTHING, "verify_email", name="vera", last_name="Acme")


def verified(username: str) -> bool:
    user: SandboxUser = SandboxUser.objects.get(username=username)
    return user.email_verified


def test_the_address_of_one_person_can_be_marked_as_verified(verifier: Staff) -> None:
    sign_up("alice")
    page = verifier.choose(people("alice"))
    assert "Mark alice@example.com as verified" in text(page)
    done = verifier.press(page, verify_email="on")
    assert said(done) == ["alice@example.com is marked as verified."]
    assert verified("alice")


@pytest.mark.parametrize(
    ("email", "said"),
    [
        ("alice@example.com", "alice@example.com is marked as verified."),
        (
            "other@example.com",
            f"alice@example.com was not marked as verified: {AddressDiffers.summary}.",
        ),
    ],
)
def test_what_came_of_an_address_is_in_the_history_of_the_record_and_of_the_row(
    verifier: Staff, email: str, said: str
) -> None:
    sign_up("alice", email=email)
    verifier.press(verifier.choose(people("alice")), verify_email="on")
    entries = LogEntry.objects.filter(user=verifier.user, change_message=f"Confirm sign-up in Cognito: {said}")
    assert {(entry.content_type.model, entry.object_id) for entry in entries} == {
        ("user", str(User.objects.get(username="alice").pk)),
        ("confirmation", str(Confirmation.objects.get().pk)),
    }


def test_an_address_that_was_verified_before_is_in_the_history_too(verifier: Staff) -> None:
    sign_up("alice")
    SandboxUser.objects.update(email_verified=True)
    verifier.press(verifier.choose(people("alice")), verify_email="on")
    assert LogEntry.objects.filter(change_message__endswith="alice@example.com was verified already.").count() == 2


def test_what_came_of_a_name_that_nobody_can_have_is_in_the_history_of_the_record(verifier: Staff) -> None:
    [chosen] = people("two words")
    verifier.press(verifier.choose([chosen]), verify_email="on")
    assert LogEntry.objects.filter(object_id=str(chosen.pk), change_message__contains="is not confirmed").exists()


def test_it_is_marked_for_nobody_who_did_not_tick_the_box(verifier: Staff) -> None:
    sign_up("alice")
    verifier.press(verifier.choose(people("alice")))
    assert not verified("alice")


def test_it_is_marked_for_somebody_who_was_confirmed_already(verifier: Staff) -> None:
    sign_up("alice")
    SandboxUser.objects.update(status="CONFIRMED")
    verifier.press(verifier.choose(people("alice")), verify_email="on")
    assert verified("alice")


def test_another_address_in_the_pool_is_told_and_left_alone(verifier: Staff) -> None:
    sign_up("alice", email="other@example.com")
    done = verifier.press(verifier.choose(people("alice")), verify_email="on")
    assert said(done) == [
        "alice@example.com was not marked as verified: the user pool has another e-mail address than the record here."
    ]
    assert not verified("alice")


def test_no_address_is_verified_but_the_one_that_the_page_has_shown(verifier: Staff) -> None:
    sign_up("alice")
    page = verifier.choose(people("alice"))
    for model in (User, SandboxUser):
        model.objects.filter(username="alice").update(email="victim@example.com")
    done = verifier.press(page, verify_email="on")
    assert said(done) == [
        "alice@example.com was not marked as verified: the record here has another e-mail address by now."
    ]
    assert not verified("alice")


def test_the_address_of_somebody_who_is_not_confirmed_is_left_alone(verifier: Staff) -> None:
    sign_up("alice")
    SandboxUser.objects.update(status="FORCE_CHANGE_PASSWORD")
    done = verifier.press(verifier.choose(people("alice")), verify_email="on")
    assert "the person is not confirmed" in said(done)[0]
    assert not verified("alice")


SOMEBODY_ELSE = "alice@example.com was not marked as verified: the account in the user pool may be somebody else's."


def told_of(**facts: Any) -> dict[str, Any]:
    """Return the facts of a row whose person is confirmed and told of."""
    now = timezone.now()
    return {"started_at": now, "confirmed_at": now, "delivered_at": now, **facts}


@pytest.mark.parametrize("status", ["UNCONFIRMED", "CONFIRMED"])
@pytest.mark.parametrize("sub", ["", "the-sub-before"])
def test_the_address_of_somebody_who_took_the_name_over_is_left_alone(verifier: Staff, status: str, sub: str) -> None:
    chosen = people("alice")
    a_row("alice", **told_of(user=chosen[0], sub=sub))
    sign_up("alice")
    SandboxUser.objects.update(status=status)
    done = verifier.press(verifier.choose(chosen), verify_email="on")
    assert said(done) == [SOMEBODY_ELSE]
    assert not verified("alice")


def test_the_address_of_whom_the_ledger_has_for_another_record_is_left_alone(verifier: Staff) -> None:
    sign_up("alice")
    SandboxUser.objects.update(status="CONFIRMED")
    [other] = people("other")
    chosen = people("alice")
    a_row("alice", **told_of(user=other))
    done = verifier.press(verifier.choose(chosen), verify_email="on")
    assert said(done)[1:] == [SOMEBODY_ELSE]
    assert not verified("alice")


def test_the_address_of_whom_the_record_is_not_tied_to_is_left_alone(verifier: Staff) -> None:
    [alice] = people("alice")
    a_row("alice", user=alice, sub="the-sub-of-alice")
    sign_up("bob", email="alice@example.com")
    User.objects.filter(pk=alice.pk).update(username="bob")
    done = verifier.press(verifier.choose([alice]), verify_email="on")
    assert said(done) == [SOMEBODY_ELSE]
    assert not verified("bob")


def test_the_address_of_whom_the_record_is_tied_to_is_verified(verifier: Staff) -> None:
    chosen = people("alice")
    a_row("alice", user=chosen[0], sub=sign_up("alice")["UserSub"])
    verifier.press(verifier.choose(chosen), verify_email="on")
    assert verified("alice")


def test_whoever_was_asked_for_under_another_name_before_is_known_by_the_sub(verifier: Staff) -> None:
    [alice] = people("alice")
    a_row("alicia", user=alice, sub=sign_up("alice")["UserSub"])
    verifier.press(verifier.choose([alice]), verify_email="on")
    assert verified("alice")


def test_the_box_needs_its_own_permission(staff: Staff) -> None:
    sign_up("alice")
    page = staff.choose(people("alice"))
    assert "as verified in Cognito, too" not in text(page)
    staff.press(page, verify_email="on")
    assert not verified("alice")


def test_who_may_not_verify_any_more_is_refused_before_anything_is_done(verifier: Staff) -> None:
    sign_up("alice")
    page = verifier.choose(people("alice"))
    verifier.user.user_permissions.remove(*verifier.user.user_permissions.filter(codename="verify_email"))
    assert verifier.press(page, verify_email="on").status_code == 403
    assert SandboxUser.objects.get().status == "UNCONFIRMED"


def test_the_box_is_for_one_person_with_an_address(verifier: Staff) -> None:
    chosen = people("alice", "bob")
    User.objects.filter(username="bob").update(email="")
    assert "as verified in Cognito, too" not in text(verifier.choose(chosen))
    assert "as verified in Cognito, too" not in text(verifier.choose(chosen[1:]))
