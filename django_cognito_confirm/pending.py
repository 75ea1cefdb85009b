"""The sign-up that this browser session is waiting to confirm.

Only ``remember_sign_up`` makes a session the owner's: SignUp refuses a name that exists, so nobody gets its reply for
somebody else's account. Whatever else fills the form in (a link, ``remember_username``) grants nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse

from . import ledger, receipts
from .cognito import Delivery
from .conf import DEFAULT_POOL_ALIAS, get_option, get_pool
from .masking import Masked

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser
    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest

KEPT_FOR: Final = 24 * 60 * 60
"""Seconds; as long as a code is valid."""

CODE_SENT_FOR: Final = 10 * 60
"""Seconds for which the page says that a new code was sent."""

_SIGN_UP = "cognito_confirm_sign_up"
_USERNAME = "cognito_confirm_username"


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingSignUp:
    """What ``remember_sign_up`` left in the session."""

    pool: str
    username: str
    username_key: str
    sub: str = ""
    user_pk: str = ""
    row_pk: int = 0
    epoch: int = 0
    """Of the ledger's row, so that an attempt need not look it up."""
    session: str = field(default="", repr=False)
    delivery: Delivery | None = None
    code_sent_at: float = 0
    expires_at: float = 0
    confirmed: bool = False
    """Done: pool and ``username_key`` alone are kept, so that a second click leads on."""
    signed_in: bool = False
    """The confirmation has signed the owner in: a second click leads to where signing in leads."""

    def is_for(self, username: str) -> bool:
        """Whether ``username`` is exactly this sign-up's."""
        return get_pool(self.pool).username_key(username) == self.username_key

    @property
    def row(self) -> ledger.SignUp:
        """What the ledger knows this sign-up by."""
        return ledger.SignUp(self.row_pk, self.epoch, self.username, self.sub, self.user_pk)

    @property
    def identity(self) -> str:
        """What tells this sign-up from every other, whichever session it is in."""
        return f"{self.pool}:{self.sub or self.username_key}"

    @property
    def code_sent(self) -> bool:
        """Whether a new code was sent so recently that the page should say so."""
        return self.code_sent_at > time.time() - CODE_SENT_FOR


def remember_sign_up(
    request: HttpRequest,
    sign_up_response: Mapping[str, Any],
    *,
    username: str,
    user: AbstractBaseUser | None = None,
    pool: str = DEFAULT_POOL_ALIAS,
) -> str:
    """Remember a sign-up that has just succeeded, for 24 hours; return the URL to send the person to.

    ``request`` is the one that signed up: its session, whose key changes, is the owner's from here on.
    ``sign_up_response`` is the reply of boto3's ``sign_up`` as it is, ``username`` the name that was sent, ``user`` the
    local record made for this sign-up: receivers of ``sign_up_confirmed`` find it as ``confirmation.user``. ``pool`` is
    the alias in ``COGNITO_POOLS``. Belongs inside the transaction that makes this record. Where the pool confirms
    people at once (``UserConfirmed``), the signal is sent when that transaction commits, and the URL is that of the
    page that says so.
    """
    reply = Masked(sign_up_response)
    del sign_up_response  # what is raised here keeps this frame
    configured = get_pool(pool)
    confirmed = bool(reply.value.get("UserConfirmed"))
    sub = reply.value["UserSub"]
    row = ledger.sign_up(configured, username, sub=sub, user=user, confirmed=confirmed, request=request)
    request.session.cycle_key()
    pending = PendingSignUp(
        pool=pool,
        username=username,
        username_key=configured.username_key(username),
        sub=sub,
        user_pk=row.user_pk,
        row_pk=row.pk,
        epoch=row.epoch,
        session=reply.value.get("Session") or "",
        delivery=Delivery.from_reply(reply.value) if reply.value.get("CodeDeliveryDetails") else None,
        expires_at=time.time() + KEPT_FOR,
    )
    forget(request)
    _save(request, pending)
    if confirmed:
        complete(request, pool, pending)
    return reverse("cognito_confirm:done" if confirmed else "cognito_confirm:confirm", current_app=pool)


def remember_username(
    request: HttpRequest, username: str, *, pool: str = DEFAULT_POOL_ALIAS, code_asked_for: bool = False
) -> str:
    """Fill ``username`` into the form of this browser's confirm page; return that page's URL.

    It grants nothing: use it where a person says who they are, as after a sign-in that ended in "not confirmed".
    The name is kept in the session of ``request`` until somebody is confirmed there, for the page of ``pool`` (the
    alias) alone. ``code_asked_for``: a new code was just asked for, and the page says that it is on its way.
    """
    asked_at = time.time() if code_asked_for else 0
    request.session[_USERNAME] = {"pool": pool, "username": username, "code_asked_at": asked_at}
    return reverse("cognito_confirm:confirm", current_app=pool)


def get_username(request: HttpRequest, pool: str) -> str:
    """Return the name that ``remember_username`` left for this pool, ``""`` without one."""
    return str(_remembered(request, pool).get("username", ""))


def code_asked_for(request: HttpRequest, pool: str) -> bool:
    """Return whether this visitor asked for a code so recently that the page should say so."""
    return float(_remembered(request, pool).get("code_asked_at", 0)) > time.time() - CODE_SENT_FOR


def _remembered(request: HttpRequest, pool: str) -> dict[str, Any]:
    remembered: dict[str, Any] = _session(request).get(_USERNAME, {})
    return remembered if remembered.get("pool") == pool else {}


def get_sign_up(request: HttpRequest, pool: str) -> PendingSignUp | None:
    """Return what this session knows of a sign-up in this pool, confirmed or not; ``None`` after 24 hours."""
    stored = Masked(_session(request).get(_SIGN_UP))
    if not stored.value:
        return None
    try:
        sign_up = _read(stored.value)
    except (KeyError, TypeError):
        return None  # another version of this app has left it
    return sign_up if sign_up.pool == pool and sign_up.expires_at >= time.time() else None


def _read(stored: Mapping[str, Any]) -> PendingSignUp:
    delivery = stored["delivery"]
    return PendingSignUp(**{**stored, "delivery": Delivery(**delivery) if delivery else None})


def holds_sign_up(request: HttpRequest) -> bool:
    """Return whether this browser session was made somebody's by a sign-up in any pool, confirmed or not."""
    return _SIGN_UP in _session(request)


def get_owned(request: HttpRequest | None, username: str, pool: str) -> PendingSignUp | None:
    """Return this session's pending sign-up if ``username`` in ``pool`` is exactly that one, else ``None``."""
    sign_up = get_sign_up(request, pool) if request is not None else None
    return sign_up if sign_up and not sign_up.confirmed and sign_up.is_for(username) else None


def complete(request: HttpRequest, pool: str, sign_up: PendingSignUp | None, *, signed_in: bool = False) -> None:
    """A sign-up was confirmed here: of the owner's, keep for another 24 hours only what a second click needs.

    ``signed_in``: which has signed the owner in as well. A stranger's leaves nothing in the session (``receipts``).
    """
    _session(request).pop(_USERNAME, None)
    if sign_up is not None:
        done = PendingSignUp(pool=pool, username="", username_key=sign_up.username_key, user_pk=sign_up.user_pk)
        _save(request, replace(done, confirmed=True, signed_in=signed_in, expires_at=time.time() + KEPT_FOR))


def is_signed_in(request: HttpRequest, pool: str) -> bool:
    """Return whether the sign-up that this browser session has confirmed has also signed its owner in."""
    sign_up = get_sign_up(request, pool)
    return sign_up is not None and sign_up.signed_in


def was_confirmed(request: HttpRequest, pool: str) -> bool:
    """Return whether this browser, the owner's or not, has confirmed a sign-up of this pool lately."""
    sign_up = get_sign_up(request, pool)
    return (sign_up is not None and sign_up.confirmed) or receipts.shown(request, pool)


def code_sent(request: HttpRequest, sign_up: PendingSignUp, delivery: Delivery) -> None:
    """A new code is on its way to the owner."""
    _save(request, replace(sign_up, delivery=delivery, code_sent_at=time.time()))


def forget(request: HttpRequest) -> None:
    """Another person wants to use this browser: forget the sign-up and the name."""
    for key in (_SIGN_UP, _USERNAME):
        _session(request).pop(key, None)


def forget_others(request: HttpRequest | None, user: AbstractBaseUser, **kwargs: Any) -> None:
    """On sign-in (``user_logged_in``): a sign-up that is somebody else's is no longer this browser's."""
    stored = Masked(_session(request).get(_SIGN_UP) if request is not None else None)
    if request is None or not stored.value:
        return
    try:
        sign_up = _read(stored.value)
        same = sign_up.user_pk == str(user.pk) if sign_up.user_pk else _signs_in_as(user, sign_up)
    except (ImproperlyConfigured, AttributeError, KeyError, TypeError):
        same = False  # a sign-in must not fail over what is only a convenience
    if not same:
        forget(request)


def _signs_in_as(user: AbstractBaseUser, sign_up: PendingSignUp) -> bool:
    username_of = get_option("USERNAME_FROM_USER") or type(user).get_username
    return sign_up.username_key == get_pool(sign_up.pool).username_key(username_of(user))


def _session(request: HttpRequest) -> SessionBase | dict[str, Any]:
    """Return the session; services may be given a request that has none."""
    return getattr(request, "session", {})


def _save(request: HttpRequest, sign_up: PendingSignUp) -> None:
    request.session[_SIGN_UP] = asdict(sign_up)
