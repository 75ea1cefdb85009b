"""The service layer, in front of a Cognito that nobody here wrote."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from pytest_django import Settings

from django_cognito_confirm.errors import (
    AlreadyConfirmed,
    DeliveryFailed,
    InvalidCode,
    Misconfigured,
    UserNotFound,
)
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.services import aconfirm_sign_up, admin_confirm_sign_up, confirm_sign_up, resend_code
from tests.conformance.pools import UserPool, new_name
from tests.conftest import Heard

from .choosing import those_that_keep, those_that_lack

pytestmark = pytest.mark.django_db(transaction=True)


@those_that_keep("the_right_code_confirms")
def test_the_code_confirms_and_the_receivers_are_told(people: UserPool, heard: Heard) -> None:
    ann = people.sign_up()
    code = people.code(ann.email)

    confirm_sign_up(ann.name, f" {code[:3]} {code[3:]} ")

    assert people.status(ann.name) == "CONFIRMED"
    assert heard.usernames == [ann.name]
    assert Confirmation.objects.get().status == "delivered"


@those_that_keep("the_right_code_confirms")
def test_the_async_twin_does_the_same(people: UserPool, heard: Heard) -> None:
    ann = people.sign_up()

    async_to_sync(aconfirm_sign_up)(ann.name, people.code(ann.email))

    assert people.status(ann.name) == "CONFIRMED"
    assert heard.usernames == [ann.name]


@those_that_keep("a_wrong_code_confirms_nobody")
def test_a_wrong_code_is_refused_and_nobody_is_told(people: UserPool, heard: Heard) -> None:
    ann = people.sign_up()

    with pytest.raises(InvalidCode):
        confirm_sign_up(ann.name, people.wrong_code(ann.email))

    assert (people.status(ann.name), heard) == ("UNCONFIRMED", [])
    assert Confirmation.objects.get().status == "rejected"


@those_that_keep("nobody_is_confirmed_twice")
def test_a_second_confirmation_is_told_as_such(people: UserPool, heard: Heard) -> None:
    ann = people.sign_up()
    confirm_sign_up(ann.name, people.code(ann.email))

    with pytest.raises(AlreadyConfirmed):
        confirm_sign_up(ann.name, people.code(ann.email))

    assert len(heard) == 1


@those_that_keep("somebody_unknown_is_not_found")
def test_nobody_is_told_from_somebody(people: UserPool) -> None:
    with pytest.raises(UserNotFound):
        confirm_sign_up(new_name(), "123456")

    assert Confirmation.objects.get().status == "rejected"


@those_that_keep("confirming_wants_the_hash")
def test_a_wrong_secret_is_for_operators(people: UserPool, settings: Settings) -> None:
    ann = people.sign_up()
    settings.COGNITO_POOLS["default"]["CLIENT_SECRET"] = "another secret"

    with pytest.raises(Misconfigured):
        confirm_sign_up(ann.name, people.code(ann.email))


@those_that_keep("a_new_code_confirms", "the_reply_to_a_resend_masks_the_address")
def test_a_new_code_arrives_and_confirms(people: UserPool, heard: Heard) -> None:
    ann = people.sign_up()

    delivery = resend_code(ann.name)

    assert delivery is not None
    assert (delivery.medium, delivery.attribute) == ("EMAIL", "email")
    assert delivery.destination.startswith("a***")
    assert len(people.codes(ann.email)) == 2
    confirm_sign_up(ann.name, people.code(ann.email))
    assert len(heard) == 1


@those_that_lack("ResendConfirmationCode")
def test_a_service_that_cannot_send_is_a_failed_delivery(people: UserPool) -> None:
    ann = people.sign_up()

    with pytest.raises(DeliveryFailed):
        resend_code(ann.name)


@those_that_keep("staff_confirm_without_a_code")
def test_staff_confirm_without_a_code(people: UserPool, heard: Heard) -> None:
    ann = people.sign_up()

    admin_confirm_sign_up(ann.name)

    assert people.status(ann.name) == "CONFIRMED"
    assert heard.usernames == [ann.name]


@those_that_keep("staff_confirm_nobody_twice", "people_are_found_by_sub")
def test_staff_are_told_that_somebody_is_confirmed_and_the_receivers_as_well(people: UserPool, heard: Heard) -> None:
    ann = people.sign_up()
    people.confirm_as_staff(ann.name)

    with pytest.raises(AlreadyConfirmed):
        admin_confirm_sign_up(ann.name)

    assert heard.usernames == [ann.name]


@those_that_keep("staff_are_told_of_the_unknown")
def test_staff_are_told_of_the_unknown(people: UserPool) -> None:
    with pytest.raises(UserNotFound):
        admin_confirm_sign_up(new_name())
