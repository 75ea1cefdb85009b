"""docs/urls.md has every address, and the steps of the views as they are documented in the code."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from typing import Any

import pytest

from django_cognito_confirm import views
from django_cognito_confirm.rest_framework import views as api_views
from tests.docs.pages import DOCS
from tests.docs.tables import bare, read_table

ADDRESSES = read_table("urls.md", "Addresses")
STEPS = read_table("urls.md", "Views")
METHODS = {"get", "post", "delete"}  # the others are Django's


def methods_of(view: Any) -> set[str]:
    """Return the methods that a view answers; those of a function are what its decorator lets through."""
    view_class = getattr(view, "view_class", None)
    return {method.upper() for method in METHODS if hasattr(view_class, method)} if view_class else {"POST"}


def test_every_address_is_there() -> None:
    told = {(*map(bare, row[:3]), tuple(sorted(row[3].split(", ")))) for row in ADDRESSES}
    found = set()
    for name in ("urls", "webhook.urls", "rest_framework.urls"):
        module = import_module(f"django_cognito_confirm.{name}")
        for url in module.urlpatterns:
            methods = tuple(sorted(methods_of(url.callback)))
            found.add((name, f"{module.app_name}:{url.name}", str(url.pattern), methods))
    assert told == found


@pytest.mark.parametrize("row", STEPS, ids=[row[0] for row in STEPS])
def test_a_step_is_there_as_its_docstring_says(row: list[str]) -> None:
    name, _, arguments = bare(row[0]).removesuffix(")").partition("(")
    of = ["ConfirmView", "ResendView", "DoneView"] if row[1] == "all" else re.findall(r"\w+", row[1])
    for view in of:
        step = inspect.getattr_static(getattr(views, view), name)
        function = getattr(step, "func", step)
        first = (inspect.getdoc(function) or "").partition("\n\n")[0].replace("\n", " ").replace("``", "`")
        assert row[2] == first
        assert arguments == ", ".join(list(inspect.signature(function).parameters)[1:])


def test_the_steps_of_the_api_are_there() -> None:
    section = (DOCS / "urls.md").read_text().partition("Those of the API")[2].partition("\n\n")[0]
    assert api_views.__name__ in section
    for step in re.findall(r"`([a-z_]+)`", section):
        assert any(hasattr(view, step) for view in (api_views.ConfirmAPIView, api_views.ResendAPIView)), step
