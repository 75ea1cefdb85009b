"""The quota of one category of operations, as AWS keeps it for an account and region."""

from __future__ import annotations

import time

# UserCreation, as far as the server has it: 50 calls a second unless AWS was asked for more.
# https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html
USER_CREATION = frozenset({"SignUp", "ConfirmSignUp", "AdminConfirmSignUp"})


class Quota:
    """A bucket that ``rate`` tokens fill, and drop into each second. It is full at first, and a call takes one.

    How many tokens AWS's buckets hold is not documented.
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._size = max(1.0, rate)
        self._tokens = self._size
        self._counted_at = time.monotonic()

    def take(self, now: float) -> bool:
        """Return whether there was a token left at ``now``, seconds by the monotonic clock, and take it."""
        self._tokens = min(self._size, self._tokens + (now - self._counted_at) * self.rate)
        self._counted_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
