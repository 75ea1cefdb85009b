"""Runs what is compared side by side, and says what came of it: median, 95th percentile, ratio."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from statistics import median, quantiles
from typing import Any, NamedTuple


class Contestant(NamedTuple):
    """One of those compared: ``run`` is timed, with what ``prepare`` returned, which is not."""

    run: Callable[..., object]
    prepare: Callable[[], tuple[Any, ...]] = tuple


def interleave(contestants: Mapping[str, Contestant], rounds: int, *, warm_up: int = 20) -> dict[str, list[float]]:
    """Return the seconds of each run, by name: ``rounds`` rounds, in each of which every contestant runs once.

    Their order is another in each round, so that whatever else the machine does hits all alike.
    """
    took: dict[str, list[float]] = {name: [] for name in contestants}
    order = list(contestants.items())
    for number in range(-warm_up, rounds):
        random.shuffle(order)
        for name, contestant in order:
            prepared = contestant.prepare()
            begun = time.perf_counter()
            contestant.run(*prepared)
            seconds = time.perf_counter() - begun
            if number >= 0:
                took[name].append(seconds)
    return took


def p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20)[-1]


HEAD = f"{'':34} {'median ms':>9} {'p95 ms':>8} {'ratio':>6} {'at p95':>6}"


def line(name: str, seconds: list[float], against: list[float]) -> str:
    """Return one line of a table below ``HEAD``; ``ratio`` is that of the medians."""
    return (
        f"{name:34} {median(seconds) * 1000:9.2f} {p95(seconds) * 1000:8.2f} "
        f"{median(seconds) / median(against):6.2f} {p95(seconds) / p95(against):6.2f}"
    )
