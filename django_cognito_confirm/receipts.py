"""What a browser keeps of a stranger's success, so that the next page can say so: a signed cookie, and no session.

It names the pool and nobody. Whoever has it is told "Account confirmed", and gains nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.conf import settings

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

COOKIE: Final = "cognito_confirm_receipt"
"""Gone when the browser is closed."""

GOOD_FOR: Final = 24 * 60 * 60
"""Seconds."""

_SALT: Final = "django_cognito_confirm.receipts"


def give(response: HttpResponseBase, pool: str) -> None:
    """Let ``response`` leave the browser a receipt for a success in ``pool`` (its alias)."""
    response.set_signed_cookie(
        COOKIE,
        pool,
        salt=_SALT,
        domain=settings.SESSION_COOKIE_DOMAIN,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def take_back(response: HttpResponseBase) -> None:
    """Let the browser drop its receipt."""
    response.delete_cookie(
        COOKIE, path=settings.SESSION_COOKIE_PATH, domain=settings.SESSION_COOKIE_DOMAIN, samesite="Lax"
    )


def shown(request: HttpRequest, pool: str) -> bool:
    """Return whether the browser has a receipt for ``pool`` that this site gave it in the last 24 hours."""
    return bool(request.get_signed_cookie(COOKIE, default="", salt=_SALT, max_age=GOOD_FOR) == pool)
