"""Engines for django.tasks as hosts have them: one that takes tasks, and one whose broker is down."""

from __future__ import annotations

from typing import Any, ClassVar

from django_cognito_confirm import tasks

BaseTaskBackend: Any = __import__(f"{tasks._framework.__name__}.backends.base", fromlist=["base"]).BaseTaskBackend


class Engine(BaseTaskBackend):  # type: ignore[misc]
    """Keeps the arguments of what was enqueued; no worker is started."""

    enqueued: ClassVar[list[Any]] = []

    def enqueue(self, task: Any, args: Any, kwargs: Any) -> None:
        self.enqueued.append(args)


class Unreachable(BaseTaskBackend):  # type: ignore[misc]
    """Its broker is down."""

    def enqueue(self, task: Any, args: Any, kwargs: Any) -> None:
        raise ConnectionError("the broker is down")
