"""The pages: confirm, send a new code, done. Each step that a host may want different is a method of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import classonlymethod
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_deny
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView, TemplateView
from django.views.generic.base import ContextMixin, View

from . import ledger, pending
from .conf import DEFAULT_POOL_ALIAS, get_sign_in_url, get_sign_up_url
from .errors import ConfirmSignUpError, Told
from .forms import ConfirmForm, ResendForm
from .pending import PendingSignUp
from .services import confirm_sign_up, resend_code

logger = logging.getLogger(__name__)

MAX_NEXT_LENGTH = 500
"""Characters of ``next``: Django refuses to redirect to an address of over 2,048, and this one may be quoted in it."""


class PageMixin(ContextMixin, View):
    """What the pages share: their pool, the sign-up of this browser session, where to go next."""

    @classonlymethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:  # noqa: N805
        """Return the view, open to everybody and safe to show a code to, outside the transaction of a request.

        Under ``ATOMIC_REQUESTS`` the ledger could not commit before the call to Cognito otherwise.
        """
        view = super().as_view(**initkwargs)
        for decorate in (csrf_protect, never_cache, xframe_options_deny, sensitive_post_parameters("code")):
            view = decorate(view)
        return transaction.non_atomic_requests(using=ledger.database())(login_not_required(view))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        # The address of the page may hold a code.
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    @property
    def pool(self) -> str:
        """Alias of the pool, from the URLconf."""
        pool: str = self.kwargs.get("pool", DEFAULT_POOL_ALIAS)
        return pool

    @cached_property
    def sign_up(self) -> PendingSignUp | None:
        """The sign-up that this browser session knows of, confirmed or not."""
        return pending.get_sign_up(self.request, self.pool)

    @cached_property
    def next_url(self) -> str:
        """Where to go after success, ``""`` when the request names no place on this host."""
        url = self.request.POST.get("next") or self.request.GET.get("next", "")
        safe = url_has_allowed_host_and_scheme(
            url, allowed_hosts={self.request.get_host()}, require_https=self.request.is_secure()
        )
        return url if safe and len(url) <= MAX_NEXT_LENGTH else ""

    def reverse(self, name: str, **query: str) -> str:
        """Return the URL of one of these pages, in the same include, with what is not empty of ``query``."""
        match = self.request.resolver_match
        url = reverse(f"cognito_confirm:{name}", current_app=match.namespace if match else None)
        given = {key: value for key, value in query.items() if value}
        return f"{url}?{urlencode(given)}" if given else url

    def get_success_url(self) -> str:
        """Return where a confirmed person goes."""
        return self.next_url or self.reverse("done")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **{
                "pool": self.pool,
                "next": self.next_url,
                "sign_in_url": get_sign_in_url(),
                "sign_up_url": get_sign_up_url(),
                "confirm_url": self.reverse("confirm", next=self.next_url),
                "resend_url": self.reverse("resend", next=self.next_url),
                "problem": None,
                **kwargs,
            }
        )


class CodePageView(PageMixin, FormView):  # type: ignore[type-arg]
    """A page with a form about one username: the pending sign-up's, or one that the person types."""

    @cached_property
    def given_username(self) -> str:
        """The name that a form, a link or ``remember_username`` gives, ``""`` where none does."""
        data = self.request.POST if self.request.method == "POST" else self.request.GET
        return data.get("username", "").strip() or pending.get_username(self.request, self.pool)

    @cached_property
    def pending(self) -> PendingSignUp | None:
        """The sign-up that waits in this browser session, unless the request speaks of another name."""
        sign_up = self.sign_up
        if sign_up is None or sign_up.confirmed:
            return None
        return None if self.speaks_of_another(sign_up) else sign_up

    def speaks_of_another(self, sign_up: PendingSignUp) -> bool:
        return bool(self.given_username) and not sign_up.is_for(self.given_username)

    def is_done(self) -> bool:
        """Whether this browser session has confirmed the sign-up that the request speaks of."""
        sign_up = self.sign_up
        return sign_up is not None and sign_up.confirmed and not self.speaks_of_another(sign_up)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "ask_username": self.pending is None}

    def get_username(self, form: forms.Form) -> str:
        """Return the name that a valid form is about."""
        username: str = self.pending.username if self.pending else form.cleaned_data["username"]
        return username

    def refused(self, username: str, error: ConfirmSignUpError) -> HttpResponse:
        """Show the page again with what went wrong: the username is kept, the code is not."""
        form = self.get_form_class()(initial={"username": username}, ask_username=self.pending is None)
        if "code" in form.fields:
            form.mark_code("problem")
        status = 503 if error.told is Told.UNAVAILABLE else 200
        return self.render_to_response(self.get_context_data(form=form, problem=error), status=status)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"pending": self.pending, **kwargs})


class ConfirmView(CodePageView):
    """The page that takes the code. It works at any time, in any browser; a GET never confirms."""

    form_class = ConfirmForm
    template_name = "django_cognito_confirm/confirm.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.is_done():
            return HttpResponseRedirect(self.get_success_url())
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "forget" in request.POST:
            pending.forget(request)
            return HttpResponseRedirect(self.reverse("confirm", next=self.next_url))
        if self.is_done():
            return HttpResponseRedirect(self.get_success_url())
        return super().post(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return {"username": self.given_username, "code": self.request.GET.get("code", "")}

    def form_valid(self, form: forms.Form) -> HttpResponse:
        username = self.get_username(form)
        try:
            self.confirm(username, form.cleaned_data["code"])
        except ConfirmSignUpError as error:
            return self.refused(username, error)
        self.save_session()
        return HttpResponseRedirect(self.get_success_url())

    def save_session(self) -> None:
        """Save the session now: if that fails, this person is confirmed all the same and must not see an error."""
        session = self.request.session
        try:
            session.save()
        except Exception:
            logger.exception("A sign-up is confirmed, but the session could not be saved.")
            session.modified = False
        else:
            if session.session_key == self.request.COOKIES.get(settings.SESSION_COOKIE_NAME):
                session.modified = False  # nor need the middleware save it once more: the browser has its key

    def confirm(self, username: str, code: str) -> None:
        """Confirm the sign-up. Raises ``ConfirmSignUpError`` with what this visitor may know."""
        confirm_sign_up(username, code, pool=self.pool, source="form", request=self.request)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sent = self.pending.code_sent if self.pending else pending.code_asked_for(self.request, self.pool)
        return super().get_context_data(**{"code_sent": sent and not kwargs.get("problem"), **kwargs})


class ResendView(CodePageView):
    """Has a new code sent: by one press for the owner, by username for others, who always get the same answer."""

    form_class = ResendForm
    template_name = "django_cognito_confirm/resend.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.is_done():
            return HttpResponseRedirect(self.get_success_url())
        return super().post(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return {"username": self.given_username}

    def form_valid(self, form: forms.Form) -> HttpResponse:
        username = self.get_username(form)
        try:
            self.resend(username)
        except ConfirmSignUpError as error:
            return self.refused(username, error)
        if self.pending is None:
            pending.remember_username(self.request, username, pool=self.pool, code_asked_for=True)
        return HttpResponseRedirect(self.reverse("confirm", next=self.next_url))

    def resend(self, username: str) -> None:
        """Have the code sent. Raises ``ConfirmSignUpError`` with what this visitor may know."""
        resend_code(username, pool=self.pool, request=self.request)


class DoneView(PageMixin, TemplateView):
    """Says that the sign-up is confirmed and leads to sign-in."""

    template_name = "django_cognito_confirm/done.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.sign_up is not None and not self.sign_up.confirmed:
            return HttpResponseRedirect(self.reverse("confirm"))
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"confirmed": pending.was_confirmed(self.request, self.pool), **kwargs})
