"""The project that docs/start.md builds, for the pages that are about it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.docs.pages import DOCS, blocks_of

START = DOCS / "start.md"
# What the reader's shell does, and this test's environment has done.
DONE_ALREADY = [
    ["mkdir", "mysite"],
    ["cd", "mysite"],
    ["python3", "-m", "venv", ".venv"],
    ["source", ".venv/bin/activate"],
    ["python", "-m", "pip", "install", "django-cognito-confirm"],
]
SERVE = ["python", "manage.py", "runserver"]
FILE = re.compile(r"(?:# |<!-- )(?P<path>[\w/]+\.\w+)(?P<added>, at the end)?(?: -->)?\n")


def commands_of(page: Path) -> list[list[str]]:
    """Return the commands that a page has its readers type."""
    return [shlex.split(line) for block in blocks_of(page) if block.kind == "sh" for line in block.text.splitlines()]


def files_of(page: Path) -> Iterator[tuple[Path, bool, str]]:
    """Return the files that a page has its readers write: path, whether to add to what is there, and text."""
    for block in blocks_of(page):
        if named := FILE.match(block.text):
            yield Path(named["path"]), bool(named["added"]), block.text


class Project:
    """The reader's folder, and a shell in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        foreign = ("COGNITO_", "DATABASE_URL", "DJANGO_SETTINGS_MODULE", "PYTEST_")
        known = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        self.env = {**known, "PYTHONUNBUFFERED": "1"}

    def try_to_run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in this test's environment, not in the reader's."""
        return subprocess.run(
            resolved(command), cwd=self.folder, env=self.env, capture_output=True, text=True, check=False, timeout=120
        )

    def run(self, *command: str) -> str:
        """Run a command that must succeed; return what it prints."""
        ran = self.try_to_run(*command)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def write_files(self, page: Path) -> None:
        """Write what the page says into the files that it names."""
        for name, added, text in files_of(page):
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a" if added else "w") as file:
                file.write(text)


def resolved(command: tuple[str, ...]) -> list[str]:
    """Return a command with the programs of this test's environment."""
    program, *arguments = command
    return [sys.executable, *(["-m", "django"] if program == "django-admin" else []), *arguments]


def build(folder: Path) -> Project:
    """Do all that docs/start.md says in ``folder``, as far as the server."""
    commands = commands_of(START)
    assert commands[: len(DONE_ALREADY)] == DONE_ALREADY
    *commands, last = commands[len(DONE_ALREADY) :]
    assert last == SERVE
    assert all(program in ("python", "django-admin") for program, *_ in commands)
    project = Project(folder)
    for command in commands:
        if command[-1] == "migrate":
            project.write_files(START)
        project.run(*command)
    return project
