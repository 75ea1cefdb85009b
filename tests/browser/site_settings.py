"""The example site's own settings, but for what would hold the tests up."""

from __future__ import annotations

import os

from example.settings import *  # noqa: F403

# All tests come from one address.
COGNITO_CONFIRM |= {"LIMITS": {"confirm:ip": None, "resend:ip": None}}  # noqa: F405
EXAMPLE_SIGN_UPS_BY_ADDRESS = "1000/hour"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Most tests look at the page that comes where nobody is signed in; test_signing_in has a site of its own.
COGNITO_POOLS["default"]["AUTO_SIGN_IN"] = "SIGN_IN" in os.environ  # noqa: F405
