"""ListUsers: its filters and its pages."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.core import signing

from . import attributes, errors
from .models import SandboxUser

PAGE_SIZE = 60
TOKEN_SECONDS = 3600

_SALT = "django_cognito_confirm.sandbox.listing"
_FILTER = re.compile(r'\s*("?)(?P<name>[\w:]+)\1\s*(?P<operator>\^?=)\s*"(?P<value>(?:[^"\\]|\\.)*)"\s*', re.DOTALL)
_COLUMNS = {"username": "username", "sub": "sub", "email": "email", "phone_number": "phone_number"}
_ATTRIBUTES = frozenset({"sub", "email", "phone_number", "name", "given_name", "family_name", "preferred_username"})


@dataclass(frozen=True, slots=True)
class UserFilter:
    """A parsed filter: one attribute, equal to a value or beginning with it."""

    name: str
    is_prefix: bool
    value: str

    def lookup(self) -> dict[str, str]:
        """Return what narrows the query down: never too far, but some databases compare without case."""
        column = _COLUMNS.get(self.name)
        if column is None:
            return {}
        return {f"{column}__startswith" if self.is_prefix else column: self.value}

    def fits(self, user: SandboxUser) -> bool:
        """Return whether ``user`` is meant.

        ``cognito:user_status`` alone is compared without case. The guide says so of it, and the contrary of
        ``username`` and ``status``; of the others it says nothing.
        """
        if self.name == "cognito:user_status":
            return self._matches(user.status.lower(), self.value.lower())
        if self.name == "status":
            return self._matches("Enabled" if user.enabled else "Disabled", self.value)
        if self.name == "username":
            return self._matches(user.username, self.value)
        found = attributes.of(user).get(self.name)
        return found is not None and self._matches(found, self.value)

    def _matches(self, found: str, wanted: str) -> bool:
        return found.startswith(wanted) if self.is_prefix else found == wanted


@dataclass(frozen=True, slots=True)
class Page:
    """Some users, and the token that asks for those after them (empty at the end)."""

    users: list[SandboxUser]
    next_token: str


def parse_filter(text: str) -> UserFilter | None:
    r"""Return the filter that ``text`` writes (``name = "value"``, ``name ^= "value"``), None for an empty one.

    In the value, a backslash makes the next character stand for itself. Raises InvalidParameterException for anything
    else and for attributes that cannot be searched.
    """
    if not text.strip():
        return None
    found = _FILTER.fullmatch(text)
    # No attribute can hold a NUL, and PostgreSQL fails on the question.
    if found is None or "\0" in text:
        raise errors.FILTER_INVALID.error()
    name = found["name"]
    if name not in _ATTRIBUTES | {"username", "status", "cognito:user_status"}:
        raise errors.FILTER_ATTRIBUTE_INVALID.error(name=name)
    value = re.sub(r"\\(.)", r"\1", found["value"], flags=re.DOTALL)
    return UserFilter(name, found["operator"] == "^=", value)


def read_page(user_pool_id: str, *, filter_text: str, limit: int, token: str | None) -> Page:
    """Return the users of a pool whom ``filter_text`` means, at most ``limit`` (0: 60), after those of ``token``.

    Raises InvalidParameterException for a bad filter, and for a token that is older than an hour, forged, or from a
    listing of another pool or with another filter.
    """
    limit = limit or PAGE_SIZE
    user_filter = parse_filter(filter_text)
    query = SandboxUser.objects.filter(user_pool_id=user_pool_id, pk__gt=_last_id(token, user_pool_id, filter_text))
    if user_filter:
        query = query.filter(**user_filter.lookup())
    users: list[SandboxUser] = []
    for user in query.order_by("pk").iterator(chunk_size=500):
        if user_filter and not user_filter.fits(user):
            continue
        if len(users) == limit:
            return Page(users, signing.dumps([user_pool_id, filter_text, users[-1].pk], salt=_SALT))
        users.append(user)
    return Page(users, "")


def _last_id(token: str | None, user_pool_id: str, filter_text: str) -> int:
    if token is None:
        return 0
    try:
        pool_of_token, filter_of_token, last_id = signing.loads(token, salt=_SALT, max_age=TOKEN_SECONDS)
    except signing.BadSignature:
        raise errors.PAGING_MARKER_INVALID.error() from None
    if [pool_of_token, filter_of_token] != [user_pool_id, filter_text]:
        raise errors.PAGING_MARKER_INVALID.error()
    return int(last_id)
