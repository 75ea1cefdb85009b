from __future__ import annotations

import os
from datetime import timedelta
from importlib import import_module
from typing import Any, Final

from django.apps import AppConfig

from django_cognito_confirm.signals import sign_up_confirmed

LEASE: Final = timedelta(seconds=float(os.environ.get("ENGINE_LEASE", "8")))
"""How long a worker has a row here. Two minutes are long for a test."""


class EnginesConfig(AppConfig):
    name = "tests.integration.engines"
    label = "engines"

    def ready(self) -> None:
        queue: Any = import_module("django_cognito_confirm.ledger.queue")
        queue.LEASE = LEASE
        sign_up_confirmed.connect(note_effect)


def note_effect(confirmation: Any, **_: Any) -> None:
    from .models import Effect

    Effect.objects.create(username=confirmation.username)
