"""One endpoint, at the root of wherever this is included, and the keys of each pool's tokens."""

from __future__ import annotations

from django.urls import path

from .views import endpoint, key_set

urlpatterns = [
    path("", endpoint, name="cognito_sandbox"),
    path("<str:user_pool_id>/.well-known/jwks.json", key_set, name="cognito_sandbox_key_set"),
]
