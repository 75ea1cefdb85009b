"""docs/architecture.md has every module in its layer, and a picture of the imports as they are."""

from __future__ import annotations

import ast
import re
from itertools import groupby
from pathlib import Path

import pytest

import django_cognito_confirm
from tests.docs.imports import read_imports, read_layers, reduce
from tests.docs.picture import FILE, PUBLIC, draw
from tests.docs.tables import bare, read_table

PACKAGE = Path(django_cognito_confirm.__file__).parent
ROWS = read_table("architecture.md", "Layer by layer")


def docstring_of(name: str) -> str:
    path = PACKAGE / name
    module = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.get_docstring(ast.parse(module.read_text())) or ""


def test_every_module_is_in_the_layer_that_the_contract_has_it_in() -> None:
    told = [[bare(row[1]) for row in rows] for _, rows in groupby(ROWS, key=lambda row: row[0])]
    assert told == read_layers()
    assert [row[0] for row in ROWS] == [str(number) for number, layer in enumerate(read_layers(), 1) for _ in layer]


@pytest.mark.parametrize("row", ROWS, ids=[bare(row[1]) for row in ROWS])
def test_a_module_does_what_its_docstring_says(row: list[str]) -> None:
    first = docstring_of(bare(row[1])).partition("\n\n")[0].replace("\n", " ").replace("``", "`")
    assert first
    assert row[2] == first


def test_the_picture_is_that_of_the_imports() -> None:
    assert FILE.read_text() == draw(), "python -m tests.docs.picture draws it anew"


def test_no_line_of_the_picture_goes_up() -> None:
    for path in re.findall(r'class="import" d="(.*?)"', FILE.read_text()):
        heights = [int(y) for _, y in re.findall(r"(\d+) (\d+)", path)]
        assert heights == sorted(heights)
    assert FILE.read_text().count('class="import"') == len(reduce(read_imports()))


def test_whatever_the_reference_of_functions_names_is_marked_as_public() -> None:
    assert {row[1].strip("`") for row in read_table("services.md", "Functions")} <= PUBLIC
