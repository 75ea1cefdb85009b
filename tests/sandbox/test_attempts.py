from __future__ import annotations

from typing import TYPE_CHECKING

from django_cognito_confirm.sandbox.models import Message

from . import people
from .people import refused

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

TOO_MANY = "Attempt limit exceeded, please try after some time."


def use_up_confirms(cognito: CognitoIdentityProviderClient, count: int) -> None:
    for _ in range(count):
        with refused("CodeMismatchException"):
            people.confirm(cognito, code=people.wrong_code())


def test_the_sixteenth_confirm_in_an_hour_is_refused_even_with_the_right_code(
    cognito: CognitoIdentityProviderClient,
) -> None:
    people.sign_up(cognito)
    use_up_confirms(cognito, 15)

    with refused("LimitExceededException", TOO_MANY):
        people.confirm(cognito)
    assert people.user().status == "UNCONFIRMED"


def test_an_hour_later_confirming_works_again(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    use_up_confirms(cognito, 15)
    people.make_older("ann", hours=1)
    people.confirm(cognito)

    assert people.user().status == "CONFIRMED"


def test_the_hour_rolls(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    use_up_confirms(cognito, 7)
    people.make_older("ann", minutes=40)
    use_up_confirms(cognito, 8)
    people.make_older("ann", minutes=30)
    use_up_confirms(cognito, 7)

    with refused("LimitExceededException"):
        people.confirm(cognito)


def test_the_sixth_resend_in_an_hour_is_refused_and_sends_nothing(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    for _ in range(5):
        people.resend(cognito)

    with refused("LimitExceededException", TOO_MANY):
        people.resend(cognito)
    assert Message.objects.count() == 6


def test_confirms_and_resends_are_counted_apart(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    use_up_confirms(cognito, 15)

    people.resend(cognito)


def test_users_are_counted_apart(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito, "bob", email="bob@example.org")
    people.sign_up(cognito, "ann")
    use_up_confirms(cognito, 15)
    people.resend(cognito, "bob")
    people.confirm(cognito, "bob")


def test_malformed_codes_are_not_counted(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    for _ in range(16):
        with refused("InvalidParameterException"):
            people.confirm(cognito, code="12 34 56")

    people.confirm(cognito)
