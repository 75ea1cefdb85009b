"""The ledger in the admin: to look at, and to have a few things done about people."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from ..models import Confirmation, Job
from . import access, pages
from .actions import ask_to_confirm
from .confirming import confirm
from .operations import DELIVER, MOST, OPERATIONS, RESEND, SETTLE, Operation, apply
from .rows import LedgerAdmin
from .selections import Selection


class ConfirmationAdmin(LedgerAdmin):
    """The ledger: who was confirmed, by whom and when, and what went wrong.

    Its views do the work of its own actions and of ``confirm_in_cognito`` in the lists of users.
    """

    actions = ("confirm", "resend_code", "deliver_signal", "settle_sign_up")

    def has_confirm_sign_up_permission(self, request: HttpRequest) -> bool:
        return access.may(request, "confirm_sign_up")

    def has_resend_code_permission(self, request: HttpRequest) -> bool:
        return access.may(request, "resend_code")

    def has_deliver_signal_permission(self, request: HttpRequest) -> bool:
        return access.may(request, "deliver_signal")

    def has_settle_sign_up_permission(self, request: HttpRequest) -> bool:
        return access.may(request, "settle_sign_up")

    @admin.action(permissions=["confirm_sign_up"], description=_("Confirm sign-up in Cognito"))
    def confirm(self, request: HttpRequest, queryset: QuerySet[Confirmation]) -> HttpResponse | None:
        named = queryset.exclude(username="")
        pools = set(named.order_by().values_list("pool", flat=True).distinct())
        if len(pools) == 1:
            return ask_to_confirm(self, request, named, pools.pop())
        problem = (
            _("Choose people of one pool.") if pools else _("Their names were removed: choose them among the users.")
        )
        self.message_user(request, problem, messages.ERROR)
        return None

    @admin.action(permissions=["resend_code"], description=RESEND.title)
    def resend_code(self, request: HttpRequest, queryset: QuerySet[Confirmation]) -> HttpResponse | None:
        return self.ask(request, queryset, RESEND)

    @admin.action(permissions=["deliver_signal"], description=DELIVER.title)
    def deliver_signal(self, request: HttpRequest, queryset: QuerySet[Confirmation]) -> HttpResponse | None:
        return self.ask(request, queryset, DELIVER)

    @admin.action(permissions=["settle_sign_up"], description=SETTLE.title)
    def settle_sign_up(self, request: HttpRequest, queryset: QuerySet[Confirmation]) -> HttpResponse | None:
        return self.ask(request, queryset, SETTLE)

    def ask(self, request: HttpRequest, queryset: QuerySet[Confirmation], operation: Operation) -> HttpResponse | None:
        """Ask whether ``operation`` shall be carried out on the rows."""
        selection = pages.choose(self, request, queryset, most=MOST)
        if selection is None:
            return None
        question = pages.Question(
            title=operation.title,
            facts=operation.facts,
            button=operation.button,
            view="apply",
            args=(operation.name,),
        )
        return pages.ask(request, selection, queryset, question)

    def get_urls(self) -> list[URLPattern]:
        confirm_view = access.calls_cognito(self.admin_site, self.confirm_view)
        apply_view = access.calls_cognito(self.admin_site, self.apply_view)
        return [
            path("confirm/", confirm_view, name=self.url_name("confirm")),
            path("apply/<str:name>/", apply_view, name=self.url_name("apply")),
            *super().get_urls(),
        ]

    def confirm_view(self, request: HttpRequest) -> HttpResponse:
        """Confirm the people whom staff have chosen in some list of this admin site."""
        access.require(request, "confirm_sign_up")
        job = confirm(request, Selection.read(self.admin_site, request, "confirm"))
        jobs: Any = self.admin_site.get_model_admin(Job)
        return HttpResponseRedirect(jobs.url("change", job.pk))

    def apply_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Carry one of the operations out on rows of this list."""
        operation = OPERATIONS.get(name)
        if operation is None:
            raise Http404
        access.require(request, operation.permission)
        selection = Selection.read(self.admin_site, request, "apply", name)
        if selection.origin is not self or len(selection.pks) > MOST:
            raise BadRequest("These are not rows of this list, or too many.")
        apply(operation, request, selection)
        return HttpResponseRedirect(selection.back)
