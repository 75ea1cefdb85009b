from __future__ import annotations

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.core.checks import Tags, register
from django.utils.translation import gettext_lazy as _


class CognitoConfirmConfig(AppConfig):
    """The app; its checks and its receiver are connected when Django starts."""

    name = "django_cognito_confirm"
    verbose_name = _("Cognito sign-ups")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from .checks import check_settings
        from .deployment import check_caches, check_deployment, check_sessions
        from .pending import forget_others

        register(Tags.security)(check_settings)
        register(Tags.caches)(check_caches)
        register(Tags.security)(check_sessions)
        register(Tags.security, deploy=True)(check_deployment)
        user_logged_in.connect(forget_others, dispatch_uid="django_cognito_confirm.pending")
