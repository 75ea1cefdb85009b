"""docs/commands.md has every command, with the options and permissions that its own help names."""

from __future__ import annotations

import re

import pytest
from django.core.management.base import BaseCommand, DjangoHelpFormatter

from tests.docs.commands import command_called
from tests.docs.pages import DOCS
from tests.docs.tables import read_table, section_of
from tests.docs.test_commands import OURS

PAGE = DOCS / "commands.md"


def options_of(name: str) -> list[list[str]]:
    """Return the options of a command as its help shows them, without Django's own."""
    command = command_called(name)
    djangos = {option for action in BaseCommand().create_parser("", "")._actions for option in action.option_strings}
    parser = command.create_parser("manage.py", name)
    formatter = DjangoHelpFormatter("manage.py")
    rows = []
    for action in parser._actions:
        if action.option_strings and djangos.issuperset(action.option_strings):
            continue
        given = "ALIAS" if action.dest == "pool" else formatter._format_args(action, action.dest.upper())
        flag = action.nargs == 0
        option = " ".join([*action.option_strings, *([] if flag else [given.strip("[] .").split(" ")[0]])])
        rows.append([f"`{option}`", formatter._expand_help(action) if action.help else ""])
    return rows


@pytest.mark.parametrize("name", OURS)
def test_a_command_is_there_with_its_options(name: str) -> None:
    assert read_table("commands.md", name) == options_of(name)


@pytest.mark.parametrize("name", OURS)
def test_a_command_is_there_with_the_permissions_that_it_needs(name: str) -> None:
    told = set(re.findall(r"cognito-idp:\w+", section_of(PAGE, name)))
    assert told == set(re.findall(r"cognito-idp:\w+", command_called(name).help))


def test_every_command_is_there() -> None:
    assert set(re.findall(r"^## (\w+)$", PAGE.read_text(), re.MULTILINE)) == set(OURS)
