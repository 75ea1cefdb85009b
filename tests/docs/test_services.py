"""docs/services.md has the public functions, whose docstrings say what each argument is."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.utils.module_loading import import_string

from tests.docs.pages import DOCS
from tests.docs.tables import read_table

PAGE = (DOCS / "services.md").read_text()
SIGNATURES = dict(re.findall(r"^\.\. autofunction:: ([\w.]+)(.*)$", PAGE, re.MULTILINE))
FUNCTIONS = list(SIGNATURES)
SELF_EXPLAINING = {"modeladmin", "queryset"}  # an action's, as Django has them


def test_every_function_of_the_table_is_there_and_has_its_docstring_on_the_page() -> None:
    rows = read_table("services.md", "Functions")
    named = {(name, row[1].strip("`")) for row in rows for name in re.findall(r"\w+", row[0])}
    for name, module in named:
        function: Callable[..., Any] = import_string(f"django_cognito_confirm.{module}.{name}")
        if not iscoroutinefunction(function):
            assert f"django_cognito_confirm.{module}.{name}" in FUNCTIONS
    assert len(named) > 10


@pytest.mark.parametrize(("path", "signature"), [item for item in SIGNATURES.items() if item[1]])
def test_a_signature_that_is_written_down_has_every_argument(path: str, signature: str) -> None:
    assert re.findall(r"(\w+)=", signature) == list(inspect.signature(import_string(path)).parameters)


@pytest.mark.parametrize("path", FUNCTIONS)
def test_a_docstring_says_what_each_argument_is(path: str) -> None:
    function = import_string(path)
    told = set(re.findall(r"``(\w+)``", inspect.getdoc(function) or ""))
    arguments = set(inspect.signature(function).parameters) - SELF_EXPLAINING
    assert arguments <= told
