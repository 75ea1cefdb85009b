"""Every command that the manual names would run: the program takes its options, the tests that it names are there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any

import pytest
from django.core.management import get_commands

from tests.docs.commands import (
    NOT_OURS,
    PROGRAMS,
    WrongCommandError,
    check,
    command_called,
    lines_of,
)
from tests.docs.pages import PAGES, ROOT, blocks_of, spans_of

OURS = [name for name, app in get_commands().items() if app == "django_cognito_confirm"]

OPTION = re.compile(r"--(?!cognito-confirm-)[a-z]")  # those are custom properties of the style sheet


@pytest.fixture(autouse=True)
def engine(_admin: None, settings: Any) -> Iterator[None]:
    """The engine whose worker the manual names."""
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "django_tasks_db"]  # it has an admin of its own
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    get_commands.cache_clear()  # type: ignore[attr-defined]
    yield
    get_commands.cache_clear()  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_of_a_page_would_run(page: Path) -> None:
    for block in blocks_of(page):
        for line in lines_of(block):
            try:
                check(line)
            except WrongCommandError as error:
                pytest.fail(f"{block}: {line}: {error}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_within_sentences_would_run(page: Path) -> None:
    for span in spans_of(page):
        program = PurePath(span.text.partition(" ")[0]).name
        if program in set(PROGRAMS) - NOT_OURS and " " in span.text:
            try:
                check(span.text)
            except WrongCommandError as error:
                pytest.fail(f"{span}: {error}")


def test_every_option_within_a_sentence_is_one_of_a_command() -> None:
    known = {"--deploy"}
    for name in OURS:
        known.update(command_called(name).create_parser("manage.py", name)._option_string_actions)
    named = {span: span.text.split()[0] for page in PAGES for span in spans_of(page) if OPTION.match(span.text)}
    assert named
    assert [str(span) for span, option in named.items() if option not in known] == []


@pytest.mark.parametrize(
    "line",
    [
        "manage.py cognito_synch",
        "python manage.py cognito_sync --fully",
        "cd /srv/site && .venv/bin/python manage.py cognito_prune --older-than",
        "psql -c 'SELECT 1' | manage.py cognito_confirm --file",
        "make tests",
        "make demo PORTS=1",
        "python -m bench.call --times 3",
        "python -m bench --only everything",
        "python -m benches",
        "pip install 'django-cognito-confirm[signin]'",
        "pytest tests/test_nothing.py",
        "frobnicate --now",
    ],
)
def test_a_command_that_would_not_run_is_noticed(line: str) -> None:
    with pytest.raises(WrongCommandError):
        check(line)


def functions_in(path: Path) -> list[str]:
    return [node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    """``tests/test_x.py::test_name``; a name may be cut short by ``…``, and a place that is ``…`` is the one before."""
    path = ROOT
    for span in spans_of(page):
        named = re.fullmatch(r"((?:tests/)?[\w/]+\.py|…)(?:::(\w+)(…?))?", span.text)
        if not named or not (named[1] == "…" or PurePath(named[1]).name.startswith("test_")):
            continue
        if named[1] != "…":
            path = ROOT / "tests" / named[1].removeprefix("tests/")
        assert path.is_file(), str(span)
        if named[2]:
            found = [
                test for test in functions_in(path) if (test.startswith(named[2]) if named[3] else test == named[2])
            ]
            assert len(found) == 1, f"{span}: {found}"
