"""Every sample of the manual runs, or says in the page why it is not run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, PROJECT, blocks_of
from tests.docs.samples import Site

NOT_RUN: dict[str, int] = {}
"""How many samples of a page are not run. Each has a comment before it that says why."""


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in PROJECT], ids=lambda page: page.name)
def test_the_samples_of_a_page_run(page: Path, site: Site) -> None:
    site.run(page)


def test_no_sample_is_left_out_unnoticed() -> None:
    left_out = Counter(block.page.name for page in PAGES for block in blocks_of(page) if block.kind == "not run")
    assert left_out == NOT_RUN
