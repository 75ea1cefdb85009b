"""The app client of a request: which pool it belongs to, and whether the request proves that it knows the secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from django_cognito_confirm.conf import Pool, Sandbox, get_pool, get_pool_aliases

from . import errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .errors import Refusal


def sandbox_pools() -> list[Pool]:
    """Return the pools of ``COGNITO_POOLS`` that the sandbox answers for."""
    pools = map(get_pool, get_pool_aliases())
    return [pool for pool in pools if pool.sandbox]


def rules(pool: Pool) -> Sandbox:
    """Return what the sandbox of ``pool`` is told to be."""
    return pool.sandbox or Sandbox()


def find_pool(pools: Iterable[Pool], request: Mapping[str, Any]) -> Pool:
    """Return the one of ``pools`` that ``request`` is about. Raises ResourceNotFoundException when none of them is."""
    if "UserPoolId" in request:
        for pool in pools:
            if pool.user_pool_id == request["UserPoolId"]:
                return pool
        raise errors.POOL_NOT_FOUND.error(user_pool_id=request["UserPoolId"])
    for pool in pools:
        if pool.client_id == request["ClientId"]:
            return pool
    raise errors.CLIENT_NOT_FOUND.error(client_id=request["ClientId"])


def check_secret_hash(
    pool: Pool, username: str, secret_hash: str | None, wrong: Refusal = errors.SECRET_HASH_WRONG
) -> None:
    """Raise NotAuthorizedException unless ``secret_hash`` is made from exactly ``username``, or there is no secret.

    A hash sent for a client without a secret is refused too: nothing could verify it.
    """
    secret = pool.get_client_secret()
    if secret_hash is None:
        if secret:
            raise errors.SECRET_HASH_MISSING.error(client_id=pool.client_id)
        return
    digest = hmac.digest(secret.encode(), (username + pool.client_id).encode(), hashlib.sha256)
    if not secret or not hmac.compare_digest(base64.b64encode(digest), secret_hash.encode()):
        raise wrong.error(client_id=pool.client_id)
