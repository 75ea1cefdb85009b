"""What contributors are told is there: files, targets, versions; and GitHub can read the forms."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text()
CODE = re.findall(r"`([^`]+)`", PAGE)
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def classifiers(prefix: str) -> set[str]:
    """Return the versions that setup.cfg names after ``prefix``."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    lines = config["metadata"]["classifiers"].splitlines()
    return {line.rpartition(" ")[2] for line in lines if re.fullmatch(rf"{prefix} :: [\d.]+\.\d+", line)}


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "CODE_OF_CONDUCT.md", "SECURITY.md", "docs/versions.md"])
def test_every_link_leads_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([\w./-]+)\)", (ROOT / page).read_text())
    assert links
    assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []


def test_every_place_that_is_named_is_there() -> None:
    places = [code for code in CODE if re.fullmatch(r"[\w.]+(/[\w.]+)*(/|\.py|\.md|\.cfg|\.toml)", code)]
    made = {"dist/", ".venv"}
    assert len(places) > 10
    for place in set(places) - made:
        assert (ROOT / place).exists() or (ROOT / "django_cognito_confirm" / place).exists(), place


def test_every_target_of_make_is_there() -> None:
    declared = re.findall(r"^\.PHONY: (.*?[^\\])$", (ROOT / "Makefile").read_text(), re.MULTILINE | re.DOTALL)
    targets = {match[1] for code in CODE if (match := re.match(r"make ([a-z-]+)", code))}
    assert len(targets) > 10
    assert targets <= set(" ".join(declared).split())


def test_the_versions_told_are_those_of_the_classifiers() -> None:
    rows = re.findall(r"^\| (3\.[\d., ]+) \| ([\d., ]+) \|$", (ROOT / "docs" / "versions.md").read_text(), re.MULTILINE)
    pythons, djangos = ({version for row in rows for version in row[column].split(", ")} for column in (0, 1))
    assert pythons == classifiers("Programming Language :: Python")
    assert djangos == classifiers("Framework :: Django")


@pytest.mark.parametrize("path", FORMS, ids=[path.name for path in FORMS])
def test_github_can_read_the_forms(path: Path) -> None:
    form = yaml.safe_load(path.read_text())
    if path.name == "config.yml":
        assert form == {"blank_issues_enabled": False}
        return
    asked = [part for part in form["body"] if part["type"] != "markdown"]
    assert {"name", "description", "body"} <= set(form)
    assert all(part["attributes"]["label"] for part in asked)
    assert len({part["id"] for part in asked}) == len(asked)
