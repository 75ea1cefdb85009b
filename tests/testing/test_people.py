"""The fixture ``cognito_sandbox``: people and their codes."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import call_command
from django.test import Client

from django_cognito_confirm.errors import InvalidCode
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.services import confirm_sign_up, resend_code
from django_cognito_confirm.sync import sync
from django_cognito_confirm.testing import CognitoSandbox, SentMessage
from tests.conftest import Heard


def test_whoever_signed_up_in_a_client_is_confirmed_there_by_the_code(
    cognito_sandbox: CognitoSandbox, client: Client, heard: Heard
) -> None:
    user = User.objects.create_user("ann", is_active=False)
    reply = cognito_sandbox.sign_up("ann", client=client, user=user)
    response = client.post("/confirm/", {"code": cognito_sandbox.code("ann")})

    assert (response.status_code, response.headers["Location"]) == (302, "/confirm/done/")
    assert cognito_sandbox.is_confirmed("ann")
    [told] = heard
    assert told["by_owner"]
    assert (told["confirmation"].user, told["confirmation"].sub) == (user, reply["UserSub"])


def test_another_client_is_a_strangers(cognito_sandbox: CognitoSandbox, client: Client, heard: Heard) -> None:
    cognito_sandbox.sign_up("ann", client=Client())
    client.post("/confirm/", {"username": "ann", "code": cognito_sandbox.code("ann")})

    assert [told["by_owner"] for told in heard] == [False]


def test_a_local_record_needs_no_client(cognito_sandbox: CognitoSandbox, heard: Heard) -> None:
    user = User.objects.create_user("ann")
    cognito_sandbox.sign_up("ann", user=user)
    confirm_sign_up("ann", cognito_sandbox.code("ann"))

    assert [told["confirmation"].user for told in heard] == [user]


def test_of_a_sign_up_with_neither_the_site_has_not_heard(cognito_sandbox: CognitoSandbox) -> None:
    cognito_sandbox.sign_up("ann")

    assert not Confirmation.objects.exists()
    assert not cognito_sandbox.is_confirmed("ann")


def test_a_wrong_code_is_wrong(cognito_sandbox: CognitoSandbox) -> None:
    cognito_sandbox.sign_up("ann")

    with pytest.raises(InvalidCode):
        confirm_sign_up("ann", cognito_sandbox.wrong_code("ann"))


def test_the_code_is_the_newest_one(cognito_sandbox: CognitoSandbox) -> None:
    cognito_sandbox.sign_up("ann")
    resend_code("ann")
    _, second = cognito_sandbox.messages

    assert cognito_sandbox.code("ann") == second.code
    assert confirm_sign_up("ann", second.code).status == "delivered"


def test_who_was_sent_nothing_has_no_code(cognito_sandbox: CognitoSandbox) -> None:
    cognito_sandbox.sign_up("bob")

    with pytest.raises(LookupError, match="'ann'"):
        cognito_sandbox.code("ann")


def test_messages_say_where_they_went(cognito_sandbox: CognitoSandbox) -> None:
    cognito_sandbox.sign_up("ann", email="ann@example.org")
    cognito_sandbox.sign_up("bob", phone_number="+15551234567")
    by_mail, by_sms = cognito_sandbox.messages

    code = cognito_sandbox.code("ann")
    assert by_mail == SentMessage("ann", "ann@example.org", "EMAIL", code, f"Your confirmation code is {code}")
    assert (by_sms.username, by_sms.destination, by_sms.medium) == ("bob", "+15551234567", "SMS")
    assert mail.outbox[0].to == ["ann@example.org"]


def test_of_who_is_confirmed_elsewhere_the_site_hears_at_a_full_sync(
    cognito_sandbox: CognitoSandbox, heard: Heard
) -> None:
    cognito_sandbox.sign_up("ann")
    cognito_sandbox.confirm_elsewhere("ann")
    assert cognito_sandbox.is_confirmed("ann")
    assert heard == []

    sync(full=True)
    assert heard.usernames == ["ann"]


def test_many_are_confirmed(cognito_sandbox: CognitoSandbox, heard: Heard) -> None:
    names = [f"person-{number}" for number in range(5)]
    for name in names:
        cognito_sandbox.sign_up(name)
    call_command("cognito_confirm", *names, stdout=StringIO())

    assert sorted(heard.usernames) == names


def test_a_client_secret_is_made_up_and_sent(settings: Any, request: pytest.FixtureRequest) -> None:
    def read_from_aws() -> str:
        raise AssertionError("A test must not call AWS")

    settings.COGNITO_POOLS = {"default": {"CLIENT_SECRET": read_from_aws}}
    cognito_sandbox: CognitoSandbox = request.getfixturevalue("cognito_sandbox")
    cognito_sandbox.sign_up("ann")

    assert cognito_sandbox.pool.get_client_secret()
    assert confirm_sign_up("ann", cognito_sandbox.code("ann")).confirmed_at


def test_options_of_the_pool_can_be_changed(cognito_sandbox: CognitoSandbox, heard: Heard) -> None:
    cognito_sandbox.configure(SANDBOX={"AUTO_CONFIRM": True})

    assert cognito_sandbox.sign_up("ann")["UserConfirmed"]
    assert cognito_sandbox.messages == []


def test_people_may_sign_in_with_their_address(cognito_sandbox: CognitoSandbox, heard: Heard) -> None:
    cognito_sandbox.configure(USERNAME_ATTRIBUTES=["email"])
    cognito_sandbox.sign_up("ann@example.org")
    confirm_sign_up("ann@example.org", cognito_sandbox.code("Ann@example.org"))

    assert cognito_sandbox.is_confirmed("ann@example.org")


def test_every_pool_is_the_sandboxs_and_each_has_its_own_people(
    settings: Any, request: pytest.FixtureRequest, heard: Heard
) -> None:
    on_aws = {"USER_POOL_ID": "eu-west-1_AbCdEf123", "CLIENT_ID": "1example23456789"}
    settings.COGNITO_POOLS = {"default": on_aws, "staff": {**on_aws, "ENDPOINT_URL": "http://127.0.0.1:1"}}
    cognito_sandbox: CognitoSandbox = request.getfixturevalue("cognito_sandbox")
    staff = cognito_sandbox.of("staff")
    client = Client()
    staff.sign_up("ann", client=client)
    client.post("/staff/confirm/", {"code": staff.code("ann")})

    assert staff.is_confirmed("ann")
    assert [told["confirmation"].pool for told in heard] == ["staff"]
    assert cognito_sandbox.messages == []
    with pytest.raises(LookupError, match="pool 'default'"):
        cognito_sandbox.code("ann")
