from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

import pytest
from django.apps import apps
from django.core.management import call_command

from django_cognito_confirm.sandbox.checks import check_not_in_production

if TYPE_CHECKING:
    from pytest_django import Settings


@pytest.mark.usefixtures("outside_tests")
def test_production_is_an_error_with_a_hint(settings: Settings) -> None:
    settings.DEBUG = False
    [error] = check_not_in_production(app_configs=None)

    assert error.id == "cognito_sandbox.E001"
    assert "INSTALLED_APPS" in (error.hint or "")


@pytest.mark.usefixtures("outside_tests")
def test_development_is_fine(settings: Settings) -> None:
    settings.DEBUG = True

    assert check_not_in_production(app_configs=None) == []


def test_tests_are_fine(settings: Settings) -> None:
    settings.DEBUG = False

    assert check_not_in_production(app_configs=None) == []


def test_the_check_is_registered() -> None:
    from django.core.checks import registry

    registered: list[object] = list(registry.registry.get_checks())

    assert check_not_in_production in registered


def test_the_label_is_cognito_sandbox() -> None:
    assert apps.get_app_config("cognito_sandbox").name == "django_cognito_confirm.sandbox"


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "cognito_sandbox", check=True, dry_run=True, stdout=StringIO())
