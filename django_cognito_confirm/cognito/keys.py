"""The public keys of a pool, which its tokens are checked with: ``jwks.json``."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ..conf import Pool
from ..errors import Unavailable
from .clients import BRIEF_TIMEOUT
from .messages import KeySet

if TYPE_CHECKING:
    from botocore.awsrequest import AWSResponse

DEFAULT_MAX_AGE: Final = 3600
"""Seconds, for an answer that does not say."""
MIN_MAX_AGE: Final = 60
"""Seconds: whatever it says, not every token has the keys fetched anew."""


def fetch_keys(pool: Pool) -> KeySet:
    """Fetch the keys of a pool, with botocore's own certificates and proxies. Raises ``Unavailable``.

    The sandbox answers inside the process, and its keys are not for keeping: tests begin with new ones.
    """
    if pool.sandbox:
        from .. import sandbox

        return KeySet(tuple(sandbox.key_set(pool.user_pool_id)["keys"]))
    url = f"{pool.endpoint_url.rstrip('/')}/{pool.user_pool_id}" if pool.endpoint_url else pool.issuer
    try:
        response = _get(f"{url}/.well-known/jwks.json")
        keys = _read(response)
    except Exception as error:  # noqa: BLE001 - botocore's, and whatever nonsense from the wire leads to
        reason = type(error).__name__
    else:
        return KeySet(keys, _max_age(response.headers.get("cache-control", "")))
    raise Unavailable(reason)


def _get(url: str) -> AWSResponse:
    from botocore.awsrequest import AWSRequest
    from botocore.httpsession import URLLib3Session
    from botocore.utils import get_environ_proxies

    session = URLLib3Session(
        verify=os.environ.get("AWS_CA_BUNDLE") or True,  # type: ignore[arg-type]  # a path will do
        proxies=get_environ_proxies(url),
        timeout=BRIEF_TIMEOUT,
    )
    try:
        return session.send(AWSRequest("GET", url).prepare())
    finally:
        session.close()


def _read(response: AWSResponse) -> tuple[Mapping[str, Any], ...]:
    if response.status_code != 200:
        raise ValueError(response.status_code)
    return tuple(dict(key) for key in json.loads(response.content)["keys"])


def _max_age(cache_control: str) -> int:
    found = re.search(r"max-age=(\d{1,9})", cache_control)
    return max(int(found[1]), MIN_MAX_AGE) if found else DEFAULT_MAX_AGE
