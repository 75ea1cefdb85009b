from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.core import mail

from django_cognito_confirm.sandbox.delivery import mask_email, mask_phone_number
from django_cognito_confirm.sandbox.models import Message

from . import people

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from pytest_django import Settings

NUMBER = "+15551234567"


def test_an_email_carries_the_code(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    [sent] = mail.outbox

    assert sent.to == ["ann@example.org"]
    assert re.search(r"\b[0-9]{6}\b", str(sent.body))
    assert people.newest_code() in sent.body


@pytest.mark.usefixtures("outside_tests")
def test_where_nobody_has_set_up_mail_the_code_is_in_the_terminal(
    cognito: CognitoIdentityProviderClient, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.DEBUG = True
    del settings.MAILERS
    people.sign_up(cognito)

    printed = capsys.readouterr().out
    assert "To: ann@example.org" in printed
    assert f"Your confirmation code is {people.newest_code()}" in printed
    assert mail.outbox == []


@pytest.mark.usefixtures("outside_tests")
def test_where_mail_is_set_up_the_code_goes_that_way(
    cognito: CognitoIdentityProviderClient, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.DEBUG = True
    people.sign_up(cognito)

    assert [sent.to for sent in mail.outbox] == [["ann@example.org"]]
    assert capsys.readouterr().out == ""


def test_an_sms_lands_in_the_mailbox_and_says_what_it_is(cognito: CognitoIdentityProviderClient) -> None:
    details = people.sign_up(cognito, phone_number=NUMBER)["CodeDeliveryDetails"]
    [sent] = mail.outbox

    assert details == {"Destination": "+*******4567", "DeliveryMedium": "SMS", "AttributeName": "phone_number"}
    assert sent.subject == f"SMS to {NUMBER}"
    assert sent.to == [f"{NUMBER}@sms.invalid"]
    assert people.newest_code() in sent.body


def test_with_address_and_number_the_number_gets_the_code_and_is_verified(
    cognito: CognitoIdentityProviderClient,
) -> None:
    people.sign_up(cognito, email="ann@example.org", phone_number=NUMBER)
    people.confirm(cognito)
    attributes = people.attributes(cognito)

    assert (attributes["phone_number_verified"], attributes["email_verified"]) == ("true", "false")


def test_messages_are_kept_newest_first(cognito: CognitoIdentityProviderClient) -> None:
    people.sign_up(cognito)
    people.resend(cognito)
    newest, oldest = Message.objects.all()

    assert newest.code == people.user().code
    assert newest.code in newest.body
    assert newest.sent_at >= oldest.sent_at
    assert (newest.user.username, newest.medium, newest.destination) == ("ann", "EMAIL", "ann@example.org")


def test_nothing_prints_a_code(cognito: CognitoIdentityProviderClient) -> None:
    session = people.sign_up(cognito)["Session"]
    people.confirm(cognito, Session=session)
    user = people.user()
    rows = [user, user.messages.get(), user.attempts.get(), user.sessions.get(), user.sign_in_names.get()]

    assert not [row for row in rows if people.newest_code() in f"{row} {row!r}"]


@pytest.mark.parametrize(
    ("address", "masked"),
    [("ann@example.org", "a***@e***"), ("a@b.c", "a***@b***"), ('"x@y"@example.org', '"***@e***')],
)
def test_addresses_are_masked_as_cognito_does(address: str, masked: str) -> None:
    assert mask_email(address) == masked


@pytest.mark.parametrize(("number", "masked"), [(NUMBER, "+*******4567"), ("+12345", "+*2345")])
def test_numbers_are_masked_as_cognito_does(number: str, masked: str) -> None:
    assert mask_phone_number(number) == masked
