"""Who a request comes from, and which sign-up it speaks of: what pages and APIs decide by."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from django.utils.http import url_has_allowed_host_and_scheme

from . import pending, receipts, throttling
from .conf import get_pool
from .visits import save_session

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from .pending import PendingSignUp

MAX_NEXT_LENGTH: Final = 500
"""Characters of ``next``: Django refuses to redirect to an address of over 2,048, and this one may be quoted in it."""


def get_safe_next(url: str) -> str:
    """Return ``url`` if it is a path on this host that may be redirected to, else ``""``."""
    # Nothing but a path: the Host that a request names may be anybody's.
    return url if len(url) <= MAX_NEXT_LENGTH and url_has_allowed_host_and_scheme(url, allowed_hosts=None) else ""


def forget(request: HttpRequest, response: HttpResponse) -> None:
    """Another person wants to use this browser: leave nothing with it of a sign-up, waiting or confirmed."""
    pending.forget(request)
    if receipts.COOKIE in request.COOKIES:
        receipts.take_back(response)


class Visitor:
    """A browser or program at one pool: the owner of the sign-up that its session waits to confirm, or a stranger.

    ``given_username`` is the name that the request gives, else the one of ``remember_username``, else ``""``.
    """

    def __init__(self, request: HttpRequest, pool: str, username: str = "") -> None:
        self.request = request
        self.pool = pool
        self.given_username = username.strip() or pending.get_username(request, pool)

    @cached_property
    def sign_up(self) -> PendingSignUp | None:
        """The sign-up that this browser session knows of, confirmed or not."""
        return pending.get_sign_up(self.request, self.pool)

    @cached_property
    def pending(self) -> PendingSignUp | None:
        """The sign-up that waits in this browser session, unless the request speaks of another name."""
        sign_up = self.sign_up
        if sign_up is None or sign_up.confirmed:
            return None
        return None if self._speaks_of_another(sign_up) else sign_up

    @property
    def is_done(self) -> bool:
        """Whether this browser session has confirmed the sign-up that the request speaks of."""
        sign_up = self.sign_up
        return sign_up is not None and sign_up.confirmed and not self._speaks_of_another(sign_up)

    def _speaks_of_another(self, sign_up: PendingSignUp) -> bool:
        return bool(self.given_username) and not sign_up.is_for(self.given_username)

    def keep_success(self, response: HttpResponse) -> None:
        """Leave with this browser, by ``response``, that its sign-up was confirmed."""
        save_session(self.request, response)
        if self.pending is None:  # when the request came
            receipts.give(response, self.pool)

    def get_resend_wait(self, username: str = "") -> int:
        """Return the seconds until this visitor may ask for a code, 0 where they may now.

        A stranger's clock is shown where they have asked for one: for ``username`` just now, or lately by the session.
        """
        pool = get_pool(self.pool)
        if self.pending:
            return throttling.get_resend_wait(pool, "", owner=self.pending.identity)
        if username:
            return throttling.get_resend_wait(pool, username)
        if pending.code_asked_for(self.request, self.pool):
            return throttling.get_resend_wait(pool, pending.get_username(self.request, self.pool))
        return 0
