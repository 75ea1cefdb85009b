"""The webhook: who may tell us of a confirmation, and what they are answered."""

from __future__ import annotations

import json
import logging
import time
from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.core.cache import caches
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from .. import events, ledger
from ..answers import problem
from ..conf import DEFAULT_POOL_ALIAS, Pool, get_option, get_pool
from ..events import Taken
from .signing import SIGNATURE_HEADER, TIMESTAMP_HEADER, WINDOW, is_fresh, is_genuine

logger = logging.getLogger(__name__)

MAX_BODY: Final = 256 * 1024
"""Bytes: a user's attributes alone may take a hundred thousand."""

_STATUS: Final = {Taken.IGNORED: 204, Taken.SETTLED: 200, Taken.LEFT: 202}


# Under ATOMIC_REQUESTS the ledger could not commit what it writes. A signature stands where others have a CSRF token.
@transaction.non_atomic_requests(using=ledger.database())
@csrf_exempt
@login_not_required
@never_cache
@require_POST
def post_confirmation(request: HttpRequest, pool: str = DEFAULT_POOL_ALIAS) -> HttpResponse:
    """Take one event of Cognito's post-confirmation trigger, signed with one of the pool's ``WEBHOOK_SECRETS``.

    200: the person is known here. 202: ``cognito_sync`` will settle it. 204: the event is not about a sign-up of this
    pool. 400: it is no event. 403: not signed, or not within five minutes. 404: the pool has no secrets. 409: the very
    same request was taken before. 413: too long. 503: the cache is down, try again. Errors are problem details.
    """
    settings = get_pool(pool)
    if not settings.webhook_secrets:
        raise Http404(f'COGNITO_POOLS["{pool}"]["WEBHOOK_SECRETS"] is not set.')
    try:
        body = request.read(MAX_BODY + 1)  # whatever length the request says it has
    except UnreadablePostError:
        return problem(400, "invalid", "The request was cut short.").to_response()
    if len(body) > MAX_BODY:
        return problem(413, "too_large", f"At most {MAX_BODY} bytes.").to_response()
    timestamp, signature = (request.headers.get(name, "") for name in (TIMESTAMP_HEADER, SIGNATURE_HEADER))
    if not is_genuine(settings.webhook_secrets, timestamp, signature, body):
        return problem(403, "signature", "The signature is missing or wrong.").to_response()
    if not is_fresh(timestamp, time.time()):
        return problem(
            403, "stale", f"The timestamp is not within {WINDOW} seconds of this site's clock."
        ).to_response()
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return problem(400, "invalid", "The body is not JSON.").to_response()
    return _take_once(settings, document, f"cognito_confirm:webhook:{signature}")


def _take_once(pool: Pool, document: Any, key: str) -> HttpResponse:
    """Take an event unless the same request was taken before; one that failed may be sent again as it is."""
    cache = caches[get_option("CACHE")]
    try:
        is_first = cache.add(key, 1, 2 * WINDOW)
    except Exception:
        logger.exception("The cache is down: whether an event is a replay cannot be told.")
        return problem(503, "unavailable", "Try again.").to_response()
    if not is_first:
        return problem(409, "replay", "This request was taken before.").to_response()
    try:
        return HttpResponse(status=_STATUS[events.take(pool, document)])
    except ValueError as error:
        return problem(400, "invalid", str(error)).to_response()
    except Exception:
        cache.delete(key)
        raise
