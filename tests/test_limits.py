"""The limits around the calls: what strangers can use up, and what stays for whoever signed up."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import caches
from django.http import HttpRequest
from django.test import Client, RequestFactory

from django_cognito_confirm import throttling
from django_cognito_confirm.conf import DEFAULT_LIMITS, get_pool
from django_cognito_confirm.errors import Refused, Throttled, Unavailable
from django_cognito_confirm.masking import keyed_hash
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.pending import remember_sign_up
from django_cognito_confirm.sandbox.models import Attempt, Message
from django_cognito_confirm.services import confirm_sign_up, resend_code
from tests.conftest import Heard, last_code, sign_up

pytestmark = pytest.mark.django_db(transaction=True)

Pools = Callable[..., None]
HOUR = 3600


@pytest.fixture(autouse=True)
def room(roomy_cache: None) -> None:
    """A flood needs a cache that keeps it."""


def visitor(address: str = "192.0.2.1") -> HttpRequest:
    """A request of somebody who has not signed up in this browser."""
    request = RequestFactory().post("/", REMOTE_ADDR=address)
    request.session = SessionStore()
    request.user = AnonymousUser()
    return request


def owner_of(username: str, address: str = "192.0.2.1") -> HttpRequest:
    """A request from the browser that has just signed ``username`` up."""
    request = visitor(address)
    remember_sign_up(request, sign_up(username), username=username)
    return request


def addresses(count: int) -> list[str]:
    return [f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}" for number in range(count)]


def allowed_confirms(names: list[str], from_: list[str], pool: str = "default") -> int:
    """Let somebody at each address in turn try each name in turn; return how many of the tries went through."""
    allowed = 0
    for number, name in enumerate(names):
        try:
            throttling.limit_confirm(get_pool(pool), name, visitor(from_[number % len(from_)]))
        except Throttled:
            continue
        allowed += 1
    return allowed


def allowed_resends(names: list[str], from_: list[str]) -> int:
    allowed = 0
    for number, name in enumerate(names):
        try:
            throttling.limit_resend(get_pool(), name, visitor(from_[number % len(from_)]))
        except Throttled:
            continue
        allowed += 1
    return allowed


class Clock:
    """The time as the cache and the limits see it."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


# --- confirming -------------------------------------------------------------------------------------------------------


def test_a_thousand_addresses_and_ten_thousand_codes_leave_the_owner_a_first_try(heard: Heard) -> None:
    owner = owner_of("alice")
    code = last_code()
    attackers = addresses(1000)
    refused = 0
    for number in range(10_000):
        try:
            confirm_sign_up("alice", f"x{number:06d}", request=visitor(attackers[number % 1000]))
        except Throttled:
            refused += 1
        except Refused:
            pass
    assert refused == 10_000 - 10
    assert Attempt.objects.filter(kind=Attempt.Kind.CONFIRM).count() == 10

    confirm_sign_up("alice", code, request=owner)

    assert heard[0]["by_owner"]


@pytest.mark.usefixtures("each_cache")
def test_on_any_cache_strangers_together_leave_the_owner_a_third_of_the_attempts(heard: Heard) -> None:
    owner = owner_of("alice")
    assert allowed_confirms(["alice"] * 30, addresses(30)) == 10

    confirm_sign_up("alice", last_code(), request=owner)

    assert heard.usernames == ["alice"]


@pytest.mark.parametrize("minutes_past", [0, 7, 31, 59])
def test_one_address_causes_twenty_calls_in_any_hour(clock: Clock, minutes_past: int) -> None:
    clock.now = clock.now // HOUR * HOUR + minutes_past * 60
    calls = []
    for minute in range(4 * 60):
        allowed = allowed_confirms([f"name{minute}-{attempt}" for attempt in range(3)], ["192.0.2.1"])
        calls += [clock.now] * allowed
        clock.now += 60
    assert len(calls) == 80
    assert max(sum(start <= call < start + HOUR for call in calls) for start in calls) == 20


def test_one_address_has_three_tries_for_one_name() -> None:
    assert allowed_confirms(["alice"] * 10, ["192.0.2.1"]) == 3


def test_an_address_that_has_none_left_takes_none_of_a_names() -> None:
    allowed_confirms([f"name{number}" for number in range(20)], ["192.0.2.1"])
    assert allowed_confirms(["alice"] * 20, ["192.0.2.1"]) == 0
    assert allowed_confirms(["alice"] * 20, addresses(20)) == 10


def test_who_is_refused_leaves_nothing_in_the_cache() -> None:
    allowed_confirms([f"name{number}" for number in range(20)], ["192.0.2.1"])
    before = len(caches["default"]._cache)  # type: ignore[attr-defined]
    allowed_confirms([f"other{number}" for number in range(2000)], ["192.0.2.1"])
    assert len(caches["default"]._cache) == before  # type: ignore[attr-defined]


def test_who_is_let_through_takes_five_entries_of_the_cache_at_most() -> None:
    entries = caches["default"]._cache  # type: ignore[attr-defined]
    allowed_confirms(["alice"], ["192.0.2.1"])
    assert len(entries) == 4
    allowed_resends(["alice"], ["192.0.2.1"])
    assert len(entries) == 4 + 5


def test_flooding_two_thousand_other_names_frees_no_slot_of_a_victims() -> None:
    assert allowed_confirms(["alice"] * 20, addresses(20)) == 10
    allowed_confirms([f"name{number}" for number in range(2000)], addresses(2000))
    assert allowed_confirms(["alice"] * 20, [f"203.0.113.{n}" for n in range(20)]) == 0


def test_a_pool_has_a_ceiling(settings: Any) -> None:
    settings.COGNITO_CONFIRM = {"LIMITS": {"confirm:pool": "50/hour"}}
    assert allowed_confirms([f"name{number}" for number in range(200)], addresses(200)) == 50


@pytest.mark.parametrize("spelling", ["ALICE", "ａｌｉｃｅ", "Alıce", "alİce".replace("İ", "i")])  # noqa: RUF001
def test_no_spelling_of_a_name_has_tries_of_its_own(spelling: str) -> None:
    assert allowed_confirms(["alice", spelling] * 20, addresses(40)) == 10


def test_the_same_name_in_another_pool_is_another_persons(pools: Pools) -> None:
    pools("staff", CLIENT_ID="staffclient1example", USER_POOL_ID="eu-west-1_Staff")
    assert allowed_confirms(["alice"] * 20, addresses(20)) == 10
    assert allowed_confirms(["alice"] * 20, addresses(20), pool="staff") == 10


def test_two_aliases_of_one_pool_give_no_name_twice_the_tries(pools: Pools) -> None:
    pools("app", CLIENT_ID="appclient1example")
    assert allowed_confirms(["alice"] * 20, addresses(20)) == 10
    assert allowed_confirms(["alice"] * 20, addresses(20), pool="app") == 0


def test_the_owner_is_not_limited_by_us() -> None:
    owner = owner_of("alice")
    allowed_confirms(["alice"] * 30, addresses(30))
    for _ in range(5):
        with pytest.raises(Exception, match="CodeMismatch"):
            confirm_sign_up("alice", "xxxxxx", request=owner)


def test_trusted_code_is_not_limited() -> None:
    sign_up("alice")
    allowed_confirms(["alice"] * 30, addresses(30))
    assert confirm_sign_up("alice", last_code()).status == "delivered"


def test_what_cannot_be_a_code_takes_no_slot() -> None:
    for _ in range(30):
        with pytest.raises(Refused):
            confirm_sign_up("alice", "🙂", request=visitor())
    assert allowed_confirms(["alice"], ["192.0.2.1"]) == 1


def test_who_is_refused_costs_no_call_and_no_row() -> None:
    allowed_confirms(["alice"] * 3, ["192.0.2.1"])
    with pytest.raises(Throttled):
        confirm_sign_up("alice", "123456", request=visitor())
    assert not Attempt.objects.exists()
    assert not Confirmation.objects.exists()


@pytest.mark.parametrize(
    "off", ["confirm:ip", "confirm:ip+username", "confirm:username", "confirm:pool", "resend:ip", "resend:pool"]
)
def test_each_limit_can_be_switched_off(settings: Any, off: str) -> None:
    allowed = allowed_confirms if off.startswith("confirm") else allowed_resends
    identities = {
        "confirm:ip": (["a", "b", "c", "d"], ["192.0.2.1"]),
        "confirm:ip+username": (["a"] * 4, ["192.0.2.1"]),
        "confirm:username": (["a"] * 4, addresses(4)),
        "confirm:pool": (["a", "b", "c", "d"], addresses(4)),
        "resend:ip": (["a", "b", "c", "d"], ["192.0.2.1"]),
        "resend:pool": (["a", "b", "c", "d"], addresses(4)),
    }[off]
    others = dict.fromkeys(DEFAULT_LIMITS)
    settings.COGNITO_CONFIRM = {"LIMITS": {**others, off: "2/hour"}}
    assert allowed(*identities) == 2
    settings.COGNITO_CONFIRM = {"LIMITS": {**others, off: None}}
    assert allowed(*identities) == 4


# --- sending codes ----------------------------------------------------------------------------------------------------


def test_ten_thousand_resends_for_ten_thousand_numbers_cost_the_pools_ceiling_at_most() -> None:
    numbers = [f"+1555{number:07d}" for number in range(10_000)]
    assert allowed_resends(numbers, addresses(10_000)) == 100
    assert allowed_resends(numbers[:50], [f"203.0.113.{n}" for n in range(50)]) == 0


def test_one_address_sends_twenty_codes_in_an_hour() -> None:
    assert allowed_resends([f"name{number}" for number in range(100)], ["192.0.2.1"]) == 20


def test_forty_owners_at_one_address_send_twenty_codes_in_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    sent = 0
    for number in range(40):
        try:
            resend_code(f"name{number}", request=owner_of(f"name{number}"))
        except Throttled:
            continue
        sent += 1
    assert sent == 20
    assert Message.objects.count() == 40 + 20
    assert [record.levelname for record in caplog.records if "CLIENT_IP" in record.getMessage()] == ["ERROR"] * 20


def test_strangers_together_leave_the_owner_two_codes_in_an_hour(clock: Clock) -> None:
    owner = owner_of("alice")
    sent = 0
    for number in range(60):
        sent += allowed_resends(["alice"], [f"10.0.0.{number}"])
        clock.now += 55
    assert sent == 3
    for _ in range(2):
        assert resend_code("alice", request=owner) is not None
        clock.now += 61


def test_the_owner_gets_one_code_a_minute(clock: Clock) -> None:
    owner = owner_of("alice")
    resend_code("alice", request=owner)
    with pytest.raises(Throttled) as caught:
        resend_code("alice", request=owner)
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= 60


def test_a_name_gets_eight_codes_a_day_from_strangers(clock: Clock) -> None:
    sent = 0
    for number in range(24 * 6):
        sent += allowed_resends(["alice"], [f"10.0.{number}.1"])
        clock.now += 595
    assert sent == 8


def test_owners_have_a_ceiling_of_their_own(settings: Any) -> None:
    settings.COGNITO_CONFIRM = {"LIMITS": {"resend:pool": "0/hour", "resend:pool-owner": "1/hour"}}
    resend_code("alice", request=owner_of("alice", "10.0.0.1"))
    with pytest.raises(Throttled):
        resend_code("bob", request=owner_of("bob", "10.0.0.2"))


def test_a_flood_of_strangers_does_not_stop_owners() -> None:
    allowed_resends([f"name{number}" for number in range(500)], addresses(500))
    assert resend_code("alice", request=owner_of("alice")) is not None


# --- addresses --------------------------------------------------------------------------------------------------------


def test_an_address_that_is_not_known_is_not_counted() -> None:
    assert allowed_confirms([f"name{number}" for number in range(50)], [""]) == 50


def test_the_whole_48_of_an_ipv6_address_counts_as_one() -> None:
    hosts = [f"2001:db8:1:{number:x}::{number:x}" for number in range(30)]
    assert allowed_confirms([f"name{number}" for number in range(30)], hosts) == 20
    assert allowed_confirms(["other"], ["2001:db8:2::1"]) == 1


def test_the_site_says_where_the_address_is(settings: Any) -> None:
    settings.COGNITO_CONFIRM = {"CLIENT_IP": "tests.test_limits.from_a_header"}
    request = visitor()
    request.META["HTTP_X_REAL_IP"] = "203.0.113.7"
    for number in range(20):
        throttling.limit_confirm(get_pool(), f"name{number}", request)
    with pytest.raises(Throttled):
        throttling.limit_confirm(get_pool(), "name", request)
    throttling.limit_confirm(get_pool(), "name", visitor())


def from_a_header(request: HttpRequest) -> str:
    return str(request.META.get("HTTP_X_REAL_IP", ""))


# --- a cache that is down ---------------------------------------------------------------------------------------------

DOWN = {
    "redis": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"},
    "memcached": {"BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache", "LOCATION": "127.0.0.1:1"},
    "memcached, silent": {
        "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
        "LOCATION": "127.0.0.1:1",
        "OPTIONS": {"ignore_exc": True},
    },
    "database": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "no_such_table"},
}


@pytest.fixture(params=[*DOWN.values()], ids=[*DOWN])
def cache_down(request: pytest.FixtureRequest, settings: Any) -> None:
    """A cache whose server does not answer."""
    if "redis" in request.param["BACKEND"]:
        pytest.importorskip("redis")
    if "memcached" in request.param["BACKEND"]:
        pytest.importorskip("pymemcache")
    settings.CACHES = {"default": request.param}


@pytest.mark.usefixtures("cache_down")
def test_when_the_cache_is_down_people_confirm_and_an_error_is_logged(
    heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    sign_up("alice")
    confirm_sign_up("alice", last_code(), request=visitor())
    assert heard.usernames == ["alice"]
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "cache of the limits is down" in record.getMessage()
    assert record.exc_info is None  # its frames would hold the name and the address


@pytest.mark.usefixtures("cache_down")
def test_when_the_cache_is_down_no_codes_are_sent(caplog: pytest.LogCaptureFixture) -> None:
    owner = owner_of("alice")
    for request in (visitor(), owner):
        with pytest.raises(Unavailable):
            resend_code("alice", request=request)
    assert Message.objects.count() == 1
    assert [record.levelno for record in caplog.records if "cache" in record.getMessage()] == [logging.ERROR] * 2


def test_a_limit_that_is_none_of_a_rate_is_not_taken_for_a_cache_that_is_down(settings: Any) -> None:
    settings.COGNITO_CONFIRM = {"LIMITS": {"confirm:ip": "many"}}
    with pytest.raises(ValueError, match="many"):
        throttling.limit_confirm(get_pool(), "alice", visitor())


# --- what is told -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/confirm/", "/confirm/resend/"])
def test_the_page_answers_429_and_says_how_long_to_wait(client: Client, settings: Any, path: str) -> None:
    settings.COGNITO_CONFIRM = {"LIMITS": {"confirm:ip": "1/hour", "resend:ip": "1/hour"}}
    form = {"username": "alice", "code": "123456"}
    assert client.post(path, form).status_code in (200, 302)
    response = client.post(path, form)
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= HOUR
    assert "try again in 60 minutes" in response.content.decode()
    assert 'value="alice"' in response.content.decode()
    assert 'class="cognito-confirm"' in response.content.decode()


def test_a_refusal_is_logged_with_a_keyed_hash_of_the_name(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    allowed_confirms(["alice"] * 4, ["192.0.2.1"])
    [record] = [record for record in caplog.records if "nothing left" in record.getMessage()]
    assert keyed_hash("alice") in record.getMessage()
    assert "alice" not in caplog.text
