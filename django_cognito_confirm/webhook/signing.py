"""Signatures: HMAC-SHA-256 over time and body, with a secret that the site and its Lambda share."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from typing import Final

TIMESTAMP_HEADER: Final = "Cognito-Confirm-Timestamp"
"""Seconds since 1970, in decimal digits."""
SIGNATURE_HEADER: Final = "Cognito-Confirm-Signature"
"""64 hexadecimal digits, in lower case."""

WINDOW: Final = 5 * 60
"""Seconds by which a timestamp may differ from our clock."""

_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}", re.ASCII)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature of ``body`` as sent at ``timestamp``."""
    return hmac.digest(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hex()


def is_genuine(secrets: Iterable[str], timestamp: str, signature: str, body: bytes) -> bool:
    """Return whether one of ``secrets`` has made ``signature``; how near it came, the time does not tell."""
    if not _TIMESTAMP.fullmatch(timestamp):
        return False
    given = signature.encode()
    return any(hmac.compare_digest(sign(secret, timestamp, body).encode(), given) for secret in secrets)


def is_fresh(timestamp: str, now: float) -> bool:
    """Return whether a genuine ``timestamp`` is near enough to ``now``."""
    return abs(int(timestamp) - now) <= WINDOW
