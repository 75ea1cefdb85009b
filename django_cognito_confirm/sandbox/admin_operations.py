"""What staff may call: AdminConfirmSignUp, AdminUpdateUserAttributes, AdminGetUser and ListUsers.

The sandbox does not check signatures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from . import attributes, errors, listing, names
from .models import SandboxUser
from .operations import confirm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_cognito_confirm.conf import Pool


def admin_confirm_sign_up(pool: Pool, request: Mapping[str, Any]) -> dict[str, Any]:
    """Confirm a user without a code. Verifies neither address nor number, so no alias becomes active."""
    with _find(pool, request).locked() as user:
        if not user.enabled:
            raise errors.USER_DISABLED.error()
        if user.status != SandboxUser.Status.UNCONFIRMED:
            raise errors.NOT_UNCONFIRMED.error(status=user.status)
        confirm(user)
    return {}


def admin_update_user_attributes(pool: Pool, request: Mapping[str, Any]) -> dict[str, Any]:
    """Call an address or number verified, which makes it find the user where the pool has it as an alias.

    The address or number itself may be written in the same call, and in no other. Whoever had that alias loses it, and
    the address is no longer verified for them. AWS documents that of other ways to verify; of this one it was seen. No
    other change is served here.
    """
    changes = {item["Name"]: item.get("Value") or "" for item in request["UserAttributes"]}
    verified = [attribute for attribute in names.VERIFIABLE if changes.get(f"{attribute}_verified") == "true"]
    written = [attribute for attribute in verified if attribute in changes]
    if len(verified) + len(written) < len(changes):
        raise errors.ONLY_VERIFIES.error()
    values = attributes.read([{"Name": attribute, "Value": changes[attribute]} for attribute in written])
    with _find(pool, request).locked() as user:
        for attribute in written:
            names.change_alias(pool, user, attribute, values.get(attribute, ""))
        for attribute in verified:
            if not getattr(user, attribute):
                raise errors.NOTHING_TO_VERIFY.error(attribute=attribute)
            names.claim_alias(pool, user, attribute, force=True)
            setattr(user, f"{attribute}_verified", True)
        user.modified_at = timezone.now()
        user.save(update_fields=[*written, *(f"{attribute}_verified" for attribute in verified), "modified_at"])
    return {}


def admin_get_user(pool: Pool, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return one user, found by username, active alias or, with username attributes, sub."""
    user = _find(pool, request)
    return {**attributes.describe(user), "UserAttributes": attributes.as_list(attributes.of(user))}


def list_users(pool: Pool, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of users, at most ``Limit`` (60 unless given), and the token of the next page if there is one.

    Cognito's listing may lag behind for some seconds. This one never does.
    """
    page = listing.read_page(
        pool.user_pool_id,
        filter_text=request.get("Filter", ""),
        limit=request.get("Limit", 0),
        token=request.get("PaginationToken"),
    )
    wanted = request.get("AttributesToGet")
    reply: dict[str, Any] = {"Users": [_listed(user, wanted) for user in page.users]}
    if page.next_token:
        reply["PaginationToken"] = page.next_token
    return reply


def _listed(user: SandboxUser, wanted: list[str] | None) -> dict[str, Any]:
    shown = attributes.of(user)
    if wanted is not None:
        if not shown.keys() >= set(wanted):
            # As documented for AttributesToGet: an error if not all users of the page have the attribute.
            raise errors.ATTRIBUTES_NOT_SET.error()
        shown = {name: shown[name] for name in wanted}
    return {**attributes.describe(user), "Attributes": attributes.as_list(shown)}


def _find(pool: Pool, request: Mapping[str, Any]) -> SandboxUser:
    user = names.find(pool, request["Username"])
    if user is None:
        raise errors.USER_NOT_FOUND.error()
    return user
