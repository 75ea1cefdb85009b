"""Confirm Amazon Cognito sign-ups in Django."""

__version__ = "0.1.0"
