from __future__ import annotations

from django.http import HttpRequest

from django_cognito_confirm.conf import get_pool


def pool(request: HttpRequest) -> dict[str, object]:
    """Tell every template which user pool this site talks to, and whether that is the local sandbox."""
    default = get_pool()
    return {"user_pool": default, "is_sandbox": default.sandbox is not None}
