"""The sites as their visitors meet them: a server process each, a new database, a real browser."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.faults import FaultServer

from .servers import MANAGE, Site, serve

NewPage = Callable[..., Page]


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The example site."""
    var = tmp_path_factory.mktemp("example")
    env = {
        "DJANGO_SETTINGS_MODULE": "tests.browser.site_settings",
        "EXAMPLE_VAR_DIR": str(var),
        "EXAMPLE_ADMIN_RATE": "1000",
    }
    with serve([str(MANAGE), "demo", "--port"], var, "example.sqlite3", env) as site:
        yield site


@pytest.fixture(scope="package")
def fault_server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture
def faults(fault_server: FaultServer) -> Iterator[FaultServer]:
    """What answers for the host's pool "faults"; it goes wrong until the end of the test."""
    yield fault_server
    fault_server.release()
    for operation in ("SignUp", "ConfirmSignUp", "ResendConfirmationCode", "InitiateAuth"):
        fault_server.default(operation, "ok")


@pytest.fixture(scope="package")
def host(tmp_path_factory: pytest.TempPathFactory, fault_server: FaultServer) -> Iterator[Site]:
    """A host with several pools, in the look that the app comes with."""
    folder = tmp_path_factory.mktemp("host")
    env = {
        "DJANGO_SETTINGS_MODULE": "tests.browser.host.settings",
        "HOST_FOLDER": str(folder),
        "FAULTS_URL": fault_server.url,
        "NO_PROXY": "127.0.0.1",
    }
    with serve(["-m", "tests.browser.host"], folder, "host.sqlite3", env) as host:
        yield host


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


@contextmanager
def open_pages(browser: Browser, base_url: str) -> Iterator[NewPage]:
    """Give a function that opens a page in a new browser profile; in the end, see that no page had a complaint."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # Refusals of the Content-Security-Policy come out here too; and pages that are answers with these statuses.
        refused = re.search(r"Failed to load resource: .* status of (403|429|503)", message.text)
        if message.type in ("error", "warning") and not refused:
            complaints.append(message.text)

    def open_page(**options: Any) -> Page:
        context = browser.new_context(**{"base_url": base_url, **options})
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
def new_page(browser: Browser, site: Site) -> Iterator[NewPage]:
    """Open a page in a browser profile of its own: another person, or the same one at another device."""
    with open_pages(browser, site.url) as open_page:
        yield open_page


@pytest.fixture
def page(new_page: NewPage) -> Page:
    return new_page()


@pytest.fixture
def visit(browser: Browser, host: Site) -> Iterator[NewPage]:
    """Open a page likewise, at the host with several pools."""
    with open_pages(browser, host.url) as open_page:
        yield open_page


@pytest.fixture
def username() -> str:
    return f"ada-{secrets.token_hex(4)}"
