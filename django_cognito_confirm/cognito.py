"""The only module that touches boto3: two cached clients for each pool, the secret hash, a function for each operation.

boto3 is imported when it is first needed, never with the module: it costs a process 175 ms and 34 MB.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from .conf import DEFAULT_POOL_ALIAS, Pool, get_pool
from .errors import (
    OPERATIONS,
    Blocked,
    ConfirmSignUpError,
    DeliveryFailed,
    Misconfigured,
    OutcomeUnknown,
    SessionExpired,
    Unavailable,
)

if TYPE_CHECKING:
    from botocore.awsrequest import AWSResponse
    from mypy_boto3_cognito_idp.client import CognitoIdentityProviderClient

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT: Final = 5
"""Seconds."""
READ_TIMEOUT: Final = 20
"""Seconds. A post-confirmation Lambda may take three times 5 s before Cognito answers."""
MAX_CONNECTIONS: Final = 100
"""Kept alive for each client: as many as a threaded server has threads. They are opened as they are needed."""
MAX_FILTER_LENGTH: Final = 256
"""Characters of a ListUsers filter."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where Cognito says that it sent a code: ``CodeDeliveryDetails``."""

    destination: str = ""
    """Masked by Cognito: ``a***@e***``."""
    medium: str = ""
    """``"EMAIL"``, ``"SMS"`` or ``""``."""
    attribute: str = ""
    """``"email"``, ``"phone_number"`` or ``""``."""

    @classmethod
    def from_reply(cls, reply: Mapping[str, Any]) -> Delivery:
        """Read it from the reply of SignUp or ResendConfirmationCode."""
        details = reply.get("CodeDeliveryDetails") or {}
        return cls(*(details.get(name, "") for name in ("Destination", "DeliveryMedium", "AttributeName")))


@dataclass(frozen=True, slots=True)
class ListedUser:
    """A user as ListUsers or AdminGetUser shows them."""

    username: str
    status: str
    """``"UNCONFIRMED"``, ``"CONFIRMED"``, ``"RESET_REQUIRED"``, ``"FORCE_CHANGE_PASSWORD"`` …"""
    enabled: bool
    created_at: datetime
    attributes: Mapping[str, str] = field(repr=False)

    @classmethod
    def from_reply(cls, reply: Mapping[str, Any]) -> ListedUser:
        """Read it from AdminGetUser's reply or from an item of ListUsers' (they name the attributes differently)."""
        attributes = reply.get("UserAttributes") or reply.get("Attributes") or []
        return cls(
            username=reply["Username"],
            status=reply.get("UserStatus", ""),
            enabled=reply.get("Enabled", True),
            created_at=reply["UserCreateDate"],
            attributes={attribute["Name"]: attribute.get("Value", "") for attribute in attributes},
        )

    @property
    def sub(self) -> str:
        return self.attributes.get("sub", "")

    @property
    def is_confirmed(self) -> bool:
        """Whether this is proof that the user is confirmed."""
        return self.enabled and self.status in ("CONFIRMED", "RESET_REQUIRED")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmSignUp:
    """What one call of ConfirmSignUp sends, but for ``ClientId`` and ``SecretHash``, which the pool knows.

    Its ``repr`` shows no code, session or metadata: between our functions these travel in here only.
    """

    username: str
    code: str = field(repr=False)
    session: str = field(default="", repr=False)
    force_alias_creation: bool | None = None
    client_metadata: Mapping[str, str] | None = field(default=None, repr=False)
    user_context_data: Mapping[str, str] | None = field(default=None, repr=False)
    analytics_metadata: Mapping[str, str] | None = field(default=None, repr=False)


# --- clients --------------------------------------------------------------------------------------------------------

_clients: dict[tuple[str | bool | None, ...], CognitoIdentityProviderClient] = {}
_lock = threading.Lock()


def _forget_clients() -> None:
    """In a child process: connections must not be shared with the parent, whose other threads may hold the lock."""
    global _lock  # noqa: PLW0603
    _clients.clear()
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_clients)


def public_client(pool: str = DEFAULT_POOL_ALIAS) -> CognitoIdentityProviderClient:
    """Return the boto3 client for operations that need no IAM, such as SignUp, ConfirmSignUp and InitiateAuth.

    Unsigned, so it never looks for credentials. It makes one attempt: a repeated call may follow one that succeeded,
    or burn a person's attempts. Built once for each pool and process; safe to share between threads.
    """
    return _client("public", get_pool(pool))


def admin_client(pool: str = DEFAULT_POOL_ALIAS) -> CognitoIdentityProviderClient:
    """Return the boto3 client for operations that need IAM, with credentials from AWS's usual chain."""
    return _client("admin", get_pool(pool))


def _client(kind: str, pool: Pool) -> CognitoIdentityProviderClient:
    # All that a client is built from, so that other settings get another client at once.
    key = (kind, pool.alias, pool.region, pool.endpoint_url, bool(pool.sandbox))
    client = _clients.get(key)
    if client is None:
        with _lock:
            client = _clients.get(key)
            if client is None:
                client = _clients[key] = _build_client(kind, pool)
    return client


def _build_client(kind: str, pool: Pool) -> CognitoIdentityProviderClient:
    import boto3
    import botocore
    from botocore.config import Config

    public = kind == "public"
    config = Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        max_pool_connections=MAX_CONNECTIONS,
        tcp_keepalive=True,
        retries={"mode": "standard", "total_max_attempts": 1 if public else 3},
        signature_version=botocore.UNSIGNED if public else None,
    )
    credentials: tuple[str | None, str | None] = (None, None)
    if pool.sandbox and not public:
        # Without any, botocore stops before the sandbox gets to see the call.
        credentials = ("sandbox", "sandbox")
    client = boto3.session.Session(*credentials).client(
        "cognito-idp", region_name=pool.region, endpoint_url=pool.endpoint_url, config=config
    )
    client.meta.events.register("after-call.cognito-identity-provider", _insist_on_json)
    if pool.sandbox:
        from . import sandbox

        sandbox.attach(client, pool.alias)
    return client


def _insist_on_json(http_response: AWSResponse, **kwargs: Any) -> None:
    """Refuse a 200 that is not Cognito's: botocore takes a page of HTML, or nothing, for an answer without members.

    A captive portal or a dying proxy would confirm people otherwise. Nothing at all is Cognito's own answer to some
    operations; it comes with AWS's request id then.
    """
    from botocore.parsers import ResponseParserError

    if http_response.status_code != HTTPStatus.OK or http_response.raw is None:  # None: botocore's Stubber
        return
    if not http_response.content and "x-amzn-requestid" in http_response.headers:
        return
    try:
        answer = json.loads(http_response.content)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise ResponseParserError("Cognito answers with a JSON object.")


def secret_hash(username: str, *, pool: str = DEFAULT_POOL_ALIAS) -> str | None:
    """Return ``SecretHash`` for a call that sends exactly ``username``, ``None`` for an app client without a secret.

    Base64 of HMAC-SHA-256 over username and client id, keyed with the client's secret: 44 characters.
    https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html
    """
    return _secret_hash(get_pool(pool), username)


def _secret_hash(pool: Pool, username: str) -> str | None:
    secret = pool.get_client_secret()
    if not secret:
        return None
    digest = hmac.new(secret.encode(), (username + pool.client_id).encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


# --- operations -----------------------------------------------------------------------------------------------------


def confirm_sign_up(pool: Pool, call: ConfirmSignUp) -> str:
    """Call ConfirmSignUp; return the reply's Session, ``""`` without one. Raises ``ConfirmSignUpError``.

    A Session that Cognito no longer takes does not spoil the confirmation: the call is made again without it.
    """
    client = _client("public", pool)
    reply = _call(client.confirm_sign_up, "ConfirmSignUp", _members(pool, call))
    if call.session and isinstance(reply, SessionExpired):
        reply = _call(client.confirm_sign_up, "ConfirmSignUp", _members(pool, call, with_session=False))
    if isinstance(reply, ConfirmSignUpError):
        raise reply
    session: str = reply.get("Session", "")
    return session


def _members(pool: Pool, call: ConfirmSignUp, *, with_session: bool = True) -> dict[str, Any]:
    return _given(
        ClientId=pool.client_id,
        SecretHash=_secret_hash(pool, call.username),
        Username=call.username,
        ConfirmationCode=call.code,
        ForceAliasCreation=call.force_alias_creation,
        AnalyticsMetadata=call.analytics_metadata,
        UserContextData=call.user_context_data,
        ClientMetadata=call.client_metadata,
        Session=(call.session or None) if with_session else None,
    )


def resend_confirmation_code(
    pool: Pool,
    username: str,
    *,
    client_metadata: Mapping[str, str] | None = None,
    user_context_data: Mapping[str, str] | None = None,
    analytics_metadata: Mapping[str, str] | None = None,
) -> Delivery:
    """Call ResendConfirmationCode, which makes every earlier code invalid. Raises ``ConfirmSignUpError``."""
    reply = _call(
        _client("public", pool).resend_confirmation_code,
        "ResendConfirmationCode",
        _given(
            ClientId=pool.client_id,
            SecretHash=_secret_hash(pool, username),
            Username=username,
            UserContextData=user_context_data,
            AnalyticsMetadata=analytics_metadata,
            ClientMetadata=client_metadata,
        ),
    )
    if isinstance(reply, ConfirmSignUpError):
        raise reply
    return Delivery.from_reply(reply)


def admin_confirm_sign_up(pool: Pool, username: str, *, client_metadata: Mapping[str, str] | None = None) -> None:
    """Call AdminConfirmSignUp (IAM: ``cognito-idp:AdminConfirmSignUp``). Raises ``ConfirmSignUpError``."""
    reply = _call(
        _client("admin", pool).admin_confirm_sign_up,
        "AdminConfirmSignUp",
        _given(UserPoolId=pool.user_pool_id, Username=username, ClientMetadata=client_metadata),
    )
    if isinstance(reply, ConfirmSignUpError):
        raise reply


def admin_get_user(pool: Pool, username: str) -> ListedUser:
    """Call AdminGetUser (IAM: ``cognito-idp:AdminGetUser``). Raises ``UserNotFound`` and other ``ConfirmSignUpError``.

    Each call bills the user as active in that month; ``list_users`` does not.
    """
    members = {"UserPoolId": pool.user_pool_id, "Username": username}
    reply = _call(_client("admin", pool).admin_get_user, "AdminGetUser", members)
    if isinstance(reply, ConfirmSignUpError):
        raise reply
    return _read_user(reply)


def list_users(pool: Pool, attribute: str, value: str, *, prefix: bool = False) -> Iterator[ListedUser]:
    """Yield the users whose ``attribute`` is ``value`` or begins with it, as ``list_user_pages``."""
    for page in list_user_pages(pool, attribute, value, prefix=prefix):
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
        reply = _call(_client("admin", pool).list_users, "ListUsers", members)
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
    if "Username" not in reply or "UserCreateDate" not in reply:
        raise Unavailable("NoUserInReply")
    return ListedUser.from_reply(reply)


def _given(**members: Any) -> dict[str, Any]:
    """Leave out what is ``None``: botocore refuses it."""
    return {name: value for name, value in members.items() if value is not None}


def _call(
    method: Callable[..., Mapping[str, Any]], operation: str, members: Mapping[str, Any]
) -> Mapping[str, Any] | ConfirmSignUpError:
    """Make the call; *return* what went wrong.

    The caller raises it, outside the ``except`` blocks: so neither its context nor its traceback keeps a frame of
    botocore's or of this function, where code, hash and session lie open.
    """
    from botocore import exceptions

    unclear = OPERATIONS[operation].unclear
    try:
        reply = method(**members)
    except exceptions.ClientError as error:
        return _from_answer(operation, error.response)
    except (exceptions.EndpointConnectionError, exceptions.ConnectTimeoutError, exceptions.ProxyConnectionError) as e:
        failure: ConfirmSignUpError = Unavailable(type(e).__name__)
    except (
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.CredentialRetrievalError,
        exceptions.ParamValidationError,
    ) as e:
        failure = Misconfigured(type(e).__name__)
    except Exception as e:  # noqa: BLE001 - nonsense from the wire comes out of the parsers as anything
        failure = unclear(type(e).__name__)
    else:
        return reply
    return _logged(operation, failure)


def _from_answer(operation: str, response: Mapping[str, Any]) -> ConfirmSignUpError:
    code = str(response["Error"].get("Code", ""))
    error = OPERATIONS[operation].classify(code, str(response["Error"].get("Message", "")))
    return _logged(operation, error(code, request_id=response.get("ResponseMetadata", {}).get("RequestId", "")))


_HINTS = {
    "NotAuthorizedException": "does CLIENT_SECRET belong to CLIENT_ID?",
    "ResourceNotFoundException": "do CLIENT_ID, USER_POOL_ID and the region belong together?",
    "AccessDeniedException": "an IAM policy must allow cognito-idp:{operation} on this pool",
    "NoCredentialsError": "no AWS credentials were found, and cognito-idp:{operation} needs them",
}


def _logged(operation: str, error: ConfirmSignUpError) -> ConfirmSignUpError:
    """Tell operators what they must mend. Never Cognito's text: it can echo what was sent."""
    error.operation = operation
    if isinstance(error, Misconfigured | Blocked | DeliveryFailed):
        logger.error("%s (request %s)", explain(error), error.request_id or "-")
    elif isinstance(error, OutcomeUnknown | Unavailable):
        logger.warning("%s: no clear answer (request %s)", explain(error), error.request_id or "-")
    return error


def explain(error: ConfirmSignUpError) -> str:
    """Return what an operator should know of ``error``: the operation, Cognito's code and perhaps a hint."""
    hint = _HINTS.get(error.code, "") if isinstance(error, Misconfigured) else ""
    return f"{error.operation}: {error.code}{hint and ', '}{hint.format(operation=error.operation)}"
