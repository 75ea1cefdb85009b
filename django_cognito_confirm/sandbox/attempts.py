"""The limits that Cognito keeps for each user, over a rolling hour."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from . import errors
from .models import Attempt, SandboxUser

WINDOW = timedelta(hours=1)
LIMITS: dict[str, int] = {Attempt.Kind.CONFIRM: 15, Attempt.Kind.RESEND: 5}


def take(user: SandboxUser, kind: str) -> None:
    """Count one request of ``kind`` (``Attempt.Kind``).

    In a transaction of its own, so that it stays counted if the request is refused.

    Raises LimitExceededException when the hour holds no more. A request that is refused here is not counted; whether
    Cognito counts it, and requests for people who are confirmed already, is not documented: the latter are counted.
    """
    since = timezone.now() - WINDOW
    with user.locked() as locked:
        locked.attempts.filter(at__lte=since).delete()
        allowed = locked.attempts.filter(kind=kind).count() < LIMITS[kind]
        if allowed:
            locked.attempts.create(kind=kind)
    if not allowed:
        raise errors.LIMIT_EXCEEDED.error()
