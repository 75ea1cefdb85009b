"""The pages, in front of a Cognito that nobody here wrote."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client, RequestFactory

from django_cognito_confirm.pending import remember_sign_up
from tests.conformance.pools import Person, UserPool, new_name
from tests.conftest import Heard

from .choosing import those_that_keep, those_that_lack

pytestmark = pytest.mark.django_db(transaction=True)


def browser_of(person: Person) -> Client:
    """Return the browser in which somebody has signed up."""
    request = RequestFactory().post("/")
    request.session = SessionStore()
    request.user = AnonymousUser()
    remember_sign_up(request, person.reply, username=person.name)
    request.session.save()
    client = Client()
    client.cookies["sessionid"] = str(request.session.session_key)
    return client


def text(response: Any) -> str:
    """Return a page without what differs each time."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", response.content.decode())


@those_that_keep("the_right_code_confirms")
def test_whoever_signed_up_here_types_the_code(people: UserPool, heard: Heard) -> None:
    ann = people.sign_up()
    browser = browser_of(ann)

    response = browser.post("/confirm/", {"code": people.code(ann.email)})

    assert (response.status_code, response["Location"]) == (302, "/confirm/done/")
    assert "Account confirmed" in text(browser.get("/confirm/done/"))
    assert people.status(ann.name) == "CONFIRMED"
    assert [(told["confirmation"].sub, told["by_owner"]) for told in heard] == [(ann.sub, True)]


@those_that_keep("the_right_code_confirms")
def test_name_and_code_confirm_in_any_browser(people: UserPool, client: Client, heard: Heard) -> None:
    ann = people.sign_up()

    response = client.post("/confirm/", {"username": ann.name, "code": people.code(ann.email)})

    assert (response.status_code, response["Location"]) == (302, "/confirm/done/")
    assert [(told["confirmation"].username, told["by_owner"]) for told in heard] == [(ann.name, False)]


@those_that_keep("a_wrong_code_confirms_nobody", "a_wrong_code_spoils_nothing")
def test_after_a_wrong_code_the_page_asks_again(people: UserPool, heard: Heard) -> None:
    ann = people.sign_up()
    browser = browser_of(ann)

    response = browser.post("/confirm/", {"code": people.wrong_code(ann.email)})

    assert response.status_code == 200
    assert 'role="alert"' in text(response)
    assert (people.status(ann.name), heard) == ("UNCONFIRMED", [])
    assert browser.post("/confirm/", {"code": people.code(ann.email)}).status_code == 302
    assert heard.usernames == [ann.name]


@those_that_keep(
    "a_wrong_code_confirms_nobody", "the_code_of_the_confirmed_is_not_looked_at", "somebody_unknown_is_not_found"
)
def test_strangers_get_one_answer_for_every_no(people: UserPool) -> None:
    waiting, confirmed = people.sign_up(), people.confirmed()
    pages = set()
    for name in (waiting.name, confirmed.name, new_name()):
        response = Client().post("/confirm/", {"username": name, "code": people.wrong_code(waiting.email)})
        pages.add((response.status_code, text(response).replace(name, "NAME")))

    assert len(pages) == 1


@those_that_keep("nobody_is_confirmed_twice")
def test_whoever_comes_a_second_time_is_sent_to_sign_in(people: UserPool, heard: Heard) -> None:
    ann = people.sign_up()
    first, second = browser_of(ann), browser_of(ann)
    first.post("/confirm/", {"code": people.code(ann.email)})

    response = second.post("/confirm/", {"code": people.code(ann.email)})

    assert "/sign-in/" in text(response)
    assert len(heard) == 1


@those_that_keep("a_new_code_confirms")
def test_a_new_code_is_sent_on_request_and_confirms(people: UserPool, heard: Heard) -> None:
    ann = people.sign_up()
    browser = browser_of(ann)

    response = browser.post("/confirm/resend/")

    assert (response.status_code, len(people.codes(ann.email))) == (302, 2)
    browser.post("/confirm/", {"code": people.code(ann.email)})
    assert heard.usernames == [ann.name]


@those_that_lack("ResendConfirmationCode")
def test_a_code_that_cannot_be_sent_is_no_broken_page(people: UserPool) -> None:
    ann = people.sign_up()

    response = browser_of(ann).post("/confirm/resend/", follow=True)

    assert "could not send a code" in text(response)
    assert people.status(ann.name) == "UNCONFIRMED"
