from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from django_cognito_confirm.receipts import COOKIE, GOOD_FOR
from tests.conftest import browser_of, last_code, sign_up

pytestmark = pytest.mark.django_db(transaction=True)

DONE = "/confirm/done/"


def confirm(client: Client, **request: Any) -> Any:
    """Confirm alice as a stranger."""
    sign_up("alice")
    return client.post("/confirm/", {"username": "alice", "code": last_code()}, **request)


def is_told(client: Client, path: str = DONE, **request: Any) -> bool:
    return "Account confirmed" in client.get(path, **request).content.decode()


def test_it_names_the_pool_and_nobody_and_is_as_safe_as_the_sessions_cookie(client: Client, settings: Any) -> None:
    settings.SESSION_COOKIE_DOMAIN, settings.SESSION_COOKIE_PATH = "testserver", "/confirm"
    settings.SESSION_COOKIE_SECURE = True
    response = confirm(client, secure=True)
    receipt = response.cookies[COOKIE]
    assert receipt.value.partition(":")[0] == "default"
    assert "alice" not in receipt.value
    assert (receipt["domain"], receipt["path"], receipt["samesite"]) == ("testserver", "/confirm", "Lax")
    assert receipt["secure"]
    assert receipt["httponly"]
    assert not receipt["expires"]
    assert is_told(client, secure=True)


def test_a_stranger_gets_it_instead_of_a_session(client: Client) -> None:
    assert list(confirm(client).cookies) == [COOKIE]
    assert not Session.objects.exists()


def test_the_owner_needs_none() -> None:
    owner = browser_of("alice")
    assert COOKIE not in owner.post("/confirm/", {"code": last_code()}).cookies
    assert is_told(owner)


def test_an_altered_one_says_nothing(client: Client) -> None:
    confirm(client)
    good = client.cookies[COOKIE].value
    for bad in ("default", good[:-1] + ("A" if good[-1] != "A" else "B"), ""):
        client.cookies[COOKIE] = bad
        assert not is_told(client)
    client.cookies[COOKIE] = good
    assert is_told(client)


def test_it_says_nothing_of_another_pool(client: Client, pools: Callable[..., None]) -> None:
    pools("staff", CLIENT_ID="staffclient1example", USER_POOL_ID="eu-west-1_Staff")
    confirm(client)
    assert not is_told(client, "/staff/confirm/done/")
    client.cookies[COOKIE] = client.cookies[COOKIE].value.replace("default", "staff")
    assert not is_told(client, "/staff/confirm/done/")


def test_it_is_good_for_a_day(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    confirm(client)
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + GOOD_FOR - 60)
    assert is_told(client)
    monkeypatch.setattr(time, "time", lambda: now() + GOOD_FOR + 60)
    assert not is_told(client)


def test_a_refused_stranger_gets_none(client: Client) -> None:
    sign_up("alice")
    assert COOKIE not in client.post("/confirm/", {"username": "alice", "code": "000000"}).cookies


def test_somebody_else_at_this_browser_takes_it_back(client: Client) -> None:
    confirm(client)
    client.post("/confirm/", {"forget": "1"})
    assert not is_told(client)


def test_a_program_gets_it_and_gives_it_back_too(client: Client) -> None:
    sign_up("alice")
    client.post("/api/confirm/", {"username": "alice", "code": last_code()}, "application/json")
    assert client.get("/api/confirm/").json()["confirmed"] is True
    client.delete("/api/confirm/")
    assert client.get("/api/confirm/").json()["confirmed"] is False
