"""The steps of a request or a sync, by name, and the death of the process at one of them.

A step is a moment beside something that others can see: before each statement that writes, after each that commits by
itself, before and after each commit and each call to Cognito. They are noticed at the edge of the process (Django's
connections, botocore's events), so that nothing of the package is touched. A name that comes again gets a number:
``"before commit 2"``.
"""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponseBase

TABLES = {
    "django_cognito_confirm_confirmation": "ledger",
    "crashes_effect": "effect",
    "django_session": "session",
    "auth_user": "user",
}
WRITE = re.compile(r"(INSERT|UPDATE|DELETE)\b[^\"`]*[\"`](\w+)[\"`]")

_thread = threading.local()


def follow(die_at: str = "") -> list[str]:
    """Take note from now on of this thread's steps, in the list returned; die at the one named ``die_at``."""
    steps: list[str] = []
    _thread.die_at, _thread.steps = die_at, steps
    return steps


def reach(name: str) -> None:
    """Note a step, and die there if that is what was asked for."""
    steps: list[str] | None = getattr(_thread, "steps", None)
    if steps is None:
        return
    times = 1 + sum(step.rstrip(" 0123456789") == name for step in steps)
    step = f"{name} {times}" if times > 1 else name
    if step == _thread.die_at:
        os.kill(os.getpid(), signal.SIGKILL)
    steps.append(step)


def follow_requests(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Middleware, the outermost: the header ``Die-At`` names a step, the header ``Steps`` tells those taken."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        steps = follow(request.headers.get("Die-At", ""))
        response = get_response(request)
        reach("before the answer")
        response.headers["Steps"] = json.dumps(steps)
        return response

    return middleware


def watch_databases() -> None:
    """Notice what every connection of this process writes and commits."""
    connection_created.connect(_watch_connection)


def watch_calls(client: Any) -> None:
    """Notice the calls of a boto3 client."""
    for event, when in {"before-send": "before", "after-call": "after", "after-call-error": "after"}.items():
        client.meta.events.register(f"{event}.cognito-identity-provider", _notice_call(when))


def _notice_call(when: str) -> Callable[..., None]:
    def notice(event_name: str, **_: Any) -> None:
        reach(f"{when} {event_name.rpartition('.')[2]}")

    return notice


def _watch_connection(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if _notice_statement in connection.execute_wrappers:
        return
    connection.execute_wrappers.append(_notice_statement)
    commit = connection.commit

    def notice_commit() -> None:
        reach("before commit")
        commit()
        reach("after commit")

    connection.commit = notice_commit  # type: ignore[method-assign]


def _notice_statement(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    found = WRITE.match(sql)
    if not found:
        return execute(sql, params, many, context)
    what = f"{found[1]} {TABLES.get(found[2], found[2])}"
    reach(f"before {what}")
    result = execute(sql, params, many, context)
    if not context["connection"].in_atomic_block:
        reach(f"after {what}")
    return result
