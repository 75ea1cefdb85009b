from __future__ import annotations

from django.apps import AppConfig


class ExampleConfig(AppConfig):
    name = "example"

    def ready(self) -> None:
        from django_cognito_confirm.signals import sign_up_confirmed

        from .receivers import activate_user

        sign_up_confirmed.connect(activate_user, dispatch_uid="example.activate_user")
