"""Limits: N slots for each window, on any cache that Django has."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache

from django_cognito_confirm.throttling import Rate, parse, take
from tests.caches import in_memory

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
LOCMEM = "django.core.cache.backends.locmem.LocMemCache"


@pytest.fixture(autouse=True)
def fresh_cache(settings: Any, request: pytest.FixtureRequest) -> None:
    """A cache in which nobody has taken a slot."""
    settings.CACHES = {"default": {"BACKEND": LOCMEM, "LOCATION": request.node.nodeid}}


# --- rates ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "rates"),
    [
        ("1/second", [Rate(1, 1)]),
        ("20/hour", [Rate(20, HOUR)]),
        ("10000/day", [Rate(10_000, DAY)]),
        ("0/hour", [Rate(0, HOUR)]),
        ("1/minute, 3/hour, 8/day", [Rate(1, MINUTE), Rate(3, HOUR), Rate(8, DAY)]),
        ("1/minute,3/hour", [Rate(1, MINUTE), Rate(3, HOUR)]),
        (" 1/minute ", [Rate(1, MINUTE)]),
    ],
)
def test_a_rate_is_read_as_it_is_written(written: str, rates: list[Rate]) -> None:
    assert list(parse(written)) == rates


@pytest.mark.parametrize(
    "written",
    ["", "20", "20/", "/hour", "20/week", "20/hours", "-1/hour", "1.5/hour", "1/minute,", "1 / hour", "x/day"],
)
def test_what_is_no_rate_is_refused_with_what_was_written(written: str) -> None:
    with pytest.raises(ValueError, match="is not a rate such as '20/hour'"):
        parse(written)


# --- slots ------------------------------------------------------------------------------------------------------------


def taken(rates: str, times: int, *, scope: str = "test", identity: str = "192.0.2.1") -> list[bool]:
    """Try a number of times; return which of them were allowed."""
    return [take(scope, identity, rates) is None for _ in range(times)]


@pytest.mark.parametrize("limit", [1, 2, 5, 20, 100])
def test_a_limit_of_n_lets_exactly_n_through(limit: int) -> None:
    assert taken(f"{limit}/minute", limit + 3) == [True] * limit + [False] * 3


def test_a_limit_of_nothing_lets_nobody_through() -> None:
    wait = take("test", "192.0.2.1", "0/minute")

    assert wait is not None
    assert 1 <= wait <= MINUTE


def test_everybody_has_slots_of_their_own() -> None:
    taken("2/minute", 3, identity="192.0.2.1")

    assert taken("2/minute", 3, identity="192.0.2.2") == [True, True, False]


def test_every_limit_has_slots_of_its_own() -> None:
    taken("2/minute", 3, scope="confirm:ip")

    assert taken("2/minute", 3, scope="resend:ip") == [True, True, False]


def test_scope_and_identity_are_not_run_together() -> None:
    taken("1/minute", 2, scope="a", identity="bc")

    assert taken("1/minute", 1, scope="ab", identity="c") == [True]


@pytest.mark.parametrize("identity", ["", "jos\u00e9", "a b\nc", "\x00", "\ud800", "x" * 10_000], ids=ascii)
def test_any_text_can_be_counted(identity: str) -> None:
    assert taken("1/minute", 2, identity=identity) == [True, False]


@pytest.mark.parametrize(
    ("rates", "shortest", "longest"), [("1/second", 1, 1), ("3/minute", 55, 60), ("2/hour", 3595, 3600)]
)
def test_who_is_refused_learns_how_long_to_wait(rates: str, shortest: int, longest: int) -> None:
    taken(rates, parse(rates)[0].limit)

    wait = take("test", "192.0.2.1", rates)

    assert wait is not None
    assert shortest <= wait <= longest


def test_who_waited_as_long_as_they_were_told_is_let_through() -> None:
    assert taken("1/second", 1) == [True]
    wait = take("test", "192.0.2.1", "1/second")
    assert wait == 1

    time.sleep(wait)

    assert taken("1/second", 2) == [True, False]


def test_a_slot_is_held_for_the_whole_window() -> None:
    taken("10/minute", 10)

    time.sleep(1.1)

    assert taken("10/minute", 1) == [False]


def test_no_window_ever_holds_more_than_the_limit() -> None:
    allowed = []
    end = time.monotonic() + 2.2
    while time.monotonic() < end:
        started = time.monotonic()
        if take("test", "192.0.2.1", "3/second") is None:
            allowed.append((started, time.monotonic()))
        time.sleep(0.02)

    assert len(allowed) >= 6
    # From the end of one to the beginning of the third after it; a clock may step by a little.
    spans = [later - earlier for (_, earlier), (later, _) in zip(allowed, allowed[3:], strict=False)]
    assert min(spans) >= 0.9


def test_of_several_rates_the_longer_one_refuses_too() -> None:
    assert taken("5/minute, 2/hour", 3) == [True, True, False]

    wait = take("test", "192.0.2.1", "5/minute, 2/hour")

    assert wait is not None
    assert wait > MINUTE


def test_of_several_rates_the_shorter_one_refuses_first() -> None:
    assert taken("1/minute, 3/hour", 2) == [True, False]

    wait = take("test", "192.0.2.1", "1/minute, 3/hour")

    assert wait is not None
    assert wait <= MINUTE


def test_threads_share_the_slots() -> None:
    def attempt(number: int) -> bool:
        return take("test", "192.0.2.1", "10/minute") is None

    with ThreadPoolExecutor(16) as threads:
        allowed = list(threads.map(attempt, range(64)))

    assert sum(allowed) == 10


def test_a_limit_of_thousands_is_a_ceiling_and_refuses_a_few_early_at_most(settings: Any, tmp_path: Path) -> None:
    settings.CACHES = {"default": in_memory(tmp_path)}

    allowed = sum(taken("1000/hour", 3000))

    assert 950 <= allowed <= 1000


def test_a_limit_of_thousands_reads_32_slots_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    get_many = LocMemCache.get_many

    def counted(cache: LocMemCache, keys: list[str], version: int | None = None) -> Any:
        read.append(len(keys))
        return get_many(cache, keys, version)

    monkeypatch.setattr(LocMemCache, "get_many", counted)
    taken("101/hour", 150)

    assert set(read) == {32}


def test_who_is_refused_by_one_rate_takes_nothing_of_the_others() -> None:
    taken("1/hour", 1)
    for _ in range(5):
        assert take("test", "192.0.2.1", "3/minute, 1/hour")

    assert taken("3/minute", 4) == [True, True, True, False]


# --- caches -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("each_cache")
@pytest.mark.parametrize("limit", [5, 60])
def test_any_cache_will_do(limit: int) -> None:
    assert taken(f"{limit}/minute", limit + 2) == [True] * limit + [False] * 2


@pytest.mark.usefixtures("each_cache")
def test_on_any_cache_a_slot_comes_back_after_the_window() -> None:
    assert taken("1/second", 2) == [True, False]

    time.sleep(2.1)  # Memcached counts whole seconds

    assert taken("1/second", 1) == [True]


@pytest.mark.usefixtures("each_cache")
def test_on_any_cache_names_may_hold_anything() -> None:
    for identity in ("", "jos\u00e9 @\x00\n", "x" * 10_000):
        assert taken("1/minute", 2, identity=identity) == [True, False]


def test_the_site_says_which_cache(settings: Any) -> None:
    settings.CACHES = {name: {"BACKEND": LOCMEM, "LOCATION": f"throttling {name}"} for name in ("default", "limits")}
    settings.COGNITO_CONFIRM = {"CACHE": "limits"}
    taken("1/minute", 1)

    caches["default"].clear()
    still = taken("1/minute", 1)
    caches["limits"].clear()

    assert (still, taken("1/minute", 1)) == ([False], [True])


def test_keys_tell_nobody_who_was_counted(settings: Any, tmp_path: Path) -> None:
    taken("1/minute", 1, identity="alice@example.com")

    assert not [key for key in caches["default"]._cache if "alice" in key]  # type: ignore[attr-defined]
