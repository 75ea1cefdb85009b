"""Limits over Django's cache: N in a window are N slots, each taken for the window's length by ``cache.add``.

So no rolling window ever holds more than N, on any backend that does not evict, and without ``incr``: a counter that
starts anew each hour would let twice as many through around the turn of it.
"""

from __future__ import annotations

import hashlib
import random
import re
import time
from typing import NamedTuple

from django.core.cache import caches

from .conf import get_option

_UNITS = {"second": 1, "minute": 60, "hour": 60 * 60, "day": 24 * 60 * 60}


class Rate(NamedTuple):
    """At most ``limit`` in any ``window`` seconds."""

    limit: int
    window: int


def parse(rates: str) -> list[Rate]:
    """Read ``"20/hour"`` or ``"1/minute, 3/hour, 8/day"``. Raises ``ValueError`` for anything else."""
    parsed = []
    for rate in rates.split(","):
        match = re.fullmatch(r"\s*(\d+)/(second|minute|hour|day)\s*", rate)
        if not match:
            raise ValueError(f"{rate!r} is not a rate such as '20/hour'.")
        parsed.append(Rate(int(match[1]), _UNITS[match[2]]))
    return parsed


def take(scope: str, identity: str, rates: str) -> int | None:
    """Take a slot of each of ``rates`` for ``identity``; return ``None``, or the seconds to wait if one has none left.

    ``scope`` names the limit (``"example:sign-up"``), ``identity`` whom it counts: any text, since keys are hashed.
    """
    for rate in parse(rates):
        wait = _take(scope, identity, rate)
        if wait is not None:
            return wait
    return None


def _take(scope: str, identity: str, rate: Rate) -> int | None:
    digest = hashlib.sha256(f"{scope}\0{identity}\0{rate.window}".encode(errors="surrogatepass")).hexdigest()
    cache = caches[get_option("CACHE")]
    keys = [f"cognito_confirm:{digest}:{slot}" for slot in range(rate.limit)]
    free_at = time.time() + rate.window
    if keys and cache.add(random.choice(keys), free_at, rate.window):  # noqa: S311 - any slot will do
        return None
    taken = cache.get_many(keys)
    for key in keys:
        if key not in taken and cache.add(key, free_at, rate.window):
            return None
    return max(1, int(min(taken.values(), default=free_at) - time.time()) + 1)
