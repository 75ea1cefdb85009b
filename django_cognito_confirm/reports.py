"""Keeps codes out of error reports: Django's, and others that look at the request or walk the frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.views.debug import SafeExceptionReporterFilter, get_default_exception_reporter_filter

from .masking import SecretStr

if TYPE_CHECKING:
    from django.http import HttpRequest

HIDDEN_FIELDS = ("code", "encoded_data")
"""What visitors send that no report shows."""

# Where servers keep the address of the page, and of the page before it; gunicorn and uWSGI log from the last two.
_ADDRESSES = ("QUERY_STRING", "HTTP_REFERER", "RAW_URI", "REQUEST_URI")


def hide_code(request: HttpRequest) -> None:
    """Make what this request knows of a code unreadable to reports: its addresses, its parameters, the debug page.

    So is ``encoded_data``, which describes a visitor's device.
    """
    request.exception_reporter_filter = _make_filter()
    for name in ("GET", "POST"):
        data = getattr(request, name)
        hidden = [field for field in HIDDEN_FIELDS if field in data]
        if hidden:
            masked = data.copy()
            for field in hidden:
                masked.setlist(field, [SecretStr(value) for value in data.getlist(field)])
            setattr(request, name, masked)
    for name in _ADDRESSES:
        address = request.META.get(name)
        if isinstance(address, str) and "=" in address:
            request.META[name] = _without_code(address, is_query=name == "QUERY_STRING")


def _without_code(address: str, *, is_query: bool) -> str:
    path, mark, query = ("", "", address) if is_query else address.partition("?")
    fields = parse_qsl(query, keep_blank_values=True)
    kept = [(name, value) for name, value in fields if name != "code"]
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
    made: SafeExceptionReporterFilter = type("MaskingFilter", (_Masking, own), {})()
    return made
