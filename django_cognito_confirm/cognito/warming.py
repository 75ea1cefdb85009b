"""Makes ready, while a person reads the page, what the first call of a process would wait for."""

from __future__ import annotations

import codecs
import logging
import os
import threading
from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from ..conf import DEFAULT_POOL_ALIAS, Pool, get_option, get_pool
from .clients import PUBLIC, get_client

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse
    from mypy_boto3_cognito_idp.client import CognitoIdentityProviderClient

# The package's name, under which sites set its level.
logger = logging.getLogger(__package__)

_warmed_up: set[str] = set()
"""Aliases of pools whose public client was built ahead of its first call, or is being built."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_warmed_up.clear)


def warm_up(pool: str = DEFAULT_POOL_ALIAS, *, also: Callable[[], None] | None = None) -> None:
    """Have the public client built in a thread, once in a process; return at once. ``also`` is called there first.

    For a page on which a person is about to type a code: importing boto3 and building a client take longer than any
    call, and a person takes seconds. A failure is nobody's here: whoever makes the first call meets it. Not for the
    sandbox, and not with ``COGNITO_CONFIRM["WARM_UP"] = False``.
    """
    if pool in _warmed_up or not get_option("WARM_UP"):
        return
    _warmed_up.add(pool)
    configured = get_pool(pool)
    if not configured.sandbox:
        work = partial(_build_ahead, configured, also)
        threading.Thread(target=work, name="cognito-confirm-warm-up", daemon=True).start()


def _build_ahead(pool: Pool, also: Callable[[], None] | None) -> None:
    try:
        if also:
            also()
        codecs.lookup("idna")  # for the first address that is looked up
        get_client(PUBLIC, pool, rehearse=_rehearse)
    except Exception as error:  # noqa: BLE001 - the first call says what is wrong, to whom it concerns
        logger.debug("The client of pool %r could not be built ahead: %s", pool.alias, type(error).__name__)


_BEFORE_SEND: Final = "before-send.cognito-identity-provider"


def _rehearse(client: CognitoIdentityProviderClient) -> None:
    """Have a client that nobody else has yet make a call that is not sent: botocore works much out at the first one."""
    from botocore.exceptions import ClientError

    answer: Any = _refuse
    client.meta.events.register(_BEFORE_SEND, answer)
    try:
        client.confirm_sign_up(ClientId="rehearsal", Username="rehearsal", ConfirmationCode="rehearsal")
    except ClientError:
        pass
    finally:
        client.meta.events.unregister(_BEFORE_SEND, answer)


class _Body(BytesIO):
    """Bytes with the one method of urllib3's responses that botocore calls."""

    def stream(self) -> _Body:
        return self


def _refuse(request: AWSPreparedRequest, **event: Any) -> AWSResponse:
    """Answer in Cognito's place, and with a no: there is nobody whom a rehearsal could confirm."""
    from botocore.awsrequest import AWSResponse
    from botocore.compat import HTTPHeaders

    return AWSResponse(request.url, 400, HTTPHeaders(), _Body(b'{"__type":"CodeMismatchException","message":""}'))
