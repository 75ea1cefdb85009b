"""What drf-spectacular writes into a site's OpenAPI schema; without it, the views work all the same."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from ..answers import PROBLEM
from .serializers import ConfirmSignUpSerializer, ResendCodeSerializer
from .shapes import CodeSentSerializer, SignUpConfirmedSerializer, SignUpProblemSerializer, SignUpStateSerializer

Decorator = Callable[[Any], Any]

_SITE = {
    401: "The site's own authentication says no.",
    403: "No valid CSRF token in the owner's browser session, or the site's own authentication says no.",
    406: "Nothing but JSON is to be had.",
    429: "Too often: by a limit of this app or of the site.",
}
_BODY = {**_SITE, 415: "The body is not sent as JSON."}
_CALL = {**_BODY, 400: "A no, or not filled in as it must be.", 503: "Not possible at the moment."}


def _leave(view: Any) -> Any:
    return view


def _describe() -> tuple[Decorator, Decorator]:
    """Return what describes the two views, which is nothing where drf-spectacular is not installed."""
    if not find_spec("drf_spectacular"):
        return _leave, _leave
    from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view

    token = OpenApiParameter(
        "X-CSRFToken",
        location=OpenApiParameter.HEADER,
        description="Needed where this browser session waits to confirm a sign-up, or has confirmed one.",
    )
    username = OpenApiParameter("username", description="The name to speak of, where it is not the session's own.")

    def operation(summary: str, text: str, request: Any, answers: Any, problems: dict[int, str]) -> Decorator:
        told = {(status, PROBLEM): OpenApiResponse(SignUpProblemSerializer, why) for status, why in problems.items()}
        return extend_schema(
            summary=summary,
            description=text,
            tags=["sign-up"],
            request=request,
            responses={**answers, **told},
            parameters=[username if problems is _SITE else token],
        )

    return (
        extend_schema_view(
            get=operation(
                "How things stand",
                "What this browser session knows: all that a front end needs to begin or to go on.",
                None,
                {200: SignUpStateSerializer},
                _SITE,
            ),
            post=operation(
                "Confirm a sign-up",
                "Strangers get one answer for every no. Once confirmed in this browser session, success again.",
                ConfirmSignUpSerializer,
                {200: SignUpConfirmedSerializer},
                _CALL,
            ),
            delete=operation(
                "Not you?",
                "Forget the sign-up and the name that this browser session knows.",
                None,
                {204: OpenApiResponse(description="Forgotten.")},
                _BODY,
            ),
        ),
        extend_schema_view(
            post=operation(
                "Ask for a new code",
                "Strangers always get the same answer. A new code replaces all earlier ones.",
                ResendCodeSerializer,
                {200: CodeSentSerializer},
                _CALL,
            )
        ),
    )


describe_confirm, describe_resend = _describe()
