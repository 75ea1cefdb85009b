"""User attributes: what sign-up takes, and how a user's are written in replies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from . import errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .models import SandboxUser

# The standard attributes that people may write themselves (OpenID Connect's claims).
STANDARD = frozenset(
    [
        "address",
        "birthdate",
        "email",
        "family_name",
        "gender",
        "given_name",
        "locale",
        "middle_name",
        "name",
        "nickname",
        "phone_number",
        "picture",
        "preferred_username",
        "profile",
        "updated_at",
        "website",
        "zoneinfo",
    ]
)
READ_ONLY = frozenset({"sub", "email_verified", "phone_number_verified"})


def is_email(text: str) -> bool:
    """Return whether ``text`` is an e-mail address, as Django sees it."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def is_phone_number(text: str) -> bool:
    """Return whether ``text`` is a phone number as Cognito wants it: a plus sign and up to 15 digits (E.164)."""
    return re.fullmatch(r"\+[0-9]{5,15}", text) is not None


def read(items: Sequence[dict[str, str]]) -> dict[str, str]:
    """Return SignUp's ``UserAttributes`` as a dictionary, without those that are empty.

    Every ``custom:`` attribute is taken, for the sandbox has no schema. Raises InvalidParameterException for others
    that are not standard and for values that cannot be, NotAuthorizedException for those that only Cognito writes.
    """
    attributes = {item["Name"]: item.get("Value") or "" for item in items}
    for name, value in attributes.items():
        if name in READ_ONLY:
            raise errors.WRITE_UNAUTHORIZED.error()
        if name not in STANDARD and not name.startswith("custom:"):
            raise errors.ATTRIBUTE_UNKNOWN.error(name=name)
        if "\0" in value:
            raise errors.ATTRIBUTE_UNSTORABLE.error(name=name)
    if attributes.get("email") and not is_email(attributes["email"]):
        raise errors.EMAIL_INVALID.error()
    if attributes.get("phone_number") and not is_phone_number(attributes["phone_number"]):
        raise errors.PHONE_INVALID.error()
    return {name: value for name, value in attributes.items() if value}


def of(user: SandboxUser) -> dict[str, str]:
    """Return every attribute of ``user``, booleans as ``"true"`` and ``"false"``."""
    attributes = {"sub": user.sub, **user.attributes}
    if user.email:
        attributes |= {"email": user.email, "email_verified": _boolean(user.email_verified)}
    if user.phone_number:
        attributes |= {"phone_number": user.phone_number, "phone_number_verified": _boolean(user.phone_number_verified)}
    return attributes


def describe(user: SandboxUser) -> dict[str, Any]:
    """Return what AdminGetUser and ListUsers both say of ``user``, times in seconds since 1970, without attributes."""
    return {
        "Username": user.username,
        "UserCreateDate": user.created_at.timestamp(),
        "UserLastModifiedDate": user.modified_at.timestamp(),
        "Enabled": user.enabled,
        "UserStatus": user.status,
    }


def as_list(attributes: dict[str, str]) -> list[dict[str, str]]:
    """Return ``attributes`` as the API writes them."""
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


def _boolean(value: bool) -> str:
    return "true" if value else "false"
