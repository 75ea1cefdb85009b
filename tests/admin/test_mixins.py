"""A list of users with the action and the column."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_cognito_confirm.admin import CognitoConfirmAdminMixin, confirm_in_cognito
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.models import Confirmation

from . import sites
from .conftest import CONFIRM, GROUPS, LEDGER, USERS, Pools, Staff, people

pytestmark = pytest.mark.django_db


def a_row(username: str, *, user: User | None = None, pool: str = "default") -> Confirmation:
    """Record that somebody is confirmed."""
    key = get_pool(pool).username_key(username)
    now = timezone.now()
    row: Confirmation = Confirmation.objects.create(
        pool=pool, username=username, username_key=key, user=user, confirmed_at=now, delivered_at=now
    )
    return row


def column(page: Any) -> dict[str, str | None]:
    """Return what the column shows, by the person."""
    admin = page.context["cl"].model_admin
    return {str(person): admin.cognito_sign_up(person) for person in page.context["cl"].result_list}


def test_the_column_tells_the_status_by_name_or_by_the_local_record(staff: Staff) -> None:
    people("alice", "bob")
    [carol] = people("carol")
    a_row("Alice")
    a_row("carol@example.com", user=carol)
    shown = column(staff.see(USERS))
    assert "confirmed and delivered" in str(shown["alice"])
    assert "confirmed and delivered" in str(shown["carol"])
    assert shown["bob"] is None
    assert "Sign-up in Cognito" in staff.see(USERS).content.decode()


def test_a_row_of_another_local_record_is_not_shown_to_a_namesake(staff: Staff) -> None:
    first, _second = people("first", "alice")
    a_row("alice", user=first)
    shown = column(staff.see(USERS))
    assert shown["alice"] is None
    assert shown["first"] is not None


def test_of_two_rows_of_one_record_the_one_with_its_name_counts(staff: Staff) -> None:
    [alice] = people("alice")
    row = a_row("alice", user=alice)
    a_row("former-name", user=alice)
    assert f"/{row.pk}/" in str(column(staff.see(USERS))["alice"])


def test_other_models_of_users_go_by_name_and_have_pools_of_their_own(settings: Any, pools: Pools) -> None:
    pools("staff", USER_POOL_ID="eu-west-1_Staff")
    settings.COGNITO_CONFIRM = {"USERNAME_FROM_USER": lambda group: group.name}
    for name in ("sales", "support"):
        Group.objects.create(name=name)
    [namesake] = people("somebody")
    a_row("sales", pool="staff", user=namesake)
    a_row("support")
    boss = Staff(name="boss", is_superuser=True)
    shown = column(boss.see(GROUPS))
    assert shown["sales"] is not None
    assert shown["support"] is None


def test_people_without_a_cognito_name_are_left_out(staff: Staff, settings: Any) -> None:
    settings.COGNITO_CONFIRM = {"USERNAME_FROM_USER": lambda user: None}
    people("alice")
    assert set(column(staff.see(USERS)).values()) == {None}


def test_the_column_is_a_link_for_whoever_may_see_the_ledger(staff: Staff) -> None:
    people("alice")
    row = a_row("alice")
    assert f'<a href="/tenants/{LEDGER}/{row.pk}/change/">' in staff.see(USERS).content.decode()
    other = Staff("view_user", name="other", last_name="Acme")
    assert column(other.see(USERS))["alice"] == "confirmed and delivered"
    assert LEDGER not in other.see(USERS).content.decode()


def test_a_hundred_people_cost_one_statement_more_than_without_the_column(
    staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    for person in people(*(f"person{number:03}" for number in range(99))):
        a_row(person.username, user=person)

    def statements() -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            page = staff.see(USERS)
        assert len(page.context["cl"].result_list) == 100
        return [query["sql"] for query in captured]

    statements()
    with_it = statements()
    for name in ("get_changelist", "get_list_display", "get_actions", "__init__"):
        monkeypatch.delattr(CognitoConfirmAdminMixin, name)
    without = statements()
    assert len(with_it) == len(without) + 1
    table = Confirmation._meta.db_table
    assert [table in sql for sql in with_it].count(True) == 1


def test_the_column_is_where_the_host_has_put_it(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    assert staff.see(USERS).context["cl"].list_display[-1] == "cognito_sign_up"
    monkeypatch.setattr(sites.TenantUserAdmin, "list_display", ("username", "cognito_sign_up", "email"))
    assert staff.see(USERS).context["cl"].list_display.count("cognito_sign_up") == 1


def test_the_status_can_be_a_field_of_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sites.TenantUserAdmin, "readonly_fields", ("cognito_sign_up",))
    monkeypatch.setattr(sites.TenantUserAdmin, "fieldsets", ((None, {"fields": ("cognito_sign_up",)}),))
    [alice] = people("alice")
    a_row("alice")
    boss = Staff(name="boss", is_superuser=True)
    assert "confirmed and delivered" in boss.see(f"{USERS}/{alice.pk}/change").content.decode()


# --- the action -------------------------------------------------------------------------------------------------------


def test_the_action_is_hidden_from_whoever_may_not_use_it(staff: Staff) -> None:
    assert CONFIRM in actions(staff)
    assert CONFIRM not in actions(Staff("view_user", name="other"))


def actions(staff: Staff) -> list[str]:
    form = staff.see(USERS).context["action_form"]
    return [name for name, _label in form.fields["action"].choices] if form else []


def test_a_list_without_actions_stays_one() -> None:
    class Quiet(sites.TenantUserAdmin):
        actions = None

    assert Quiet(User, sites.tenants).actions is None


def test_a_host_that_names_the_action_itself_has_it_once() -> None:
    class Named(sites.TenantUserAdmin):
        actions = (confirm_in_cognito,)

    assert Named(User, sites.tenants).actions == (confirm_in_cognito,)


def test_a_site_without_the_ledger_has_a_column_without_links(pools: Pools, settings: Any) -> None:
    pools("staff", USER_POOL_ID="eu-west-1_Staff")
    settings.COGNITO_CONFIRM = {"USERNAME_FROM_USER": lambda group: group.name}
    Group.objects.create(name="sales")
    a_row("sales", pool="staff")
    boss = Staff(name="boss", site="bare", is_superuser=True)
    assert column(boss.see(GROUPS)) == {"sales": "confirmed and delivered"}
