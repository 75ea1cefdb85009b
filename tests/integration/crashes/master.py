"""The process that makes the database, then forks workers and syncs as it is told, over a pipe.

``python -m tests.integration.crashes.master PIPE LISTENER``, both numbers of file descriptors. It serves one request at
a time: a tuple of a method's name and its arguments, answered with what the method returns. It ends with its pipe.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import socketserver
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from multiprocessing.connection import Connection, Pipe
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, connections
from django.urls import get_resolver
from django.utils import timezone

PATIENCE = 30.0  # seconds for a child to be ready


class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def __init__(self, listener: socket.socket) -> None:
        address: tuple[str, int] = listener.getsockname()
        super().__init__(address, Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.server_name, self.server_port = address
        self.setup_environ()


class Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Keep the log for errors."""


class Master:
    def __init__(self, pipe: Connection, listener: socket.socket) -> None:
        self.pipe = pipe
        self.listener = listener
        self.application = get_wsgi_application()
        self.children: dict[int, Connection] = {}

    def obey(self) -> None:
        with contextlib.suppress(EOFError):
            while True:
                method, *arguments = self.pipe.recv()
                self.pipe.send(getattr(self, method)(*arguments))
        for pid in [*self.children]:
            os.kill(pid, signal.SIGKILL)
            self.wait(pid, PATIENCE)

    def serve(self, atomic_requests: bool) -> int:
        """Start a worker; return its process id once it answers."""

        def work(master: Connection) -> None:
            from django_cognito_confirm.cognito import public_client

            from .steps import watch_calls

            settings.DATABASES["default"]["ATOMIC_REQUESTS"] = atomic_requests
            watch_calls(public_client())
            server = Server(self.listener)
            server.set_app(self.application)
            threading.Thread(target=end_with, args=[master], daemon=True).start()
            master.send("ready")
            server.serve_forever()

        pid = self.fork(work)
        self.await_ready(pid)
        return pid

    def syncs(self, count: int, ahead: float, die_at: str) -> list[int]:
        """Start ``count`` syncs at once, with clocks that are ``ahead`` seconds; return their process ids."""

        def work(master: Connection) -> None:
            from django_cognito_confirm.cognito import admin_client
            from django_cognito_confirm.sync import sync

            from .steps import follow, watch_calls

            now = timezone.now
            timezone.now = lambda: now() + timedelta(seconds=ahead)
            watch_calls(admin_client())
            master.send("ready")
            master.recv()
            steps = follow(die_at)
            report = sync()
            master.send({"ok": report.ok, "steps": steps, **asdict(report)})

        pids = [self.fork(work) for _ in range(count)]
        for pid in pids:
            self.await_ready(pid)
        for pid in pids:
            self.children[pid].send("go")
        return pids

    def wait(self, pid: int, patience: float) -> tuple[int, Any]:
        """Wait for a child to end; return its exit status and the last that it said. Kills it when that takes long."""
        deadline = time.monotonic() + patience
        while not (ended := os.waitpid(pid, os.WNOHANG))[0]:
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.002)
        told = None
        with contextlib.suppress(EOFError, ConnectionError), self.children.pop(pid) as child:
            told = child.recv()
        return os.waitstatus_to_exitcode(ended[1]), told

    def look(self) -> dict[str, Any]:
        """Return the ledger (name, status) and the names of the receiver's effects."""
        from django_cognito_confirm.models import Confirmation

        from .models import Effect

        try:
            return {
                "ledger": list(Confirmation.objects.values_list("username", "status")),
                "effects": list(Effect.objects.values_list("username", flat=True)),
            }
        finally:
            connections.close_all()

    def clear(self) -> None:
        """Forget everybody."""
        from django.contrib.auth.models import User
        from django.contrib.sessions.models import Session

        from django_cognito_confirm.models import Confirmation

        from .models import Effect

        try:
            for model in (Confirmation, Effect, User, Session):
                model._default_manager.all().delete()
        finally:
            connections.close_all()

    def fork(self, work: Callable[[Connection], None]) -> int:
        ours, theirs = Pipe()
        pid = os.fork()
        if not pid:
            status = 1
            try:
                self.pipe.close()
                ours.close()
                work(theirs)
                status = 0
            except BaseException:
                traceback.print_exc()
                raise
            finally:
                os._exit(status)
        theirs.close()
        self.children[pid] = ours
        return pid

    def await_ready(self, pid: int) -> None:
        if not self.children[pid].poll(PATIENCE):
            raise TimeoutError("A child did not get ready.")
        self.children[pid].recv()


def end_with(master: Connection) -> None:
    """End this process when the master does."""
    with contextlib.suppress(EOFError, ConnectionError):
        master.recv()
    os._exit(1)


def main() -> None:
    pipe, listener = Connection(int(sys.argv[1])), socket.socket(fileno=int(sys.argv[2]))
    django.setup()
    from django_cognito_confirm.cognito import admin_client, public_client

    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    connections.close_all()
    try:
        # What a child then need not load.
        master = Master(pipe, listener)
        assert get_resolver().url_patterns
        assert public_client() is not admin_client()
        pipe.send("ready")
        master.obey()
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


if __name__ == "__main__":
    main()
