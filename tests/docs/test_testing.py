"""docs/testing.md: its samples are tests of the project that docs/start.md builds, and they pass there."""

from __future__ import annotations

import re

import pytest

from django_cognito_confirm import testing
from tests.docs.pages import DOCS, blocks_of, spans_of
from tests.docs.project import Project, files_of

PAGE = DOCS / "testing.md"
PYTEST = ("python", "-m", "pytest", "-W", "error", "-p", "no:cacheprovider")


@pytest.fixture(scope="module", autouse=True)
def written(project: Project) -> None:
    """Add what the page says to the project."""
    project.write_files(PAGE)


def test_every_sample_is_a_file_of_the_project() -> None:
    samples = [block.text for block in blocks_of(PAGE) if block.kind in ("python", "ini")]

    assert [text for _name, _added, text in files_of(PAGE)] == samples


def test_the_samples_pass(project: Project) -> None:
    tests = sum(len(re.findall(r"^ *def test_", text, re.MULTILINE)) for _name, _added, text in files_of(PAGE))

    assert f" {tests} passed in " in project.run(*PYTEST)


def test_they_notice_when_the_receiver_is_gone(project: Project) -> None:
    receivers = project.folder / "accounts" / "receivers.py"
    before = receivers.read_text()
    receivers.write_text("")
    try:
        printed = project.try_to_run(*PYTEST).stdout
    finally:
        receivers.write_text(before)

    failed = set(re.findall(r"^FAILED (tests/\w+\.py)", printed, re.MULTILINE))
    assert failed == {"tests/test_sign_up.py", "tests/test_receivers.py", "tests/test_lost_answers.py"}


def test_the_table_tells_of_everything_that_the_fixture_offers() -> None:
    told = {name for span in spans_of(PAGE) for name in re.findall(r"^(\w+)(?:\(|$)", span.text)}
    offered = {name for name in vars(testing.CognitoSandbox) if not name.startswith("_")}

    assert offered - told == set()
