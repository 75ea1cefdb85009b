"""A function for each operation of Cognito that this app calls."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from ..conf import DEFAULT_POOL_ALIAS, Pool, get_pool
from ..errors import ConfirmSignUpError, SessionExpired, Unavailable
from ..masking import Masked, SecretStr
from .calls import call
from .clients import ADMIN, ADMIN_ONCE, PUBLIC, PUBLIC_BRIEF
from .messages import ClientFacts, ConfirmSignUp, Delivery, ListedUser, PoolFacts, Tokens

MAX_FILTER_LENGTH: Final = 256
"""Characters of a ListUsers filter."""


def secret_hash(username: str, *, pool: str = DEFAULT_POOL_ALIAS) -> str | None:
    """Return ``SecretHash`` for a call that sends exactly ``username``, ``None`` for an app client without a secret.

    ``pool`` is the alias in ``COGNITO_POOLS``. Base64 of HMAC-SHA-256 over username and client id, keyed with the
    client's secret: 44 characters.
    https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html
    """
    return _secret_hash(get_pool(pool), username)


def _secret_hash(pool: Pool, username: str) -> str | None:
    secret = pool.get_client_secret()
    if not secret:
        return None
    digest = hmac.new(secret.encode(), (username + pool.client_id).encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def confirm_sign_up(pool: Pool, message: ConfirmSignUp) -> SecretStr:
    """Call ConfirmSignUp; return the reply's Session, ``""`` without one. Raises ``ConfirmSignUpError``.

    A Session that Cognito no longer takes does not spoil the confirmation: the call is made again without it.
    """
    reply = call(pool, PUBLIC, "ConfirmSignUp", partial(_members, pool, message))
    if message.session and isinstance(reply, SessionExpired):
        reply = call(pool, PUBLIC, "ConfirmSignUp", partial(_members, pool, replace(message, session="")))
    if isinstance(reply, ConfirmSignUpError):
        raise reply
    return SecretStr(reply.get("Session", ""))


def _members(pool: Pool, message: ConfirmSignUp) -> dict[str, Any]:
    return _given(
        ClientId=pool.client_id,
        SecretHash=_secret_hash(pool, message.username),
        Username=message.username,
        ConfirmationCode=message.code,
        ForceAliasCreation=message.force_alias_creation,
        AnalyticsMetadata=message.analytics_metadata,
        UserContextData=message.user_context_data,
        ClientMetadata=message.client_metadata,
        Session=message.session or None,
    )


def sign_in_with_session(pool: Pool, username: str, session: str) -> Tokens:
    """Call InitiateAuth (USER_AUTH) with the Session of ConfirmSignUp's reply: the code counts as the first factor.

    ``username`` is the one that was confirmed. The app client must allow ``ALLOW_USER_AUTH``. Waits for at most 5
    seconds for the answer. Raises ``ConfirmSignUpError``; ``Unavailable`` with the code ``NoTokensInReply`` also where
    Cognito asks for another factor.
    https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_InitiateAuth.html
    """
    secret = SecretStr(session)
    del session  # what is raised here keeps this frame

    def members() -> dict[str, Any]:
        parameters = _given(USERNAME=username, SECRET_HASH=_secret_hash(pool, username))
        return {"ClientId": pool.client_id, "AuthFlow": "USER_AUTH", "AuthParameters": parameters, "Session": secret}

    reply = call(pool, PUBLIC_BRIEF, "InitiateAuth", members)
    if isinstance(reply, ConfirmSignUpError):
        raise reply
    try:
        return Tokens.from_reply(reply)
    except (KeyError, TypeError, AttributeError):
        pass
    finally:
        del reply  # holds the tokens
    raise Unavailable("NoTokensInReply")


def resend_confirmation_code(
    pool: Pool,
    username: str,
    *,
    client_metadata: Mapping[str, str] | None = None,
    user_context_data: Mapping[str, str] | None = None,
    analytics_metadata: Mapping[str, str] | None = None,
) -> Delivery:
    """Call ResendConfirmationCode, which makes every earlier code invalid. Raises ``ConfirmSignUpError``."""
    optional = Masked(
        {
            "UserContextData": user_context_data,
            "AnalyticsMetadata": analytics_metadata,
            "ClientMetadata": client_metadata,
        }
    )
    del user_context_data, analytics_metadata, client_metadata  # what is raised here keeps this frame
    reply = call(
        pool,
        PUBLIC,
        "ResendConfirmationCode",
        lambda: _given(
            ClientId=pool.client_id, SecretHash=_secret_hash(pool, username), Username=username, **optional.value
        ),
    )
    if isinstance(reply, ConfirmSignUpError):
        raise reply
    return Delivery.from_reply(reply)


def admin_confirm_sign_up(pool: Pool, username: str, *, client_metadata: Mapping[str, str] | None = None) -> None:
    """Call AdminConfirmSignUp (IAM: ``cognito-idp:AdminConfirmSignUp``). Raises ``ConfirmSignUpError``."""
    metadata = Masked(client_metadata)
    del client_metadata  # what is raised here keeps this frame
    reply = call(
        pool,
        ADMIN_ONCE,
        "AdminConfirmSignUp",
        lambda: _given(UserPoolId=pool.user_pool_id, Username=username, ClientMetadata=metadata.value),
    )
    if isinstance(reply, ConfirmSignUpError):
        raise reply


def admin_get_user(pool: Pool, username: str) -> ListedUser:
    """Call AdminGetUser (IAM: ``cognito-idp:AdminGetUser``). Raises ``UserNotFound`` and other ``ConfirmSignUpError``.

    Each call bills the user as active in that month; ``list_users`` does not.
    """
    reply = call(pool, ADMIN, "AdminGetUser", lambda: {"UserPoolId": pool.user_pool_id, "Username": username})
    if isinstance(reply, ConfirmSignUpError):
        raise reply
    return _read_user(reply)


def admin_verify_email(pool: Pool, username: str, email: str) -> None:
    """Call AdminUpdateUserAttributes with ``email_verified`` true (IAM: ``cognito-idp:AdminUpdateUserAttributes``).

    ``email`` is the address that the account was seen with. It is written again in the same call: one that the person
    has changed to in the meantime must not become verified. In pools with alias attributes the person can sign in with
    the address from then on, and another account that could no longer can: ``verifying.verify_email`` looks first. It
    may be called again. Raises ``ConfirmSignUpError``.
    """
    reply = call(
        pool,
        ADMIN,
        "AdminUpdateUserAttributes",
        lambda: {
            "UserPoolId": pool.user_pool_id,
            "Username": username,
            "UserAttributes": [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
        },
    )
    if isinstance(reply, ConfirmSignUpError):
        raise reply


def describe_user_pool(pool: Pool) -> PoolFacts:
    """Call DescribeUserPool (IAM: ``cognito-idp:DescribeUserPool``). Raises ``ConfirmSignUpError``."""
    reply = call(pool, ADMIN, "DescribeUserPool", lambda: {"UserPoolId": pool.user_pool_id})
    if isinstance(reply, ConfirmSignUpError):
        raise reply
    with contextlib.suppress(KeyError, TypeError, AttributeError):
        return PoolFacts.from_reply(reply)
    raise Unavailable("NoPoolInReply")


def describe_user_pool_client(pool: Pool) -> ClientFacts:
    """Call DescribeUserPoolClient (IAM: ``cognito-idp:DescribeUserPoolClient``). Raises ``ConfirmSignUpError``."""
    members = {"UserPoolId": pool.user_pool_id, "ClientId": pool.client_id}
    reply = call(pool, ADMIN, "DescribeUserPoolClient", lambda: members)
    if isinstance(reply, ConfirmSignUpError):
        raise reply
    try:
        return ClientFacts.from_reply(reply)
    except (KeyError, TypeError, AttributeError):
        pass
    finally:
        del reply  # holds the secret
    raise Unavailable("NoClientInReply")


def list_users(
    pool: Pool, attribute: str, value: str, *, prefix: bool = False, before_call: Callable[[], object] | None = None
) -> Iterator[ListedUser]:
    """Yield the users of ``list_user_pages``."""
    for page in list_user_pages(pool, attribute, value, prefix=prefix, before_call=before_call):
        yield from page


def list_user_pages(
    pool: Pool, attribute: str, value: str, *, prefix: bool = False, before_call: Callable[[], object] | None = None
) -> Iterator[list[ListedUser]]:
    """Yield pages of the users whose ``attribute`` is ``value`` or begins with it (IAM: ``cognito-idp:ListUsers``).

    One call a page, of at most 60 users; ``before_call`` is called before each, to keep a rate. A page may be empty,
    and a listing may be behind the pool by seconds. Raises ``ValueError`` for a filter of over 256 characters, which
    Cognito would refuse, and ``ConfirmSignUpError``.
    """
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    condition = f'{attribute} {"^=" if prefix else "="} "{escaped}"'
    if len(condition) > MAX_FILTER_LENGTH:
        raise ValueError(f"No ListUsers filter can hold this {attribute}.")
    members = {"UserPoolId": pool.user_pool_id, "Filter": condition}
    while True:
        if before_call is not None:
            before_call()
        reply = call(pool, ADMIN, "ListUsers", members.copy)
        if isinstance(reply, ConfirmSignUpError):
            raise reply
        if "Users" not in reply:
            # Taken for an empty page, it would say that nobody is there.
            raise Unavailable("NoUsersInReply")
        yield [_read_user(user) for user in reply["Users"]]
        if not reply.get("PaginationToken"):
            return
        members["PaginationToken"] = reply["PaginationToken"]


def _read_user(reply: Mapping[str, Any]) -> ListedUser:
    with contextlib.suppress(KeyError, TypeError, AttributeError):
        return ListedUser.from_reply(reply)
    raise Unavailable("NoUserInReply")


def _given(**members: Any) -> dict[str, Any]:
    """Leave out what is ``None``: botocore refuses it."""
    return {name: value for name, value in members.items() if value is not None}
