"""Holds a command that the manual names against the program that would run it, without running it."""

from __future__ import annotations

import argparse
import importlib
import re
import shlex
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from importlib.util import find_spec
from itertools import dropwhile, takewhile
from pathlib import PurePath
from unittest.mock import patch

from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand, CommandError

from tests.docs.pages import ROOT, Block

MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z][\w-]*):", MAKEFILE, re.MULTILINE))
EXTRAS = ConfigParser(interpolation=None)
EXTRAS.read(ROOT / "setup.cfg")

EXAMPLES = {path.stem for path in (ROOT / "example_project" / "example" / "management" / "commands").glob("*.py")}
"""Commands of the example site, whose arguments are not looked at."""

CRON = re.compile(r"(?:[\d*/,-]+\s+){5}(?P<command>.+)")

NOT_OURS = frozenset(
    ["aws", "cd", "curl", "export", "gh", "git", "mkdir", "psql", "source", "systemctl", "apt-get", "playwright"]
)
"""Programs whose arguments are not looked at."""


class WrongCommandError(Exception):
    """A command of the manual that would not run."""


def lines_of(block: Block) -> Iterator[str]:
    """Return the commands in a sample: each line of ``sh``, in others those after a prompt, cron's and systemd's."""
    for line in block.text.replace("\\\n", " ").splitlines():
        if block.kind == "sh" or line.startswith("$ "):
            yield line.removeprefix("$ ")
        elif cron := CRON.fullmatch(line):
            yield cron["command"]
        elif block.kind == "ini" and line.startswith("ExecStart="):
            yield line.removeprefix("ExecStart=")


def check(line: str) -> None:
    """Check each command of a line: raise ``WrongCommandError`` for one that would not run."""
    tokens = list(shlex.shlex(line, posix=True, punctuation_chars=True))
    while tokens:
        words = list(takewhile(lambda token: set(token) - set("|&;"), tokens))
        tokens = tokens[len(words) + 1 :]
        check_command(list(dropwhile(re.compile(r"[A-Z_]+=").match, without_redirections(words))))


def without_redirections(words: list[str]) -> list[str]:
    """Return a command without ``> file`` and ``< file``."""
    return [
        word for place, word in enumerate(words) if word not in "<>>" and (place == 0 or words[place - 1] not in "<>>")
    ]


def check_command(words: list[str]) -> None:
    """Check one command."""
    if not words:
        return
    program = PurePath(words[0]).name
    if program in NOT_OURS or (words[0] == "example_project/manage.py" and words[1] in EXAMPLES):
        return
    if program not in PROGRAMS:
        raise WrongCommandError(f"{program}: a program that nobody here knows")
    PROGRAMS[program](words[1:])


def check_python(arguments: list[str]) -> None:
    """``python -m module …``, ``python -c "…"`` and ``python manage.py …``."""
    if arguments[0] == "-c":
        compile(arguments[1], "-c", "exec")
    elif arguments[0] == "-m" and arguments[1].partition(".")[0] == "bench":
        check_bench(arguments[1], arguments[2:])
    elif arguments[0] == "-m":
        if find_spec(arguments[1]) is None:
            raise WrongCommandError(f"{arguments[1]}: no module of this name")
        check_command(arguments[1:] if arguments[1] in PROGRAMS else [])
    else:
        check_command(arguments)


def check_bench(module: str, arguments: list[str]) -> None:
    """``python -m bench.call …``: what the module's own parser says of the arguments."""
    parse = argparse.ArgumentParser.parse_args

    def parse_and_stop(parser: argparse.ArgumentParser) -> None:
        parse(parser, arguments)
        raise StopIteration

    name = "bench.__main__" if module == "bench" else module
    with patch.object(argparse.ArgumentParser, "parse_args", parse_and_stop):
        try:
            importlib.import_module(name).main()
        except StopIteration:
            return
        except SystemExit as error:
            if error.code:
                raise WrongCommandError(f"{module} does not take {arguments}") from error


def command_called(name: str) -> BaseCommand:
    """Return a management command."""
    commands = get_commands()
    if name not in commands:
        raise WrongCommandError(f"manage.py has no command {name}")
    app = commands[name]
    return app if isinstance(app, BaseCommand) else load_command_class(app, name)


def check_manage(arguments: list[str]) -> None:
    """``manage.py command …``: what the command's own parser says of the arguments."""
    if not arguments:
        return
    parser = command_called(arguments[0]).create_parser("manage.py", arguments[0])
    try:
        parser.parse_args(arguments[1:])
    except CommandError as error:
        raise WrongCommandError(f"manage.py {arguments[0]}: {error}") from error
    except SystemExit:  # --help
        return


def check_make(arguments: list[str]) -> None:
    """``make target VARIABLE=value``: both must be in the Makefile."""
    for argument in arguments:
        variable, separator, _ = argument.partition("=")
        if separator and f"$({variable})" not in MAKEFILE:
            raise WrongCommandError(f"the Makefile has no variable {variable}")
        if not separator and argument not in TARGETS:
            raise WrongCommandError(f"the Makefile has no target {argument}")


def check_pip(arguments: list[str]) -> None:
    """``pip install …``: extras of ours must be there."""
    for argument in arguments:
        extras = re.fullmatch(r"(?:\.|django-cognito-confirm)\[([\w,-]+)\]", argument)
        for extra in extras[1].split(",") if extras else ():
            if not EXTRAS.has_option("options.extras_require", extra):
                raise WrongCommandError(f"setup.cfg has no extra {extra}")


def check_pytest(arguments: list[str]) -> None:
    """``pytest path …``: paths must be there."""
    for argument in arguments:
        if argument.startswith("tests/") and not (ROOT / argument.partition("::")[0]).exists():
            raise WrongCommandError(f"{argument} is not there")


def check_any(arguments: list[str]) -> None:
    """Tools that are told what to do elsewhere."""


PROGRAMS: dict[str, Callable[[list[str]], None]] = {
    "python": check_python,
    "python3": check_python,
    "manage.py": check_manage,
    "django-admin": check_manage,
    "make": check_make,
    "pip": check_pip,
    "pytest": check_pytest,
    "venv": check_any,
    "build": check_any,
}
