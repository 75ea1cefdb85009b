"""What programs are told, by pages and APIs alike: a status of HTTP and JSON. A no is problem details (RFC 9457)."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from django.http import HttpRequest, JsonResponse
from django.middleware.csrf import get_token
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from . import pending
from .cognito import Delivery
from .conf import get_sign_in_url, get_sign_up_url
from .errors import ConfirmSignUpError, Throttled, Told
from .visitors import Visitor

# Translators: Said to somebody who has just asked for a new code.
CODE_SENT: Final = _("A new code is on its way. From now on, only the newest code works.")
CODE_MAY_BE_SENT: Final = _(
    # Translators: Said to anybody who asks for a new code. It must not sound sure that the account exists.
    "If this account is waiting to be confirmed, a new code is on its way. From now on, only the newest code works."
)

PROBLEM: Final = "application/problem+json"
_JSON = ("application/json", PROBLEM)


class Answer(NamedTuple):
    """A status of HTTP, and the members of the JSON object that is its body."""

    status: int
    members: dict[str, Any]

    @property
    def content_type(self) -> str:
        return PROBLEM if self.status >= HTTPStatus.BAD_REQUEST else "application/json"

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.members["retry_after"])} if "retry_after" in self.members else {}

    def to_response(self) -> JsonResponse:
        return JsonResponse(self.members, status=self.status, headers=self.headers, content_type=self.content_type)


def wants_json(request: HttpRequest) -> bool:
    """Return whether the client prefers JSON to a page, by its ``Accept``."""
    return request.get_preferred_type(["text/html", *_JSON]) in _JSON


def get_status(error: ConfirmSignUpError, *, refused: int) -> int:
    """Return the status of an answer that tells of ``error``; ``refused`` is that of a plain no."""
    if isinstance(error, Throttled) and error.is_ours:
        return HTTPStatus.TOO_MANY_REQUESTS
    return HTTPStatus.SERVICE_UNAVAILABLE if error.told is Told.UNAVAILABLE else refused


def problem(status: int, kind: str, detail: str | Promise, **members: Any) -> Answer:
    """Return problem details: ``kind`` is for programs, ``detail`` for people; other members as they are.

    https://www.rfc-editor.org/rfc/rfc9457
    """
    told = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": int(status)}
    return Answer(int(status), {**told, "detail": str(detail), "kind": kind, **members})


def refused(error: ConfirmSignUpError, *, resend_url: str) -> Answer:
    """Tell what went wrong, as far as this visitor may know, and the ways on."""
    wait = {} if error.retry_after is None else {"retry_after": error.retry_after}
    status = get_status(error, refused=HTTPStatus.BAD_REQUEST)
    ways_on = {"sign_in_url": get_sign_in_url(), "resend_url": resend_url}
    return problem(status, error.kind, error.message, **wait, **ways_on)


def invalid(errors: Any) -> Answer:
    """Tell what was not filled in as it must be: ``message`` and ``code`` of each error, by field."""
    return problem(HTTPStatus.BAD_REQUEST, "invalid", _("Check what you entered."), errors=errors)


def confirmed(next_url: str, *, signed_in: bool) -> Answer:
    """Tell of success, whether it has also signed this person in (``AUTO_SIGN_IN``), and where to go."""
    return Answer(HTTPStatus.OK, {"confirmed": True, "signed_in": signed_in, "next": next_url})


def code_sent(visitor: Visitor, username: str, delivery: Delivery | None, next_url: str) -> Answer:
    """Tell that a new code was sent: the owner also where to, strangers only that it may have been."""
    members: dict[str, Any] = {
        "detail": str(CODE_SENT if visitor.pending else CODE_MAY_BE_SENT),
        "next": next_url,
        "resend_wait": visitor.get_resend_wait(username),
    }
    if visitor.pending:
        members["delivery"] = _deliver(delivery)
    return Answer(HTTPStatus.OK, members)


def state(visitor: Visitor) -> Answer:
    """Tell what this browser session knows, which is all that a front end needs to begin or to go on."""
    sign_up = visitor.pending
    members = {
        "pending": sign_up is not None,
        "confirmed": sign_up is None and pending.was_confirmed(visitor.request, visitor.pool),
        "username": sign_up.username if sign_up else visitor.given_username,
        "delivery": _deliver(sign_up.delivery) if sign_up else None,
        "resend_wait": visitor.get_resend_wait(),
        "sign_in_url": get_sign_in_url(),
        "sign_up_url": get_sign_up_url(),
        "csrf_token": get_token(visitor.request),
    }
    return Answer(HTTPStatus.OK, members)


def _deliver(delivery: Delivery | None) -> dict[str, str] | None:
    return asdict(delivery) if delivery else None
