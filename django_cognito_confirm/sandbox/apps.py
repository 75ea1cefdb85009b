"""The sandbox as a Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import Tags, register

from .checks import check_not_in_production


class SandboxConfig(AppConfig):
    """``django_cognito_confirm.sandbox``, label ``cognito_sandbox``."""

    name = "django_cognito_confirm.sandbox"
    label = "cognito_sandbox"
    verbose_name = "Cognito sandbox"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system check."""
        register(check_not_in_production, Tags.security)
