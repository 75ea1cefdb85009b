from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User

from django_cognito_confirm.admin import CognitoConfirmAdminMixin

# Registered by the import above.
admin.site.unregister(User)


@admin.register(User)
class ConfirmingUserAdmin(CognitoConfirmAdminMixin, UserAdmin):  # type: ignore[type-arg]
    """Django's own, with the action that confirms people in Cognito and a column that says how far they are."""

    list_display = ("username", "cognito_sign_up", "email", "is_active", "is_staff")
