from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.http import HttpRequest

from django_cognito_confirm.signals import sign_up_confirmed

FUSSY = "fussy"
"""Names that begin so make the receiver raise when it is called in a request."""


class CrashesConfig(AppConfig):
    name = "tests.integration.crashes"
    label = "crashes"

    def ready(self) -> None:
        from . import steps

        sign_up_confirmed.connect(note_effect)
        steps.watch_databases()


def note_effect(confirmation: Any, request: HttpRequest | None, **_: Any) -> None:
    from .models import Effect

    Effect.objects.create(username=confirmation.username, sub=confirmation.sub)
    if confirmation.username.startswith(FUSSY) and request is not None:
        raise RuntimeError("The receiver does not like this one.")
