"""An e-mail address that staff vouch for: AdminUpdateUserAttributes, and the looks around before it.

To call an address verified moves an alias: this account signs in with it from then on, and another account that did so
no longer can, nor have its password reset by it.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from . import cognito
from .cognito import ListedUser
from .conf import DEFAULT_POOL_ALIAS, Pool, get_pool
from .errors import AliasConflict, ConfirmSignUpError, UserNotFound
from .listing import has_name

LISTED_BY: Final = 100
"""Characters of an address that is too long for a filter. So many fit with a backslash before each."""


class AddressDiffers(ConfirmSignUpError):
    """The account carries another e-mail address than the local record, or one of the two has none."""

    message = _(
        "The account in the user pool has another e-mail address than the record here, or one of them has none. "
        "Ask the person which is right and change the other, then try again."
    )
    summary = _("the user pool has another e-mail address than the record here")


class AccountDiffers(ConfirmSignUpError):
    """The account is not the one that was known under this name: its sub is another."""

    message = _(
        "The account in the user pool is not the one that is known here: somebody else may have signed up under this "
        "name since. Find out whose it is."
    )
    summary = _("the account in the user pool may be somebody else's")


def verify_email(username: str, email: str, *, sub: str = "", pool: str = DEFAULT_POOL_ALIAS) -> bool:
    """Mark ``email``, the address of the local record, as verified for the Cognito user ``username``.

    Returns whether that was news: an address that was verified before needs no change. Nothing is changed unless this
    account has the ``sub`` that is known of the person, if any is, and carries this very address (in whatever case),
    and no other account of the pool does. For one person at a time: it makes four calls or more, and AdminGetUser bills
    those whom it finds as active. Needs the IAM actions ``cognito-idp:AdminGetUser``, ``ListUsers`` and
    ``AdminUpdateUserAttributes``.

    Raises ``UserNotFound``; ``AccountDiffers``; ``AddressDiffers``; ``AliasConflict`` when another account carries the
    address too; and other ``ConfirmSignUpError``, after which it may be called again.
    """
    user_pool = get_pool(pool)
    if not email:
        raise AddressDiffers
    person = _find(user_pool, username)
    if sub and person.sub != sub:
        raise AccountDiffers
    if not _carries(person, email):
        raise AddressDiffers
    if person.attributes.get("email_verified") == "true":
        return False
    carriers = _carriers(user_pool, email, email, email.lower(), person.attributes["email"])
    if carriers - {person.username} or _is_taken(user_pool, email, person):
        raise AliasConflict
    # The username proper: any other name may be somebody else's by now.
    cognito.admin_verify_email(user_pool, person.username, person.attributes["email"])
    return True


def _find(pool: Pool, username: str) -> ListedUser:
    """Ask for the user as they are now: a listing may still show an address that they have just changed."""
    user = cognito.admin_get_user(pool, username)
    if not pool.username_attributes and not has_name(pool, user, "username", username):
        # The name is an alias of somebody else's.
        raise UserNotFound
    return user


def _carriers(pool: Pool, email: str, *spellings: str) -> set[str]:
    """Return the usernames of those whom listings show with ``email``.

    It is asked for in several spellings, for AWS's pages disagree on whether the filter minds case.
    """
    users: list[ListedUser] = []
    for spelling in dict.fromkeys(spellings):
        try:
            users += cognito.list_users(pool, "email", spelling)
        except ValueError:
            users += cognito.list_users(pool, "email", spelling[:LISTED_BY], prefix=True)
    return {user.username for user in users if _carries(user, email)}


def _carries(user: ListedUser, email: str) -> bool:
    return user.attributes.get("email", "").lower() == email.lower()


def _is_taken(pool: Pool, email: str, person: ListedUser) -> bool:
    """Return whether somebody else signs in with ``email`` now.

    Listings may be seconds behind, and may not show an address that is spelt in a third way.
    """
    try:
        holder = cognito.admin_get_user(pool, email)
    except UserNotFound:
        return False
    return holder.username != person.username
