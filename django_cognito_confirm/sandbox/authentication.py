"""InitiateAuth: a sign-in with a password, or with the Session that a right code has given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.hashers import check_password

from . import errors, sessions, tokens
from .clients import check_secret_hash
from .models import SandboxUser
from .operations import find

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django_cognito_confirm.conf import Pool

_Status = SandboxUser.Status


def initiate_auth(pool: Pool, request: Mapping[str, Any]) -> dict[str, Any]:
    """Sign in with USER_PASSWORD_AUTH, or with USER_AUTH and a Session; there are no challenges."""
    flow = _FLOWS.get(request["AuthFlow"])
    if flow is None or (request["AuthFlow"] == "USER_AUTH" and "Session" not in request):
        raise errors.FLOW_NOT_SUPPORTED.error()
    user = flow(pool, request)
    if user.status == _Status.RESET_REQUIRED:
        raise errors.PASSWORD_RESET_REQUIRED.error()
    return {
        "ChallengeParameters": {},
        "AuthenticationResult": {
            **tokens.issue(pool, user),
            "ExpiresIn": tokens.VALID_FOR,
            "TokenType": "Bearer",
        },
    }


def _by_password(pool: Pool, request: Mapping[str, Any]) -> SandboxUser:
    """Return whose name and password these are.

    The password is looked at before the status. In Cognito that order has changed over the years, so nobody should take
    UserNotConfirmedException for proof of a password.
    """
    parameters = _parameters(pool, request, "USERNAME", "PASSWORD")
    user = find(pool, parameters["USERNAME"], unknown=errors.USER_NOT_FOUND)
    if user is None or not check_password(parameters["PASSWORD"], user.password):
        raise errors.WRONG_PASSWORD.error()
    if user.status == _Status.UNCONFIRMED:
        raise errors.USER_NOT_CONFIRMED.error()
    return user


def _by_session(pool: Pool, request: Mapping[str, Any]) -> SandboxUser:
    """Return whose name this is, if the Session is theirs. What Cognito says of one that is not was never seen."""
    parameters = _parameters(pool, request, "USERNAME")
    user = find(pool, parameters["USERNAME"], unknown=errors.USER_NOT_FOUND)
    if user is None:
        raise errors.SESSION_INVALID.error()
    sessions.use_up(user, request["Session"])
    return user


_FLOWS: dict[str, Callable[[Pool, Mapping[str, Any]], SandboxUser]] = {
    "USER_PASSWORD_AUTH": _by_password,
    "USER_AUTH": _by_session,
}


def _parameters(pool: Pool, request: Mapping[str, Any], *required: str) -> Mapping[str, str]:
    parameters: Mapping[str, str] = request.get("AuthParameters", {})
    for name in required:
        if name not in parameters:
            raise errors.PARAMETER_MISSING.error(name=name)
    check_secret_hash(
        pool, parameters["USERNAME"], parameters.get("SECRET_HASH"), wrong=errors.SECRET_HASH_WRONG_AT_SIGN_IN
    )
    return parameters
