"""Imports go one way, and boto3 and PyJWT stay out until they are needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(script: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own, from the checkout."""
    return subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


def test_imports_keep_to_the_contracts() -> None:
    ran = run("from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True, no_logo=True))")

    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    "statements",
    [
        "import django_cognito_confirm",
        "import django, os; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'; django.setup()",
    ],
    ids=["import", "setup"],
)
def test_boto3_and_pyjwt_are_imported_only_when_they_are_needed(statements: str) -> None:
    ran = run(f"{statements}; import sys; print(*sys.modules)")
    loaded = set(ran.stdout.split())

    assert "django_cognito_confirm" in loaded, ran.stderr
    assert not loaded & {"boto3", "botocore", "urllib3", "jwt", "cryptography"}


# A site without Django REST Framework in its settings, which these tests' own has.
BARE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
from django.conf import settings
settings.INSTALLED_APPS.remove("drf_spectacular")"""


def test_django_rest_framework_is_imported_only_where_its_urls_are() -> None:
    ran = run(f"{BARE}; import django; django.setup(); import django_cognito_confirm.urls; print(*sys.modules)")
    loaded = set(ran.stdout.split())

    assert "django_cognito_confirm.views" in loaded, ran.stderr
    assert not loaded & {"rest_framework", "drf_spectacular", "django_cognito_confirm.rest_framework"}


def test_without_drf_spectacular_the_api_works_all_the_same() -> None:
    ran = run(
        f"{BARE}; sys.modules['drf_spectacular'] = None; import django; django.setup(); "
        "from django.test import Client; print(Client().get('/api/confirm/').status_code)"
    )

    assert ran.stdout.split() == ["200"], ran.stderr
