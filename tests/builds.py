"""The wheel and the source distribution, built once for all tests that look into them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LEFT_OUT = shutil.ignore_patterns(
    ".*", "__pycache__", "*.egg-info", "build", "dist", "node_modules", "var", "*.sqlite3*"
)
BUILT_AT = "1800000000"
"""Seconds since 1970: what is built twice is then the same to the byte."""


def build(folder: Path, *options: str) -> Path:
    """Build what ``folder`` holds as a release would be, without a word of warning, and return where it is."""
    command = [sys.executable, "-m", "build", "--no-isolation", *options, "--outdir", str(folder / "dist"), str(folder)]
    # Without it setuptools complains that it does not compile.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["SOURCE_DATE_EPOCH"] = BUILT_AT
    ran = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    said = (line for line in (ran.stdout + ran.stderr).splitlines() if "warning" in line.lower())
    # MANIFEST.in excludes what only a checkout in use has.
    assert [line for line in said if "no previously-included" not in line] == []
    return folder / "dist"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both from a copy, so that nothing is left in the checkout, and return their folder."""
    copy = tmp_path_factory.mktemp("sources") / "copy"
    shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
    return build(copy)


@pytest.fixture(scope="session")
def wheel(built: Path) -> Path:
    """Return the wheel."""
    [path] = built.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def unpacked(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that is in the source distribution."""
    [path] = built.glob("*.tar.gz")
    target = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(path) as archive:
        archive.extractall(target, filter="data")
    [folder] = target.iterdir()
    return folder
