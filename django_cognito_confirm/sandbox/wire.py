"""Cognito's protocol, JSON 1.1: a target and a body in, a status, headers and a body out."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import admin_operations, authentication, errors, operations
from .clients import find_pool
from .errors import CognitoError
from .validation import validate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from django_cognito_confirm.conf import Pool

CONTENT_TYPE = "application/x-amz-json-1.1"
TARGET_PREFIX = "AWSCognitoIdentityProviderService."

OPERATIONS: dict[str, Callable[[Pool, Mapping[str, Any]], dict[str, Any]]] = {
    "SignUp": operations.sign_up,
    "ConfirmSignUp": operations.confirm_sign_up,
    "ResendConfirmationCode": operations.resend_confirmation_code,
    "InitiateAuth": authentication.initiate_auth,
    "AdminConfirmSignUp": admin_operations.admin_confirm_sign_up,
    "AdminUpdateUserAttributes": admin_operations.admin_update_user_attributes,
    "AdminGetUser": admin_operations.admin_get_user,
    "ListUsers": admin_operations.list_users,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back to the client."""

    status: int
    headers: dict[str, str]
    body: bytes


def answer(pools: Sequence[Pool], target: str, body: bytes) -> Reply:
    """Answer a request to one of ``pools``. ``target`` is its header ``X-Amz-Target``.

    Every refusal is a reply with status 400: on the wire, Cognito's client errors all are.
    """
    try:
        operation = target.removeprefix(TARGET_PREFIX)
        if not target.startswith(TARGET_PREFIX) or operation not in OPERATIONS:
            raise errors.UNKNOWN_OPERATION.error()
        request = validate(operation, _parse(body))
        return _reply(200, OPERATIONS[operation](find_pool(pools, request), request))
    except CognitoError as error:
        return refusal(400, error)


def refusal(status: int, error: CognitoError) -> Reply:
    """Return the reply that tells of ``error``."""
    return _reply(status, {"__type": error.code, "message": error.message}, {"x-amzn-errortype": f"{error.code}:"})


def _reply(status: int, document: dict[str, Any], headers: Mapping[str, str] | None = None) -> Reply:
    body = json.dumps(document).encode()
    return Reply(
        status=status,
        headers={
            "Content-Type": CONTENT_TYPE,
            "Content-Length": str(len(body)),
            "x-amzn-requestid": str(uuid.uuid4()),
            **(headers or {}),
        },
        body=body,
    )


def _parse(body: bytes) -> Any:
    try:
        document = json.loads(body.decode(), parse_constant=_refuse_constant)
        # Escapes may write half a surrogate pair, which no encoding, database or password hasher takes.
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise errors.INVALID_JSON.error() from None
    return document


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
