"""What the pages have in common: their pool, whose sign-up they are about, and how they answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django import forms
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import classonlymethod
from django.utils.functional import Promise, cached_property
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_protect
from django.views.generic import FormView
from django.views.generic.base import ContextMixin, View

from . import answers, pending
from .answers import Answer, get_status, wants_json
from .conf import DEFAULT_POOL_ALIAS, get_pool, get_sign_in_url, get_sign_up_url, get_signed_in_url
from .errors import ConfirmSignUpError
from .pending import PendingSignUp
from .precautions import open_to_everybody
from .reports import get_typed
from .user_context import get_user_context_data
from .visitors import Visitor, get_safe_next

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


class PageMixin(ContextMixin, View):
    """What the pages share: their pool, and where to go next."""

    @classonlymethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:  # noqa: N805
        """Return the view, open to everybody and safe to show a code to, outside the transaction of a request."""
        return open_to_everybody(csrf_protect(super().as_view(**initkwargs)))

    @cached_property
    def pool(self) -> str:
        """Alias of the pool, from the URLconf."""
        pool: str = self.kwargs.get("pool", DEFAULT_POOL_ALIAS)
        return pool

    @cached_property
    def next_url(self) -> str:
        """Where to go after success: a path on this host, ``""`` when the request names none."""
        return get_safe_next(self.request.POST.get("next") or self.request.GET.get("next", ""))

    def reverse(self, name: str, **query: str) -> str:
        """Return the URL of one of these pages, in the same include, with what is not empty of ``query``."""
        match = self.request.resolver_match
        url = reverse(f"cognito_confirm:{name}", current_app=match.namespace if match else None)
        given = {key: value for key, value in query.items() if value}
        return f"{url}?{urlencode(given)}" if given else url

    def get_success_url(self) -> str:
        """Return where a confirmed person goes."""
        return self.next_url or (get_signed_in_url() if self.is_signed_in() else self.reverse("done"))

    def is_signed_in(self) -> bool:
        """Whether the confirmation has signed this person in. The session says so, which it may have done just now."""
        return pending.is_signed_in(self.request, self.pool)

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
    def visitor(self) -> Visitor:
        """Who this is, and which sign-up the request speaks of."""
        given = self.request.POST if self.request.method == "POST" else self.request.GET
        return Visitor(self.request, self.pool, given.get("username", ""))

    @cached_property
    def pending(self) -> PendingSignUp | None:
        """The sign-up that waits in this browser session, unless the request speaks of another name."""
        return self.visitor.pending

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

    def get_user_context_data(self) -> Mapping[str, str]:
        """Return what Cognito's threat protection is told of this visitor, where the pool is set to tell it."""
        typed = get_typed(self.request, "POST")
        return get_user_context_data(self.request, typed.get("encoded_data", ""), pool=self.pool)

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        if wants_json(self.request):
            return answers.invalid(form.errors.get_json_data()).to_response()
        return super().form_invalid(form)

    def go_on(self, answer: Answer) -> HttpResponse:
        """Tell a program the ``answer``; lead a person to its ``next``."""
        if wants_json(self.request):
            return answer.to_response()
        return HttpResponseRedirect(answer.members["next"])

    def lead_on(self) -> HttpResponse:
        """Lead a confirmed person to where they go."""
        url = self.get_success_url()
        if wants_json(self.request):
            return answers.confirmed(url, signed_in=self.is_signed_in()).to_response()
        return HttpResponseRedirect(url)

    def refused(self, username: str, error: ConfirmSignUpError) -> HttpResponse:
        """Show the page again with what went wrong: the username is kept, the code is not."""
        if wants_json(self.request):
            resend_url = self.reverse("resend", next=self.next_url)
            return answers.refused(error, resend_url=resend_url).to_response()
        response = self.show(error, {"username": username}, get_status(error, refused=200))
        if error.retry_after is not None:
            response.headers["Retry-After"] = str(error.retry_after)
        return response

    def show(self, problem: ConfirmSignUpError | StaleForm, initial: dict[str, Any], status: int) -> HttpResponse:
        """Show the page with a ``problem`` and a form that is filled in."""
        form = self.get_form_class()(initial=initial, **self.get_form_options())
        if status == 200 and "code" in form.fields and not problem.leads_to_sign_in:  # a no, to this code
            form.refuse_code(PROBLEM_ID)
        else:
            form.focus("")  # for the problem has it
        return self.render_to_response(self.get_context_data(form=form, problem=problem), status=status)

    def csrf_failed(self, problem: StaleForm) -> HttpResponse:
        """Show the form as it was sent, with a new token: one more press is enough.

        None is needed where another tab has confirmed the sign-up and signed its owner in, which makes every token old.
        """
        if self.visitor.is_done and "forget" not in self.request.POST:
            return self.lead_on()
        if wants_json(self.request):
            return answers.problem(403, problem.kind, problem.message).to_response()
        sent = get_typed(self.request, "POST")
        return self.show(problem, {name: sent.get(name, "") for name in ("username", "code")}, 403)

    def get_resend_wait(self) -> Wait | None:
        """Return how long this person must wait for another code, ``None`` where they may ask now."""
        seconds = self.visitor.get_resend_wait()
        return Wait(seconds) if seconds else None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        pool = get_pool(self.pool)
        script = pool.threat_protection_script
        threat_protection = {"script": script, "user_pool_id": pool.user_pool_id, "client_id": pool.client_id}
        return super().get_context_data(
            **{
                "pending": self.pending,
                "resend_wait": self.get_resend_wait(),
                "threat_protection": threat_protection if script else None,
                **kwargs,
            }
        )
