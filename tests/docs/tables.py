"""Reads the tables of the manual."""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs.pages import DOCS

BETWEEN_CELLS = re.compile(r"(?<!\\)\|")


def read_table(name: str, heading: str, number: int = 0) -> list[list[str]]:
    """Return the rows of a table, without its head: the first one under a heading of a page, or a later one."""
    section = section_of(DOCS / name, heading)
    tables = re.findall(r"^\|.*\n\|[-|: ]+\|\n((?:\|.*\n)*)", section, re.MULTILINE)
    return [
        [cell.strip().replace(r"\|", "|") for cell in BETWEEN_CELLS.split(line.strip()[1:-1])]
        for line in tables[number].splitlines()
    ]


def section_of(page: Path, heading: str) -> str:
    """Return what stands under a heading, up to the next one of the same or a higher level."""
    found = re.search(rf"^(#+) {re.escape(heading)}\n", page.read_text(), re.MULTILINE)
    assert found, f"{page.name} has no heading {heading!r}"
    rest = page.read_text()[found.end() :]
    return re.split(rf"^#{{1,{len(found[1])}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def bare(cell: str) -> str:
    """Return what a cell has between backticks, or the cell."""
    code = re.fullmatch(r"`(.*)`", cell)
    return code[1] if code else cell
