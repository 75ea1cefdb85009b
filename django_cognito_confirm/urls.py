"""The pages' addresses: ``include("django_cognito_confirm.urls")``.

For a second pool include them once more, with ``{"pool": "staff"}`` and the alias as instance namespace.
"""

from __future__ import annotations

from django.urls import path

from .views import ConfirmView, DoneView, ResendView

app_name = "cognito_confirm"

urlpatterns = [
    path("", ConfirmView.as_view(), name="confirm"),
    path("resend/", ResendView.as_view(), name="resend"),
    path("done/", DoneView.as_view(), name="done"),
]
