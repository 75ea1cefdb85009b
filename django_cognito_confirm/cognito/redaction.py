"""Keeps what Cognito is sent and answers out of botocore's DEBUG records.

botocore logs whole requests and replies there: codes, sessions, secret hashes, passwords, tokens.
"""

from __future__ import annotations

import logging
import re
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from ..masking import MASK

if TYPE_CHECKING:
    from botocore.client import BaseClient

_under_way: ContextVar[bool] = ContextVar("a call to Cognito is under way", default=False)
_PLACE = re.compile(r"%(\([^)]*\))?[^a-zA-Z%]*[a-zA-Z]")


class _Redaction(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if _under_way.get() and (record.args or record.exc_info):
            record.msg = _PLACE.sub(MASK, str(record.msg))
            record.args, record.exc_info, record.exc_text = (), None, None
        return True


_redaction = _Redaction()


def redact_logs(client: BaseClient) -> None:
    """Have nothing but the plain words of botocore's records about this client's calls reach a log.

    Other clients' records stay as they are. The filter is on each of botocore's loggers: one on their parent would not
    see what they pass up.
    """
    for name, logger in list(logging.Logger.manager.loggerDict.items()):
        if name.startswith("botocore") and isinstance(logger, logging.Logger):
            logger.addFilter(_redaction)
    events = client.meta.events
    # From the first record that holds what is sent to the last; before it, botocore may still refuse to make the call.
    events.register_first("before-call.cognito-identity-provider", _begin)
    for event in ("after-call", "after-call-error"):
        events.register_first(f"{event}.cognito-identity-provider", _end)


def _begin(**event: Any) -> None:
    _under_way.set(True)


def _end(**event: Any) -> None:
    _under_way.set(False)
