"""Keeps codes out of error reports: Django's, and others that look at the request or walk the frames."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.views.debug import SafeExceptionReporterFilter, get_default_exception_reporter_filter

from .masking import MASK, Masked, SecretStr

if TYPE_CHECKING:
    from django.http import HttpRequest, QueryDict

HIDDEN_FIELDS = ("code", "encoded_data")
"""What visitors send that no report shows."""

# Where servers keep the address of the page, and of the page before it; gunicorn and uWSGI log from the last two.
_ADDRESSES = ("QUERY_STRING", "HTTP_REFERER", "RAW_URI", "REQUEST_URI")

_TYPED = "_cognito_confirm_typed"
"""The attribute of a request that keeps what ``hide_code`` has taken out."""


def hide_code(request: HttpRequest) -> None:
    """Take the code out of whatever a report may copy of this request: its parameters, addresses, the debug page.

    ``encoded_data`` goes with it, which describes a visitor's device. ``get_typed`` still has both.
    """
    request.exception_reporter_filter = _make_filter()
    kept: dict[str, Masked[QueryDict]] = getattr(request, _TYPED, {})
    for method in ("GET", "POST"):
        data = getattr(request, method)
        hidden = [field for field in HIDDEN_FIELDS if field in data]
        if hidden and method not in kept:
            kept[method] = Masked(_with(data, {f: [SecretStr(value) for value in data.getlist(f)] for f in hidden}))
            setattr(request, method, _with(data, {field: [MASK] for field in hidden}))
    setattr(request, _TYPED, kept)
    for name in _ADDRESSES:
        address = request.META.get(name)
        if isinstance(address, str) and "=" in address:
            request.META[name] = _without_code(address, is_query=name == "QUERY_STRING")
    if scope := getattr(request, "scope", None):  # ASGI's own copies, for its servers' logs
        referer = request.META.get("HTTP_REFERER", "").encode("latin-1")
        scope["query_string"] = request.META["QUERY_STRING"].encode()
        scope["headers"] = [(name, referer if name == b"referer" else value) for name, value in scope["headers"]]


def get_typed(request: HttpRequest, method: str) -> QueryDict:
    """Return ``request.GET`` or ``request.POST`` as it came, with what is hidden, whose ``repr`` is masked."""
    kept: Masked[QueryDict] | None = getattr(request, _TYPED, {}).get(method)
    typed: QueryDict = kept.value if kept else getattr(request, method)
    return typed


def _with(data: QueryDict, values: Mapping[str, Sequence[str]]) -> QueryDict:
    changed = copy.copy(data)
    for field, given in values.items():
        changed.setlist(field, list(given))
    return changed


def _without_code(address: str, *, is_query: bool) -> str:
    path, mark, query = ("", "", address) if is_query else address.partition("?")
    fields = parse_qsl(query, keep_blank_values=True)
    kept = [(name, value) for name, value in fields if name not in HIDDEN_FIELDS]
    if len(kept) == len(fields):
        return address
    return path + (mark if kept else "") + urlencode(kept)


class _Masking(SafeExceptionReporterFilter):
    """Masks on the debug page too, and a few things more than Django does."""

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def cleanse_setting(self, key: Any, value: Any) -> Any:
        if key in ("CLIENT_METADATA", settings.SESSION_COOKIE_NAME):
            return self.cleansed_substitute
        return super().cleanse_setting(key, value)


def _make_filter() -> SafeExceptionReporterFilter:
    """Return a filter that masks whatever the site's own does, and what this app needs."""
    own: Any = type(get_default_exception_reporter_filter())
    return _filter_over(own)()


@functools.cache
def _filter_over(own: Any) -> Callable[[], SafeExceptionReporterFilter]:
    return type("MaskingFilter", (_Masking, own), {})
