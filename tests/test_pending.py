from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model, login
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.http import HttpRequest
from django.test import RequestFactory

from django_cognito_confirm import pending
from django_cognito_confirm.errors import InvalidCode, Refused
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.pending import remember_sign_up, remember_username
from django_cognito_confirm.services import confirm_sign_up, resend_code
from tests.conftest import Heard, last_code, sign_up, wrong_code

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
    from django_cognito_confirm.sandbox.models import SandboxUser

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
