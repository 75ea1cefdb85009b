"""Cognito's operations, as far as the fault server needs them: what they change and what they answer."""

from __future__ import annotations

import secrets
import time
import uuid
import zlib
from collections.abc import Callable
from typing import Any

from tests.faults.behaviours import Reply, error
from tests.faults.users import User, Users, random_code

PAGE = 60  # users; more are refused
LONGEST_FILTER = 256  # characters

Body = dict[str, Any]


def sign_up(users: Users, body: Body) -> Body | Reply:
    """Add a user who waits for a code."""
    username = body["Username"]
    if users.get(username):
        return error("UsernameExistsException", "User already exists")
    attributes = {item["Name"]: item["Value"] for item in body.get("UserAttributes", [])}
    user = users.add(username, sub=str(uuid.uuid4()), created=time.time(), attributes=attributes)
    return {
        "UserConfirmed": False,
        "UserSub": user.sub,
        "CodeDeliveryDetails": _delivery(user),
        "Session": secrets.token_urlsafe(30),
    }


def confirm_sign_up(users: Users, body: Body) -> Body | Reply:
    """Confirm the user whose code it is."""
    user = users.get(body["Username"])
    if not user:
        return error("UserNotFoundException", "Username/client id combination not found.")
    if user.status != "UNCONFIRMED":
        return error("NotAuthorizedException", f"User cannot be confirmed. Current status is {user.status}")
    if user.code != body["ConfirmationCode"]:
        return error("CodeMismatchException", "Invalid verification code provided, please try again.")
    user.status = "CONFIRMED"
    return {}


def resend_confirmation_code(users: Users, body: Body) -> Body | Reply:
    """Make up a new code."""
    user = users.get(body["Username"])
    if not user:
        return error("UserNotFoundException", "Username/client id combination not found.")
    if user.status != "UNCONFIRMED":
        return error("InvalidParameterException", "User is already confirmed.")
    user.code = random_code()
    return {"CodeDeliveryDetails": _delivery(user)}


def admin_confirm_sign_up(users: Users, body: Body) -> Body | Reply:
    """Confirm without a code."""
    user = users.get(body["Username"])
    if not user:
        return error("UserNotFoundException", "User does not exist.")
    if user.status != "UNCONFIRMED":
        return error("NotAuthorizedException", f"User cannot be confirmed. Current status is {user.status}")
    user.status = "CONFIRMED"
    return {}


def admin_update_user_attributes(users: Users, body: Body) -> Body | Reply:
    """Write attributes. There are no aliases here that could move."""
    user = users.get(body["Username"])
    if not user:
        return error("UserNotFoundException", "User does not exist.")
    user.attributes.update({item["Name"]: item["Value"] for item in body["UserAttributes"]})
    return {}


def admin_get_user(users: Users, body: Body) -> Body | Reply:
    """Look one user up, whatever the case of the name."""
    user = users.get(body["Username"])
    if not user:
        return error("UserNotFoundException", "User does not exist.")
    shown = _shown(user)
    shown["UserAttributes"] = shown.pop("Attributes")
    return shown


def list_users(users: Users, body: Body) -> Body | Reply:
    """List a page of users. A token goes on only with the filter that it came from."""
    filter_, limit = body.get("Filter") or "", body.get("Limit", PAGE)
    if len(filter_) > LONGEST_FILTER or not 0 <= limit <= PAGE:
        return error("InvalidParameterException", "1 validation error detected")
    mark = f"{zlib.crc32(filter_.encode(errors='surrogatepass')):08x}"
    token = body.get("PaginationToken", f"{mark}.0")
    if not token.startswith(mark):
        return error("InvalidParameterException", "Paging marker is invalid")
    start = int(token.partition(".")[2])
    try:
        page, more = users.page(filter_, start, limit or PAGE)
    except ValueError:
        return error("InvalidParameterException", "Error while parsing filter.")
    reply: Body = {"Users": [_shown(user) for user in page]}
    if more:
        reply["PaginationToken"] = f"{mark}.{start + len(page)}"
    return reply


OPERATIONS: dict[str, Callable[[Users, Body], Body | Reply]] = {
    "SignUp": sign_up,
    "ConfirmSignUp": confirm_sign_up,
    "ResendConfirmationCode": resend_confirmation_code,
    "AdminConfirmSignUp": admin_confirm_sign_up,
    "AdminUpdateUserAttributes": admin_update_user_attributes,
    "AdminGetUser": admin_get_user,
    "ListUsers": list_users,
}


def _delivery(user: User) -> Body:
    return {
        "Destination": f"{user.username[0]}***@e***",
        "DeliveryMedium": "EMAIL",
        "AttributeName": "email",
    }


def _shown(user: User) -> Body:
    attributes = {"sub": user.sub, **user.attributes}
    return {
        "Username": user.username,
        "Attributes": [{"Name": name, "Value": value} for name, value in attributes.items()],
        "UserCreateDate": user.created,
        "UserLastModifiedDate": user.created,
        "Enabled": user.enabled,
        "UserStatus": user.status,
    }
