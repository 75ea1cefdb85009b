"""The webhook: who is listened to, and what a forged, stale or repeated request changes.

``EVENTS`` says how many come in the last test; ``make events`` sends 10,000.
"""

from __future__ import annotations

import io
import json
import logging
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache.backends.locmem import LocMemCache
from django.db import DatabaseError, connection
from django.test import Client, RequestFactory

from django_cognito_confirm import ledger
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.sync import sync
from django_cognito_confirm.webhook.signing import sign
from django_cognito_confirm.webhook.views import MAX_BODY, post_confirmation
from tests.conftest import Heard
from tests.faults import FaultServer
from tests.leaks import MARK, Everything, leaks
from tests.test_events import SUB, age, event

pytestmark = pytest.mark.django_db(transaction=True)

Pools = Callable[..., None]
PATH = "/events/"
SECRET = "a secret of the site and its Lambda " + MARK
OLD_SECRET = "the one before it, still in use somewhere"

EVENTS = int(os.environ.get("EVENTS", "300"))


@pytest.fixture(autouse=True)
def configured(server: FaultServer, pools: Pools, settings: Any) -> None:
    pools(SANDBOX=False, ENDPOINT_URL=server.url, WEBHOOK_SECRETS=[SECRET, OLD_SECRET])
    settings.COGNITO_CONFIRM = {"ADMIN_RATE": 100_000}


@pytest.fixture
def alice(server: FaultServer) -> None:
    """Somebody who was confirmed elsewhere."""
    server.users.add("alice", sub=SUB, status="CONFIRMED")


def headers(body: bytes, *, secret: str = SECRET, at: float | None = None, **changed: str) -> dict[str, str]:
    timestamp = changed.get("timestamp", str(int(time.time() if at is None else at)))
    signature = changed.get("signature", sign(secret, timestamp, body))
    return {"Cognito-Confirm-Timestamp": timestamp, "Cognito-Confirm-Signature": signature}


def post(body: Any = None, *, path: str = PATH, client: Client | None = None, **how: Any) -> Any:
    """Send an event as the Lambda does."""
    raw = body if isinstance(body, bytes) else json.dumps(event() if body is None else body).encode()
    sender = client or Client(enforce_csrf_checks=True)
    return sender.post(path, raw, content_type="application/json", headers=headers(raw, **how))


def nothing_changed(server: FaultServer, heard: Heard) -> bool:
    return not server.calls and not heard and not Confirmation.objects.exists()


# --- taken ------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("alice")
def test_a_signed_event_tells_of_a_person_at_once(heard: Heard) -> None:
    assert post().status_code == 200
    assert heard.usernames == ["alice"]


@pytest.mark.usefixtures("alice")
def test_the_secret_before_this_one_still_counts(heard: Heard) -> None:
    assert post(secret=OLD_SECRET).status_code == 200
    assert heard.usernames == ["alice"]


@pytest.mark.usefixtures("alice")
@pytest.mark.parametrize("seconds", [-290, 290])
def test_clocks_may_differ_by_five_minutes(heard: Heard, seconds: int) -> None:
    assert post(at=time.time() + seconds).status_code == 200
    assert heard.usernames == ["alice"]


def test_who_is_not_listed_yet_is_left_to_sync(server: FaultServer, heard: Heard) -> None:
    assert post().status_code == 202
    server.users.add("alice", sub=SUB, status="CONFIRMED")
    age(minutes=3)
    sync()
    assert heard.usernames == ["alice"]


def test_what_is_about_something_else_is_no_error(server: FaultServer, heard: Heard) -> None:
    assert post(event(triggerSource="PostConfirmation_ConfirmForgotPassword")).status_code == 204
    assert post(event(userPoolId="eu-west-1_Another1")).status_code == 204
    assert nothing_changed(server, heard)


def test_each_pool_has_secrets_of_its_own(server: FaultServer, pools: Pools, heard: Heard) -> None:
    secret = "the secret of the other pool's Lambda"
    pools("staff", USER_POOL_ID="eu-west-1_Staff0001", WEBHOOK_SECRETS=[secret])
    server.users.add("bob", sub=SUB, status="CONFIRMED")
    told = event("bob", userPoolId="eu-west-1_Staff0001")
    assert post(told, path="/staff/events/").status_code == 403
    assert post(told, path="/staff/events/", secret=secret).status_code == 200
    assert [one["confirmation"].pool for one in heard] == ["staff"]


@pytest.mark.usefixtures("alice")
def test_under_atomic_requests_the_ledger_commits_first(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    assert post().status_code == 200
    assert heard.usernames == ["alice"]


@pytest.mark.usefixtures("alice")
def test_a_site_that_asks_everybody_to_sign_in_lets_the_webhook_through(heard: Heard, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    assert post().status_code == 200


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("alice")
@pytest.mark.parametrize(
    "how",
    [
        {"secret": "a secret that somebody has guessed"},
        {"secret": ""},
        {"signature": ""},
        {"signature": "0" * 64},
        {"signature": "é"},
        {"timestamp": ""},
        {"timestamp": "now"},
        {"timestamp": "1e9"},
        {"timestamp": "-1"},
        {"timestamp": " 1800000000"},
        {"timestamp": "9" * 13},
    ],
    ids=repr,
)
def test_a_forged_event_changes_nothing(server: FaultServer, heard: Heard, how: dict[str, Any]) -> None:
    response = post(**how)
    assert (response.status_code, response.json()["kind"]) == (403, "signature")
    assert nothing_changed(server, heard)


@pytest.mark.usefixtures("alice")
def test_a_changed_body_changes_nothing(server: FaultServer, heard: Heard) -> None:
    signed = headers(json.dumps(event("mallory")).encode())
    response = Client().post(PATH, json.dumps(event()), content_type="application/json", headers=signed)
    assert response.status_code == 403
    assert nothing_changed(server, heard)


@pytest.mark.usefixtures("alice")
def test_a_changed_time_changes_nothing(server: FaultServer, heard: Heard) -> None:
    body = json.dumps(event()).encode()
    signature = sign(SECRET, str(int(time.time()) - 3600), body)
    assert post(body, signature=signature).status_code == 403
    assert nothing_changed(server, heard)


@pytest.mark.usefixtures("alice")
def test_without_its_headers_nobody_is_listened_to(server: FaultServer, heard: Heard) -> None:
    assert Client().post(PATH, json.dumps(event()), content_type="application/json").status_code == 403
    assert nothing_changed(server, heard)


@pytest.mark.usefixtures("alice")
@pytest.mark.parametrize("seconds", [-310, 310, -(10**8)])
def test_a_stale_event_changes_nothing(server: FaultServer, heard: Heard, seconds: int) -> None:
    response = post(at=time.time() + seconds)
    assert (response.status_code, response.json()["kind"]) == (403, "stale")
    assert nothing_changed(server, heard)


@pytest.mark.usefixtures("alice")
def test_a_replayed_event_changes_nothing(server: FaultServer, heard: Heard) -> None:
    now = time.time()
    assert post(at=now).status_code == 200
    Confirmation.objects.all().delete()
    server.forget()
    heard.clear()
    response = post(at=now)
    assert (response.status_code, response.json()["kind"]) == (409, "replay")
    assert nothing_changed(server, heard)


@pytest.mark.usefixtures("alice", "each_cache")
def test_on_any_cache_a_replay_is_refused(server: FaultServer) -> None:
    now = time.time()
    assert [post(at=now).status_code for _ in range(3)] == [200, 409, 409]


@pytest.mark.usefixtures("alice")
def test_a_replay_is_remembered_for_as_long_as_it_is_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = time.time() + 290
    assert post(at=ahead).status_code == 200
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 580)  # the cache's clock as well
    assert post(at=ahead).status_code == 409


@pytest.mark.parametrize(
    "body", [b"", b"x", b"\xff", b"[" * 100_000, b"[]", b"{}", b"null", b'{"request": 5}'], ids=repr
)
def test_nonsense_is_refused(server: FaultServer, heard: Heard, body: bytes) -> None:
    assert post(body).status_code == 400
    assert nothing_changed(server, heard)


@pytest.mark.parametrize("said", [None, "10", "", "nonsense"], ids=repr)
def test_a_body_that_is_too_long_is_refused_whatever_it_says(
    server: FaultServer, heard: Heard, said: str | None
) -> None:
    body = b" " * (MAX_BODY + 1)
    request = RequestFactory().post(PATH, body, content_type="application/json", headers=headers(body))
    request.META |= {} if said is None else {"CONTENT_LENGTH": said}
    assert post_confirmation(request).status_code == 413
    assert nothing_changed(server, heard)


def test_a_body_that_is_cut_short_is_refused(server: FaultServer, heard: Heard) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise ConnectionResetError

    request = RequestFactory().post(PATH, b"x", content_type="application/json", headers=headers(b"x"))
    request._stream = Broken()
    assert post_confirmation(request).status_code == 400
    assert nothing_changed(server, heard)


@pytest.mark.parametrize("method", ["get", "put", "delete", "head"])
def test_only_a_post_is_an_event(method: str) -> None:
    assert getattr(Client(), method)(PATH).status_code == 405


def test_without_secrets_there_is_no_webhook(pools: Pools) -> None:
    pools(WEBHOOK_SECRETS=[])
    assert post(secret="").status_code == 404


# --- what fails here --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("alice")
def test_an_event_that_failed_may_be_sent_again_as_it_is(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise DatabaseError

    now = time.time()
    with monkeypatch.context() as patched:
        patched.setattr(ledger, "recorded_subs", fail)
        assert post(at=now, client=Client(raise_request_exception=False)).status_code == 500
    assert post(at=now).status_code == 200
    assert heard.usernames == ["alice"]


class DeadCache(LocMemCache):
    def add(self, *args: Any, **kwargs: Any) -> bool:
        raise ConnectionError


@pytest.mark.usefixtures("alice")
def test_while_the_cache_is_down_the_sender_is_asked_to_try_again(
    server: FaultServer, heard: Heard, settings: Any
) -> None:
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.DeadCache"}}
    assert post().status_code == 503
    assert nothing_changed(server, heard)


def test_neither_secret_nor_person_is_logged(server: FaultServer) -> None:
    with Everything().everywhere() as logged:
        for how in ({}, {"secret": OLD_SECRET}, {"signature": "0" * 64}, {"at": 0.0}):
            post(event("Wv9name"), **how)
    assert [record for record in logged.records if record.levelno >= logging.WARNING]
    shown = (record.getMessage() for record in logged.records)
    assert leaks(shown, MARK, OLD_SECRET, "Wv9name") == []


# --- many -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def crowd(pools: Pools, roomy_cache: None) -> Iterator[FaultServer]:
    """A pool whose people were all confirmed elsewhere, a tenth more than have events; listings fail now and then."""
    with FaultServer(population=EVENTS * 11 // 10) as server:
        pools(SANDBOX=False, ENDPOINT_URL=server.url, WEBHOOK_SECRETS=[SECRET, OLD_SECRET])
        server.script("ListUsers", *(["ok"] * 19 + ["access_denied"]) * (EVENTS // 20))
        yield server


def requests_about(crowd: FaultServer) -> Iterator[dict[str, Any]]:
    """Yield an event of everybody but the last; a second one of every tenth; and as many that must not count.

    A second one is what Cognito sends when it calls the trigger again, or the very same request.
    """
    now = time.time()
    for number in range(crowd.users.population):
        person = crowd.users.get(f"user{number:08d}")
        assert person
        body = json.dumps(event(person.username, person.sub)).encode()
        if number >= EVENTS:
            yield {"body": body, **({"secret": "not a secret of this pool"} if number % 2 else {"at": now - 900})}
            continue
        yield {"body": body, "at": now - number % 60}
        if number % 10 == 0:
            yield {"body": body, "at": now - number % 60 + number // 10 % 2}


def test_many_events_doubled_and_shuffled_tell_of_each_person_once(crowd: FaultServer, heard: Heard) -> None:
    for number in range(0, EVENTS, 7):  # some had signed up here
        person = crowd.users.get(f"user{number:08d}")
        assert person
        ledger.sign_up(get_pool(), person.username, sub=person.sub)
    requests = list(requests_about(crowd))
    random.shuffle(requests)
    answers = Counter(post(request.pop("body"), **request).status_code for request in requests)
    age(minutes=3)
    sync()
    everybody = [f"user{number:08d}" for number in range(EVENTS)]
    assert sorted(heard.usernames) == everybody
    assert sorted(Confirmation.objects.filter(status="delivered").values_list("username", flat=True)) == everybody
    assert not Confirmation.objects.exclude(status="delivered").exists()
    assert len(requests) == answers.total() == EVENTS * 12 // 10
    assert answers.keys() == {200, 202, 403, 409}
    assert answers[403] == EVENTS // 10
    assert answers[202] >= EVENTS // 20
