"""docs/moving.md: a site starts with a pool that has people in it, and people in flight."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command

from django_cognito_confirm.cognito import public_client
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.services import confirm_sign_up
from django_cognito_confirm.sync import sync
from tests.conftest import Heard, last_code, sign_up
from tests.docs.pasting import paste
from tests.docs.samples import Site

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "moving.md"


def confirm_the_old_way(username: str) -> str:
    """Sign somebody up and confirm them without this app; return their sub."""
    sub: str = sign_up(username, email="somebody@example.com")["UserSub"]
    public_client().confirm_sign_up(ClientId=get_pool().client_id, Username=username, ConfirmationCode=last_code())
    return sub


def test_only_those_confirmed_after_the_baseline_are_told_of(heard: Heard) -> None:
    confirm_the_old_way("ada")
    call_command("cognito_sync", "--baseline", stdout=None)
    assert heard == []
    confirm_the_old_way("bob")
    call_command("cognito_sync", "--full")
    call_command("cognito_sync", "--full")
    assert heard.usernames == ["bob"]


def test_without_a_baseline_everybody_is_news(heard: Heard) -> None:
    confirm_the_old_way("ada")
    sync(full=True)
    assert heard.usernames == ["ada"]


@pytest.fixture
def link_users(site: Site) -> Any:
    paste(site, "local-users.md", "profiles/models.py")
    return paste(site, PAGE, "moving/accounts.py")["link_users"]


def test_users_are_tied_to_the_accounts_of_their_name_and_staff_are_not(link_users: Any) -> None:
    users = get_user_model().objects
    ada, jose = users.create_user("ada"), users.create_user("jose")
    admin = users.create_user("admin", is_staff=True)
    sub = confirm_the_old_way("ada")
    for name in ("josé", "admin", "stranger"):
        confirm_the_old_way(name)
    sync(baseline=True)
    link_users()
    link_users()
    ada.refresh_from_db()
    assert ada.profile.sub == sub
    assert not hasattr(users.get(pk=jose.pk), "profile")
    assert not hasattr(users.get(pk=admin.pk), "profile")


@pytest.fixture
def changed_over(site: Site) -> Any:
    return paste(site, PAGE, "moving/receivers.py")["CHANGED_OVER"]


def test_whoever_was_in_flight_is_activated(changed_over: Any) -> None:
    user = get_user_model().objects.create_user("ada", is_active=False, date_joined=changed_over - timedelta(hours=2))
    sign_up("ada")
    confirm_sign_up("ada", last_code())
    user.refresh_from_db()
    assert user.is_active


@pytest.mark.parametrize(
    ("name", "joined", "last_login"),
    [
        ("ada", timedelta(hours=-2), timedelta(hours=-1)),
        ("ada", timedelta(days=-31), None),
        ("ada", timedelta(hours=1), None),
        ("Ada", timedelta(hours=-2), None),
    ],
    ids=["was here before", "long ago", "signed up the new way", "another name"],
)
def test_nobody_else_is(changed_over: Any, name: str, joined: timedelta, last_login: timedelta | None) -> None:
    user = get_user_model().objects.create_user(name, is_active=False, date_joined=changed_over + joined)
    user.last_login = changed_over + last_login if last_login else None
    user.save()
    sign_up("ada")
    confirm_sign_up("ada", last_code())
    user.refresh_from_db()
    assert not user.is_active
    assert Confirmation.objects.get().status == "delivered"
