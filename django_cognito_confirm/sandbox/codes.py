"""Confirmation codes: six digits, valid for 24 hours, used once, and one live code a user."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from . import errors

if TYPE_CHECKING:
    from .models import SandboxUser

VALIDITY = timedelta(hours=24)


def issue(user: SandboxUser) -> bool:
    """Give ``user`` a new code, which kills the one before; return False when there is nowhere to send one.

    Somebody with both a number and an address gets an SMS. The caller saves ``user`` and delivers.
    """
    user.code_attribute = "phone_number" if user.phone_number else "email" if user.email else ""
    if not user.code_attribute:
        return False
    user.code = f"{secrets.randbelow(10**6):06}"
    user.code_sent_at = timezone.now()
    return True


def check(user: SandboxUser, code: str) -> None:
    """Raise CodeMismatchException or ExpiredCodeException unless ``code`` is the live code of ``user``.

    Compared here and not in the database: the API lets a code hold any character, PostgreSQL does not. A code that was
    sent once and is dead counts as expired, as people see it in the field; what Cognito says is not documented.
    """
    if user.code_sent_at is None or not user.code or user.code_sent_at + VALIDITY <= timezone.now():
        raise errors.CODE_EXPIRED.error()
    if secrets.compare_digest(code.encode(), user.code.encode()):
        return
    if re.fullmatch("[0-9]{6}", code) and user.messages.filter(code=code).exists():
        raise errors.CODE_EXPIRED.error()
    raise errors.CODE_MISMATCH.error()
