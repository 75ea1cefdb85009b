"""README.md says no more than is there: files, languages, versions."""

from __future__ import annotations

import re
from configparser import ConfigParser

import pytest

from tests.docs.pages import DOCS, ROOT

README = (ROOT / "README.md").read_text()
LINKS = re.findall(r'(?:\]\(|src=")(?!https?:|#)([^)#"]+)', README)


@pytest.mark.parametrize("link", sorted(set(LINKS)))
def test_every_file_that_it_leads_to_is_there(link: str) -> None:
    assert (ROOT / link).is_file()


def test_it_leads_to_every_page_on_how_to_do_something() -> None:
    index = (DOCS / "index.md").read_text()
    [pages] = re.findall(r":caption: How to\n.*?\n\n(.*?)```", index, re.DOTALL)

    assert {f"docs/{name}.md" for name in pages.split()} <= set(LINKS)


def test_the_languages_are_counted() -> None:
    [count] = re.findall(r"^\| languages \| (\d+) \|", README, re.MULTILINE)

    assert int(count) == len(list((ROOT / "django_cognito_confirm" / "locale").iterdir()))


def test_the_versions_are_those_that_the_package_is_classified_for() -> None:
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    classifiers = setup["metadata"]["classifiers"].split("\n")
    pythons = [name.rpartition(" ")[2] for name in classifiers if re.fullmatch(r".*:: Python :: 3\.\d+", name)]
    djangos = [name.rpartition(" ")[2] for name in classifiers if re.fullmatch(r".*:: Django :: \d+\.\d+", name)]

    *others, newest = djangos
    versions = f"Python {pythons[0]} to {pythons[-1]} and Django {', '.join(others)} and {newest}."
    assert f"It is made for {versions}" in README
