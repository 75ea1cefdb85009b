"""docs/start.md, followed to the letter: a new project of its blocks, its commands, and somebody who signs up."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from tests.browser.servers import free_port, wait_for
from tests.docs.pages import blocks_of
from tests.docs.project import SERVE, START, Project, resolved


@pytest.fixture
def served(project: Project, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Serve the project; yield its address and what its terminal shows."""
    port, terminal = free_port(), tmp_path / "terminal"
    with terminal.open("w") as output:
        command = [*resolved((*SERVE,)), "--noreload", str(port)]
        server = subprocess.Popen(command, cwd=project.folder, env=project.env, stdout=output, stderr=output)
    try:
        wait_for(f"http://127.0.0.1:{port}", server, terminal)
        yield f"http://127.0.0.1:{port}", terminal
    finally:
        server.kill()
        server.wait(timeout=10)


class Browser:
    """Opens pages and sends their forms, and keeps cookies."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.open_url = build_opener(HTTPCookieProcessor(CookieJar())).open
        self.page = self.at = ""

    def open(self, path: str, **fields: str) -> str:
        """Open a page, or send fields to it, with the CSRF token of the page before; return the text of the page."""
        if fields:
            fields["csrfmiddlewaretoken"] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', self.page)[0]
        with self.open_url(self.url + path, urlencode(fields).encode() if fields else None, timeout=30) as reply:
            self.at, self.page = reply.url.removeprefix(self.url), reply.read().decode()
        return self.page


def test_a_newcomer_signs_up_reads_the_code_in_the_terminal_and_is_confirmed(served: tuple[str, Path]) -> None:
    url, terminal = served
    browser = Browser(url)
    assert "0 joined." in browser.open("/")

    browser.open("/sign-up/")
    assert "Password not long enough" in browser.open(
        "/sign-up/", username="ann", email="ann@example.com", password="?"
    )
    browser.open("/sign-up/", username="ann", email="ann@example.com", password="correct-horse-1")
    assert browser.at == "/confirm/"
    assert "a***@e***" in browser.page
    assert "0 joined." in Browser(url).open("/")

    [code] = re.findall(r"^Your confirmation code is (\d{6})$", terminal.read_text(), re.MULTILINE)
    browser.open("/confirm/", username="ann", code=code)
    assert browser.at == "/confirm/done/"
    assert 'href="/"' in browser.page
    assert "1 joined." in browser.open("/")

    browser.open("/sign-up/")
    assert "This username is taken." in browser.open("/sign-up/", username="Ann", email="a@b.org", password="?")


def test_the_project_has_nothing_to_be_warned_of(project: Project) -> None:
    assert "no issues" in project.run("python", "manage.py", "check", "--fail-level", "WARNING")


def test_two_lines_lead_to_a_pool_on_aws(project: Project) -> None:
    settings = project.folder / "mysite" / "settings.py"
    before = settings.read_text()
    [lines] = [block.text for block in blocks_of(START) if block.text.startswith("INSTALLED_APPS")]
    new = {line.partition("=")[0]: line for line in lines.splitlines()}
    assert list(new) == ["INSTALLED_APPS +", "COGNITO_POOLS "]

    after = [new.pop(line.partition("=")[0], line) for line in before.splitlines()]
    assert not new
    settings.write_text("\n".join(after))
    try:
        assert "no issues" in project.run("python", "manage.py", "check", "--fail-level", "WARNING")
    finally:
        settings.write_text(before)
