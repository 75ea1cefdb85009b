"""The webhook's address: ``path("cognito/events/", include("django_cognito_confirm.webhook.urls"))``.

For a second pool include it once more, with ``{"pool": "staff"}`` and a namespace of its own.
"""

from __future__ import annotations

from django.urls import path

from .views import post_confirmation

app_name = "cognito_confirm_webhook"

urlpatterns = [path("", post_confirmation, name="post_confirmation")]
