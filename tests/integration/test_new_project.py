"""The wheel in an empty environment: a new project, the lines of the README, and somebody who confirms."""

from __future__ import annotations

import ast
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest

from tests.builds import ROOT

STARTS_WITHIN = 60
"""Seconds."""

# What the README's lines read, with the sandbox in Cognito's place. Mail that Django would send ends in the terminal.
POOL = {
    "COGNITO_USER_POOL_ID": "eu-west-1_NewSite01",
    "COGNITO_CLIENT_ID": "1example23456789newsite",
    "COGNITO_SANDBOX": "1",
}
SANDBOX = """
INSTALLED_APPS = [*dict.fromkeys([*INSTALLED_APPS, "django_cognito_confirm.sandbox"])]
if "MAILERS" not in globals():
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
"""

IMPORTED = """
import json, sys
import django_cognito_confirm
print(json.dumps([django_cognito_confirm.__file__, sorted({name.partition(".")[0] for name in sys.modules})]))
"""
SIGN_UP = """
import json
from django_cognito_confirm.cognito import public_client
from django_cognito_confirm.conf import get_pool
reply = public_client().sign_up(
    ClientId=get_pool().client_id,
    Username="ada",
    Password="correct-horse-1",
    UserAttributes=[{"Name": "email", "Value": "ada@example.com"}],
)
from django_cognito_confirm.sandbox.models import Message
print(json.dumps([reply["UserConfirmed"], Message.objects.get().code]))
"""
LEDGER = """
import json
from django_cognito_confirm.models import Confirmation
print(json.dumps(list(Confirmation.objects.values_list("username", "status"))))
"""


def readme() -> list[ast.stmt]:
    """Return the statements of the README's Python samples, in its order."""
    samples = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    return [statement for sample in samples for statement in ast.parse(sample).body]


def lines_for_settings() -> str:
    """Return what the README adds to settings.py: the first of each."""
    found: dict[str, str] = {}
    for statement in readme():
        match statement:
            case (
                ast.ImportFrom(module="django_cognito_confirm.conf" as name)
                | ast.AugAssign(target=ast.Name(id="INSTALLED_APPS" as name))
                | ast.Assign(targets=[ast.Name(id="COGNITO_POOLS" as name)])
            ):
                found.setdefault(name, ast.unparse(statement))
    assert set(found) == {"django_cognito_confirm.conf", "INSTALLED_APPS", "COGNITO_POOLS"}
    return "\n".join(found.values())


def line_for_urls() -> str:
    """Return the entry that the README adds to the URLconf."""
    calls = (node for statement in readme() for node in ast.walk(statement) if isinstance(node, ast.Call))
    found = {ast.unparse(call) for call in calls if ast.unparse(call.func) == "path"}
    [line] = {call for call in found if "include('django_cognito_confirm.urls')" in call}
    return line


@dataclass(frozen=True)
class Project:
    """A project that ``django-admin startproject`` made, in an environment of its own."""

    python: Path
    folder: Path
    env: dict[str, str]

    def run(self, *arguments: str) -> str:
        """Run the environment's Python and return what it prints."""
        command = [str(self.python), *arguments]
        ran = subprocess.run(
            command, cwd=self.folder, env=self.env, capture_output=True, text=True, check=False, timeout=300
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def ask(self, program: str) -> Any:
        """Run a program within the site and return the JSON of its last line."""
        return json.loads(self.run("-c", f"import django\ndjango.setup()\n{program}").splitlines()[-1])

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serve the site as a developer does, and yield its address."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{probe.getsockname()[1]}"
        log = self.folder / "log"
        with log.open("w") as output:
            command = [str(self.python), "manage.py", "runserver", "--noreload", address]
            server = subprocess.Popen(command, cwd=self.folder, env=self.env, stdout=output, stderr=output)
        try:
            wait_for(f"http://{address}/confirm/", server, log)
            yield f"http://{address}"
        finally:
            server.terminate()
            server.wait(timeout=30)


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=10).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"The site did not start:\n{log.read_text()}")


@pytest.fixture(scope="module")
def project(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Make an environment with the wheel and what it requires, and in it a project with the README's lines."""
    folder = tmp_path_factory.mktemp("new-project")
    environment = folder / "environment"
    foreign = ("AWS_", "COGNITO_", "COVERAGE", "DATABASE_URL", "DJANGO_", "PYTHON", "VIRTUAL_ENV")
    known = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    subprocess.run([sys.executable, "-m", "venv", environment], env=known, check=True, timeout=120)
    python = environment / "bin" / "python"
    install: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel]
    subprocess.run(install, env=known, check=True, timeout=300)
    subprocess.run([environment / "bin" / "django-admin", "startproject", "site1", folder], env=known, check=True)
    with (folder / "site1" / "settings.py").open("a") as settings:
        settings.write(f"\n{lines_for_settings()}\n{SANDBOX}")
    with (folder / "site1" / "urls.py").open("a") as urls:
        urls.write(f"\nfrom django.urls import include\n\nurlpatterns += [{line_for_urls()}]\n")
    project = Project(python, folder, {**known, **POOL, "DJANGO_SETTINGS_MODULE": "site1.settings"})
    project.run("manage.py", "migrate", "--verbosity", "0")
    return project


def test_a_new_project_has_nothing_to_complain_of(project: Project) -> None:
    assert "no issues" in project.run("manage.py", "check", "--fail-level", "WARNING")
    assert "No changes detected" in project.run("manage.py", "makemigrations", "--check", "--dry-run")


def test_a_new_project_starts_from_the_wheel_and_without_boto3(project: Project) -> None:
    file, imported = project.ask(IMPORTED)

    assert Path(file).is_relative_to(project.folder / "environment")
    assert {"django", "django_cognito_confirm"} <= set(imported)
    assert not {"boto3", "botocore", "s3transfer", "urllib3"} & set(imported)


def test_somebody_confirms_in_a_new_project(project: Project) -> None:
    is_confirmed, code = project.ask(SIGN_UP)
    assert not is_confirmed

    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with project.served() as site:
        with browser.open(f"{site}/confirm/", timeout=30) as page:
            [token] = set(re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode()))
        form = {"csrfmiddlewaretoken": token, "username": "ada", "code": code}
        with browser.open(f"{site}/confirm/", urllib.parse.urlencode(form).encode(), timeout=30) as done:
            assert (done.status, done.url) == (200, f"{site}/confirm/done/")

    assert project.ask(LEDGER) == [["ada", "delivered"]]
