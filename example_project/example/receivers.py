"""What this site does when Cognito has confirmed somebody."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from django_cognito_confirm.models import Confirmation


def activate_user(confirmation: Confirmation, **kwargs: Any) -> None:
    """Let the user in who was made for this very sign-up, and nobody who merely has the same name."""
    if confirmation.user is None:
        return
    # One field of one row: whatever else was changed in the meantime stays as it is.
    User.objects.filter(pk=confirmation.user.pk).update(is_active=True)
