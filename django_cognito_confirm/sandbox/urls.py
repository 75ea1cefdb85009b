"""One endpoint, at the root of wherever this is included."""

from __future__ import annotations

from django.urls import path

from .views import endpoint

urlpatterns = [path("", endpoint, name="cognito_sandbox")]
