"""Answers a boto3 client inside the process, where it would have opened a socket."""

from __future__ import annotations

from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from django.core.exceptions import ImproperlyConfigured

from django_cognito_confirm.conf import get_pool

from .safety import refuse_production
from .wire import answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.awsrequest import AWSPreparedRequest
    from botocore.client import BaseClient

_EVENT = "before-send.cognito-identity-provider"


class _Body(BytesIO):
    """Bytes with the one method of urllib3's responses that botocore calls."""

    def stream(self, amt: int = 65536) -> Iterator[bytes]:
        while chunk := self.read(amt):
            yield chunk


def register(client: BaseClient, pool_alias: str) -> None:
    """See ``django_cognito_confirm.sandbox.attach``."""
    refuse_production()
    handler: Any = partial(_answer, pool_alias)
    # botocore asks every handler of an event, also when one has answered: two would act twice.
    client.meta.events.register(_EVENT, handler, unique_id="django_cognito_confirm.sandbox")


def _answer(pool_alias: str, request: AWSPreparedRequest, **_event: Any) -> AWSResponse:
    refuse_production()
    pool = get_pool(pool_alias)
    if pool.sandbox is None:
        # Going on would send the request to AWS, which nobody who built this client meant.
        raise ImproperlyConfigured(f"This client was built for the sandbox, and pool {pool_alias!r} no longer is one.")
    reply = answer([pool], _text(request.headers.get("X-Amz-Target", "")), _bytes(request.body))
    return AWSResponse(request.url, reply.status, HTTPHeaders.from_dict(reply.headers), _Body(reply.body))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value or b"")
