"""The pages of the manual, taken apart as the manual itself reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

NOT_YET: frozenset[str] = frozenset()
"""Pages whose samples are not run so far."""

PROJECT = frozenset({"start.md", "testing.md"})
"""Pages whose samples are the files of one project, which is built and run as a whole (project.py)."""

PAGES = [
    path for path in [ROOT / "README.md", ROOT / "SECURITY.md", *sorted(DOCS.glob("*.md"))] if path.name not in NOT_YET
]

READER = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True, slots=True)
class Block:
    """A sample, or a comment that is meant for these tests.

    ``kind`` is the language that a sample is marked with, "indented" for one that cannot say, "run" or "not run" for a
    comment. ``title`` is the file that a sample says it is.
    """

    page: Path
    line: int
    kind: str
    text: str
    title: str = ""

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of code within a sentence."""

    page: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}: {self.text}"


def blocks_of(page: Path) -> list[Block]:
    """Return the samples and the comments for these tests in a page, from top to bottom."""
    return [block for token in READER.parse(page.read_text()) for block in _blocks_in(page, token)]


def _blocks_in(page: Path, token: Token) -> Iterator[Block]:
    line = token.map[0] + 1 if token.map else 0
    if token.type == "code_block":
        yield Block(page, line, "indented", token.content)
    elif token.type == "fence":
        kind, _, rest = token.info.strip().partition(" ")
        yield Block(page, line, kind, token.content, _title(rest, token.content))
    elif token.type == "html_block" and token.content.startswith("<!--"):
        comment = token.content.removeprefix("<!--").rpartition("-->")[0]
        if comment.startswith(" run\n"):
            yield Block(page, line, "run", comment.partition("\n")[2])
        elif comment.startswith(" not run: "):
            yield Block(page, line, "not run", comment.partition(": ")[2].strip())


def _title(info: str, content: str) -> str:
    """Return the file that a sample is: ``title="…"``, or its first line where that is a comment with a path."""
    if info:
        return info.removeprefix('title="').removesuffix('"')
    first = content.partition("\n")[0].removeprefix("# ")
    return first if first.endswith(".py") and "/" in first and " " not in first else ""


def spans_of(page: Path) -> list[Span]:
    """Return the pieces of code within the sentences and tables of a page."""
    return [
        Span(page, token.map[0] + 1 if token.map else 0, child.content)
        for token in READER.parse(page.read_text())
        for child in token.children or ()
        if child.type == "code_inline"
    ]
