"""Confirm and resend over Django REST Framework: what programs are told, and that it is never looser than the form."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.db import DatabaseError, connection
from django.http import HttpRequest
from django.test import Client
from rest_framework.authentication import BaseAuthentication, TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.sandbox.models import Attempt, Message, SandboxUser
from django_cognito_confirm.signals import sign_up_confirmed
from tests.conftest import Heard, browser_of, last_code, sign_up, wrong_code
from tests.faults import FaultServer

pytestmark = pytest.mark.django_db(transaction=True)

Pools = Callable[..., None]

CONFIRM = "/api/confirm/"
RESEND = "/api/confirm/resend/"


def post(client: Client, path: str = CONFIRM, **body: Any) -> Any:
    return client.post(path, body, content_type="application/json")


def problem(response: Any) -> tuple[int, str]:
    """Return status and kind of an answer that must be problem details."""
    assert response["Content-Type"] == "application/problem+json"
    told = response.json()
    assert (told["type"], told["status"]) == ("about:blank", response.status_code)
    assert told["title"]
    assert told["detail"]
    return response.status_code, told["kind"]


@pytest.fixture
def owner() -> Client:
    """The browser in which alice has just signed up."""
    return browser_of("alice")


@pytest.fixture
def strict(owner: Client) -> Client:
    """The owner's browser, at a site that looks for CSRF tokens."""
    owner.handler.enforce_csrf_checks = True
    return owner


# --- what programs are told -------------------------------------------------------------------------------------------


def test_username_and_code_confirm(client: Client, heard: Heard) -> None:
    sign_up("alice")
    response = post(client, username=" alice ", code=f" {last_code()[:3]}-{last_code()[3:]} ")
    assert response.status_code == 200
    assert response.json() == {"confirmed": True, "signed_in": False, "next": "/sign-in/"}
    assert [(told["confirmation"].source, told["by_owner"]) for told in heard] == [("api", False)]


def test_the_owner_confirms_with_the_code_alone(owner: Client, heard: Heard) -> None:
    told_to_program = post(owner, code=last_code(), next="/welcome/").json()
    assert told_to_program == {"confirmed": True, "signed_in": False, "next": "/welcome/"}
    [told] = heard
    assert told["by_owner"]
    assert isinstance(told["request"], HttpRequest)


def test_a_second_press_of_the_owner_is_success_without_a_call(owner: Client, heard: Heard) -> None:
    code = last_code()
    assert post(owner, code=code).json() == post(owner, code=code).json() == post(owner, RESEND).json()
    assert Attempt.objects.count() == 1
    assert len(heard) == 1


def test_the_owner_is_told_precisely_what_is_wrong(owner: Client) -> None:
    response = post(owner, code=wrong_code())
    assert problem(response) == (400, "invalid_code")
    assert response.json()["resend_url"] == RESEND
    assert response.json()["sign_in_url"] == "/sign-in/"


def test_another_name_than_the_owners_is_a_strangers(owner: Client, heard: Heard) -> None:
    sign_up("bob")
    post(owner, username="bob", code=last_code())
    assert [told["by_owner"] for told in heard] == [False]


def test_how_things_stand_is_told_to_begin_with(owner: Client) -> None:
    told = owner.get(CONFIRM).json()
    assert told.pop("csrf_token")
    assert told == {
        "pending": True,
        "confirmed": False,
        "username": "alice",
        "delivery": {"destination": "a***@e***", "medium": "EMAIL", "attribute": "email"},
        "resend_wait": 0,
        "sign_in_url": "/sign-in/",
        "sign_up_url": None,
    }


@pytest.mark.parametrize("path", [CONFIRM, "/confirm/"])
def test_a_stranger_is_told_of_nobody(client: Client, path: str) -> None:
    sign_up("alice")
    told = client.get(path, {"username": "alice"}, headers={"Accept": "application/json"}).json()
    assert (told["pending"], told["confirmed"], told["username"], told["delivery"]) == (False, False, "alice", None)


def test_pages_and_api_tell_how_things_stand_alike(owner: Client) -> None:
    def told(path: str) -> dict[str, Any]:
        return {**owner.get(path, headers={"Accept": "application/json"}).json(), "csrf_token": None}

    for _ in ("waiting", "confirmed"):
        assert told(CONFIRM) == told("/confirm/")
        post(owner, code=last_code())
    assert told(CONFIRM)["confirmed"]


def test_the_owner_gets_a_new_code_and_is_told_where_to_and_how_long_to_wait_for_another(owner: Client) -> None:
    told = post(owner, RESEND).json()
    assert told["delivery"] == {"destination": "a***@e***", "medium": "EMAIL", "attribute": "email"}
    assert 0 < told["resend_wait"] <= 60
    assert 0 < owner.get(CONFIRM).json()["resend_wait"] <= 60
    assert Message.objects.count() == 2
    response = post(owner, RESEND)
    assert problem(response) == (429, "throttled")
    assert 0 < response.json()["retry_after"] <= 60
    assert response["Retry-After"] == str(response.json()["retry_after"])


def test_a_stranger_gets_a_new_code_and_leaves_nothing_in_a_session(client: Client) -> None:
    sign_up("alice")
    told = post(client, RESEND, username="alice").json()
    assert set(told) == {"detail", "next", "resend_wait"}
    assert 0 < told["resend_wait"] <= 60
    assert Message.objects.count() == 2
    assert "sessionid" not in client.cookies


def test_not_you_forgets_the_sign_up(owner: Client) -> None:
    assert owner.delete(CONFIRM).status_code == 204
    assert owner.get(CONFIRM).json()["pending"] is False
    assert owner.delete(CONFIRM).status_code == 204


@pytest.mark.parametrize("path", [CONFIRM, RESEND])
@pytest.mark.parametrize(
    "body", [{}, {"username": ""}, {"username": None}, {"username": " "}], ids=["none", "empty", "null", "blank"]
)
def test_who_it_is_about_must_be_said(client: Client, path: str, body: dict[str, Any]) -> None:
    response = post(client, path, code="123456", **body)
    assert problem(response) == (400, "invalid")
    assert response.json()["errors"] == {
        "username": [{"message": "Fill this in as you did when you signed up.", "code": "required"}]
    }


@pytest.mark.parametrize("code", [123456, 0, True, ["123456"], {"code": "1"}, "9" * 2049, "\ud800", "\x00", "🙂"])
def test_what_is_no_code_takes_no_slot_and_no_call(client: Client, code: object) -> None:
    response = post(client, username="alice", code=code)
    assert problem(response) == (400, "invalid")
    assert [error["code"] for error in response.json()["errors"]["code"]] == ["invalid"]
    assert not Confirmation.objects.exists()


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example", "/" * 501, "javascript:x", "\\\\evil"])
def test_next_to_somewhere_else_is_dropped(owner: Client, url: str) -> None:
    assert post(owner, code=last_code(), next=url).json()["next"] == "/sign-in/"


@pytest.mark.parametrize(
    "body", ["", "{", "[]", '"x"', "null", "\xff", "[" * 200_000, "1" * 5000, '{"next": "\\ud800"}']
)
@pytest.mark.parametrize("path", [CONFIRM, RESEND])
def test_whatever_the_body_is_the_answer_is_problem_details(client: Client, path: str, body: str) -> None:
    response = client.post(path, body.encode("latin-1"), content_type="application/json")
    assert problem(response)[0] == 400


def test_a_body_of_more_than_django_takes_is_refused(client: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    padded = b'{"username": "alice", "code": "1"}'.ljust(101)
    assert problem(client.post(CONFIRM, padded, "application/json")) == (400, "parse_error")
    assert problem(post(client, username="a" * 101, code="1")) == (400, "parse_error")
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = None
    assert problem(post(client, username="a" * 101, code="1")) == (400, "refused")


@pytest.mark.parametrize("method", ["put", "patch", "trace", "options"])
def test_other_methods_are_refused_as_problem_details(client: Client, method: str) -> None:
    assert problem(getattr(client, method)(CONFIRM)) == (405, "method_not_allowed")


def test_who_wants_no_json_is_told_so(client: Client) -> None:
    assert problem(client.get(CONFIRM, headers={"Accept": "text/html"})) == (406, "not_acceptable")


def test_threat_protection_gets_what_its_script_made(server: FaultServer, pools: Pools) -> None:
    pools(THREAT_PROTECTION=True)
    server.users.add("alice", code="123456")
    post(Client(), RESEND, username="alice", encoded_data="eyJ9")
    post(Client(), username="alice", code="123456", encoded_data="eyJ9")
    assert [call.body["UserContextData"] for call in server.calls] == [{"EncodedData": "eyJ9"}] * 2


@pytest.mark.parametrize("encoded_data", [None, "", "no\tne", "x" * 131_073])
def test_threat_protection_stands_in_nobodys_way(pools: Pools, heard: Heard, encoded_data: str | None) -> None:
    pools(THREAT_PROTECTION=True)
    sign_up("alice")
    assert post(Client(), username="alice", code=last_code(), encoded_data=encoded_data).status_code == 200


# --- never looser than the form ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [CONFIRM, RESEND])
def test_the_owners_session_needs_a_token(strict: Client, path: str, heard: Heard) -> None:
    assert problem(post(strict, path, code=last_code())) == (403, "csrf")
    assert Message.objects.count() == 1
    assert not heard


def test_with_the_token_that_it_is_told_the_owners_session_is_let_in(strict: Client, heard: Heard) -> None:
    token = strict.get(CONFIRM).json()["csrf_token"]
    response = strict.post(CONFIRM, {"code": last_code()}, "application/json", headers={"X-CSRFToken": token})
    assert response.status_code == 200
    assert heard[0]["by_owner"]


def test_not_you_needs_a_token(strict: Client) -> None:
    assert problem(strict.delete(CONFIRM)) == (403, "csrf")
    assert strict.get(CONFIRM).json()["pending"]


def test_naming_somebody_else_is_no_way_around_the_token(strict: Client) -> None:
    sign_up("bob")
    assert problem(post(strict, username="bob", code=last_code())) == (403, "csrf")


def test_a_session_that_is_done_needs_a_token_too(strict: Client) -> None:
    token = strict.get(CONFIRM).json()["csrf_token"]
    strict.post(CONFIRM, {"code": last_code()}, "application/json", headers={"X-CSRFToken": token})
    assert problem(post(strict, code="123456")) == (403, "csrf")


def test_an_authentication_of_the_sites_own_does_not_spare_the_token(
    strict: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(APIView, "authentication_classes", [TokenAuthentication])
    assert problem(post(strict, code=last_code())) == (403, "csrf")


def test_a_program_without_a_session_needs_no_token(heard: Heard) -> None:
    sign_up("alice")
    assert post(Client(enforce_csrf_checks=True), username="alice", code=last_code()).status_code == 200
    assert not heard[0]["by_owner"]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
        "text/plain;application/json",
        "",
    ],
)
@pytest.mark.parametrize("path", [CONFIRM, RESEND])
def test_what_a_browser_sends_across_sites_unasked_is_not_read(
    client: Client, path: str, content_type: str, heard: Heard
) -> None:
    sign_up("alice")
    body = json.dumps({"username": "alice", "code": last_code()}).encode()
    response = client.generic("POST", path, body, content_type)
    assert problem(response) == (415, "unsupported_media_type")
    assert Message.objects.count() == 1
    assert not heard


# --- at a site of its own kind ----------------------------------------------------------------------------------------


class _NobodyAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> None:
        raise AuthenticationFailed

    def authenticate_header(self, request: Request) -> str:
        return "Nobody"


class _NobodyThrottle(BaseThrottle):
    def allow_request(self, request: Request, view: APIView) -> bool:
        return False

    def wait(self) -> float:
        return 6.5


def test_a_no_of_the_sites_own_authentication_is_problem_details(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(APIView, "authentication_classes", [_NobodyAuthentication])
    response = post(client, username="alice", code="123456")
    assert problem(response) == (401, "authentication_failed")
    assert response["WWW-Authenticate"] == "Nobody"


def test_a_no_of_the_sites_own_throttle_is_problem_details(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(APIView, "throttle_classes", [_NobodyThrottle])
    response = post(client, username="alice", code="123456")
    assert problem(response) == (429, "throttled")
    assert (response["Retry-After"], response.json()["retry_after"]) == ("7", 7)


def test_it_is_open_where_the_site_wants_a_login(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    monkeypatch.setattr(APIView, "permission_classes", [IsAuthenticated])
    assert client.get(CONFIRM).status_code == 200


def test_without_sessions_everybody_is_a_stranger(settings: Any, heard: Heard) -> None:
    settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
    sign_up("alice")
    assert Client().get(CONFIRM).json()["pending"] is False
    assert Client().delete(CONFIRM).status_code == 204
    assert post(Client(), RESEND, username="alice").status_code == 200
    assert post(Client(), username="alice", code=last_code()).status_code == 200
    assert not heard[0]["by_owner"]


def test_atomic_requests_keep_the_promise(client: Client, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    sign_up("alice")
    assert post(client, username="alice", code=last_code()).status_code == 200


def test_answers_are_not_kept_or_framed(client: Client) -> None:
    response = client.get(CONFIRM)
    assert "no-store" in response["Cache-Control"]
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"


def test_a_second_pool_has_an_api_of_its_own(client: Client, pools: Pools, heard: Heard) -> None:
    pools("staff", CLIENT_ID="staffclient1example", USER_POOL_ID="eu-west-1_Staff")
    sign_up("alice", pool="staff")
    assert problem(post(client, username="alice", code=last_code())) == (400, "refused")
    refused = post(client, "/staff/api/confirm/", username="alice", code=wrong_code())
    assert refused.json()["resend_url"] == "/staff/api/confirm/resend/"
    post(client, "/staff/api/confirm/", username="alice", code=last_code())
    assert [told["confirmation"].pool for told in heard] == ["staff"]


# --- what goes wrong --------------------------------------------------------------------------------------------------


@pytest.fixture
def signed_in_by_a_receiver() -> Iterator[None]:
    def receiver(confirmation: Confirmation, request: HttpRequest | None, by_owner: bool, **kwargs: Any) -> None:
        if by_owner and request:
            login(request, User.objects.create_user("alice"), backend="django.contrib.auth.backends.ModelBackend")

    sign_up_confirmed.connect(receiver)
    yield
    sign_up_confirmed.disconnect(receiver)


@pytest.mark.usefixtures("signed_in_by_a_receiver")
def test_a_receiver_may_sign_the_owner_in(owner: Client) -> None:
    post(owner, code=last_code())
    assert "_auth_user_id" in owner.session


def test_a_database_that_dies_after_the_yes_makes_no_error_500(owner: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.contrib.sessions.backends.db import SessionStore

    code = last_code()

    def fail(*args: object, **kwargs: object) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(SessionStore, "save", fail)
    assert post(owner, code=code).status_code == 200
    assert SandboxUser.objects.get().status == "CONFIRMED"
