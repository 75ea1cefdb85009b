"""What the pages have in common: their pool, whose sign-up they are about, precautions, and how they answer."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.decorators import classonlymethod
from django.utils.functional import Promise, cached_property
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_deny
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.vary import vary_on_headers
from django.views.generic import FormView
from django.views.generic.base import ContextMixin, View

from . import ledger, pending, throttling
from .conf import DEFAULT_POOL_ALIAS, get_pool, get_sign_in_url, get_sign_up_url
from .errors import ConfirmSignUpError
from .pending import PendingSignUp
from .problems import describe, get_status, wants_json
from .reports import get_typed, hide_code

MAX_NEXT_LENGTH = 500
"""Characters of ``next``: Django refuses to redirect to an address of over 2,048, and this one may be quoted in it."""


PROBLEM_ID = "cognito-confirm-problem"
CODE_SENT_ID = "cognito-confirm-code-sent"
"""Ids of the notes at the top of the page, which describe the field that is wrong or awaited."""


class Wait(NamedTuple):
    """How long to wait before the next code may be asked for."""

    seconds: int

    @property
    def clock(self) -> str:
        """The time that is left as a clock shows it, such as ``0:45``: minutes and seconds, after an hour hours too."""
        minutes, seconds = divmod(self.seconds, 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


class StaleForm(NamedTuple):
    """A form that was sent without a valid CSRF token."""

    message: str | Promise
    kind: str = "csrf"
    leads_to_sign_in: bool = False


def _careful_with_codes(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Keep the code that a request may hold out of reports, and its address out of other sites' logs."""

    @functools.wraps(view)
    def careful(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        hide_code(request)
        response = view(request, *args, **kwargs)
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    return careful


PRECAUTIONS: tuple[Callable[..., Any], ...] = (
    vary_on_headers("Accept"),
    never_cache,
    xframe_options_deny,
    sensitive_post_parameters(),
    _careful_with_codes,
)
"""Decorators for every answer of these pages, from the inside out."""


class PageMixin(ContextMixin, View):
    """What the pages share: their pool, the sign-up of this browser session, where to go next."""

    @classonlymethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:  # noqa: N805
        """Return the view, open to everybody and safe to show a code to, outside the transaction of a request.

        Under ``ATOMIC_REQUESTS`` the ledger could not commit before the call to Cognito otherwise.
        """
        view = super().as_view(**initkwargs)
        for decorate in (csrf_protect, *PRECAUTIONS):
            view = decorate(view)
        return transaction.non_atomic_requests(using=ledger.database())(login_not_required(view))

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
        """Where to go after success: a path on this host, ``""`` when the request names none."""
        url = self.request.POST.get("next") or self.request.GET.get("next", "")
        # Nothing but a path: the Host that a request names may be anybody's.
        return url if len(url) <= MAX_NEXT_LENGTH and url_has_allowed_host_and_scheme(url, allowed_hosts=None) else ""

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
        given = (self.request.POST if self.request.method == "POST" else self.request.GET).get("username", "")
        return given.strip() or pending.get_username(self.request, self.pool)

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

    def get_form_options(self) -> dict[str, Any]:
        """Return what the form must know of the pool and the person."""
        return {"ask_username": self.pending is None, "username_attributes": get_pool(self.pool).username_attributes}

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs = super().get_form_kwargs()
        if self.request.method == "POST":
            kwargs["data"] = get_typed(self.request, "POST")
        return {**kwargs, **self.get_form_options()}

    def get_username(self, form: forms.Form) -> str:
        """Return the name that a valid form is about."""
        username: str = self.pending.username if self.pending else form.cleaned_data["username"]
        return username

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        if wants_json(self.request):
            return describe(400, "invalid", _("Check what you entered."), errors=form.errors.get_json_data())
        return super().form_invalid(form)

    def go_on(self, url: str, **told: Any) -> HttpResponse:
        """Lead to ``url``; a program is told of it, and of what else there is to tell."""
        return JsonResponse({**told, "next": url}) if wants_json(self.request) else HttpResponseRedirect(url)

    def refused(self, username: str, error: ConfirmSignUpError) -> HttpResponse:
        """Show the page again with what went wrong: the username is kept, the code is not."""
        if wants_json(self.request):
            response = self.refused_in_json(error)
        else:
            response = self.show(error, {"username": username}, get_status(error, refused=200))
        if error.retry_after is not None:
            response.headers["Retry-After"] = str(error.retry_after)
        return response

    def refused_in_json(self, error: ConfirmSignUpError) -> HttpResponse:
        ways_on = {"sign_in_url": get_sign_in_url(), "resend_url": self.reverse("resend", next=self.next_url)}
        wait = {} if error.retry_after is None else {"retry_after": error.retry_after}
        return describe(get_status(error, refused=400), error.kind, error.message, **wait, **ways_on)

    def show(self, problem: ConfirmSignUpError | StaleForm, initial: dict[str, Any], status: int) -> HttpResponse:
        """Show the page with a ``problem`` and a form that is filled in."""
        form = self.get_form_class()(initial=initial, **self.get_form_options())
        if status == 200 and "code" in form.fields and not problem.leads_to_sign_in:  # a no, to this code
            form.refuse_code(PROBLEM_ID)
        else:
            form.focus("")  # for the problem has it
        return self.render_to_response(self.get_context_data(form=form, problem=problem), status=status)

    def csrf_failed(self, problem: StaleForm) -> HttpResponse:
        """Show the form as it was sent, with a new token: one more press is enough."""
        if wants_json(self.request):
            return describe(403, problem.kind, problem.message)
        sent = get_typed(self.request, "POST")
        return self.show(problem, {name: sent.get(name, "") for name in ("username", "code")}, 403)

    def get_resend_wait(self) -> Wait | None:
        """Return how long this person must wait for another code, ``None`` where they may ask now."""
        if self.pending:
            seconds = throttling.get_resend_wait(get_pool(self.pool), "", owner=self.pending.identity)
        elif pending.code_asked_for(self.request, self.pool):
            seconds = throttling.get_resend_wait(get_pool(self.pool), pending.get_username(self.request, self.pool))
        else:
            seconds = 0
        return Wait(seconds) if seconds else None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"pending": self.pending, "resend_wait": self.get_resend_wait(), **kwargs})
