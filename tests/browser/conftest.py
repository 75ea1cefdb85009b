"""The example site as its visitors meet it: its own server process, a new database, a real browser."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
MANAGE = ROOT / "example_project" / "manage.py"
STARTS_WITHIN = 60
"""Seconds."""

NewPage = Callable[..., Page]


@dataclass(frozen=True)
class Site:
    """The example site, served by a process of its own."""

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
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            row = connection.execute("SELECT is_active FROM auth_user WHERE username = ?", [username]).fetchone()
        return bool(row[0])


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serve("tests.browser.site_settings", tmp_path_factory.mktemp("example")) as site:
        yield site


@contextmanager
def serve(settings: str, var: Path) -> Iterator[Site]:
    """Serve the example site with these settings, and what it stores in the folder ``var``."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("COGNITO_", "DATABASE_URL"))}
    env |= {
        "DJANGO_SETTINGS_MODULE": settings,
        "EXAMPLE_VAR_DIR": str(var),
        "EXAMPLE_ADMIN_RATE": "1000",
    }
    port = free_port()
    log = var / "server.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, str(MANAGE), "demo", "--port", str(port)], env=env, stdout=output, stderr=output
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/", server, log)
        yield Site(f"http://127.0.0.1:{port}", env, var / "example.sqlite3")
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
            urllib.request.urlopen(url, timeout=5).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"The example site did not start:\n{log.read_text()}")


def chromium_path() -> str | None:
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


# For the package and not for the session: while Playwright runs, Django takes this thread for an event loop's.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    executable = chromium_path()
    if executable is None:
        pytest.skip("No Chromium: apt-get install chromium, or set CHROMIUM to the path of one.")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        expect.set_options(timeout=10_000)
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complains of in a test, which fails by it."""
    return []


@pytest.fixture
def new_page(browser: Browser, site: Site, complaints: list[str]) -> Iterator[NewPage]:
    """Open a page in a browser profile of its own: another person, or the same one at another device."""
    contexts: list[BrowserContext] = []

    def note(message: ConsoleMessage) -> None:
        # Refusals of the Content-Security-Policy come out here too; and answers with these statuses, and what a test
        # has cut off.
        refused = re.search(r"Failed to load resource: (.* status of (400|403|429)|net::ERR_FAILED)", message.text)
        if message.type in ("error", "warning") and not refused:
            complaints.append(message.text)

    def open_page(**options: Any) -> Page:
        context = browser.new_context(base_url=site.url, **options)
        context.set_default_timeout(10_000)
        context.on("console", note)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(new_page: NewPage) -> Page:
    return new_page()


@pytest.fixture
def username() -> str:
    return f"ada-{secrets.token_hex(4)}"
