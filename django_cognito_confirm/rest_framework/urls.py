"""The API's addresses: ``include("django_cognito_confirm.rest_framework.urls")``.

For a second pool include them once more, with ``{"pool": "staff"}`` and the alias as instance namespace.
"""

from __future__ import annotations

from django.urls import path

from .views import ConfirmAPIView, ResendAPIView

app_name = "cognito_confirm_api"

urlpatterns = [
    path("", ConfirmAPIView.as_view(), name="confirm"),
    path("resend/", ResendAPIView.as_view(), name="resend"),
]
