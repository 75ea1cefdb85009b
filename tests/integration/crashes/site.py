"""The test's side of the site: starts it, kills it, and compares what became of everybody."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import Pipe
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.faults import Call, FaultServer
from tests.faults.behaviours import Behaviour, Reply
from tests.faults.users import User, Users

if TYPE_CHECKING:
    from typing_extensions import Self

ROOT = Path(__file__).parents[3]
PATIENCE = 60.0  # seconds for anything to be done
MINUTES, HOURS = 60, 3600
OPEN = ("confirmed", "unknown", "started")
"""Statuses that are no end."""


class Cognito(FaultServer):
    """The pool. Each call of ConfirmSignUp goes as one of ``moods``, by chance, when there are any."""

    def __init__(self) -> None:
        super().__init__()
        self.moods: Sequence[str] = ()
        self._busy = 0
        self._chance = random.SystemRandom()
        # Long enough for something to happen in the meantime.
        self.default("ListUsers", "delay:0.01")

    def answer(self, call: Call) -> tuple[Behaviour, Reply]:
        if not call.body:
            raise ConnectionAbortedError("The caller died between its headers and its body.")
        with self._changed:
            self._busy += 1
            if self.moods and call.operation == "ConfirmSignUp":
                self.script(call.operation, self._chance.choice(self.moods))
        try:
            return super().answer(call)
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def sign_up(self, username: str) -> User:
        """Add somebody who signs up elsewhere."""
        with self._changed:
            return self.users.add(username)

    def clear(self) -> None:
        """Forget everybody, and whatever calls were to suffer."""
        self.moods = ()
        self.release()
        self.wait_until_quiet()
        self.users = Users()
        self.forget()

    def wait_until_quiet(self) -> None:
        """Wait until no call has any more to do; raise ``TimeoutError`` when that takes too long."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._busy, PATIENCE):
                raise TimeoutError(f"{self._busy} calls do not end")


@dataclass(frozen=True)
class Process:
    """A worker or a sync."""

    site: Site
    pid: int

    def kill(self) -> None:
        """Kill -9. It may have ended already."""
        self.signal_kill()
        self.wait()

    def signal_kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> tuple[int, Any]:
        """Return the exit status, negative for a signal, and what a sync that was not killed reports."""
        ended: tuple[int, Any] = self.site.ask("wait", self.pid, PATIENCE)
        self.site.running.remove(self)
        return ended


class Site:
    """The site that gets killed. Connections are taken by its socket also while no worker runs."""

    def __init__(self, folder: Path, cognito: Cognito) -> None:
        self.cognito = cognito
        self.log = folder / "log"
        self.running: list[Process] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._pipe, theirs = Pipe()
        files = (theirs.fileno(), self._listener.fileno())
        with theirs, self.log.open("w") as log:
            self._master = subprocess.Popen(
                [sys.executable, "-m", "tests.integration.crashes.master", *map(str, files)],
                cwd=ROOT,
                env={
                    **os.environ,
                    "DJANGO_SETTINGS_MODULE": "tests.integration.crashes.settings",
                    "CRASH_FOLDER": str(folder),
                    "COGNITO_ENDPOINT_URL": cognito.url,
                    "AWS_ACCESS_KEY_ID": "test",
                    "AWS_SECRET_ACCESS_KEY": "test",
                    "NO_PROXY": "127.0.0.1",
                },
                pass_fds=files,
                stdout=log,
                stderr=log,
            )

    def __enter__(self) -> Self:
        self._hear()
        return self

    def __exit__(self, *problem: object) -> None:
        self._pipe.close()
        self._listener.close()
        try:
            self._master.wait(PATIENCE)
        finally:
            self._master.kill()

    def ask(self, method: str, *arguments: object) -> Any:
        """Have the master do something, and return what it says."""
        self._pipe.send((method, *arguments))
        return self._hear()

    def _hear(self) -> Any:
        try:
            if self._pipe.poll(2 * PATIENCE):
                return self._pipe.recv()
        except EOFError:
            pass
        raise RuntimeError(f"The site's master does not answer:\n{self.log.read_text()}")

    def serve(self, *, atomic_requests: bool = False) -> Process:
        """Start a worker."""
        [worker] = self._started([self.ask("serve", atomic_requests)])
        return worker

    def start_syncs(self, count: int = 1, *, ahead: float = 0, die_at: str = "") -> list[Process]:
        """Start ``count`` syncs at the same moment, with clocks that are ``ahead`` seconds."""
        return self._started(self.ask("syncs", count, ahead, die_at))

    def _started(self, pids: list[int]) -> list[Process]:
        processes = [Process(self, pid) for pid in pids]
        self.running.extend(processes)
        return processes

    def sync(self, *, ahead: float = 0) -> tuple[int, dict[str, Any]]:
        """Run a sync that is to go well, and return its exit status and report."""
        [sync] = self.start_syncs(ahead=ahead)
        status, report = sync.wait()
        assert status == 0, self.log.read_text()
        assert report["ok"], report
        return status, report

    def settle(self) -> list[tuple[int, dict[str, Any]]]:
        """Run sync as a site does in the hours after, while no worker runs; return how each ended."""
        self.cognito.wait_until_quiet()
        return [self.sync(ahead=ahead) for ahead in (3 * MINUTES, 2 * HOURS)]

    def clear(self) -> None:
        """End what still runs, and forget everybody, here and in the pool."""
        for process in [*self.running]:
            process.kill()
        self.cognito.clear()
        self.ask("clear")

    def account(self) -> Account:
        """Compare what became of everybody."""
        found = self.ask("look")
        statuses = Counter(status for _, status in found["ledger"])
        effects = Counter(_fold(name) for name in found["effects"])
        confirmed = {_fold(user.username) for user in self.cognito.users.added() if user.status == "CONFIRMED"}
        delivered = {_fold(name) for name, status in found["ledger"] if status == "delivered"}
        return Account(
            people=len(self.cognito.users.added()),
            confirmed=len(confirmed),
            lost=sorted(confirmed - delivered | confirmed - set(effects)),
            false=sorted(delivered - confirmed | set(effects) - confirmed),
            double=sorted(name for name, times in effects.items() if times > 1),
            open=sum(statuses[status] for status in OPEN),
        )


@dataclass(frozen=True)
class Account:
    """Three lists compared: whom Cognito confirmed, whom the ledger shows delivered, for whom the effect is there."""

    people: int
    confirmed: int
    lost: list[str]
    false: list[str]
    double: list[str]
    open: int
    """Rows that have come to no end."""

    @property
    def is_right(self) -> bool:
        return not (self.lost or self.false or self.double or self.open)

    @property
    def wrong(self) -> dict[str, list[str]]:
        return {"lost": self.lost, "false": self.false, "double": self.double}

    def __str__(self) -> str:
        wrong = ", ".join(f"{len(names)} {what}" for what, names in self.wrong.items())
        return f"{self.people} people, {self.confirmed} confirmed: {wrong}, {self.open} left open"


def _fold(username: str) -> str:
    return username.lower()
