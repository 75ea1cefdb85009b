"""Confirm and resend for programs: the pages' services, limits and answers, as Django REST Framework has them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from http import HTTPStatus
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import APIException, PermissionDenied, UnsupportedMediaType, ValidationError
from rest_framework.permissions import SAFE_METHODS, AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView, exception_handler

from .. import answers, ledger, pending
from ..answers import Answer
from ..cognito import Delivery, warm_up
from ..conf import DEFAULT_POOL_ALIAS, get_sign_in_url, get_signed_in_url
from ..errors import ConfirmSignUpError
from ..precautions import open_to_everybody
from ..services import confirm_sign_up, resend_code
from ..user_context import get_user_context_data
from ..visitors import Visitor, forget, get_safe_next
from .parsers import CodeParser
from .schema import describe_confirm, describe_resend
from .serializers import ConfirmSignUpSerializer, ResendCodeSerializer


class StaleToken(PermissionDenied):
    """A request of the owner's browser session without a valid CSRF token."""

    default_code = "csrf"


class SignUpAPIView(APIView):
    """What both views share. Who may call them, and how often, is for the services to say.

    Authentication and throttling are the site's own; neither makes anybody the owner of a sign-up.
    """

    serializer_class: ClassVar[type[ResendCodeSerializer]]
    permission_classes = [AllowAny]
    parser_classes = [CodeParser]
    renderer_classes = [JSONRenderer]
    versioning_class = None
    metadata_class = None

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:  # type: ignore[override]
        """Return the view, open to everybody and safe to send a code to, outside the transaction of a request."""
        return open_to_everybody(super().as_view(**initkwargs))

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.http_request = request

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Keep other sites' pages out: what a browser sends for them unasked, and the use of an owner's session."""
        if request.method not in SAFE_METHODS:
            self.expect_json(request)
            if pending.holds_sign_up(self.http_request):
                self.expect_csrf_token()
        super().initial(request, *args, **kwargs)

    def expect_json(self, request: Request) -> None:
        """Refuse what a page can send to another site without that site's leave. Raises ``UnsupportedMediaType``."""
        media_type = request.content_type.partition(";")[0].strip().lower()
        if media_type and media_type != CodeParser.media_type:
            raise UnsupportedMediaType(media_type)

    def expect_csrf_token(self) -> None:
        """Refuse what a form would be refused for. Raises ``StaleToken``."""
        try:
            SessionAuthentication().enforce_csrf(self.http_request)  # type: ignore[arg-type]  # as the middleware would
        except PermissionDenied as error:
            stale = StaleToken(error.detail)
        else:
            return
        raise stale

    @property
    def pool(self) -> str:
        """Alias of the pool, from the URLconf."""
        pool: str = self.kwargs.get("pool", DEFAULT_POOL_ALIAS)
        return pool

    @cached_property
    def visitor(self) -> Visitor:
        """Who this is, and which sign-up the request speaks of."""
        return Visitor(self.http_request, self.pool, self._given("username"))

    @property
    def next_url(self) -> str:
        """Where to go when the sign-up is confirmed: the path that the request names, else the sign-in page."""
        return get_safe_next(self._given("next")) or get_sign_in_url()

    def _given(self, name: str) -> str:
        source = self.request.query_params if self.request.method == "GET" else self.request.data
        value = source.get(name) if isinstance(source, Mapping) else None
        return value if isinstance(value, str) else ""

    def clean(self) -> dict[str, Any]:
        """Return what was sent, with whose sign-up it is about. Raises DRF's ``ValidationError``."""
        owned = self.visitor.pending
        serializer: Serializer[Any] = self.serializer_class(data=self.request.data, ask_username=owned is None)
        serializer.is_valid(raise_exception=True)
        given: dict[str, Any] = serializer.validated_data
        return {**given, "username": owned.username} if owned else given

    def get_user_context_data(self) -> Mapping[str, str]:
        """Return what Cognito's threat protection is told of this visitor, where the pool is set to tell it."""
        return get_user_context_data(self.http_request, self._given("encoded_data"), pool=self.pool)

    def get_resend_url(self) -> str:
        """Return where a new code is asked for, in the same include."""
        match = self.http_request.resolver_match
        return reverse("cognito_confirm_api:resend", current_app=match.namespace if match else None)

    def lead_on(self) -> Response:
        """Tell a confirmed person so, and where they go."""
        signed_in = pending.is_signed_in(self.http_request, self.pool)
        next_url = get_safe_next(self._given("next")) or (get_signed_in_url() if signed_in else get_sign_in_url())
        return self.respond(answers.confirmed(next_url, signed_in=signed_in))

    def respond(self, answer: Answer) -> Response:
        """Return ``answer`` as DRF renders it."""
        return Response(answer.members, status=answer.status, headers=answer.headers, content_type=answer.content_type)

    def get_exception_handler(self) -> Callable[..., Response | None]:
        """Return what makes problem details (RFC 9457) of every refusal, ours and DRF's own."""
        return self.tell_problem

    def tell_problem(self, error: Exception, context: dict[str, Any]) -> Response | None:
        if isinstance(error, ConfirmSignUpError):
            return self.respond(answers.refused(error, resend_url=self.get_resend_url()))
        response = exception_handler(error, context)
        if response is None:
            return None
        told = self.respond(_describe(error, response.status_code))
        if challenge := response.headers.get("WWW-Authenticate"):
            told.headers["WWW-Authenticate"] = challenge
        return told


def _describe(error: Exception, status: int) -> Answer:
    if isinstance(error, ValidationError):
        return answers.invalid(error.get_full_details())
    wait: float | None = getattr(error, "wait", None)
    members = {} if wait is None else {"retry_after": math.ceil(wait)}
    kind = error.default_code if isinstance(error, APIException) else HTTPStatus(status).name.lower()
    return answers.problem(status, kind, str(error), **members)


@describe_confirm
class ConfirmAPIView(SignUpAPIView):
    """The sign-up that waits to be confirmed: how it stands, the code that confirms it, and *Not you?*."""

    serializer_class = ConfirmSignUpSerializer

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        warm_up(self.pool, also=ledger.rehearse)
        return self.respond(answers.state(self.visitor))

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        if self.visitor.is_done:
            return self.lead_on()
        given = self.clean()
        self.confirm(given["username"], given["code"])
        response = self.lead_on()
        self.visitor.keep_success(response)
        return response

    def delete(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = Response(status=HTTPStatus.NO_CONTENT)
        forget(self.http_request, response)
        return response

    def confirm(self, username: str, code: str) -> None:
        """Confirm the sign-up. Raises ``ConfirmSignUpError`` with what this visitor may know."""
        confirm_sign_up(
            username,
            code,
            pool=self.pool,
            user_context_data=self.get_user_context_data(),
            source="api",
            request=self.http_request,
        )


@describe_resend
class ResendAPIView(SignUpAPIView):
    """Has a new code sent; strangers always get the same answer."""

    serializer_class = ResendCodeSerializer

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        if self.visitor.is_done:
            return self.lead_on()
        username = self.clean()["username"]
        delivery = self.resend(username)
        return self.respond(answers.code_sent(self.visitor, username, delivery, self.next_url))

    def resend(self, username: str) -> Delivery | None:
        """Have the code sent. Raises ``ConfirmSignUpError`` with what this visitor may know."""
        return resend_code(
            username, pool=self.pool, user_context_data=self.get_user_context_data(), request=self.http_request
        )
