"""The pages: confirm, send a new code, done. Each step that a host may want different is a method of its own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.middleware.csrf import REASON_NO_CSRF_COOKIE
from django.utils.translation import gettext_lazy as _
from django.views.csrf import csrf_failure as django_csrf_failure
from django.views.generic import TemplateView

from . import answers, ledger, pending
from .answers import CODE_MAY_BE_SENT, CODE_SENT, Answer, wants_json
from .cognito import Delivery, warm_up
from .errors import ConfirmSignUpError
from .forms import ConfirmForm, ResendForm
from .pages import CODE_SENT_ID, CodePageView, PageMixin, StaleForm, Wait
from .precautions import careful
from .reports import get_typed
from .services import confirm_sign_up, resend_code
from .visitors import forget


class ConfirmView(CodePageView):
    """The page that takes the code. It works at any time, in any browser; a GET never confirms."""

    form_class = ConfirmForm
    template_name = "django_cognito_confirm/confirm.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.visitor.is_done and not wants_json(request):
            return HttpResponseRedirect(self.get_success_url())
        warm_up(self.pool, also=ledger.rehearse)
        if wants_json(request):
            return answers.state(self.visitor).to_response()
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "forget" in request.POST:
            response = self.go_on(Answer(200, {"next": self.reverse("confirm", next=self.next_url)}))
            forget(request, response)
            return response
        if self.visitor.is_done:
            return self.lead_on()
        return super().post(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return {"username": self.visitor.given_username, "code": get_typed(self.request, "GET").get("code", "")}

    def form_valid(self, form: forms.Form) -> HttpResponse:
        username = self.get_username(form)
        try:
            self.confirm(username, form.cleaned_data["code"])
        except ConfirmSignUpError as error:
            return self.refused(username, error)
        response = self.lead_on()
        self.visitor.keep_success(response)
        return response

    def confirm(self, username: str, code: str) -> None:
        """Confirm the sign-up. Raises ``ConfirmSignUpError`` with what this visitor may know."""
        confirm_sign_up(
            username,
            code,
            pool=self.pool,
            user_context_data=self.get_user_context_data(),
            source="form",
            request=self.request,
        )

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
        if self.visitor.is_done:
            return self.lead_on()
        return super().post(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return {"username": self.visitor.given_username}

    def form_valid(self, form: forms.Form) -> HttpResponse:
        username = self.get_username(form)
        try:
            delivery = self.resend(username)
        except ConfirmSignUpError as error:
            return self.refused(username, error)
        if self.pending is None:
            pending.remember_username(self.request, username, pool=self.pool, code_asked_for=True)
        confirm_url = self.reverse("confirm", next=self.next_url)
        return self.go_on(answers.code_sent(self.visitor, username, delivery, confirm_url))

    def resend(self, username: str) -> Delivery | None:
        """Have the code sent. Raises ``ConfirmSignUpError`` with what this visitor may know."""
        return resend_code(
            username, pool=self.pool, user_context_data=self.get_user_context_data(), request=self.request
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        problem = kwargs.get("problem")
        if isinstance(problem, ConfirmSignUpError) and problem.retry_after:
            kwargs["resend_wait"] = Wait(problem.retry_after)
        return super().get_context_data(**kwargs)


class DoneView(PageMixin, TemplateView):
    """Says that the sign-up is confirmed and leads to sign-in."""

    template_name = "django_cognito_confirm/done.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        sign_up = pending.get_sign_up(request, self.pool)
        if sign_up is not None and not sign_up.confirmed:
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

    return careful(lambda request: view.csrf_failed(problem))(request)
