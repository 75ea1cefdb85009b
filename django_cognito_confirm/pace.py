"""Keeps calls to an administrator's API within one rate for all processes, so that live sign-ups keep the rest."""

from __future__ import annotations

import logging
import math
import random
import time
from typing import Final

from django.core.cache import caches

from .conf import get_option

logger = logging.getLogger(__name__)

CATCH_UP: Final = 0.1
"""Seconds whose missed slots may still be used: what a slow commit cost is made up for, without a burst."""

MOST_AHEAD: Final = 60.0
"""Seconds ahead of now that a slot can be."""

RECOVERY: Final = 60.0
"""Seconds in which a rate that was halved is whole again."""

SLOWEST: Final = 0.1
"""The share of the rate that is left after however many refusals."""


_GOLDEN_RATIO: Final = (math.sqrt(5) - 1) / 2


def _recovered(share: float, seconds: float) -> float:
    """Return the share of the slots in use, ``seconds`` after a pause that left ``share`` of them."""
    return min(1.0, share + max(0.0, seconds) / RECOVERY)


class Pace:
    """At most ``rate`` calls a second, evenly spread, by all processes that share the cache ``CACHE``.

    Time is cut into slots of ``1 / rate`` seconds; a call takes one with ``cache.add``. ``scope`` names what the rate
    is of, such as a quota of Cognito's; different rates of one scope are counted apart, but slow down together. Where
    the cache is down, each process keeps the rate by itself.
    """

    def __init__(self, scope: str, rate: float) -> None:
        self._rate = rate
        self._key = f"cognito_confirm:pace:{scope}:{rate:g}"
        self._slowed_key = f"cognito_confirm:pace:{scope}:slowed"
        self._cache = caches[get_option("CACHE")]
        self._last = 0
        self._slowed_at = 0.0
        self._has_complained = False

    def wait(self) -> None:
        """Wait until the next call may be made."""
        seconds = self.reserve()
        if seconds:
            time.sleep(seconds)

    def reserve(self) -> float:
        """Take the next free slot; return the seconds until it begins, 0 or more."""
        now = time.time()
        slot = math.floor((now - CATCH_UP) * self._rate) + 1
        if self._last < slot + MOST_AHEAD * self._rate:  # or else the clock was set back
            slot = max(slot, self._last + 1)
        share, resumes_at = self._slowed()
        slot = max(slot, math.ceil(resumes_at * self._rate))
        # The same slots are left out by all: it goes by the slot's own time, and each number of them has a place in a
        # sequence that fills the unit interval evenly.
        while slot * _GOLDEN_RATIO % 1 >= _recovered(share, slot / self._rate - resumes_at) or not self._take(
            slot, now
        ):
            slot += 1
        self._last = slot
        return max(0.0, slot / self._rate - now)

    def slow_down(self) -> None:
        """Cognito has refused a call for the rate: everybody pauses for a moment, and then goes on at half the pace.

        Refusals of calls that were under way together count once. The pace recovers within a minute.
        """
        now = time.time()
        share, resumes_at = self._slowed()
        if now < max(resumes_at, self._slowed_at + 1):
            return
        self._slowed_at = now
        pause = random.uniform(0.5, 1.5)  # noqa: S311 - so that workers that know of no others do not resume together
        try:
            self._cache.set(
                self._slowed_key,
                (max(SLOWEST, _recovered(share, now - resumes_at) / 2), now + pause),
                int(2 * RECOVERY),
            )
        except Exception as error:  # noqa: BLE001 - each backend has exceptions of its own
            self._complain(error)

    def _slowed(self) -> tuple[float, float]:
        """Return the share of the slots that the last pause has left, and when that pause ends or has ended."""
        try:
            slowed: tuple[float, float] = self._cache.get(self._slowed_key) or (1.0, 0.0)
        except Exception as error:  # noqa: BLE001
            self._complain(error)
            return 1.0, 0.0
        return slowed

    def _take(self, slot: int, now: float) -> bool:
        key = f"{self._key}:{slot}"
        try:
            is_mine = self._cache.add(key, 1, math.ceil(slot / self._rate - now) + 1)
            keeps_nothing = not is_mine and self._cache.get(key) is None
        except Exception as error:  # noqa: BLE001
            self._complain(error)
            return True
        if keeps_nothing:  # some clients hide that their server is down
            self._complain()
        return is_mine or keeps_nothing

    def _complain(self, error: Exception | None = None) -> None:
        if not self._has_complained:
            self._has_complained = True
            logger.error("The cache is down: the pace is kept by each process alone", exc_info=error)
