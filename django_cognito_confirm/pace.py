"""Keeps calls to an administrator's API within a rate, so that live sign-ups keep the rest of Cognito's quota."""

from __future__ import annotations

import time


class Pace:
    """At most ``rate`` calls a second, evenly spread, in one process."""

    def __init__(self, rate: float) -> None:
        self._interval = 1 / rate
        self._next = time.monotonic()

    def wait(self) -> None:
        """Wait until the next call may be made."""
        now = time.monotonic()
        if self._next > now:
            time.sleep(self._next - now)
        self._next = max(self._next, now) + self._interval
