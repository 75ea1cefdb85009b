"""Sites that are served by processes of their own."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MANAGE = ROOT / "example_project" / "manage.py"
LOCALES = sorted(path.name for path in (ROOT / "django_cognito_confirm" / "locale").iterdir())
STARTS_WITHIN = 60
"""Seconds."""


@dataclass(frozen=True)
class Site:
    """A site, and where it keeps what it knows."""

    url: str
    env: dict[str, str]
    database: Path

    def manage(self, *arguments: str) -> str:
        """Run one of the site's commands and return what it prints."""
        command = [sys.executable, str(MANAGE), *arguments]
        done = subprocess.run(command, env=self.env, check=True, capture_output=True, text=True, timeout=60)
        return done.stdout

    def is_active(self, username: str) -> bool:
        """Whether the local user is active."""
        return bool(self.look_up("SELECT is_active FROM auth_user WHERE username = ?", username))

    def newest_code(self, destination: str) -> str:
        """Return the newest code that the sandbox has sent to an address or number, as it stands there."""
        messages = "SELECT code FROM cognito_sandbox_message WHERE destination = ? ORDER BY id DESC"
        return str(self.look_up(messages, destination))

    def status(self, username: str) -> str:
        """Return the status of the newest row of the ledger for this name."""
        rows = "SELECT status FROM django_cognito_confirm_confirmation WHERE username = ? ORDER BY id DESC"
        return str(self.look_up(rows, username))

    def look_up(self, query: str, *values: str) -> Any:
        """Return the first column of the first row."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return connection.execute(query, values).fetchone()[0]


@contextmanager
def serve(command: Sequence[str], folder: Path, database: str, env: Mapping[str, str]) -> Iterator[Site]:
    """Start a site with ``command`` and a free port at its end, wait until it answers, and end it at last."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("COGNITO_", "DATABASE_URL"))}
    environment = {**known, **env}
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    log = folder / "server.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, *command, str(port)], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        wait_for(url, server, log)
        yield Site(url, environment, folder / database)
    finally:
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(timeout=10)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/confirm/", timeout=5).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"The site did not start:\n{log.read_text()}")
