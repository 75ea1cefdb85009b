"""What anybody may call, without a signature, to sign up: SignUp, ConfirmSignUp and ResendConfirmationCode."""

from __future__ import annotations

from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError
from django.utils import timezone

from . import attempts, attributes, codes, delivery, errors, names, passwords, sessions, triggers
from .clients import check_secret_hash, rules
from .models import Attempt, SandboxUser

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_cognito_confirm.conf import Pool

MIN_PASSWORD_LENGTH = 8

_Status = SandboxUser.Status


def sign_up(pool: Pool, request: Mapping[str, Any]) -> dict[str, Any]:
    """Make a user, UNCONFIRMED unless the pool confirms by itself, and send the code.

    The account is there when the code could not be sent (CodeDeliveryFailureException).
    """
    check_secret_hash(pool, request["Username"], request.get("SecretHash"))
    if len(request.get("Password", "")) < MIN_PASSWORD_LENGTH:
        raise errors.PASSWORD_TOO_SHORT.error()
    attribute = names.sign_in_attribute(pool, request["Username"])
    user = _new_user(pool, request, attribute)
    if rules(pool).auto_confirm:
        # As by a pre sign-up trigger that sets autoConfirmUser alone: the contact is not verified and gets no code.
        user.status = _Status.CONFIRMED
    else:
        codes.issue(user)
    try:
        names.add_user(pool, user, {user.username, request["Username"]})
    except IntegrityError:
        refusal = errors.ACCOUNT_EXISTS if attribute else errors.USERNAME_EXISTS
        raise refusal.error(attribute=attribute) from None
    reply = {
        "UserConfirmed": user.status == _Status.CONFIRMED,
        "UserSub": user.sub,
        "Session": sessions.start(user),
    }
    if user.code:
        reply["CodeDeliveryDetails"] = delivery.deliver(user).as_json()
    if reply["UserConfirmed"]:
        triggers.post_confirmation(pool, user, request)
    return reply


def _new_user(pool: Pool, request: Mapping[str, Any], attribute: str | None) -> SandboxUser:
    given = attributes.read(request.get("UserAttributes", ()))
    user = SandboxUser(user_pool_id=pool.user_pool_id, username=request["Username"])
    if attribute:
        user.username = user.sub
        given[attribute] = request["Username"]
    user.email = given.pop("email", "")
    user.phone_number = given.pop("phone_number", "")
    user.attributes = given
    user.password = passwords.make(request["Password"])
    return user


def confirm_sign_up(pool: Pool, request: Mapping[str, Any]) -> dict[str, Any]:
    """Confirm a user by the code, and verify the address or number that it was sent to."""
    check_secret_hash(pool, request["Username"], request.get("SecretHash"))
    user = find(pool, request["Username"])
    if user is None:
        # Not documented: the guide lists CodeMismatch, ExpiredCode and NotAuthorized for this call, not which is when.
        raise errors.CODE_MISMATCH.error()
    attempts.take(user, Attempt.Kind.CONFIRM)
    with user.locked() as user:
        if user.status != _Status.UNCONFIRMED:
            raise errors.NOT_UNCONFIRMED.error(status=user.status)
        session = sessions.find(user, request["Session"]) if "Session" in request else None
        codes.check(user, request["ConfirmationCode"])
        # The refusal undoes this transaction, so the code stays good. Whether Cognito uses it up is not documented.
        names.claim_alias(pool, user, user.code_attribute, force=request.get("ForceAliasCreation", False))
        confirm(user, **{f"{user.code_attribute}_verified": True})
        reply = {"Session": sessions.renew(session)} if session else {}
    triggers.post_confirmation(pool, user, request)
    return reply


def confirm(user: SandboxUser, **verified: bool) -> None:
    """Make ``user`` CONFIRMED and use up the code. Raises NotAuthorizedException when another call just did."""
    unconfirmed = SandboxUser.objects.filter(pk=user.pk, status=_Status.UNCONFIRMED)
    if not unconfirmed.update(status=_Status.CONFIRMED, code="", modified_at=timezone.now(), **verified):
        raise errors.NOT_UNCONFIRMED.error(status=_Status.CONFIRMED)


def resend_confirmation_code(pool: Pool, request: Mapping[str, Any]) -> dict[str, Any]:
    """Send a new code, which kills the one before."""
    check_secret_hash(pool, request["Username"], request.get("SecretHash"))
    user = find(pool, request["Username"])
    if user is None:
        return _simulated_resend(pool, request["Username"])
    attempts.take(user, Attempt.Kind.RESEND)
    with user.locked() as user:
        if user.status != _Status.UNCONFIRMED:
            raise errors.ALREADY_CONFIRMED.error()
        if not codes.issue(user):
            raise errors.NOTHING_TO_SEND_TO.error()
        user.save(update_fields=["code", "code_attribute", "code_sent_at"])
    return {"CodeDeliveryDetails": delivery.deliver(user).as_json()}


def _simulated_resend(pool: Pool, name: str) -> dict[str, Any]:
    """Answer for somebody who is not there, as if they were.

    Cognito is documented to alternate between made-up delivery details and InvalidParameterException (whose text is not
    documented). Here the name decides, so that one name always gets the same answer and tests can rely on it.
    """
    digest = bytes.fromhex(pool.username_key(name))
    if digest[0] % 2:
        raise errors.ALREADY_CONFIRMED.error()
    is_contact = attributes.is_email(name) or attributes.is_phone_number(name)
    made_up = f"{ascii_lowercase[digest[1] % 26]}@{ascii_lowercase[digest[2] % 26]}"
    return {"CodeDeliveryDetails": delivery.describe(name if is_contact else made_up).as_json()}


def find(pool: Pool, name: str, unknown: errors.Refusal = errors.COMBINATION_NOT_FOUND) -> SandboxUser | None:
    """Return the user whom a stranger means, or None where the answer must not tell that there is none.

    With PreventUserExistenceErrors, somebody disabled is answered for like somebody unknown; what Cognito says of users
    who are disabled and not confirmed was never seen. Unknown names are not counted: whether Cognito does is not known.
    """
    user = names.find(pool, name)
    if user is not None and user.enabled:
        return user
    if rules(pool).prevent_user_existence_errors:
        return None
    if user is None:
        raise unknown.error()
    raise errors.USER_DISABLED.error()
