"""One call of boto3, and what its failure means."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured

from ..conf import Pool
from ..errors import (
    Blocked,
    ConfirmSignUpError,
    DeliveryFailed,
    Misconfigured,
    OutcomeUnknown,
    Unavailable,
)
from ..masking import Masked
from .clients import get_client
from .error_codes import OPERATIONS

# The package's name, under which sites set its level.
logger = logging.getLogger(__package__)


def call(
    pool: Pool, kind: str, operation: str, members: Callable[[], Mapping[str, Any]]
) -> Mapping[str, Any] | ConfirmSignUpError:
    """Make the call of ``operation`` with what ``members`` returns; *return* what went wrong.

    The caller raises it: so neither its context nor its traceback keeps a frame in which code, hash and session lie
    open. Raises ``ImproperlyConfigured``, and what tells the process to stop.
    """
    from botocore import xform_name

    try:
        method = getattr(get_client(kind, pool), xform_name(operation))
        given = Masked(members())
    except ImproperlyConfigured:
        raise
    except Exception as e:  # noqa: BLE001
        # A profile that is not there, an endpoint that is none, a secret store that is down: nothing was sent.
        # Without its frames, which hold the secret.
        reason = "".join(traceback.format_exception_only(e)).strip()
        logger.error("%s: the call could not be made up: %s", operation, reason)  # noqa: TRY400
        return _logged(operation, Misconfigured(type(e).__name__))
    answer = _carry_out(method, given)
    if isinstance(answer, Exception):
        return _logged(operation, _read(operation, answer))
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _carry_out(
    method: Callable[..., Mapping[str, Any]], members: Masked[Mapping[str, Any]]
) -> Mapping[str, Any] | BaseException:
    """Make the call; return what it raises, without botocore's frames.

    Also what stops the process: a server ends workers that take too long, and most of their time is spent here.
    """
    try:
        return method(**members.value)
    except BaseException as error:  # noqa: BLE001
        error.__traceback__ = error.__cause__ = error.__context__ = None
        return error


def _read(operation: str, error: Exception) -> ConfirmSignUpError:
    from botocore import exceptions

    code = type(error).__name__
    match error:
        case exceptions.ClientError():
            return _from_answer(operation, error.response)
        case (
            exceptions.EndpointConnectionError() | exceptions.ConnectTimeoutError() | exceptions.ProxyConnectionError()
        ):
            return Unavailable(code)
        case (
            exceptions.NoCredentialsError()
            | exceptions.PartialCredentialsError()
            | exceptions.CredentialRetrievalError()
            | exceptions.ParamValidationError()
        ):
            return Misconfigured(code)
    return OPERATIONS[operation].no_answer(code)  # nonsense from the wire comes out of the parsers as anything


MAX_CODE_LENGTH: Final = 64
"""Of an error's code, as the ledger stores it."""

_UNFIT = re.compile(r"[^\w.:#-]")


def _from_answer(operation: str, response: Mapping[str, Any]) -> ConfirmSignUpError:
    code = _UNFIT.sub("", str(response["Error"].get("Code", "")))[:MAX_CODE_LENGTH]
    error = OPERATIONS[operation].classify(code, str(response["Error"].get("Message", "")))
    return error(code, request_id=response.get("ResponseMetadata", {}).get("RequestId", ""))


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
