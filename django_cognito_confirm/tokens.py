"""Checks Cognito's ID tokens: who issued one, for whom, what for, and until when.

PyJWT does it (extra ``sign-in``), imported when it is first needed. The pool's keys are fetched once and kept for as
long as Cognito says; a token signed with a key that is not among them has them fetched anew, at most once a minute.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from django.core.exceptions import ImproperlyConfigured

from . import cognito
from .conf import DEFAULT_POOL_ALIAS, Pool, get_pool
from .masking import MASK, SecretStr

ALGORITHM: Final = "RS256"
"""The only one that Cognito signs with."""

USE: Final = "id"
"""What an ID token says that it is, where an access token says "access"."""

LEEWAY: Final = 60
"""Seconds by which the clocks of Cognito and of this machine may differ."""

REFETCH_AFTER: Final = 60
"""Seconds between two fetches for keys that were not there."""

KEEP_AT_MOST: Final = 24 * 60 * 60
"""Seconds."""

REQUIRED: Final = ("aud", "exp", "iat", "iss", "sub", "token_use")


class InvalidToken(Exception):
    """A token is not what it must be. ``reason`` is for logs, such as ``InvalidIssuerError``, and never the token."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Claims(dict[str, Any]):
    """What an ID token says of a person. Its ``repr`` shows nothing: addresses do not belong in logs."""

    def __repr__(self) -> str:
        return MASK


class _Kept(NamedTuple):
    keys: tuple[Mapping[str, Any], ...]
    fetched_at: float
    max_age: float


_kept: dict[tuple[str, str | None], _Kept] = {}


def verify_id_token(token: str, *, pool: str = DEFAULT_POOL_ALIAS) -> Claims:
    """Return the claims of an ID token that the pool has issued to this site's app client and that is good now.

    ``token`` is the token as Cognito gave it, ``pool`` the alias in ``COGNITO_POOLS``. Checked are signature (RS256
    alone, by a key of the pool), ``iss``, ``aud``, ``token_use``, ``exp`` and ``iat``, with a minute's leeway. Raises
    ``InvalidToken``; ``Unavailable`` when the keys cannot be fetched; and ``ImproperlyConfigured`` where PyJWT is not
    installed.
    https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
    """
    secret = SecretStr(token)
    del token  # what is raised here keeps this frame
    try:
        import jwt
    except ImportError:
        raise ImproperlyConfigured(
            'Checking tokens needs PyJWT: pip install "django-cognito-confirm[sign-in]".'
        ) from None
    settings = get_pool(pool)
    try:
        key = _find_key(settings, jwt.get_unverified_header(secret).get("kid"))
        claims = Claims(
            jwt.decode(
                secret,
                jwt.PyJWK(dict(key), ALGORITHM),
                algorithms=[ALGORITHM],
                issuer=settings.issuer,
                audience=settings.client_id,
                leeway=LEEWAY,
                options={"require": [*REQUIRED], "strict_aud": True},
            )
        )
        reason = "" if claims["token_use"] == USE else "NotAnIdToken"
    except (jwt.PyJWTError, ValueError, TypeError) as error:  # those two for what is no token at all
        reason = type(error).__name__
    except _UnknownKeyError:
        reason = "UnknownKey"
    if reason:
        raise InvalidToken(reason)
    return claims


class _UnknownKeyError(Exception):
    pass


def _find_key(pool: Pool, kid: object) -> Mapping[str, Any]:
    """Return the pool's key of this id; fetch the keys where they are too old, or a while ago did not hold it."""
    address = (pool.issuer, pool.endpoint_url)
    kept, now = _kept.get(address), time.monotonic()
    if kept is not None and now < kept.fetched_at + kept.max_age:
        key = _pick(kept.keys, kid)
        if key is not None:
            return key
        if now < kept.fetched_at + REFETCH_AFTER:
            raise _UnknownKeyError
    fetched = cognito.fetch_keys(pool)
    if fetched.max_age:
        _kept[address] = _Kept(fetched.keys, now, min(fetched.max_age, KEEP_AT_MOST))
    key = _pick(fetched.keys, kid)
    if key is None:
        raise _UnknownKeyError
    return key


def _pick(keys: Iterable[Mapping[str, Any]], kid: object) -> Mapping[str, Any] | None:
    return next((key for key in keys if key.get("kid") == kid and key.get("use", "sig") == "sig"), None)
