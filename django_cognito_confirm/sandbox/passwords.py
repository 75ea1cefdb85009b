"""Passwords, kept as the site keeps those of its own users: somebody may type a real one."""

from __future__ import annotations

from copy import copy

from django.contrib.auth.hashers import get_hasher, make_password

from .safety import in_tests


def make(password: str) -> str:
    """Return what is kept of ``password``; in tests, where nobody types a real one, what takes no time to make."""
    hasher = copy(get_hasher())
    if in_tests() and hasattr(hasher, "iterations"):
        hasher.iterations = 1
    return make_password(password, hasher=hasher)
