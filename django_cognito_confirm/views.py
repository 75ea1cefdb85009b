"""The pages: confirm, send a new code, done. Each step that a host may want different is a method of its own."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any, Final

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.middleware.csrf import REASON_NO_CSRF_COOKIE
from django.utils.translation import gettext_lazy as _
from django.views.csrf import csrf_failure as django_csrf_failure
from django.views.generic import TemplateView

from . import pending
from .cognito import Delivery, warm_up
from .errors import ConfirmSignUpError
from .forms import ConfirmForm, ResendForm
from .pages import CODE_SENT_ID, PRECAUTIONS, CodePageView, PageMixin, StaleForm, Wait
from .reports import get_typed
from .services import confirm_sign_up, resend_code
from .visits import hand_over

logger = logging.getLogger(__name__)

# Translators: Said to somebody who has just asked for a new code.
CODE_SENT: Final = _("A new code is on its way. From now on, only the newest code works.")
CODE_MAY_BE_SENT: Final = _(
    # Translators: Said to anybody who asks for a new code. It must not sound sure that the account exists.
    "If this account is waiting to be confirmed, a new code is on its way. From now on, only the newest code works."
)


class ConfirmView(CodePageView):
    """The page that takes the code. It works at any time, in any browser; a GET never confirms."""

    form_class = ConfirmForm
    template_name = "django_cognito_confirm/confirm.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.is_done():
            return HttpResponseRedirect(self.get_success_url())
        warm_up(self.pool)
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "forget" in request.POST:
            pending.forget(request)
            return self.go_on(self.reverse("confirm", next=self.next_url))
        if self.is_done():
            return self.go_on(self.get_success_url(), confirmed=True)
        return super().post(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return {"username": self.given_username, "code": get_typed(self.request, "GET").get("code", "")}

    def form_valid(self, form: forms.Form) -> HttpResponse:
        username = self.get_username(form)
        try:
            self.confirm(username, form.cleaned_data["code"])
        except ConfirmSignUpError as error:
            return self.refused(username, error)
        response = self.go_on(self.get_success_url(), confirmed=True)
        self.save_session(response)
        return response

    def save_session(self, response: HttpResponse) -> None:
        """Save the session now: if that fails, this person is confirmed all the same and must not see an error."""
        session = self.request.session
        try:
            session.save()
        except Exception:
            logger.exception("A sign-up is confirmed, but the session could not be saved.")
        else:
            if session.session_key != self.request.COOKIES.get(settings.SESSION_COOKIE_NAME):
                hand_over(session, response)
        session.modified = False  # the middleware need not save it once more

    def confirm(self, username: str, code: str) -> None:
        """Confirm the sign-up. Raises ``ConfirmSignUpError`` with what this visitor may know."""
        confirm_sign_up(username, code, pool=self.pool, source="form", request=self.request)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sent = self.pending.code_sent if self.pending else pending.code_asked_for(self.request, self.pool)
        told = (CODE_SENT if self.pending else CODE_MAY_BE_SENT) if sent and not kwargs.get("problem") else ""
        context = super().get_context_data(**{"code_sent": told, **kwargs})
        if told and not context["form"].is_bound:
            context["form"].describe_code(CODE_SENT_ID)
        return context


class ResendView(CodePageView):
    """Has a new code sent: by one press for the owner, by username for others, who always get the same answer."""

    form_class = ResendForm
    template_name = "django_cognito_confirm/resend.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.is_done():
            return self.go_on(self.get_success_url(), confirmed=True)
        return super().post(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return {"username": self.given_username}

    def form_valid(self, form: forms.Form) -> HttpResponse:
        username = self.get_username(form)
        try:
            delivery = self.resend(username)
        except ConfirmSignUpError as error:
            return self.refused(username, error)
        confirm_url = self.reverse("confirm", next=self.next_url)
        if self.pending is None:
            pending.remember_username(self.request, username, pool=self.pool, code_asked_for=True)
            return self.go_on(confirm_url, detail=str(CODE_MAY_BE_SENT))
        return self.go_on(confirm_url, detail=str(CODE_SENT), delivery=asdict(delivery) if delivery else None)

    def resend(self, username: str) -> Delivery | None:
        """Have the code sent. Raises ``ConfirmSignUpError`` with what this visitor may know."""
        return resend_code(username, pool=self.pool, request=self.request)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        problem = kwargs.get("problem")
        if isinstance(problem, ConfirmSignUpError) and problem.retry_after:
            kwargs["resend_wait"] = Wait(problem.retry_after)
        return super().get_context_data(**kwargs)


class DoneView(PageMixin, TemplateView):
    """Says that the sign-up is confirmed and leads to sign-in."""

    template_name = "django_cognito_confirm/done.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.sign_up is not None and not self.sign_up.confirmed:
            return HttpResponseRedirect(self.reverse("confirm"))
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"confirmed": pending.was_confirmed(self.request, self.pool), **kwargs})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Answer a form without a valid CSRF token. For ``CSRF_FAILURE_VIEW``; other apps' forms get Django's own answer.

    The person sees the form again, filled in and with a new token. A page that was open while its reader signed in or
    out has an old one.
    """
    match = request.resolver_match
    view_class = getattr(match.func, "view_class", None) if match else None
    if match is None or not (isinstance(view_class, type) and issubclass(view_class, CodePageView)):
        return django_csrf_failure(request, reason=reason)
    view = view_class(**match.func.view_initkwargs)  # type: ignore[attr-defined]
    view.setup(request, *match.args, **match.kwargs)
    problem = StaleForm(
        _("Your browser sent no cookie. Allow cookies for this site, then press the button once more.")
        if reason == REASON_NO_CSRF_COOKIE
        else _("This page was open for too long, so nothing was sent. Press the button once more.")
    )

    def answer(request: HttpRequest) -> HttpResponseBase:
        return view.csrf_failed(problem)

    for decorate in PRECAUTIONS:
        answer = decorate(answer)
    return answer(request)
