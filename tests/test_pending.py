from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model, login
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest
from django.test import Client, RequestFactory

from django_cognito_confirm import pending
from django_cognito_confirm.errors import InvalidCode, Refused
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.pending import remember_sign_up, remember_username
from django_cognito_confirm.sandbox.models import Message, SandboxUser
from django_cognito_confirm.services import confirm_sign_up, resend_code
from django_cognito_confirm.signals import sign_up_confirmed
from tests.conftest import Heard, browser_of, last_code, sign_up, wrong_code

pytestmark = pytest.mark.django_db(transaction=True)

Pools = Callable[..., None]


@pytest.fixture
def request_() -> HttpRequest:
    """A request of a browser with a session."""
    request = RequestFactory().post("/")
    request.session = SessionStore()
    request.session.create()
    request.user = AnonymousUser()
    return request


def test_a_sign_up_is_remembered_and_leads_to_the_confirm_page(request_: HttpRequest) -> None:
    user = get_user_model().objects.create(username="alice")
    reply = sign_up("alice")
    assert remember_sign_up(request_, reply, username="alice", user=user) == "/confirm/"
    row = Confirmation.objects.get()
    assert (row.status, row.username, row.sub, row.user) == ("signed_up", "alice", reply["UserSub"], user)
    waiting = pending.get_sign_up(request_, "default")
    assert waiting is not None
    assert waiting.delivery is not None
    assert waiting.delivery.destination == "a***@e***"


def test_the_session_key_changes_when_a_session_becomes_the_owners(request_: HttpRequest) -> None:
    fixed = request_.session.session_key
    remember_sign_up(request_, sign_up("alice"), username="alice")
    assert request_.session.session_key != fixed


def test_the_owner_is_told_precisely(request_: HttpRequest) -> None:
    remember_sign_up(request_, sign_up("alice"), username="alice")
    with pytest.raises(InvalidCode):
        confirm_sign_up("alice", wrong_code(), request=request_)


def test_the_owners_confirmation_is_by_the_owner_and_sends_their_session(request_: HttpRequest, heard: Heard) -> None:
    user = get_user_model().objects.create(username="alice")
    remember_sign_up(request_, sign_up("alice"), username="alice", user=user)
    confirmation = confirm_sign_up("alice", last_code(), request=request_)
    assert confirmation.session
    assert (heard[0]["by_owner"], heard[0]["confirmation"].user) == (True, user)


@pytest.mark.parametrize("username", ["bob", "alicе", "alice.", "ａlice"])  # noqa: RUF001
def test_a_name_that_only_looks_alike_is_a_strangers(request_: HttpRequest, username: str) -> None:
    remember_sign_up(request_, sign_up("alice"), username="alice")
    with pytest.raises(Refused):
        confirm_sign_up(username, "000000", request=request_)


def test_the_case_of_a_name_does_not_make_a_stranger(request_: HttpRequest, heard: Heard) -> None:
    remember_sign_up(request_, sign_up("alice"), username="alice")
    confirm_sign_up("Alice", last_code(), request=request_)
    assert heard[0]["by_owner"]


def test_the_same_name_in_another_pool_is_a_strangers(request_: HttpRequest, pools: Pools) -> None:
    pools("staff", CLIENT_ID="staffclient1example", USER_POOL_ID="eu-west-1_Staff")
    remember_sign_up(request_, sign_up("alice"), username="alice")
    with pytest.raises(Refused):
        confirm_sign_up("alice", "000000", pool="staff", request=request_)


def test_another_pool_leads_to_its_own_page(request_: HttpRequest, pools: Pools) -> None:
    pools("staff", CLIENT_ID="staffclient1example", USER_POOL_ID="eu-west-1_Staff")
    assert remember_sign_up(request_, sign_up("al", pool="staff"), username="al", pool="staff") == "/staff/confirm/"


def test_after_24_hours_everybody_is_a_stranger(request_: HttpRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    remember_sign_up(request_, sign_up("alice"), username="alice")
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + pending.KEPT_FOR + 1)
    assert pending.get_sign_up(request_, "default") is None


def test_after_success_only_pool_and_key_are_kept(request_: HttpRequest) -> None:
    remember_sign_up(request_, sign_up("alice"), username="alice")
    confirm_sign_up("alice", last_code(), request=request_)
    done = pending.get_sign_up(request_, "default")
    assert done is not None
    assert done.confirmed
    assert (done.username, done.sub, done.session, done.delivery) == ("", "", "", None)


def test_somebody_else_who_signs_in_is_no_owner(request_: HttpRequest) -> None:
    alice = get_user_model().objects.create(username="alice")
    mallory = get_user_model().objects.create(username="mallory")
    remember_sign_up(request_, sign_up("alice"), username="alice", user=alice)
    login(request_, mallory, backend="django.contrib.auth.backends.ModelBackend")
    assert pending.get_sign_up(request_, "default") is None


@pytest.mark.parametrize("tied", [True, False])
def test_whoever_signed_up_may_sign_in_and_stay_the_owner(request_: HttpRequest, tied: bool) -> None:
    alice = get_user_model().objects.create(username="alice")
    remember_sign_up(request_, sign_up("alice"), username="alice", user=alice if tied else None)
    login(request_, alice, backend="django.contrib.auth.backends.ModelBackend")
    assert pending.get_sign_up(request_, "default") is not None


def test_a_remembered_username_grants_nothing(request_: HttpRequest) -> None:
    sign_up("alice")
    assert remember_username(request_, "alice") == "/confirm/"
    assert pending.get_username(request_, "default") == "alice"
    assert pending.get_username(request_, "staff") == ""
    with pytest.raises(Refused):
        confirm_sign_up("alice", wrong_code(), request=request_)


def test_a_pool_that_confirms_at_once_skips_the_page(request_: HttpRequest, pools: Pools, heard: Heard) -> None:
    pools(SANDBOX={"AUTO_CONFIRM": True})
    user = get_user_model().objects.create(username="alice", is_active=False)
    with transaction.atomic():
        assert remember_sign_up(request_, sign_up("alice"), username="alice", user=user) == "/confirm/done/"
        assert heard == []
    [told] = heard
    assert (told["by_owner"], told["confirmation"].user, told["confirmation"].source) == (True, user, "sign_up")
    assert Confirmation.objects.get().status == "delivered"


def test_a_new_sign_up_for_a_name_has_nothing_of_the_former_persons(request_: HttpRequest, heard: Heard) -> None:
    banned = get_user_model().objects.create(username="alice", is_active=False)
    remember_sign_up(request_, sign_up("alice"), username="alice", user=banned)
    confirm_sign_up("alice", last_code())
    SandboxUser.objects.all().delete()
    remember_sign_up(request_, sign_up("alice"), username="alice")
    confirm_sign_up("alice", last_code())
    assert [told["confirmation"].user for told in heard] == [banned, None]


def test_the_owner_sees_where_a_new_code_went(request_: HttpRequest) -> None:
    remember_sign_up(request_, sign_up("alice"), username="alice")
    delivery = resend_code("alice", request=request_)
    assert delivery is not None
    waiting = pending.get_sign_up(request_, "default")
    assert waiting is not None
    assert waiting.code_sent
    assert waiting.delivery == delivery


def test_a_request_without_a_session_is_a_strangers() -> None:
    sign_up("alice")
    with pytest.raises(Refused):
        confirm_sign_up("alice", wrong_code(), request=RequestFactory().post("/"))


def test_what_another_version_left_in_the_session_is_nothing(request_: HttpRequest) -> None:
    remember_sign_up(request_, sign_up("alice"), username="alice")
    request_.session["cognito_confirm_sign_up"]["unheard_of"] = 1
    assert pending.get_sign_up(request_, "default") is None


def test_a_sign_in_does_not_fail_over_a_pool_that_is_gone(request_: HttpRequest, settings: Any) -> None:
    alice = get_user_model().objects.create(username="alice")
    remember_sign_up(request_, sign_up("alice"), username="alice")
    settings.COGNITO_POOLS = {"another": settings.COGNITO_POOLS["default"]}
    login(request_, alice, backend="django.contrib.auth.backends.ModelBackend")
    assert "cognito_confirm_sign_up" not in request_.session


def test_what_is_kept_does_not_show_the_session(request_: HttpRequest) -> None:
    reply = sign_up("alice")
    remember_sign_up(request_, reply, username="alice")
    waiting: Any = pending.get_sign_up(request_, "default")
    assert waiting.session == reply["Session"]
    assert reply["Session"] not in repr(waiting)


# --- whose record it is -----------------------------------------------------------------------------------------------


def activate(sender: Any, confirmation: Confirmation, **kwargs: Any) -> None:
    """What the documentation tells hosts to do."""
    if confirmation.user is not None:
        get_user_model().objects.filter(pk=confirmation.user.pk).update(is_active=True)


@pytest.fixture
def activating() -> Iterator[None]:
    sign_up_confirmed.connect(activate)
    yield
    sign_up_confirmed.disconnect(activate)


@pytest.mark.usefixtures("activating")
def test_a_record_banned_here_stays_so_when_its_name_is_signed_up_elsewhere_and_confirmed_here(
    request_: HttpRequest,
) -> None:
    user = get_user_model().objects.create(username="alice", is_active=False)
    remember_sign_up(request_, sign_up("alice"), username="alice", user=user)
    confirm_sign_up("alice", last_code())
    user.refresh_from_db()
    assert user.is_active
    get_user_model().objects.update(is_active=False)  # banned
    SandboxUser.objects.all().delete()

    sign_up("alice")  # by another client of the pool
    confirm_sign_up("alice", last_code(), request=request_)

    user.refresh_from_db()
    assert not user.is_active
    assert Confirmation.objects.get().delivered_at is not None


@pytest.mark.usefixtures("activating")
@pytest.mark.parametrize("name", ["jose", "JOSE", "jos\u00e8", "jose\u0301"])
def test_a_name_that_a_collation_would_equate_activates_nobody_else(request_: HttpRequest, name: str) -> None:
    user = get_user_model().objects.create(username="signed up as josé", is_active=False)
    remember_sign_up(request_, sign_up("josé", email="a@example.com"), username="josé", user=user)

    sign_up(name, email="b@example.com")
    confirm_sign_up(name, last_code())

    assert Confirmation.objects.count() == 2
    user.refresh_from_db()
    assert not user.is_active


# --- over HTTP --------------------------------------------------------------------------------------------------------


def told_precisely(browser: Client, **form: str) -> bool:
    """Post a wrong code; return whether the answer is an owner's."""
    response = browser.post("/confirm/", {"code": wrong_code(), **form})
    return "was not accepted" not in response.content.decode()


def test_whoever_fixed_the_session_before_the_sign_up_owns_nothing() -> None:
    fixed = SessionStore()
    fixed["planted"] = True
    fixed.create()
    victim = RequestFactory().post("/")
    victim.session = SessionStore(fixed.session_key)
    victim.user = AnonymousUser()
    remember_sign_up(victim, sign_up("alice"), username="alice")
    victim.session.save()

    attacker = Client()
    attacker.cookies["sessionid"] = str(fixed.session_key)

    assert not told_precisely(attacker, username="alice")
    attacker.cookies["sessionid"] = str(victim.session.session_key)  # the key that only the victim's browser has
    assert told_precisely(attacker, username="alice")


def test_an_expired_session_is_a_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = browser_of("alice")
    assert told_precisely(owner)
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + pending.KEPT_FOR + 1)
    assert not told_precisely(owner, username="alice")


def test_somebody_who_signs_in_at_the_owners_browser_is_a_stranger() -> None:
    owner = browser_of("alice")
    owner.force_login(get_user_model().objects.create(username="mallory"))
    assert not told_precisely(owner, username="alice")


def test_a_link_with_another_name_makes_the_owner_a_stranger_to_it(heard: Heard) -> None:
    owner = browser_of("alice")
    sign_up("bob")
    owner.post("/confirm/?username=bob", {"username": "bob", "code": last_code()})
    assert (heard.usernames, heard[0]["by_owner"], heard[0]["session"]) == (["bob"], False, "")


def test_strangers_are_told_to_go_on_only_if_they_signed_up_themselves() -> None:
    owner = browser_of("alice")
    warning = "Go on only if you signed up yourself"
    assert warning in Client().get("/confirm/?username=alice&code=123456").content.decode()
    assert warning in owner.get("/confirm/?username=bob").content.decode()
    assert warning not in owner.get("/confirm/").content.decode()


def test_a_get_changes_nothing(heard: Heard) -> None:
    owner = browser_of("alice")
    link = f"?username=alice&code={last_code()}&forget=1"
    sessions = list(Session.objects.values_list("session_key", "session_data"))
    for browser in (owner, Client()):
        for path in ("/confirm/", "/confirm/resend/", "/confirm/done/"):
            browser.get(path + link)
            browser.head(path + link)
    assert heard == []
    assert list(Session.objects.values_list("session_key", "session_data")) == sessions
    assert Confirmation.objects.get().status == "signed_up"
    assert Message.objects.count() == 1


def test_the_host_a_request_names_is_nowhere_in_the_answer(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    sign_up("alice")
    browser = Client(headers={"host": "evil.example"})
    for response in (
        browser.get("/confirm/"),
        browser.get("/confirm/resend/?next=//evil.example/"),
        browser.get("/confirm/done/"),
        browser.post("/confirm/", {"username": "alice", "code": wrong_code()}),
        browser.post("/confirm/resend/", {"username": "alice", "next": "https://elsewhere.example/"}),
    ):
        assert "evil.example" not in response.content.decode() + str(response.headers)
        assert "elsewhere.example" not in response.content.decode() + str(response.headers)
