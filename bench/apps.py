from __future__ import annotations

from typing import Any

from django.apps import AppConfig


class BenchConfig(AppConfig):
    """What a host does when a sign-up is confirmed."""

    name = "bench"

    def ready(self) -> None:
        from django_cognito_confirm.signals import sign_up_confirmed

        sign_up_confirmed.connect(activate, dispatch_uid="bench")


def activate(confirmation: Any, **kwargs: Any) -> None:
    """Activate the local record that was made for this sign-up, else the one that has its name."""
    from django.contrib.auth.models import User

    who = {"pk": confirmation.user_id} if confirmation.user_id else {"username": confirmation.username}
    User.objects.filter(**who).update(is_active=True)
