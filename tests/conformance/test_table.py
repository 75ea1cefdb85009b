"""The table is whole, and docs/emulators.md is the table."""

from __future__ import annotations

from pathlib import Path

from tests.integration.emulators.programs import EMULATORS

from .rules import RULES
from .table import ALONE, PAGE, SERVICES, VERDICTS, page, stands_alone

MAKEFILE = Path(__file__).parents[2] / "Makefile"


def test_every_rule_has_a_line() -> None:
    assert list(VERDICTS) == list(RULES)
    assert {len(line.split()) for line in VERDICTS.values()} == {len(SERVICES)}


def test_where_the_sandbox_stands_alone_there_is_a_reason() -> None:
    assert list(ALONE) == [rule.name for rule in RULES.values() if stands_alone(rule)]


def test_every_emulator_has_a_column() -> None:
    assert ("sandbox", *EMULATORS) == SERVICES


def test_the_page_has_these_tables() -> None:
    assert PAGE.read_text() == page(), "python -m tests.conformance.table writes them"


def test_the_page_and_the_makefile_name_the_releases() -> None:
    pinned = {line.partition(" = ")[2] for line in MAKEFILE.read_text().splitlines()}

    for emulator in EMULATORS.values():
        assert emulator.requirement in pinned
        assert f"`{emulator.requirement}`" in PAGE.read_text()
