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


def start(user: SandboxUser) -> str:
    """Return a new Session of ``user``, 86 characters."""
    token = secrets.token_urlsafe(64)
    now = timezone.now()
    user.sessions.filter(expires_at__lte=now).delete()
    user.sessions.create(digest=_digest(token), expires_at=now + VALIDITY)
    return token


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
