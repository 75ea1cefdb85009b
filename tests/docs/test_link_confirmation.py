"""The Lambda of docs/link-confirmation.md: what it puts into Cognito's messages, and where that leads."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client

from django_cognito_confirm.models import Confirmation
from tests.conftest import last_code, sign_up
from tests.docs.pasting import run

pytestmark = pytest.mark.django_db(transaction=True)

CODE_PARAMETER = "{####}"


@pytest.fixture
def handler() -> Callable[..., Any]:
    found: Callable[..., Any] = run("link-confirmation.md", "lambda_function.py")["lambda_handler"]
    return found


def event(trigger: str, username: str = "alice") -> dict[str, Any]:
    request = {"codeParameter": CODE_PARAMETER, "userAttributes": {"email": "alice@example.com"}}
    return {"triggerSource": trigger, "userName": username, "request": request, "response": {}}


@pytest.mark.parametrize("trigger", ["CustomMessage_SignUp", "CustomMessage_ResendCode"])
def test_each_message_that_confirms_a_sign_up_has_room_for_the_code(handler: Callable[..., Any], trigger: str) -> None:
    response = handler(event(trigger), None)["response"]
    assert response["emailMessage"].count(CODE_PARAMETER) == 2
    assert response["smsMessage"].count(CODE_PARAMETER) == 1
    assert len(response["smsMessage"]) <= 140


@pytest.mark.parametrize("trigger", ["CustomMessage_ForgotPassword", "CustomMessage_VerifyUserAttribute"])
def test_other_messages_stay_as_cognito_writes_them(handler: Callable[..., Any], trigger: str) -> None:
    assert handler(event(trigger), None) == event(trigger)


@pytest.mark.parametrize("username", ["alice", "alice+news@example.com", "José&Zoë=100%+x"])
def test_the_link_fills_the_form_in_and_confirms_nobody(
    handler: Callable[..., Any], client: Client, username: str
) -> None:
    sign_up(username, email="alice@example.com")
    mail = handler(event("CustomMessage_SignUp", username), None)["response"]["emailMessage"]
    [link] = re.findall('href="(.*?)"', mail.replace(CODE_PARAMETER, last_code()))
    form = client.get(unescape(link).removeprefix("https://www.example.com")).context["form"]
    assert form.initial == {"username": username, "code": last_code()}
    assert not Confirmation.objects.exists()
