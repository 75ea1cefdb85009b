"""Confirm Amazon Cognito sign-ups in Django."""

__version__ = "1.0.0"
