from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from . import people

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from pytest_django import Settings


@pytest.fixture(autouse=True)
def hashed_as_in_a_new_project(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]


def iterations() -> int:
    return int(people.user().password.split("$")[1])


def test_in_tests_a_password_takes_no_time_to_make_and_still_counts(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    people.confirm(cognito)

    assert iterations() == 1
    assert people.sign_in(cognito)["AuthenticationResult"]
    with people.refused("NotAuthorizedException", "Incorrect username or password."):
        people.sign_in(cognito, password="wrong password")


@pytest.mark.usefixtures("outside_tests")
def test_elsewhere_it_is_kept_as_well_as_the_sites_own(
    cognito: CognitoIdentityProviderClient, settings: Settings
) -> None:
    settings.DEBUG = True
    people.sign_up(cognito)

    assert iterations() > 100_000
