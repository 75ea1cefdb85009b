"""SECURITY.md names the tests that show what it says: they must be there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "SECURITY.md").read_text()
TABLE = PAGE.partition("## Threats")[2].partition("\n## ")[0]
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in TABLE.splitlines() if line.startswith("|")][
    2:
]


def functions_in(path: Path) -> list[str]:
    return [node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]


def test_every_threat_has_what_is_done_what_shows_it_and_what_remains() -> None:
    assert len(ROWS) > 10
    assert {len([cell for cell in row if cell]) for row in ROWS} == {4}


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_tests_that_a_row_names_are_there(row: list[str]) -> None:
    """Places are in ``tests/``; a name may be cut short by ``…``, and a place that is ``…`` is the one before."""
    named = re.findall(r"`([\w/.…]+?)(?:::(\w+)(…?))?`", row[2])
    assert named
    path = ROOT
    for place, name, cut in named:
        path = path if place == "…" else ROOT / "tests" / place
        assert path.exists(), place
        if name:
            found = [test for test in functions_in(path) if (test.startswith(name) if cut else test == name)]
            assert len(found) == 1, (name, found)


def test_every_place_that_the_page_names_is_there() -> None:
    for place in re.findall(r"`(test_\w+\.py)", PAGE):
        assert (ROOT / "tests" / place).exists(), place
