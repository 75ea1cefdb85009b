"""The app: its checks and its receiver are connected when Django starts, and no other module is imported for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.core.checks import Tags, register
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


class CognitoConfirmConfig(AppConfig):
    """The app; its checks and its receiver are connected when Django starts."""

    name = "django_cognito_confirm"
    verbose_name = _("Cognito sign-ups")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        register(Tags.security)(_imported_when_called("checks.check_settings"))
        register(Tags.caches)(_imported_when_called("checks.check_caches"))
        register(Tags.security)(_imported_when_called("checks.check_sessions"))
        register(Tags.urls)(_imported_when_called("checks.check_urls"))
        register(Tags.security, deploy=True)(_imported_when_called("checks.check_deployment"))
        user_logged_in.connect(
            _imported_when_called("pending.forget_others"), weak=False, dispatch_uid="django_cognito_confirm.pending"
        )


@cache
def _imported_when_called(name: str) -> Callable[..., Any]:
    """Return a function of this package that takes no time from the start of a process, which may never call it.

    The same one each time: where a test changes ``INSTALLED_APPS``, Django starts the apps anew, and knows it again.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        return import_string(f"{__package__}.{name}")(*args, **kwargs)

    return call
