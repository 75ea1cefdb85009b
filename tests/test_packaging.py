"""What is in the box: the wheel and the source distribution, built as a release would be."""

from __future__ import annotations

import email
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

import django_cognito_confirm
from tests.builds import ROOT, build

PACKAGE = ROOT / "django_cognito_confirm"
IN_SOURCES_ONLY = shutil.ignore_patterns("dist", "build", "*.egg-info")


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """Return the names of the files in the wheel."""
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_holds_every_file_of_the_package(names: set[str]) -> None:
    files = (path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)

    assert {path.relative_to(ROOT).as_posix() for path in files} <= names


@pytest.mark.parametrize(
    "name",
    [
        "py.typed",
        "migrations/0001_initial.py",
        "sandbox/migrations/0001_initial.py",
        "templates/django_cognito_confirm/confirm.html",
        "management/commands/cognito_sync.py",
        "locale/pt_BR/LC_MESSAGES/django.mo",
    ],
)
def test_the_wheel_holds_what_a_site_needs(names: set[str], name: str) -> None:
    assert f"django_cognito_confirm/{name}" in names


def test_the_wheel_holds_static_files(names: set[str]) -> None:
    assert any(name.startswith("django_cognito_confirm/static/django_cognito_confirm/") for name in names)


def test_the_wheel_holds_nothing_but_the_package(names: set[str]) -> None:
    tops = {name.partition("/")[0] for name in names}

    assert tops == {"django_cognito_confirm", f"django_cognito_confirm-{django_cognito_confirm.__version__}.dist-info"}
    assert not [name for name in names if "/tests/" in name or "/test_" in name]


def test_the_wheel_says_what_it_is(wheel: Path, names: set[str]) -> None:
    [name] = (name for name in names if name.endswith(".dist-info/METADATA"))
    metadata = email.message_from_bytes(zipfile.ZipFile(wheel).read(name))

    assert (metadata["Name"], metadata["Version"]) == ("django-cognito-confirm", django_cognito_confirm.__version__)
    assert (metadata["Requires-Python"], metadata["License-Expression"]) == (">=3.10", "MIT")
    required = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert required == ["boto3>=1.35.68", "django>=5.2", "django-environ>=0.11.2"]


def test_the_changelog_tells_of_this_version_first() -> None:
    releases = re.findall(r"^## \[(.+)\] - (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    version, day = releases[0]

    assert version == django_cognito_confirm.__version__
    assert date.fromisoformat(day).isoformat() == day


def test_the_source_distribution_holds_what_a_checkout_holds(unpacked: Path) -> None:
    """What git has and the archive has not is found by ``check-manifest``, in ``make package``."""
    for name in ("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "SECURITY.md"):
        assert (unpacked / name).is_file(), name
    for folder in ("bench", "docs", "example_project", "tests"):
        assert files_in(unpacked / folder) == files_in(ROOT / folder)


def files_in(folder: Path) -> set[str]:
    """Return the files of a folder, without what programs leave there."""
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    left = {"__pycache__", "_build", "node_modules"}
    return {path.as_posix() for path in files if not left & set(path.parts) and ".sqlite3" not in path.name}


def test_the_tests_run_in_the_unpacked_source_distribution(unpacked: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "DATABASE_URL")}
    program = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--quiet"]
    for arguments in (["--collect-only"], ["tests/test_conf.py", "tests/test_errors.py", "tests/test_forms.py"]):
        ran = subprocess.run(
            [*program, *arguments], cwd=unpacked, env=env, capture_output=True, text=True, check=False, timeout=300
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_source_distribution_makes_the_same_wheel_to_the_byte(wheel: Path, unpacked: Path, tmp_path: Path) -> None:
    shutil.copytree(unpacked, tmp_path / "copy", ignore=IN_SOURCES_ONLY)
    [again] = build(tmp_path / "copy", "--wheel").glob("*.whl")

    assert (again.name, again.read_bytes()) == (wheel.name, wheel.read_bytes())


def test_each_app_has_one_migration_and_needs_no_other() -> None:
    """Version 1.0 is where sites begin; from then on ``0001_initial`` stays as it is."""
    ours = {"django_cognito_confirm", "cognito_sandbox"}
    loader = MigrationLoader(None)
    missing = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps)).changes(loader.graph)

    assert Counter(label for label, _ in loader.disk_migrations if label in ours) == dict.fromkeys(ours, 1)
    assert not ours & set(missing)
