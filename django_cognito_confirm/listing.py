"""What a listing of the pool says of a row: whose account it is, and whether it is news."""

from __future__ import annotations

from collections.abc import Callable

from . import cognito
from .cognito import ListedUser
from .conf import Pool
from .errors import UserNotFound
from .models import Confirmation


def name_of(pool: Pool, user: ListedUser) -> str:
    """Return the name that ``user`` signs in with: the username, or where the pool has such, a sign-in attribute.

    There the username proper is a UUID.
    """
    names = (user.attributes.get(attribute) for attribute in pool.username_attributes if _counts(pool, user, attribute))
    return next(filter(None, names), user.username)


def is_news(row: Confirmation, user: ListedUser) -> bool:
    """Return whether ``user`` is confirmed and not the person whose confirmation the row has recorded before."""
    if not user.is_confirmed:
        return False
    if row.confirmed_at is None:
        # Whoever else signed up under this name is gone; a listing may still show them.
        return row.sub in ("", user.sub)
    return user.sub != row.sub if row.sub else user.created_at >= row.confirmed_at


def find(
    pool: Pool, row: Confirmation, *, ask: bool = False, before_call: Callable[[], object] = lambda: None
) -> ListedUser | None:
    """Return the person whom ``row`` speaks of, ``None`` when the pool shows no such person (yet).

    ``ask``: for a name that no listing shows, AdminGetUser is called, which finds it in whatever case it is stored. It
    bills the user as active, so only before a row is closed. ``before_call`` is called before each call. Raises
    ``ConfirmSignUpError``, and ``ValueError`` for a name that no filter can hold.
    """
    if row.sub:
        listed = next(cognito.list_users(pool, "sub", row.sub, before_call=before_call), None)
        if listed is not None or row.confirmed_at is None:
            return listed
        # Whoever was recorded is gone; somebody else may have the name.
    try:
        user = _listed_by_name(pool, row, before_call)
    except ValueError:
        if not ask:
            raise
        user = None
    if user is None and ask:
        before_call()
        user = _asked_by_name(pool, row)
    return user


def _listed_by_name(pool: Pool, row: Confirmation, before_call: Callable[[], object]) -> ListedUser | None:
    names = [row.username] if pool.case_sensitive else list(dict.fromkeys([row.username, row.username.lower()]))
    for attribute in pool.username_attributes or ["username"]:
        for name in names:
            listed = cognito.list_users(pool, attribute, name, before_call=before_call)
            users = [user for user in listed if has_name(pool, user, attribute, name)]
            if len(users) == 1:
                return users[0]
    return None


def _asked_by_name(pool: Pool, row: Confirmation) -> ListedUser | None:
    try:
        user = cognito.admin_get_user(pool, row.username)
    except UserNotFound:
        return None
    attributes = pool.username_attributes or ["username"]
    return user if any(has_name(pool, user, attribute, row.username) for attribute in attributes) else None


def has_name(pool: Pool, user: ListedUser, attribute: str, name: str) -> bool:
    """Return whether ``user`` signs in as ``name``, in nothing but perhaps another case."""
    if not _counts(pool, user, attribute):
        return False
    value = user.username if attribute == "username" else user.attributes.get(attribute, "")
    return value == name or (not pool.case_sensitive and value.lower() == name.lower())


def _counts(pool: Pool, user: ListedUser, attribute: str) -> bool:
    """Return whether ``attribute`` tells ``user`` from others.

    With e-mail address and phone number as sign-in names, two people may carry the same unverified one.
    """
    return len(pool.username_attributes) <= 1 or user.attributes.get(f"{attribute}_verified") == "true"
