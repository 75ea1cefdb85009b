"""The boto3 clients: a public and an admin one for each pool, built when they are first asked for."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from datetime import datetime, timezone
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from ..conf import DEFAULT_POOL_ALIAS, Pool, get_pool
from .redaction import redact_logs

if TYPE_CHECKING:
    from botocore.awsrequest import AWSResponse
    from mypy_boto3_cognito_idp.client import CognitoIdentityProviderClient

CONNECT_TIMEOUT: Final = 5
"""Seconds."""
READ_TIMEOUT: Final = 20
"""Seconds. A post-confirmation Lambda may take three times 5 s before Cognito answers."""
BRIEF_TIMEOUT: Final = 5
"""Seconds to wait for an answer: whoever waits has been confirmed, and can sign in by hand."""
MAX_CONNECTIONS: Final = 256
"""Kept alive for each client: as many as a server has threads, or a bulk run has calls under way.

No more are opened than there are calls at the same time. Under ASGI each request has a thread of its own.
"""

PUBLIC: Final = "public"
PUBLIC_BRIEF: Final = "public brief"
"""A public client that gives up early."""
ADMIN: Final = "admin"
ADMIN_ONCE: Final = "admin once"
"""An admin client that never repeats a call: a repeated AdminConfirmSignUp is refused when the first went through."""

_clients: dict[tuple[str | bool | None, ...], CognitoIdentityProviderClient] = {}
_lock = threading.RLock()


def _wait_for_builders() -> None:
    """Before a fork: a child would wait for ever for a lock of Python's imports that a thread of the parent held."""
    _lock.acquire()


def _let_builders_go_on() -> None:
    _lock.release()


def _forget_clients() -> None:
    """In a child process: connections must not be shared with the parent, whose other threads may hold the lock."""
    global _lock  # noqa: PLW0603
    _clients.clear()
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_wait_for_builders, after_in_parent=_let_builders_go_on, after_in_child=_forget_clients)


def public_client(pool: str = DEFAULT_POOL_ALIAS) -> CognitoIdentityProviderClient:
    """Return the boto3 client for operations that need no IAM, such as SignUp, ConfirmSignUp and InitiateAuth.

    ``pool`` is the alias in ``COGNITO_POOLS``; in a pool with ``SANDBOX`` the sandbox answers. Unsigned, so it never
    looks for credentials. It makes one attempt: a repeated call may follow one that succeeded, or burn a person's
    attempts. Built once for each pool and process; safe to share between threads.
    """
    return get_client(PUBLIC, get_pool(pool))


def admin_client(pool: str = DEFAULT_POOL_ALIAS) -> CognitoIdentityProviderClient:
    """Return the boto3 client for operations that need IAM, with credentials from AWS's usual chain.

    ``pool`` is the alias in ``COGNITO_POOLS``. Built once for each pool and process; safe to share between threads.
    https://docs.aws.amazon.com/boto3/latest/guide/credentials.html
    """
    return get_client(ADMIN, get_pool(pool))


def get_clients(pool: Pool) -> list[CognitoIdentityProviderClient]:
    """Return every client of a pool, one of each kind, for whoever listens to their events."""
    return [get_client(kind, pool) for kind in (PUBLIC, PUBLIC_BRIEF, ADMIN, ADMIN_ONCE)]


def get_client(
    kind: str, pool: Pool, *, rehearse: Callable[[CognitoIdentityProviderClient], None] | None = None
) -> CognitoIdentityProviderClient:
    """Return the client of ``kind``, one of the constants above, for a pool that has been read already.

    ``rehearse`` is called with a client that is built now, before anybody else can have it.
    """
    # All that a client is built from, so that other settings get another client at once.
    key = (kind, pool.alias, pool.region, pool.endpoint_url, bool(pool.sandbox))
    client = _clients.get(key)
    if client is None:
        with _lock:
            client = _clients.get(key)
            if client is None:
                client = _build_client(kind, pool)
                if rehearse:
                    rehearse(client)
                _clients[key] = client
    return client


def _build_client(kind: str, pool: Pool) -> CognitoIdentityProviderClient:
    import boto3
    import botocore.session
    from botocore.config import Config

    public = kind in (PUBLIC, PUBLIC_BRIEF)
    config = Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=BRIEF_TIMEOUT if kind == PUBLIC_BRIEF else READ_TIMEOUT,
        max_pool_connections=MAX_CONNECTIONS,
        tcp_keepalive=True,
        retries={"mode": "standard", "total_max_attempts": 3 if kind == ADMIN else 1},
        signature_version=botocore.UNSIGNED if public else None,
    )
    # Unsigned calls need no profile, and one that AWS_PROFILE names in vain must not stop them.
    base = botocore.session.Session(session_vars={"profile": (None, None, None, None)} if public else None)
    base.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_read_timestamp)
    if public:
        # Their credentials, which others have, would come by way of other services.
        from .loader import CognitoLoader

        base.register_component("data_loader", CognitoLoader())
    if pool.sandbox:
        # Without any, botocore stops before the sandbox gets to see the call.
        base.set_credentials("sandbox", "sandbox")
    client = boto3.session.Session(botocore_session=base).client(
        "cognito-idp", region_name=pool.region, endpoint_url=pool.endpoint_url, config=config
    )
    client.meta.events.register("after-call.cognito-identity-provider", _insist_on_json)
    redact_logs(client)
    if pool.sandbox:
        from .. import sandbox

        sandbox.attach(client, pool.alias)
    return client


def _read_timestamp(value: Any) -> datetime:
    """Read Cognito's seconds since 1970; botocore's own way takes most of the time that a listing costs."""
    from botocore.utils import parse_timestamp

    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, tz=timezone.utc)
    parsed: datetime = parse_timestamp(value)
    return parsed


def _is_empty_by_design(http_response: AWSResponse) -> bool:
    headers = http_response.headers
    return "x-amzn-requestid" in headers and headers.get("content-length", "0") == "0"


def _insist_on_json(http_response: AWSResponse, **kwargs: Any) -> None:
    """Refuse a 200 that is not Cognito's: botocore takes a page of HTML, or nothing, for an answer without members.

    A captive portal or a dying proxy would confirm people otherwise. Nothing at all is Cognito's own answer to some
    operations; it comes with AWS's request id then.
    """
    from botocore.parsers import ResponseParserError

    status = http_response.status_code
    if status >= HTTPStatus.MULTIPLE_CHOICES or http_response.raw is None:  # an error; botocore's Stubber
        return
    if status == HTTPStatus.OK and not http_response.content and _is_empty_by_design(http_response):
        return
    try:
        answer = json.loads(http_response.content)
    except ValueError:
        answer = None
    if status != HTTPStatus.OK or not isinstance(answer, dict):
        raise ResponseParserError("Cognito answers with 200 and a JSON object.")
