"""The server that speaks Cognito's JSON 1.1, and goes wrong when it is told to."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections import Counter, defaultdict, deque
from dataclasses import replace
from typing import Any, ClassVar

from tests.faults.behaviours import LONGEST_WAIT, Behaviour, Reply, behaviour, error
from tests.faults.http import Handler, Server
from tests.faults.operations import OPERATIONS, Body
from tests.faults.quota import USER_CREATION, Quota
from tests.faults.records import Call, summarise
from tests.faults.users import Users

CONTROL = "/_control"
TARGET = "AWSCognitoIdentityProviderService."
ANY = "*"
CONFIRMING = ("ConfirmSignUp", "AdminConfirmSignUp")


class FaultServer(Server):
    """A small Cognito at ``url``. ``users`` is its pool, ``calls`` what arrived, ``connections`` how many were opened.

    ``port`` 0 takes a free one. ``population`` users are made up, one in ``unconfirmed_every`` of them not confirmed.
    ``quota``: calls a second of SignUp, ConfirmSignUp and AdminConfirmSignUp together, 0 for no limit. Those over it
    have no effect, and take no behaviour from a script. ``confirmed``: the names, as sent, that were confirmed.
    """

    def __init__(self, port: int = 0, *, population: int = 0, unconfirmed_every: int = 0, quota: float = 0) -> None:
        super().__init__(port, _CognitoHandler)
        self.users = Users(population, unconfirmed_every)
        self.calls: list[Call] = []
        self.confirmed: set[str] = set()
        self._counts: Counter[str] = Counter()
        self.limit(quota)
        self._scripts: defaultdict[str, deque[Behaviour]] = defaultdict(deque)
        self._defaults: dict[str, Behaviour] = {}
        self._changed = threading.Condition()
        self._let_go = threading.Event()

    def script(self, operation: str, *names: str) -> None:
        """Let the next calls of ``operation`` go as named, one each, before the default applies again."""
        self._scripts[operation].extend(behaviour(name) for name in names)

    def default(self, operation: str, name: str) -> None:
        """Let every call of ``operation`` (``"*"``: of any without a default of its own) go as named."""
        self._defaults[operation] = behaviour(name)

    def limit(self, quota: float) -> None:
        """Keep this quota from now on, with a full bucket; 0 for none."""
        self._quota = Quota(quota) if quota else None

    def refuse(self, operation: str, code: str, text: str = "") -> None:
        """Let every call of ``operation`` be answered with this error, and do nothing."""
        self._defaults[operation] = Behaviour(applied=False, reply=error(code, text))

    def say(self, operation: str, document: dict[str, Any]) -> None:
        """Let every call of ``operation`` be answered with this, and do nothing."""
        self._defaults[operation] = Behaviour(applied=False, reply=Reply(200, json.dumps(document).encode()))

    def release(self) -> None:
        """Let go of every call that is held now."""
        held, self._let_go = self._let_go, threading.Event()
        held.set()

    def called(self, operation: str) -> list[Body]:
        """Return the bodies of the calls of one operation, in the order of their arrival."""
        return [call.body for call in self.calls if call.operation == operation]

    def wait_for(self, operation: str, count: int = 1, timeout: float = 10.0) -> None:
        """Wait up to ``timeout`` seconds for ``count`` calls to arrive; raise ``TimeoutError`` when they do not."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._counts[operation] >= count, timeout):
                raise TimeoutError(f"{self._counts[operation]} of {count} calls of {operation} came")

    def forget(self) -> None:
        """Start the records anew; users, scripts and defaults stay."""
        self.calls.clear()
        self.confirmed.clear()
        self._counts.clear()
        self.connections = 0

    def answer(self, call: Call) -> tuple[Behaviour, Reply]:
        """Take note of a call, let it have its effect when its behaviour says so, and return what to answer."""
        with self._changed:
            throttled = self._is_over_quota(call)
            self.calls.append(replace(call, throttled=throttled))
            self._counts[call.operation] += 1
            chosen = behaviour("throttle") if throttled else self._next_behaviour(call.operation)
            let_go = self._let_go
            self._changed.notify_all()
        reply = None if chosen.late or not chosen.applied else self._apply(call)
        if chosen.hold:
            let_go.wait(LONGEST_WAIT)
        elif chosen.delay:
            self.closing.wait(chosen.delay)
        if chosen.late and not self.closing.is_set():
            reply = self._apply(call)
        return chosen, chosen.reply or reply or Reply(200, b"{}")

    def _is_over_quota(self, call: Call) -> bool:
        return self._quota is not None and call.operation in USER_CREATION and not self._quota.take(call.at)

    def _next_behaviour(self, operation: str) -> Behaviour:
        script = self._scripts[operation]
        default = self._defaults.get(operation) or self._defaults.get(ANY) or behaviour("ok")
        return script.popleft() if script else default

    def __exit__(self, *problem: object) -> None:
        self._let_go.set()
        super().__exit__(*problem)

    def obey(self, commands: dict[str, Any]) -> dict[str, Any]:
        """Carry out what ``control()`` asks for, and return the records."""
        for facts in commands.get("users", []):
            self.users.add(**facts)
        for operation, names in commands.get("script", {}).items():
            self.script(operation, *names)
        for operation, name in commands.get("default", {}).items():
            self.default(operation, name)
        if "quota" in commands:
            self.limit(commands["quota"])
        if commands.get("forget"):
            self.forget()
        if commands.get("release"):
            self.release()
        if commands.get("summary"):
            return {
                "operations": summarise([*self.calls]),
                "confirmed": len(self.confirmed),
                "connections": self.connections,
            }
        return {
            "calls": [call.as_json() for call in self.calls],
            "connections": self.connections,
            "users": [
                {"username": user.username, "sub": user.sub, "status": user.status, "code": user.code}
                for user in self.users.added()
            ],
        }

    def _apply(self, call: Call) -> Reply:
        operation = OPERATIONS.get(call.operation)
        if operation is None:
            return error("UnknownOperationException", call.operation)
        with self._changed:
            result = operation(self.users, call.body)
            if call.operation in CONFIRMING and not isinstance(result, Reply):
                self.confirmed.add(call.body["Username"])
        return result if isinstance(result, Reply) else Reply(200, json.dumps(result).encode())


def control(url: str, **commands: Any) -> dict[str, Any]:
    """Tell a fault server in another process what to do, and return its ``calls``, ``connections`` and ``users``.

    ``users``: a list of facts (``username``, ``code``, …); ``script``: behaviours by operation; ``default``: one by
    operation; ``quota``: calls a second; ``forget`` and ``release``: True. Such a request is itself no call and no
    connection. ``summary=True`` returns, in place of all calls and users, the ``operations`` as ``summarise`` sums them
    up and the number of people ``confirmed``.
    """
    request = urllib.request.Request(url + CONTROL, json.dumps(commands).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=10) as reply:
        return dict(json.load(reply))


class _CognitoHandler(Handler):
    server: FaultServer
    missing: ClassVar[Reply] = error("UnknownOperationException", "", 404)

    def do_POST(self) -> None:
        body = json.loads(self.read() or b"{}")
        if self.path == CONTROL:
            self.server.connections -= 1
            self.close_connection = True
            self.send(Reply(200, json.dumps(self.server.obey(body)).encode(), "application/json"))
            return
        operation = self.headers.get("X-Amz-Target", "").removeprefix(TARGET)
        call = Call(operation, body, signed="Authorization" in self.headers)
        chosen, reply = self.server.answer(call)
        if chosen.drop or self.server.closing.is_set():
            self.close_connection = True
            return
        self.send(reply, share=chosen.sent)

    def do_GET(self) -> None:
        self.send(self.missing)
