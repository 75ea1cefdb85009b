"""What went wrong, as a status of HTTP and as JSON: problem details (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, JsonResponse

from .errors import ConfirmSignUpError, Throttled, Told

_JSON = ("application/json", "application/problem+json")


def wants_json(request: HttpRequest) -> bool:
    """Return whether the client prefers JSON to a page, by its ``Accept``."""
    return request.get_preferred_type(["text/html", *_JSON]) in _JSON


def get_status(error: ConfirmSignUpError, *, refused: int) -> int:
    """Return the status of an answer that tells of ``error``; ``refused`` is that of a plain no."""
    if isinstance(error, Throttled) and error.is_ours:
        return HTTPStatus.TOO_MANY_REQUESTS
    return HTTPStatus.SERVICE_UNAVAILABLE if error.told is Told.UNAVAILABLE else refused


def describe(status: int, kind: str, detail: object, **members: Any) -> JsonResponse:
    """Return problem details: ``kind`` is for programs, ``detail`` for people; other members as they are.

    https://www.rfc-editor.org/rfc/rfc9457
    """
    problem = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": int(status)}
    return JsonResponse(
        {**problem, "detail": str(detail), "kind": kind, **members},
        status=status,
        content_type="application/problem+json",
    )
