from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core import mail

from django_cognito_confirm.sandbox.models import SandboxUser

from . import people
from .people import refused

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

    from .conftest import SetPool


def test_a_new_code_is_sent_and_the_old_one_is_dead(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    SandboxUser.objects.update(code="")  # so that the new code cannot happen to be the old one
    people.user().messages.update(code="999999")
    reply = people.resend(cognito)

    assert reply["CodeDeliveryDetails"]["Destination"] == "a***@e***"
    if people.newest_code() != "999999":
        with refused("ExpiredCodeException", "Invalid code provided, please request a code again."):
            people.confirm(cognito, code="999999")
    people.confirm(cognito)


def test_a_resend_revives_an_account_whose_code_expired(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    people.make_older("ann", days=7)
    people.resend(cognito)
    people.confirm(cognito)

    assert people.user().status == "CONFIRMED"


def test_somebody_confirmed_is_told_so(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    people.confirm(cognito)

    with refused("InvalidParameterException", "User is already confirmed."):
        people.resend(cognito)


@pytest.mark.parametrize(
    ("name", "destination", "medium"),
    [
        ("zac@mail.example", "z***@m***", "EMAIL"),
        ("+15557654321", "+*******4321", "SMS"),
    ],
)
def test_somebody_unknown_gets_delivery_details_that_are_made_up(
    cognito: CognitoIdentityProviderClient, name: str, destination: str, medium: str
) -> None:
    details = people.resend(cognito, name)["CodeDeliveryDetails"]

    assert (details["Destination"], details["DeliveryMedium"]) == (destination, medium)
    assert not mail.outbox


def test_unknown_names_get_either_answer_and_one_name_always_the_same(cognito: CognitoIdentityProviderClient) -> None:
    def answer(name: str) -> object:
        try:
            return people.resend(cognito, name)["CodeDeliveryDetails"]
        except cognito.exceptions.InvalidParameterException as error:
            return error.response["Error"]["Message"]

    names = [f"nobody{number}" for number in range(12)]
    answers = [answer(name) for name in names]

    assert {type(found) for found in answers} == {dict, str}
    assert [answer(name) for name in names] == answers


def test_somebody_unknown_is_told_so_where_users_are_revealed(
    cognito: CognitoIdentityProviderClient, set_pool: SetPool
) -> None:
    set_pool(SANDBOX={"PREVENT_USER_EXISTENCE_ERRORS": False})

    with refused("UserNotFoundException", "Username/client id combination not found."):
        people.resend(cognito, "nobody")


def test_somebody_disabled_gets_no_code(cognito: CognitoIdentityProviderClient, set_pool: SetPool) -> None:
    people.sign_up(cognito)
    SandboxUser.objects.update(enabled=False)
    set_pool(SANDBOX={"PREVENT_USER_EXISTENCE_ERRORS": False})

    with refused("NotAuthorizedException", "User is disabled."):
        people.resend(cognito)
    assert len(mail.outbox) == 1
