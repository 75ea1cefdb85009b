"""docs/checks.md has every message of ``manage.py check``, as the code has it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import django_cognito_confirm
from tests.docs.tables import bare, read_table

PACKAGE = Path(django_cognito_confirm.__file__).parent
HEADINGS = ("Settings", "Pages", "Where the site runs", "With --deploy", "The sandbox")
DIFFERS = "…"


def text_of(node: ast.expr) -> str:
    """Return a text of the code, with … for what is filled in."""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) for part in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else DIFFERS


def messages_in(path: Path) -> Iterator[list[str]]:
    """Yield id, message and hint of each ``Error(…)``, ``Warning(…)`` and ``_warn(…)`` in a module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        named = {keyword.arg: keyword.value for keyword in node.keywords}
        if node.func.id in ("Error", "Warning") and "id" in named:
            yield [text_of(named["id"]), text_of(node.args[0]), text_of(named["hint"])]
        elif node.func.id == "_warn":
            yield [f"django_cognito_confirm.W{int(text_of(node.args[0])):03d}", *map(text_of, node.args[1:])]


def test_every_check_is_there_with_its_message_and_hint() -> None:
    found = [message for path in PACKAGE.rglob("*.py") for message in messages_in(path)]
    ids = {message[0]: message[1:] for message in found if DIFFERS not in message[0]}
    told = {bare(row[0]): row[1:] for heading in HEADINGS for row in read_table("checks.md", heading)}
    known = {name if "." in name else f"django_cognito_confirm.{name}": texts for name, texts in told.items()}
    assert len(ids) > 20
    assert known == ids
