"""A visitor's session around a confirmation: undone when its transaction is, and saved without spoiling it."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.conf import settings

from .masking import Masked

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest, HttpResponse

logger = logging.getLogger(__name__)


@contextmanager
def undone_on_error(request: HttpRequest | None) -> Iterator[None]:
    """Give ``request`` the session and user back that it had, if the block raises.

    A receiver may sign the visitor in, which saves the session under a new key. Rolled back with the rest, that key
    would be unknown, and the visitor would see an error for a sign-up that is confirmed.
    """
    session = getattr(request, "session", None)
    user = getattr(request, "user", None)
    before = Masked(copy.deepcopy(dict(session.items())) if session is not None else {})
    key = getattr(session, "session_key", None)
    try:
        yield
    except BaseException:
        if request is not None and session is not None and session.session_key != key:
            request.session = type(session)(key)
            request.session.clear()
            request.session.update(before.value)
        if request is not None and user is not None:
            request.user = user
        raise


def save_session(request: HttpRequest, response: HttpResponse) -> None:
    """Save what has changed in the session now: if that fails, this person is confirmed and must not see an error."""
    session = getattr(request, "session", None)
    if session is None or not session.modified:
        return
    try:
        session.save()
    except Exception:
        logger.exception("A sign-up is confirmed, but the session could not be saved.")
    else:
        if session.session_key != request.COOKIES.get(settings.SESSION_COOKIE_NAME):
            _hand_over(session, response)
    session.modified = False  # the middleware need not save it once more


def _hand_over(session: SessionBase, response: HttpResponse) -> None:
    """Give the browser the key of a session that is saved, as Django's middleware does right after saving it."""
    response.set_cookie(
        settings.SESSION_COOKIE_NAME,
        str(session.session_key),
        max_age=None if session.get_expire_at_browser_close() else session.get_expiry_age(),
        domain=settings.SESSION_COOKIE_DOMAIN,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=settings.SESSION_COOKIE_HTTPONLY,
        samesite=settings.SESSION_COOKIE_SAMESITE,
    )
