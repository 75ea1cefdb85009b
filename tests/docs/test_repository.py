"""What docs/_ext/repository.py makes of pages that are written for GitHub."""

from __future__ import annotations

import runpy
from collections.abc import Callable

import pytest

from tests.docs.pages import DOCS

in_manual: Callable[[str], str] = runpy.run_path(str(DOCS / "_ext" / "repository.py"))["in_manual"]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("See [the threats](../SECURITY.md).", "See [the threats](security.md)."),
        ("See [the threats](../SECURITY.md#threats).", "See [the threats](security.md#threats)."),
        ("[How](docs/strangers.md#limits) it is set up.", "[How](strangers.md#limits) it is set up."),
        ("[Reports](SECURITY.md), [changes](CHANGELOG.md)", "[Reports](security.md), [changes](changelog.md)"),
        ("In the [example](../example_project/README.md).", "In the example."),
        ("[How we speak](CODE_OF_CONDUCT.md)", "How we speak"),
        ("See [the promise](promise.md).", "See [the promise](promise.md)."),
        ("It is `[words](../SECURITY.md)` there.", "It is `[words](../SECURITY.md)` there."),
    ],
)
def test_links_lead_to_pages_of_the_manual_or_nowhere(written: str, shown: str) -> None:
    assert in_manual(written) == shown


def test_comments_for_the_tests_are_left_out_and_every_line_stays_in_its_place() -> None:
    page = "# Page\n\n<!-- run\nassert 1\n-->\n\nText.\n"
    assert in_manual(page) == "# Page\n\n\n\n\n\nText.\n"


def test_samples_stay_as_they_are() -> None:
    sample = "```html\n<!-- a comment\nof a page -->\n[link](../SECURITY.md)\n```\n"
    assert in_manual(sample) == sample
