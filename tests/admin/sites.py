"""Admin sites of hosts: one with a plain list of users and one of tenants, one without the ledger."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin, register
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest

from django_cognito_confirm.admin import CognitoConfirmAdminMixin, ConfirmationAdmin, JobAdmin, confirm_in_cognito
from django_cognito_confirm.models import Confirmation, Job

plain = AdminSite("plain")
tenants = AdminSite("tenants")
bare = AdminSite("bare")

for site in (plain, tenants):
    site.register(Confirmation, ConfirmationAdmin)
    site.register(Job, JobAdmin)


@register(User, site=plain)
@register(User, site=bare)
class PlainUserAdmin(ModelAdmin):  # type: ignore[type-arg]
    """A list of users that knows the action and nothing else of the app."""

    actions = (confirm_in_cognito,)


@register(User, site=tenants)
class TenantUserAdmin(CognitoConfirmAdminMixin, UserAdmin):  # type: ignore[type-arg]
    """Each member of staff sees the people of the own tenant: those whose last name it is."""

    list_display = ("username", "email")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        people: QuerySet[Any] = super().get_queryset(request)
        staff: Any = request.user
        return people if staff.is_superuser else people.filter(last_name=staff.last_name)


@register(Group, site=tenants)
@register(Group, site=bare)
class GroupAdmin(CognitoConfirmAdminMixin, ModelAdmin):  # type: ignore[type-arg]
    """Stands for a model of users that is not Django's; see ``USERNAME_FROM_USER``."""

    cognito_pool = "staff"
