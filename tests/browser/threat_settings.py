"""The example site for people whose pool wants to know their devices again."""

from __future__ import annotations

from .site_settings import *  # noqa: F403

COGNITO_POOLS["default"]["THREAT_PROTECTION"] = True  # noqa: F405
if "SECURE_CSP" in globals():
    SECURE_CSP["script-src"] = ["'self'", "https://amazon-cognito-assets.eu-west-1.amazoncognito.com"]  # noqa: F405
