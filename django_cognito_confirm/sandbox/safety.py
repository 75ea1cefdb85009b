"""Where the sandbox may run: development and tests, nowhere else."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def is_allowed() -> bool:
    """Return whether ``DEBUG`` is on or Django's test environment is set up."""
    return settings.DEBUG or in_tests()


def in_tests() -> bool:
    """Return whether Django's test environment is set up."""
    from django.test.utils import _TestState

    # A mail outbox would be no sign of tests: hosts use the locmem backend for other ends too.
    return hasattr(_TestState, "saved_data")


def refuse_production() -> None:
    """Raise ``ImproperlyConfigured`` where the sandbox may not run. WSGI servers run no checks, so callers ask here."""
    if not is_allowed():
        raise ImproperlyConfigured(
            "The Cognito sandbox is for development and tests: DEBUG is off. "
            'Set "SANDBOX" to False in COGNITO_POOLS and take django_cognito_confirm.sandbox out of INSTALLED_APPS.'
        )
