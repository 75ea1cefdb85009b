"""The system check that keeps the sandbox out of production."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error

from .safety import is_allowed


def check_not_in_production(**_kwargs: Any) -> list[CheckMessage]:
    """Return an error when the app is installed while ``DEBUG`` is off and no tests run."""
    if is_allowed():
        return []
    return [
        Error(
            "The Cognito sandbox is installed while DEBUG is off: anybody could confirm anybody.",
            hint='Take django_cognito_confirm.sandbox out of INSTALLED_APPS and "SANDBOX" out of COGNITO_POOLS.',
            id="cognito_sandbox.E001",
        )
    ]
