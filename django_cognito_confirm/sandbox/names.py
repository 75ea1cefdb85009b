"""Which user a name means, and who may have which name.

Two kinds of pool. With alias attributes, a user has a username, and the e-mail address or phone number finds the user
only once it is verified. With username attributes, people sign up with an address or number, which finds them at once,
and the username proper is a UUID, equal to the sub. Names are compared by ``Pool.username_key`` and stored as typed;
whether Cognito stores them in lower case where case does not matter is not documented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, router, transaction

from . import errors
from .attributes import is_email, is_phone_number
from .clients import rules
from .models import SandboxUser, SignInName

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_cognito_confirm.conf import Pool

VERIFIABLE = ("email", "phone_number")
_FORMS = {"email": is_email, "phone_number": is_phone_number}
_KINDS = {"email": "email", "phone_number": "phone number"}
_EXPECTED = {
    frozenset({"email"}): "an email",
    frozenset({"phone_number"}): "a phone number",
    frozenset(VERIFIABLE): "either an email or a phone number",
}


def find(pool: Pool, name: str) -> SandboxUser | None:
    """Return the user of ``pool`` whom ``name`` (username, active alias, or sub with username attributes) means."""
    found = SignInName.objects.select_related("user").filter(
        user_pool_id=pool.user_pool_id, key=pool.username_key(name)
    )
    sign_in_name = found.first()
    return sign_in_name.user if sign_in_name else None


def sign_in_attribute(pool: Pool, name: str) -> str | None:
    """Return the attribute that ``name`` is at sign-up, None in pools where it is a username.

    Raises InvalidParameterException when it has not the form that the pool asks for, or has that of an alias.
    """
    if not pool.username_attributes:
        for attribute in rules(pool).alias_attributes:
            if attribute in VERIFIABLE and _FORMS[attribute](name):
                raise errors.NAME_LIKE_ALIAS.error(kind=_KINDS[attribute])
        return None
    for attribute in pool.username_attributes:
        if _FORMS[attribute](name):
            return attribute
    raise errors.NAME_NOT_AN_ATTRIBUTE.error(expected=_EXPECTED[frozenset(pool.username_attributes)])


def add_user(pool: Pool, user: SandboxUser, names: Iterable[str]) -> None:
    """Save the new ``user`` under ``names``, all or nothing. Raises ``IntegrityError`` when somebody has one."""
    with transaction.atomic(using=router.db_for_write(SandboxUser)):
        user.save()
        for key in {pool.username_key(name) for name in names}:
            user.sign_in_names.create(user_pool_id=pool.user_pool_id, key=key)


def claim_alias(pool: Pool, user: SandboxUser, attribute: str, *, force: bool) -> None:
    """Make the newly verified ``attribute`` find ``user``, where the pool has it as an alias or sign-in name.

    Somebody else who has it loses it with ``force``, and it is no longer verified for them; raises AliasExistsException
    without.
    """
    aliases = pool.username_attributes + rules(pool).alias_attributes
    if attribute not in aliases:
        return
    key = pool.username_key(getattr(user, attribute))
    try:
        with transaction.atomic(using=router.db_for_write(SignInName)):
            user.sign_in_names.create(user_pool_id=pool.user_pool_id, key=key)
    except IntegrityError:
        taken = SignInName.objects.get(user_pool_id=pool.user_pool_id, key=key)
        if taken.user_id == user.pk:
            return
        if not force:
            raise errors.ALIAS_EXISTS.error(attribute=attribute) from None
        SandboxUser.objects.filter(pk=taken.user_id).update(**{f"{attribute}_verified": False})
        taken.user = user
        taken.save(update_fields=["user"])


def change_alias(pool: Pool, user: SandboxUser, attribute: str, value: str) -> None:
    """Give ``user``, who is not saved yet, another address or number; the one before finds the user no longer."""
    before = getattr(user, attribute)
    setattr(user, attribute, value)
    if attribute not in pool.username_attributes + rules(pool).alias_attributes:
        return
    if before and pool.username_key(before) != pool.username_key(value):
        user.sign_in_names.filter(key=pool.username_key(before)).delete()
