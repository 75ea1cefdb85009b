"""What every answer about a code needs, whichever kind of view gives it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_deny
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.vary import vary_on_headers

from . import ledger
from .reports import hide_code

View = Callable[..., HttpResponseBase]


def _careful_with_codes(view: View) -> View:
    """Keep the code that a request may hold out of reports, and its address out of other sites' logs."""

    @functools.wraps(view)
    def careful(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        hide_code(request)
        response = view(request, *args, **kwargs)
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    return careful


_PRECAUTIONS: tuple[Callable[..., Any], ...] = (
    vary_on_headers("Accept"),
    never_cache,
    xframe_options_deny,
    sensitive_post_parameters(),
    _careful_with_codes,
)
"""From the inside out."""


def careful(view: View) -> View:
    """Let whatever ``view`` answers be kept by no cache, framed by no page and reported without its code."""
    for decorate in _PRECAUTIONS:
        view = decorate(view)
    return view


def open_to_everybody(view: View) -> View:
    """Return ``view`` with all precautions, without a login, and outside the transaction of a request.

    Under ``ATOMIC_REQUESTS`` the ledger could not commit before the call to Cognito otherwise.
    """
    return transaction.non_atomic_requests(using=ledger.database())(login_not_required(careful(view)))
