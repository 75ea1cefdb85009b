"""Limits over Django's cache: N in a window are N slots, each taken for the window's length by ``cache.add``.

So no rolling window ever holds more than N, on any backend that does not evict, and without ``incr``: a counter that
starts anew each hour would let twice as many through around the turn of it. A request that is refused takes nothing.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import math
import random
import re
import time
import unicodedata
from typing import TYPE_CHECKING, Final, NamedTuple

from django.core.cache import BaseCache, caches

from .addresses import get_client_ip, get_network
from .conf import Pool, get_limit, get_option
from .errors import Throttled, Unavailable
from .masking import keyed_hash

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger(__name__)

EXACT_UP_TO: Final = 100
"""Limits up to this let through exactly what they say."""
SAMPLE: Final = 32
"""Slots that are looked at of a larger limit: a few are refused early when it is nearly full."""

_RATE = re.compile(r"\s*(\d+)/(second|minute|hour|day)\s*")
_UNITS = {"second": 1, "minute": 60, "hour": 60 * 60, "day": 24 * 60 * 60}


class Rate(NamedTuple):
    """At most ``limit`` in any ``window`` seconds."""

    limit: int
    window: int


class _Count(NamedTuple):
    """One limit as it counts one request: its name, whom it counts, and how many of them."""

    scope: str
    identity: str
    rates: tuple[Rate, ...]


class _Refusal(NamedTuple):
    scope: str
    wait: int


class _CacheKeepsNothingError(Exception):
    """The cache takes nothing and has nothing: a backend that hides that its server is down."""


def limit_confirm(pool: Pool, username: str, request: HttpRequest) -> None:
    """Count a stranger's attempt to confirm ``username``. Raises ``Throttled`` when a limit has nothing left.

    When the cache is down it goes on without limits, and logs an error: Cognito's own limit stands behind them.
    """
    address = get_network(get_client_ip(request))
    name = _counted_name(pool, username)
    counts = _counts(
        {
            "confirm:ip+username": f"{address}\0{name}" if address else "",
            "confirm:ip": address,
            "confirm:username": name,
            "confirm:pool": pool.user_pool_id,
        }
    )
    cache = caches[get_option("CACHE")]
    try:
        refusal = _take_all(cache, counts)
    except Exception as error:  # noqa: BLE001 - each backend has exceptions of its own
        logger.error(  # noqa: TRY400 - the frames hold names
            "The cache of the limits is down (%s): confirming goes on without limits.", type(error).__name__
        )
        return
    _raise(refusal, username)


def limit_resend(pool: Pool, username: str, request: HttpRequest, *, owner: str = "") -> None:
    """Count a new code for ``username``, to a stranger or to ``owner`` (any text that tells owners apart).

    Raises ``Throttled`` when a limit has nothing left, and ``Unavailable`` when the cache is down: messages cost money.
    """
    by_whom = (
        {"resend:owner": owner, "resend:pool-owner": pool.user_pool_id}
        if owner
        else {"resend:username": _counted_name(pool, username), "resend:pool": pool.user_pool_id}
    )
    counts = _counts({"resend:ip": get_network(get_client_ip(request)), **by_whom})
    cache = caches[get_option("CACHE")]
    refusal, failure = None, ""
    try:
        refusal = _take_all(cache, counts)
    except Exception as error:  # noqa: BLE001
        failure = type(error).__name__
    if failure:
        logger.error("The cache of the limits is down (%s): no new codes are sent.", failure)
        raise Unavailable("CacheDown")
    if refusal and owner and refusal.scope == "resend:ip":
        logger.error(
            "resend:ip refused somebody who signed up here. If the site is behind a proxy, all visitors seem to have "
            'the proxy\'s address: set COGNITO_CONFIRM["CLIENT_IP"].'
        )
    _raise(refusal, username)


def get_resend_wait(pool: Pool, username: str, *, owner: str = "") -> int:
    """Return the seconds until ``limit_resend`` would let ``owner``, or a stranger for ``username``, ask again.

    It takes nothing, and looks only at what this person has used up, or others for this name: 0 where one is left,
    and where the cache is down.
    """
    scope, identity = ("resend:owner", owner) if owner else ("resend:username", _counted_name(pool, username))
    rates = get_limit(scope)
    if not rates:
        return 0
    cache = caches[get_option("CACHE")]
    try:
        return max((_wait(cache, scope, identity, rate) for rate in parse(rates)), default=0)
    except Exception:  # noqa: BLE001 - whoever asks for a code is told
        return 0


def take(scope: str, identity: str, rates: str) -> int | None:
    """Take a slot of each of ``rates`` for ``identity``; return ``None``, or the seconds to wait if one has none left.

    ``scope`` names the limit (``"example:sign-up"``), ``identity`` whom it counts: any text, since keys are hashed.
    When the cache is down, it raises what the cache raises.
    """
    refusal = _take_all(caches[get_option("CACHE")], [_Count(scope, identity, parse(rates))])
    return refusal.wait if refusal else None


@functools.lru_cache
def parse(rates: str) -> tuple[Rate, ...]:
    """Read ``"20/hour"`` or ``"1/minute, 3/hour, 8/day"``. Raises ``ValueError`` for anything else."""
    parsed = []
    for rate in rates.split(","):
        match = _RATE.fullmatch(rate)
        if not match:
            raise ValueError(f"{rate!r} is not a rate such as '20/hour'.")
        parsed.append(Rate(int(match[1]), _UNITS[match[2]]))
    return tuple(parsed)


def _counted_name(pool: Pool, username: str) -> str:
    """Return whom a username counts as: folded harder than for identity, so that no spelling gets slots of its own.

    By the pool's id, since several aliases may name one pool. Upper case first: the dotless i is lower case already.
    """
    folded = unicodedata.normalize("NFKC", username).upper().casefold()
    return f"{pool.user_pool_id}\0{folded}"


def _counts(identities: dict[str, str]) -> list[_Count]:
    """Return the limits that are on, but for those that have nobody to count."""
    return [
        _Count(scope, identity, parse(rates))
        for scope, identity in identities.items()
        if identity and (rates := get_limit(scope))
    ]


def _raise(refusal: _Refusal | None, username: str) -> None:
    if refusal:
        logger.info("%s has nothing left for %s", refusal.scope, keyed_hash(username))
        raise Throttled(retry_after=refusal.wait)


def _take_all(cache: BaseCache, counts: list[_Count]) -> _Refusal | None:
    """Take a slot of each, in this order; at the first that has none, give back what was taken."""
    taken: list[str] = []
    for scope, identity, rates in counts:
        for rate in rates:
            slot = _take(cache, _prefix(scope, identity, rate), rate)
            if isinstance(slot, int):
                if taken:
                    cache.delete_many(taken)
                return _Refusal(scope, slot)
            taken.append(slot)
    return None


def _prefix(scope: str, identity: str, rate: Rate) -> str:
    """Return what the keys of all slots begin with: a digest, since caches are particular about keys."""
    name = f"{scope}\0{identity}\0{rate.window}"
    return f"cognito_confirm:{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()}"


def _wait(cache: BaseCache, scope: str, identity: str, rate: Rate) -> int:
    """Return the seconds until a slot is free, 0 where one is; of a larger limit, some are taken to be."""
    if rate.limit > EXACT_UP_TO:
        return 0
    prefix = _prefix(scope, identity, rate)
    taken = cache.get_many([f"{prefix}:{slot}" for slot in range(rate.limit)])
    return _until_free(taken, time.time() + rate.window) if len(taken) == rate.limit else 0


def _until_free(taken: dict[str, float], default: float) -> int:
    return max(1, math.ceil(min(taken.values(), default=default) - time.time()))


def _take(cache: BaseCache, prefix: str, rate: Rate) -> str | int:
    """Return the key of the slot that was taken, or the seconds until one is free."""
    if not rate.limit:
        return rate.window
    free_at = time.time() + rate.window
    key = f"{prefix}:{random.randrange(rate.limit)}"  # noqa: S311 - so that two do not meet
    if cache.add(key, free_at, rate.window):
        return key
    slots = random.sample(range(rate.limit), rate.limit if rate.limit <= EXACT_UP_TO else SAMPLE)
    keys = [f"{prefix}:{slot}" for slot in slots]
    taken = cache.get_many(keys)
    for key in keys:
        if key not in taken and cache.add(key, free_at, rate.window):
            return key
    if not taken and not cache.get_many(keys):
        raise _CacheKeepsNothingError
    return _until_free(taken, free_at)
