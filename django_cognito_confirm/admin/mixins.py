"""What a list of users gets: the action, and a column that says how far each person's sign-up is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from ..conf import DEFAULT_POOL_ALIAS, get_pool
from ..models import Confirmation, Status
from . import access
from .actions import confirm_in_cognito
from .people import rows_of

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = object

COLUMN: Final = "cognito_sign_up"
SHOWN: Final = "_cognito_sign_up"
"""Attribute of a person that holds what the column shows."""


class SignUpsMixin(ChangeList):
    """Looks all people of a page up in the ledger, with one statement."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        model_admin: Any = self.model_admin
        people = list(self.result_list)
        rows = rows_of(get_pool(model_admin.cognito_pool), self.model, people)
        may_view = model_admin.may_view_ledger(request)
        for person in people:
            setattr(person, SHOWN, model_admin.show_sign_up(rows.get(person.pk), linked=may_view))


class CognitoConfirmAdminMixin(Base):
    """For the ``ModelAdmin`` of a model of users: the action *Confirm sign-up in Cognito*, and a column.

    The column, ``cognito_sign_up``, is the person's status in the ledger, linked to the row for whoever may view it. It
    costs one statement a page and no call to Cognito. Put this class before ``ModelAdmin`` among the bases.
    """

    cognito_pool = DEFAULT_POOL_ALIAS
    """Alias of the pool in which these people sign up."""

    def __init__(self, model: type[Model], admin_site: AdminSite) -> None:
        super().__init__(model, admin_site)
        if self.actions is not None and confirm_in_cognito not in self.actions:
            self.actions = [*self.actions, confirm_in_cognito]

    # Django 6.1 and newer say where the actions are shown.
    def get_actions(self, request: HttpRequest, action_location: Any = None) -> Any:
        where = {} if action_location is None else {"action_location": action_location}
        actions = super().get_actions(request, **where)
        if not access.may(request, "confirm_sign_up"):
            actions.pop(confirm_in_cognito.__name__, None)
        return actions

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = super().get_list_display(request)
        return columns if COLUMN in columns else [*columns, COLUMN]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        base = super().get_changelist(request, **kwargs)
        return type(base.__name__, (SignUpsMixin, base), {})

    def may_view_ledger(self, request: HttpRequest) -> bool:
        """Return whether the column is linked to the ledger's rows."""
        try:
            return self.admin_site.get_model_admin(Confirmation).has_view_permission(request)
        except NotRegistered:
            return False

    @admin.display(description=_("Sign-up in Cognito"))
    def cognito_sign_up(self, person: Any) -> str | None:
        if not hasattr(person, SHOWN):  # not in a list, but among the fields of a page
            row = rows_of(get_pool(self.cognito_pool), self.model, [person]).get(person.pk)
            setattr(person, SHOWN, self.show_sign_up(row, linked=False))
        shown: str | None = getattr(person, SHOWN)
        return shown

    def show_sign_up(self, row: Confirmation | None, *, linked: bool) -> str | None:
        """Return what the column shows for somebody with this row in the ledger, ``None`` for a blank."""
        if row is None:
            return None
        label = str(Status(row.status).label)
        if not linked:
            return label
        confirmations: Any = self.admin_site.get_model_admin(Confirmation)
        return format_html('<a href="{}">{}</a>', confirmations.url("change", row.pk), label)
