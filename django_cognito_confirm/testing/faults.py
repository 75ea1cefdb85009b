"""Calls that go wrong when a test says so, by the events of the very clients that make them."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ..cognito import get_clients
from ..conf import get_pool

if TYPE_CHECKING:
    from botocore.awsrequest import AWSResponse
    from botocore.model import OperationModel
    from mypy_boto3_cognito_idp.client import CognitoIdentityProviderClient

_SERVER_ERRORS: Final = ("InternalErrorException", "ServiceUnavailableException")
_ID: Final = "django_cognito_confirm.testing"


@dataclass(frozen=True, slots=True)
class Fault:
    """How one call goes wrong: see ``CognitoSandbox.fail_next``."""

    error: str | Exception
    message: str = ""
    carried_out: bool = False

    @classmethod
    def lost_answer(cls) -> Fault:
        """Return the fault of a call that has its effect, and whose answer never comes."""
        from botocore.exceptions import ReadTimeoutError

        return cls(ReadTimeoutError(endpoint_url="https://cognito.invalid"), carried_out=True)

    @property
    def answer(self) -> dict[str, Any]:
        """Cognito's error as botocore hands it on."""
        status = 500 if self.error in _SERVER_ERRORS else 400
        metadata = {"RequestId": _ID, "HTTPStatusCode": status, "HTTPHeaders": {}, "RetryAttempts": 0}
        return {"Error": {"Code": self.error, "Message": self.message}, "ResponseMetadata": metadata}


class Faults:
    """The faults that wait for their calls. The clients live as long as the process, so ``close`` must follow."""

    def __init__(self) -> None:
        self._waiting: defaultdict[tuple[str, str], deque[Fault]] = defaultdict(deque)
        self._heard: dict[str, list[tuple[CognitoIdentityProviderClient, str, Callable[..., None]]]] = {}

    def add(self, alias: str, operation: str, fault: Fault) -> None:
        """Let ``fault`` happen to the first call of ``operation`` that no fault before it takes."""
        if alias not in self._heard:
            self._heard[alias] = []
            for client in get_clients(get_pool(alias)):
                self._listen(alias, client)
        self._waiting[alias, operation].append(fault)

    def close(self) -> None:
        """Let every call go well from now on."""
        for listening in self._heard.values():
            for client, event, handler in listening:
                client.meta.events.unregister(event, handler)
        self._heard.clear()
        self._waiting.clear()

    def _listen(self, alias: str, client: CognitoIdentityProviderClient) -> None:
        # Before anything is sent, and after all that the sandbox did.
        before: Callable[..., None] = partial(self._before, alias, client)
        for event, handler in (("before-parameter-build", before), ("after-call", _after)):
            client.meta.events.register_last(f"{event}.cognito-identity-provider", handler)
            self._heard[alias].append((client, f"{event}.cognito-identity-provider", handler))

    def _before(
        self,
        alias: str,
        client: CognitoIdentityProviderClient,
        model: OperationModel,
        context: dict[str, Any],
        **event: Any,
    ) -> None:
        waiting = self._waiting[alias, model.name]
        if not waiting:
            return
        fault = waiting.popleft()
        if fault.carried_out:
            context[_ID] = fault
        elif isinstance(fault.error, Exception):
            raise fault.error
        else:
            error: Any = client.exceptions.from_code(fault.error)
            raise error(fault.answer, model.name)


def _after(http_response: AWSResponse, parsed: dict[str, Any], context: dict[str, Any], **event: Any) -> None:
    fault: Fault | None = context.get(_ID)
    if fault is None:
        return
    if isinstance(fault.error, Exception):
        raise fault.error
    parsed.clear()
    parsed.update(fault.answer)
    http_response.status_code = parsed["ResponseMetadata"]["HTTPStatusCode"]
