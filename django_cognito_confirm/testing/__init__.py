"""The sandbox in the tests of a host project: people, their codes, and calls that go wrong.

``sandboxed()`` is a context manager, ``CognitoSandboxMixin`` is for Django's test cases, and pytest's fixture
``cognito_sandbox`` comes with ``django_cognito_confirm.pytest_plugin``; docs/testing.md shows them. While one
is in force, each pool of ``COGNITO_POOLS`` is the sandbox's, so that no test calls AWS, and the limits begin anew.
People and messages are in the tests' database: they go when the test's changes do.
"""

from .people import PASSWORD, CognitoSandbox, SentMessage
from .setup import CognitoSandboxMixin, sandboxed

__all__ = ["PASSWORD", "CognitoSandbox", "CognitoSandboxMixin", "SentMessage", "sandboxed"]
