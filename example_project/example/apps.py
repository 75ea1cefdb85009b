from __future__ import annotations

from django.apps import AppConfig


class ExampleConfig(AppConfig):
    name = "example"

    def ready(self) -> None:
        from django_cognito_confirm.signals import sign_up_confirmed, signed_in

        from .receivers import activate_user, log_in

        sign_up_confirmed.connect(activate_user, dispatch_uid="example.activate_user")
        signed_in.connect(log_in, dispatch_uid="example.log_in")
