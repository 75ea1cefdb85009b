"""What this site does when Cognito has confirmed somebody, and when it has signed them in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest

from django_cognito_confirm.models import Confirmation


def activate_user(confirmation: Confirmation, **kwargs: Any) -> None:
    """Let the user in who was made for this very sign-up, and nobody who merely has the same name."""
    if confirmation.user is None:
        return
    # One field of one row: whatever else was changed in the meantime stays as it is.
    User.objects.filter(pk=confirmation.user.pk).update(is_active=True)


def log_in(confirmation: Confirmation, request: HttpRequest, **kwargs: Any) -> None:
    """Sign the owner of a sign-up in here as well. Read anew: the user became active a moment ago."""
    user = User.objects.filter(pk=confirmation.user_id, is_active=True).first()
    if user is not None:
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
