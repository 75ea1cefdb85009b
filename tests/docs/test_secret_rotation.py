"""docs/secret-rotation.md: secrets change while people confirm."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.errors import Misconfigured
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.services import resend_code
from tests.conftest import Heard, browser_of, last_code
from tests.docs.pasting import paste, run
from tests.docs.samples import Site
from tests.faults import FaultServer
from tests.test_events import SUB, event
from tests.test_webhook import post

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "secret-rotation.md"
Pools = Callable[..., None]


class Store:
    """Where the site keeps its secrets."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.asked = 0
        self.is_down = False

    def __call__(self) -> str:
        self.asked += 1
        if self.is_down:
            raise ConnectionError("the store is down")
        return self.secret


@pytest.fixture
def store() -> Store:
    return Store("the old one")


@pytest.fixture
def remembered(store: Store) -> Any:
    return run(PAGE, "site_secrets.py")["Remembered"](store)


def time_passes(remembered: Any) -> None:
    remembered.until = 0


def taken_by_cognito(server: FaultServer, secrets: set[str]) -> bool:
    """Have a code sent; return whether a Cognito that knows ``secrets`` would take the call."""
    resend_code("alice")
    body = server.called("ResendConfirmationCode")[-1]
    name = (body["Username"] + get_pool().client_id).encode()
    digests = [hmac.digest(secret.encode(), name, hashlib.sha256) for secret in secrets]
    return body["SecretHash"] in [base64.b64encode(digest).decode() for digest in digests]


def test_no_call_is_refused_while_the_secret_changes(
    server: FaultServer, pools: Pools, store: Store, remembered: Any
) -> None:
    server.users.add("alice", code="123456")
    pools(SANDBOX=False, ENDPOINT_URL=server.url, CLIENT_SECRET=remembered)
    assert taken_by_cognito(server, {"the old one"})
    assert taken_by_cognito(server, {"the old one", "the new one"})
    store.secret = "the new one"
    assert taken_by_cognito(server, {"the old one", "the new one"})
    time_passes(remembered)
    assert taken_by_cognito(server, {"the old one", "the new one"})
    assert taken_by_cognito(server, {"the new one"})
    assert store.asked == 2


def test_a_store_that_is_down_is_not_noticed(store: Store, remembered: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert remembered() == "the old one"
    store.is_down = True
    time_passes(remembered)
    assert [remembered(), remembered()] == ["the old one", "the old one"]
    assert store.asked == 2
    assert [record.getMessage() for record in caplog.records] == ["The secret store is down: ConnectionError"]


def test_a_store_that_has_never_answered_stops_calls_and_leaves_nothing_open(
    server: FaultServer, pools: Pools, store: Store, remembered: Any, client: Client
) -> None:
    pools(SANDBOX=False, ENDPOINT_URL=server.url, CLIENT_SECRET=remembered)
    store.is_down = True
    with pytest.raises(Misconfigured):
        resend_code("alice")
    assert client.post("/confirm/", {"username": "alice", "code": "123456"}).status_code == 503
    assert server.calls == []
    assert [row.status for row in Confirmation.objects.all()] == ["rejected"]
    store.is_down = False
    assert remembered() == "the old one"


class Door:
    """A lock that says when so many have come to it."""

    def __init__(self, visitors: int) -> None:
        self.lock = threading.Lock()
        self.come = threading.Semaphore(0)
        self.visitors = visitors

    def __enter__(self) -> None:
        self.come.release()
        self.lock.acquire()

    def __exit__(self, *exception: object) -> None:
        self.lock.release()

    def wait_for_all(self) -> None:
        for _ in range(self.visitors):
            assert self.come.acquire(timeout=30)


def test_one_thread_asks_and_the_others_wait(store: Store) -> None:
    door = Door(visitors=8)

    def fetch() -> str:
        if not store.asked:
            door.wait_for_all()
        return store()

    remembered = run(PAGE, "site_secrets.py")["Remembered"](fetch)
    remembered.lock = door
    told: list[str] = []
    threads = [threading.Thread(target=lambda: told.append(remembered())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == ["the old one"] * 8
    assert store.asked == 1


def test_the_settings_ask_no_store_while_django_starts(site: Site) -> None:
    paste(site, PAGE, "site_secrets.py")
    secret = paste(site, PAGE, "# settings.py")["COGNITO_POOLS"]["default"]["CLIENT_SECRET"]
    assert (secret.value, secret.until) == ("", 0.0)


def test_events_are_taken_at_every_step_of_a_change(
    client: Client, server: FaultServer, pools: Pools, heard: Heard
) -> None:
    old, new = "o" * 32, "n" * 32
    server.users.add("alice", sub=SUB, status="CONFIRMED")
    for secrets, signed_with in ([old], old), ([new, old], old), ([new, old], new), ([new], new):
        pools(SANDBOX=False, ENDPOINT_URL=server.url, WEBHOOK_SECRETS=secrets)
        assert post(event(), secret=signed_with).status_code in (200, 409)
    assert heard.usernames == ["alice"]


@pytest.fixture
def change_key(site: Site, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Deploy with another SECRET_KEY, and the former one as a fallback or not at all."""

    def change(*, keep: bool) -> None:
        monkeypatch.setenv("SECRET_KEY", "a new key for the tests")
        monkeypatch.setenv("SECRET_KEY_FALLBACKS", settings.SECRET_KEY if keep else "")
        paste(site, PAGE, "# settings.py, with the former key")

    return change


@pytest.mark.parametrize("keep", [True, False], ids=["with the former key", "without"])
def test_whoever_waits_stays_the_owner_as_long_as_the_former_key_is_kept(
    change_key: Callable[..., None], heard: Heard, keep: bool
) -> None:
    browser = browser_of("alice")
    change_key(keep=keep)
    browser.post("/confirm/", {"username": "alice", "code": last_code()})
    assert [told["by_owner"] for told in heard] == [keep]


@pytest.mark.parametrize("keep", [True, False], ids=["with the former key", "without"])
def test_sign_ins_last_as_long_as_the_former_key_is_kept(
    change_key: Callable[..., None], client: Client, keep: bool
) -> None:
    client.force_login(get_user_model().objects.create(username="alice"))
    change_key(keep=keep)
    assert client.get("/confirm/").wsgi_request.user.is_authenticated is keep
