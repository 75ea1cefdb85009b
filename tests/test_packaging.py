"""What is in the box: the wheel and the source distribution, built as a release would be."""

from __future__ import annotations

import email
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import django_cognito_confirm

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "django_cognito_confirm"
SOURCES = [
    "CHANGELOG.md",
    "LICENSE",
    "MANIFEST.in",
    "Makefile",
    "README.md",
    "pyproject.toml",
    "setup.cfg",
    "django_cognito_confirm",
    "example_project",
    "tests",
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both from a copy, so that nothing is left in the checkout, and return their folder."""
    copy = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.sqlite3*"))
        else:
            shutil.copy(ROOT / name, copy)
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(copy / "dist"), str(copy)]
    ran = subprocess.run(build, capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Warning" not in ran.stdout + ran.stderr, ran.stdout + ran.stderr
    return copy / "dist"


@pytest.fixture(scope="module")
def wheel(built: Path) -> zipfile.Path:
    """Return the wheel as a folder."""
    [path] = built.glob("*.whl")
    return zipfile.Path(path)


@pytest.fixture(scope="module")
def names(wheel: zipfile.Path) -> set[str]:
    """Return the names of the files in the wheel."""
    return set(wheel.root.namelist())


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
    assert not [name for name in names if "test" in name]


def test_the_wheel_says_what_it_is(wheel: zipfile.Path, names: set[str]) -> None:
    [path] = (name for name in names if name.endswith(".dist-info/METADATA"))
    metadata = email.message_from_string(wheel.joinpath(path).read_text(encoding="utf-8"))

    assert (metadata["Name"], metadata["Version"]) == ("django-cognito-confirm", django_cognito_confirm.__version__)
    assert metadata["Requires-Python"] == ">=3.10"
    required = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert required == ["boto3>=1.35.68", "django>=5.2", "django-environ"]


def test_the_source_distribution_holds_the_tests_and_the_example(built: Path) -> None:
    [path] = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert {"Makefile", "tests/settings.py", "example_project/manage.py", "LICENSE", "CHANGELOG.md"} <= names
