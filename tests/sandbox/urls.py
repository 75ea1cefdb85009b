from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("cognito/", include("django_cognito_confirm.sandbox.urls"))]
