"""``Session``: what SignUp hands out and ConfirmSignUp takes and renews, for a sign-in without another code.

Cognito gives one only to app clients that allow ``ALLOW_USER_AUTH``; the sandbox always does, so that hosts meet it.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from . import errors

if TYPE_CHECKING:
    from .models import SandboxSession, SandboxUser

# AuthSessionValidity of a client is 3 to 15 minutes, 3 unless set.
VALIDITY = timedelta(minutes=3)


def start(user: SandboxUser, *, signs_in: bool = False) -> str:
    """Return a new Session of ``user``, 86 characters; ``signs_in``: it stands for a right code."""
    token = secrets.token_urlsafe(64)
    now = timezone.now()
    user.sessions.filter(expires_at__lte=now).delete()
    user.sessions.create(digest=_digest(token), expires_at=now + VALIDITY, signs_in=signs_in)
    return token


def renew(session: SandboxSession) -> str:
    """Return the Session that a right code gives in exchange for ``session``."""
    session.delete()
    return start(session.user, signs_in=True)


def use_up(user: SandboxUser, token: str) -> None:
    """Take the Session ``token`` for a sign-in. Raises NotAuthorizedException unless it is one for that, and live.

    That it does so once only is not documented. ``find`` says for how long.
    """
    session = find(user, token)
    if not session.signs_in or not user.sessions.filter(pk=session.pk).delete()[0]:
        raise errors.SESSION_INVALID.error()


def find(user: SandboxUser, token: str) -> SandboxSession:
    """Return the live Session ``token`` of ``user``.

    Raises NotAuthorizedException when it is not theirs or has expired: what Cognito does with an expired one is not
    documented. It stays valid after a wrong code.
    """
    session = user.sessions.filter(digest=_digest(token), expires_at__gt=timezone.now()).first()
    if session is None:
        raise errors.SESSION_INVALID.error()
    return session


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
