"""Puts the sandbox in the place of every pool, for one test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

from django.apps import apps
from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured
from django.test.utils import override_settings

from ..conf import DEFAULT_POOL_ALIAS
from .faults import Faults
from .people import ChangeSetting, CognitoSandbox

if TYPE_CHECKING:
    from django.test import SimpleTestCase as _TestCase
else:
    _TestCase = object

_CACHE: Final = "cognito_sandbox"
"""The alias of a cache for the limits, so that no test meets what another one has used up."""

_ADMIN_RATE: Final = 1000
"""Calls a second, so that no test of a bulk job waits for its turn."""


@contextmanager
def sandboxed(change_setting: ChangeSetting | None = None) -> Iterator[CognitoSandbox]:
    """Let the sandbox answer for every pool of ``COGNITO_POOLS``; yield the default one.

    The other options of the pools stay as they are. Settings are changed by ``override_settings``, or by
    ``change_setting``, whose caller changes them back. Raises ``ImproperlyConfigured`` where the sandbox is not
    installed. Needs a database in which changes are undone after the test.
    """
    if not apps.is_installed("django_cognito_confirm.sandbox"):
        raise ImproperlyConfigured('Add "django_cognito_confirm.sandbox" to the INSTALLED_APPS of your tests.')
    with ExitStack() as stack:
        if change_setting is None:
            change_setting = _changes_until(stack)
        for name, value in _settings().items():
            change_setting(name, value)
        caches[_CACHE].clear()
        faults = Faults()
        stack.callback(faults.close)
        yield CognitoSandbox(change_setting, faults)


def _changes_until(stack: ExitStack) -> ChangeSetting:
    def change(name: str, value: Any) -> None:
        stack.enter_context(override_settings(**{name: value}))

    return change


def _settings() -> dict[str, Any]:
    pools = getattr(settings, "COGNITO_POOLS", None) or {DEFAULT_POOL_ALIAS: {}}
    return {
        "CACHES": {
            **settings.CACHES,
            _CACHE: {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": _CACHE},
        },
        "COGNITO_POOLS": {alias: _sandboxed(options, number) for number, (alias, options) in enumerate(pools.items())},
        "COGNITO_CONFIRM": {
            **getattr(settings, "COGNITO_CONFIRM", {}),
            "CACHE": _CACHE,
            "ADMIN_RATE": _ADMIN_RATE,
        },
    }


def _sandboxed(options: dict[str, Any], number: int) -> dict[str, Any]:
    """Return a pool with nothing left of AWS: ids are made up, and a secret is made up where there is one."""
    return {
        **options,
        "USER_POOL_ID": f"eu-west-1_Testing{number}",
        "CLIENT_ID": f"1testing{number}example",
        "CLIENT_SECRET": "made-up-for-tests" if options.get("CLIENT_SECRET") else None,
        "REGION": None,
        "ENDPOINT_URL": None,
        "SANDBOX": options.get("SANDBOX") or True,
    }


class CognitoSandboxMixin(_TestCase):
    """For Django's test cases: ``class SignUpTests(CognitoSandboxMixin, TestCase)``; then ``self.cognito_sandbox``."""

    cognito_sandbox: CognitoSandbox

    def setUp(self) -> None:
        super().setUp()
        stack = ExitStack()
        self.addCleanup(stack.close)
        self.cognito_sandbox = stack.enter_context(sandboxed())
