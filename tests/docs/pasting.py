"""Single samples of a page, for tests of what they do."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from tests.docs.pages import DOCS, Block, blocks_of
from tests.docs.samples import Site


def sample(page: str, start: str) -> Block:
    """Return the one sample in docs/``page`` that is this file, or whose first line is ``start``."""
    samples = [block for block in blocks_of(DOCS / page) if block.kind not in ("run", "not run")]
    [found] = [block for block in samples if start in (block.title, block.text.partition("\n")[0])]
    return found


def paste(site: Site, page: str, start: str) -> dict[str, Any]:
    """Make a sample a part of ``site``; return the names in it."""
    block = sample(page, start)
    site.run_python(block)
    if not block.title:
        return site.namespace
    return vars(import_module(block.title.removesuffix(".py").replace("/", ".")))


def run(page: str, start: str) -> dict[str, Any]:
    """Run a sample that needs no site; return the names in it."""
    names: dict[str, Any] = {"__name__": "pasted"}
    exec(compile(sample(page, start).text, f"docs/{page}", "exec"), names)  # noqa: S102 - our own
    return names
