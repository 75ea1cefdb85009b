"""One rate for all processes that share a cache."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache

from django_cognito_confirm.pace import CATCH_UP, RECOVERY, SLOWEST, Pace


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    clock = Clock()
    monkeypatch.setattr(time, "time", clock.time)
    monkeypatch.setattr(time, "sleep", clock.sleep)
    cache.clear()
    yield clock
    cache.clear()


class DeadCache(LocMemCache):
    def add(self, *args: Any, **kwargs: Any) -> bool:
        raise ConnectionError

    get = add
    set = add  # type: ignore[assignment]


class SilentlyDeadCache(LocMemCache):
    """As clients that are told to hide the failures of their server."""

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return False

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return default

    set = add  # type: ignore[assignment]


def calls_within(clock: Clock, seconds: float, *paces: Pace) -> list[float]:
    """Return when calls are made within ``seconds`` by workers that do nothing else."""
    end = clock.now + seconds
    waits = [(pace.reserve() + clock.now, number) for number, pace in enumerate(paces)]
    made = []
    while min(waits)[0] < end:
        at, number = min(waits)
        clock.now = max(clock.now, at)
        made.append(clock.now)
        waits[number] = (clock.now + paces[number].reserve(), number)
    clock.now = end
    return made


def test_a_worker_keeps_the_rate(clock: Clock) -> None:
    made = calls_within(clock, 10, Pace("it", 45))

    assert 450 <= len(made) <= 450 + math.ceil(45 * CATCH_UP)


def test_four_workers_keep_it_together(clock: Clock) -> None:
    made = calls_within(clock, 10, *(Pace("it", 45) for _ in range(4)))

    assert 450 <= len(made) <= 450 + math.ceil(45 * CATCH_UP)


def test_calls_are_spread_evenly(clock: Clock) -> None:
    clock.now += 0.5
    made = calls_within(clock, 10, *(Pace("it", 10) for _ in range(3)))

    assert all(later - earlier > 0.09 for earlier, later in pairwise(made[2:]))


def test_what_a_slow_commit_has_cost_is_made_up_for_without_a_burst(clock: Clock) -> None:
    pace = Pace("it", 100)
    pace.wait()
    clock.now += 60

    at_once = 0
    while pace.reserve() == 0:
        at_once += 1

    assert 1 <= at_once <= 100 * CATCH_UP + 1


def test_scopes_and_rates_are_counted_apart(clock: Clock) -> None:
    for pace in (Pace("one", 1), Pace("other", 1), Pace("one", 2)):
        assert pace.reserve() == 0


def test_a_refusal_slows_all_workers_down_and_passes(clock: Clock) -> None:
    workers = [Pace("it", 40) for _ in range(4)]
    calls_within(clock, 5, *workers)
    workers[0].slow_down()

    slow = len(calls_within(clock, 10, *workers))
    clock.now += RECOVERY
    recovered = len(calls_within(clock, 10, *workers))

    assert 120 <= slow <= 300
    assert recovered >= 400


def test_refusals_of_calls_that_were_under_way_together_count_once(clock: Clock) -> None:
    workers = [Pace("it", 40) for _ in range(4)]
    for worker in workers * 10:
        worker.slow_down()

    assert 120 <= len(calls_within(clock, 10, *workers)) <= 300


def test_a_share_of_the_rate_is_always_left(clock: Clock) -> None:
    pace = Pace("it", 40)
    for _ in range(20):
        pace.slow_down()
        clock.now += 2

    assert len(calls_within(clock, 10, pace)) >= 10 * 40 * SLOWEST / 2


@pytest.mark.parametrize("dead", ["DeadCache", "SilentlyDeadCache"])
def test_without_a_cache_each_process_keeps_the_rate(
    clock: Clock, settings: Any, caplog: pytest.LogCaptureFixture, dead: str
) -> None:
    settings.CACHES = {"default": {"BACKEND": f"tests.test_pace.{dead}"}}
    pace = Pace("it", 45)
    pace.slow_down()
    made = calls_within(clock, 10, pace)

    assert 450 <= len(made) <= 450 + math.ceil(45 * CATCH_UP)
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_runs_of_different_rates_slow_down_together(clock: Clock) -> None:
    slow, fast = Pace("it", 10), Pace("it", 45)
    slow.slow_down()

    assert fast.reserve() >= 0.4


def test_a_clock_that_is_set_back_stops_nobody(clock: Clock) -> None:
    pace = Pace("it", 10)
    pace.wait()
    clock.now -= 3600

    assert pace.reserve() < 1


def test_a_rate_beyond_measure_is_no_rate(clock: Clock) -> None:
    pace = Pace("it", 1e9)

    assert [pace.reserve() for _ in range(100)] == [0.0] * 100
