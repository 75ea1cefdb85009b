"""The sandbox over HTTP, for clients outside this process."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import DisallowedHost, RequestDataTooBig
from django.db import router, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from . import errors, tokens
from .clients import sandbox_pools
from .errors import CognitoError
from .models import SandboxUser
from .safety import is_allowed
from .wire import CONTENT_TYPE, Reply, answer, refusal

KEYS_KEPT_FOR = 3600
"""Seconds that clients may keep the keys of a pool."""

# A proxy on this machine connects from loopback on behalf of anybody.
_PROXY_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


# Under ATOMIC_REQUESTS too, an attempt stays counted when the request is refused.
@transaction.non_atomic_requests(using=router.db_for_write(SandboxUser))
@csrf_exempt
@login_not_required
@never_cache
def endpoint(request: HttpRequest) -> HttpResponse:
    """Answer one API call. 403 unless it is a POST of JSON 1.1 from this machine, while ``DEBUG`` is on or tests run.

    The content type keeps web pages out: browsers ask before they send it to another origin, and get no permission.
    """
    reason = _why_not(request)
    if reason:
        return _http(refusal(403, CognitoError("AccessDeniedException", reason)))
    try:
        body = request.body
    except (RequestDataTooBig, UnreadablePostError):
        return _http(refusal(400, errors.TOO_LARGE.error()))
    return _http(answer(sandbox_pools(), request.headers.get("X-Amz-Target", ""), body))


@login_not_required
@require_safe
def key_set(request: HttpRequest, user_pool_id: str) -> HttpResponse:
    """Answer with the public keys of a pool's tokens, where AWS has them: ``<pool id>/.well-known/jwks.json``."""
    reason = _why_not_here(request)
    if reason:
        return JsonResponse({"message": reason}, status=403)
    if user_pool_id not in {pool.user_pool_id for pool in sandbox_pools()}:
        return JsonResponse({"message": f"User pool {user_pool_id} does not exist."}, status=404)
    return JsonResponse(tokens.key_set(user_pool_id), headers={"Cache-Control": f"public, max-age={KEYS_KEPT_FOR}"})


def _why_not(request: HttpRequest) -> str:
    if request.method != "POST" or request.content_type != CONTENT_TYPE:
        return f"The sandbox takes POST requests of {CONTENT_TYPE}."
    return _why_not_here(request)


def _why_not_here(request: HttpRequest) -> str:
    if not is_allowed():
        return "The sandbox is off in production."
    if not _is_loopback(request.META.get("REMOTE_ADDR", "")) or any(name in request.headers for name in _PROXY_HEADERS):
        return "The sandbox answers this machine only."
    try:
        # A web page whose host name was pointed at this machine would pass all of the above.
        request.get_host()
    except DisallowedHost:
        return "The host name is not in ALLOWED_HOSTS."
    return ""


def _is_loopback(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        return found.ipv4_mapped.is_loopback
    return found.is_loopback


def _http(reply: Reply) -> HttpResponse:
    return HttpResponse(reply.body, status=reply.status, headers=reply.headers)
