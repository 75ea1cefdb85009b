"""docs/local-users.md: each way to keep local users in step, through crashes and deliveries that fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.backends.db import SessionStore
from django.core import mail
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.utils import timezone

from django_cognito_confirm import ledger
from django_cognito_confirm.cognito import public_client
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.pruning import prune
from django_cognito_confirm.services import confirm_sign_up
from django_cognito_confirm.signals import sign_up_confirmed
from django_cognito_confirm.sync import sync
from tests.conftest import Heard, last_code, sign_up
from tests.docs.pasting import paste
from tests.docs.samples import Site

PAGE = "local-users.md"
Join = Callable[..., HttpRequest]

# The samples that make up each way, the receivers last.
WAYS = {
    "activate": ["accounts/receivers.py"],
    "link": ["profiles/models.py", "profiles/receivers.py"],
    "create": ["profiles/models.py", "applications/models.py", "applications/receivers.py"],
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def join(way: str, site: Site) -> Join:
    """Sign somebody up as the page does; return a request of their browser."""
    after_sign_up = [paste(site, PAGE, file) for file in WAYS[way]][-1]["after_sign_up"]

    def join(username: str = "alice") -> HttpRequest:
        request = RequestFactory().post("/")
        request.session = SessionStore()
        request.user = AnonymousUser()
        assert after_sign_up(request, sign_up(username), username, f"{username}@example.com") == "/confirm/"
        return request

    return join


def model(label: str) -> Any:
    """Return a model of the page's."""
    return apps.get_model(label)


def is_in_step(way: str, username: str = "alice") -> bool:
    """Whether the local record says that the person is confirmed, once."""
    users = User.objects.filter(username=username, email=f"{username}@example.com", is_active=True)
    if way == "activate":
        return bool(users.count() == 1)
    confirmed = model("profiles.Profile").objects.filter(user__in=users, confirmed_at__isnull=False)
    waiting = way == "create" and model("applications.Application").objects.filter(username=username).exists()
    return bool(confirmed.count() == 1 and not waiting)


def die_after_cognitos_yes(username: str = "alice") -> None:
    """Confirm somebody, and die before the answer is recorded; three minutes pass."""
    ledger.begin(get_pool(), username, source="form")
    public_client().confirm_sign_up(ClientId=get_pool().client_id, Username=username, ConfirmationCode=last_code())
    Confirmation.objects.update(started_at=timezone.now() - timedelta(minutes=3))


@pytest.fixture
def failing_once() -> Iterator[list[str]]:
    """Another receiver of the site, behind the sample's, that raises the first time."""
    calls: list[str] = []

    def fail(confirmation: Confirmation, **kwargs: Any) -> None:
        calls.append(confirmation.username)
        if len(calls) == 1:
            raise RuntimeError("the mail server is down")

    sign_up_confirmed.connect(fail)
    yield calls
    sign_up_confirmed.disconnect(fail)


def test_the_owner_confirms_and_the_record_follows(way: str, join: Join) -> None:
    request = join()
    assert not is_in_step(way)
    confirm_sign_up("alice", last_code(), request=request)
    assert is_in_step(way)


def test_a_stranger_with_the_right_code_brings_the_record_into_step_as_well(
    way: str, join: Join, client: Client
) -> None:
    join()
    client.post("/confirm/", {"username": "alice", "code": last_code()})
    assert is_in_step(way)


def test_what_the_receiver_did_is_undone_with_the_delivery_and_done_again_by_sync(
    way: str, join: Join, failing_once: list[str]
) -> None:
    request = join()
    assert confirm_sign_up("alice", last_code(), request=request).status == "confirmed"
    assert not is_in_step(way)
    sync()
    assert is_in_step(way)
    assert failing_once == ["alice", "alice"]


def test_a_process_that_dies_after_cognitos_yes_leaves_it_to_sync(way: str, join: Join) -> None:
    join()
    die_after_cognitos_yes()
    assert not is_in_step(way)
    sync()
    assert is_in_step(way)


def test_syncs_change_nothing_a_second_time(way: str, join: Join, heard: Heard) -> None:
    request = join()
    confirm_sign_up("alice", last_code(), request=request)
    sync()
    sync(full=True)
    assert is_in_step(way)
    assert heard.usernames == ["alice"]


@pytest.mark.usefixtures("join")
def test_a_stranger_to_this_site_changes_nothing(way: str) -> None:
    sign_up("mallory")
    confirm_sign_up("mallory", last_code())
    assert not User.objects.exists()
    assert not is_in_step(way, "mallory")


@pytest.mark.parametrize("way", ["create"], indirect=True)
def test_a_name_that_is_taken_here_stays_owed_until_somebody_mends_it(join: Join) -> None:
    request = join()
    other = get_user_model().objects.create_user("alice", "other@example.com")
    confirm_sign_up("alice", last_code(), request=request)
    row = Confirmation.objects.get()
    assert (row.status, row.delivery_error) == ("confirmed", "IntegrityError")
    other.username = "alice-the-first"
    other.save()
    sync()
    assert is_in_step("create")


@pytest.mark.parametrize("way", ["activate"], indirect=True)
def test_no_equal_name_wakes_a_user_whose_sign_up_was_pruned(join: Join, heard: Heard) -> None:
    join()
    prune(timedelta(0))
    confirm_sign_up("alice", last_code())
    assert (heard[0]["confirmation"].user, heard[0]["confirmation"].sub) == (None, "")
    assert not is_in_step("activate")


@pytest.mark.parametrize("way", ["link"], indirect=True)
def test_signing_in_finds_the_user_by_sub_and_makes_up_for_a_pruned_sign_up(join: Join, site: Site) -> None:
    join()
    sub = model("profiles.Profile").objects.get().sub
    prune(timedelta(0))
    confirm_sign_up("alice", last_code())
    assert not is_in_step("link")
    local_user = paste(site, PAGE, "profiles/sign_in.py")["local_user"]
    assert local_user({"sub": sub}).username == "alice"
    assert is_in_step("link")
    assert local_user({"sub": "somebody-else"}) is None


@pytest.mark.parametrize("way", ["activate"], indirect=True)
def test_a_letter_is_owed_once_however_often_the_delivery_fails(
    join: Join, site: Site, failing_once: list[str]
) -> None:
    letters = paste(site, PAGE, "letters/models.py")["Letter"].objects
    send_letters = paste(site, PAGE, "letters/receivers.py")["send_letters"]
    request = join()
    confirm_sign_up("alice", last_code(), request=request)
    assert not letters.exists()
    sync()
    assert failing_once == ["alice", "alice"]
    send_letters()
    send_letters()
    welcomes = [message.to for message in mail.outbox if message.subject == "Welcome"]
    assert welcomes == [["alice@example.com"]]


@pytest.mark.parametrize("way", ["activate"], indirect=True)
def test_only_the_owner_is_logged_in_and_only_with_the_delivery(
    join: Join, site: Site, failing_once: list[str]
) -> None:
    paste(site, PAGE, "accounts/logging_in.py")
    failing = join()
    confirm_sign_up("alice", last_code(), request=failing)
    sync()
    assert not failing.user.is_authenticated
    owner = join("bob")
    confirm_sign_up("bob", last_code(), request=owner)
    assert owner.user.is_authenticated
    join("carol")
    stranger = RequestFactory().post("/")
    stranger.session = SessionStore()
    stranger.user = AnonymousUser()
    confirm_sign_up("carol", last_code(), request=stranger)
    assert is_in_step("activate", "carol")
    assert not stranger.user.is_authenticated
