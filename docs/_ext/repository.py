"""Lets pages that are written for GitHub be read in the manual as well.

In the repository a page links to files beside the manual. Those that are pages of the manual, too, are linked to there;
of a link to any other, its words stay. Comments are for the tests, which run what is in them, and not for readers.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

PAGES = {"README": "index", "SECURITY": "security", "CHANGELOG": "changelog", "CONTRIBUTING": "contributing"}
"""Files at the root of the repository, and the pages of the manual that show them."""

CODE_COMMENT_OR_LINK = re.compile(
    r"(?P<code>^ *```.*?^ *```$|`[^`\n]+`(?!\]))"
    r"|(?P<comment>^<!--.*?-->$)"
    r"|\[(?P<words>[^\]]+)\]\((?P<place>(?:\.\./|docs/|[A-Z_]+\.md)[^)\s]*)\)",
    re.MULTILINE | re.DOTALL,
)


def in_manual(text: str) -> str:
    """Return a page of the repository as the manual has it, line by line."""
    return CODE_COMMENT_OR_LINK.sub(_replace, text)


def _replace(found: re.Match[str]) -> str:
    if found["comment"]:
        return "\n" * found["comment"].count("\n")  # places in warnings stay right
    if found["code"]:
        return found["code"]
    place = found["place"].removeprefix("../").removeprefix("docs/")
    name, _, anchor = place.partition("#")
    page = PAGES.get(name.removesuffix(".md"), "")
    if page:
        place = f"{page}.md" + (f"#{anchor}" if anchor else "")
    elif found["place"].startswith("../") or name.removesuffix(".md").isupper():
        return found["words"]
    return f"[{found['words']}]({place})"


def read_page(app: Sphinx, docname: str, content: list[str]) -> None:
    """Change a page before it is parsed."""
    content[0] = in_manual(content[0])


def read_included(app: Sphinx, path: Path, docname: str, content: list[str]) -> None:
    """Change a file that a page includes before it is parsed."""
    content[0] = in_manual(content[0])


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("source-read", read_page)
    app.connect("include-read", read_included)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
