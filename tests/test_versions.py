"""What says which versions the package is made for says the same: its classifiers, tox, the workflow, the README."""

from __future__ import annotations

import re
from configparser import ConfigParser
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = ROOT / ".github" / "workflows"

pytestmark = pytest.mark.skipif(not WORKFLOWS.exists(), reason="needs a checkout: a release leaves the workflows out")

Combination = tuple[str, str, str]
"""A Python, a Django, and which boto3."""


def ini(name: str) -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.read(ROOT / name)
    return parser


def lines(text: str) -> list[str]:
    return text.split("\n")[1:]


def classified(prefix: str) -> list[str]:
    """Return the versions in the classifiers that begin so."""
    found = (
        re.fullmatch(rf"{prefix} :: (\d+\.\d+)", line) for line in lines(ini("setup.cfg")["metadata"]["classifiers"])
    )
    return [match[1] for match in found if match]


def of_tox() -> list[Combination]:
    """Return what ``tox list`` would."""
    combinations = []
    for pattern in lines(ini("tox.ini")["tox"]["env_list"]):
        for parts in product(*(part.split(",") for part in re.split(r"[{}]", pattern))):
            match = re.fullmatch(r"py(\d)(\d+)-django(\d)(\d)-boto3(\w+)", "".join(parts))
            assert match, parts
            combinations.append((f"{match[1]}.{match[2]}", f"{match[3]}.{match[4]}", match[5]))
    return combinations


def jobs(workflow: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((WORKFLOWS / workflow).read_text())["jobs"]
    return found


def of_the_workflow() -> list[Combination]:
    matrix = jobs("tests.yml")["versions"]["strategy"]["matrix"]
    excluded = [(without["python"], without["django"]) for without in matrix["exclude"]]
    every = product(matrix["python"], matrix["django"], matrix["boto3"])
    return [combination for combination in every if combination[:2] not in excluded]


def test_tox_and_the_workflow_run_the_same_combinations() -> None:
    assert sorted(of_tox()) == sorted(of_the_workflow())


def test_every_python_and_django_of_the_classifiers_is_run_with_both_boto3s() -> None:
    pythons, djangos, boto3s = (set(versions) for versions in zip(*of_tox(), strict=True))

    assert pythons == set(classified("Programming Language :: Python"))
    assert djangos == set(classified("Framework :: Django"))
    assert boto3s == {"oldest", "newest"}


def test_the_oldest_of_each_is_what_the_package_asks_for() -> None:
    options = ini("setup.cfg")["options"]
    required = lines(options["install_requires"])
    [oldest] = re.findall(r"boto3oldest: boto3==(.*)", ini("tox.ini")["testenv"]["deps"])

    assert f"boto3>={oldest}" in required
    assert options["python_requires"] == f">={classified('Programming Language :: Python')[0]}"
    assert f"django>={classified('Framework :: Django')[0]}" in required


def test_the_databases_have_the_oldest_and_the_newest_of_each() -> None:
    versions = [tuple(pair.values()) for pair in jobs("tests.yml")["databases"]["strategy"]["matrix"]["versions"]]
    ends = [
        (classified("Programming Language :: Python")[end], classified("Framework :: Django")[end]) for end in (0, -1)
    ]

    assert [versions[0], versions[-1]] == ends


def test_the_readme_names_them() -> None:
    pythons, djangos = classified("Programming Language :: Python"), classified("Framework :: Django")
    text = f"Python {pythons[0]} to {pythons[-1]} and Django {', '.join(djangos[:-1])} and {djangos[-1]}"

    assert text in " ".join((ROOT / "README.md").read_text().split())


@pytest.mark.parametrize("workflow", [path.name for path in sorted(WORKFLOWS.glob("*.yml"))])
def test_a_workflow_runs_what_the_makefile_has(workflow: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for job in jobs(workflow).values():
        runs = " ".join(step.get("run", "") for step in job.get("steps", ()))
        matrix = job.get("strategy", {}).get("matrix", {})
        named = re.findall(r'make "?([a-z-]+)', runs) + matrix.get("target", [])
        databases = [f"test-{database}" for database in matrix.get("database", ())]

        assert {*named, *databases} - {"test-"} <= targets


def test_who_builds_may_not_publish_and_who_publishes_runs_no_code_of_ours() -> None:
    release = jobs("release.yml")

    assert [name for name, job in release.items() if "id-token" in job["permissions"]] == ["publish"]
    assert release["publish"]["permissions"] == {"id-token": "write"}
    assert release["publish"]["environment"]["name"] == "pypi"
    assert not any("run" in step or "checkout" in step["uses"] for step in release["publish"]["steps"])


@pytest.mark.parametrize("workflow", sorted(path.name for path in WORKFLOWS.glob("*.yml")))
def test_no_step_tells_make_that_a_version_is_a_python(workflow: str) -> None:
    """Make takes its variables from the environment, and ``PYTHON`` is a program there."""
    for job in jobs(workflow).values():
        for step in job.get("steps", []):
            assert "PYTHON" not in {**job.get("env", {}), **step.get("env", {})}, step["name"]
