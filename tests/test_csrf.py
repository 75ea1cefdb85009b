"""A form without a valid token: what the person sees, and the way on."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from django_cognito_confirm.sandbox.models import Attempt, Message, SandboxUser
from tests.conftest import browser_of, last_code, sign_up

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def our_failure_view(settings: Any) -> None:
    settings.CSRF_FAILURE_VIEW = "django_cognito_confirm.views.csrf_failure"


@pytest.fixture
def strict() -> Client:
    """A browser that is asked for its tokens."""
    return Client(enforce_csrf_checks=True)


def token_in(response: Any) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]*)"', response.content.decode())
    assert found
    return found[1]


def test_a_stale_form_is_shown_again_filled_in_and_one_more_press_confirms(strict: Client) -> None:
    sign_up("alice")
    strict.get("/confirm/")
    form = {"username": "alice", "code": last_code()}
    response = strict.post("/confirm/", {**form, "csrfmiddlewaretoken": "x" * 64})
    page = response.content.decode()
    assert response.status_code == 403
    assert "open for too long" in page
    assert 'value="alice"' in page
    assert f'value="{form["code"]}"' in page
    assert not Attempt.objects.exists()

    response = strict.post("/confirm/", {**form, "csrfmiddlewaretoken": token_in(response)})

    assert response["Location"] == "/confirm/done/"
    assert SandboxUser.objects.get().status == "CONFIRMED"


def test_the_code_is_still_there_where_the_page_looks_at_the_token_itself(strict: Client, settings: Any) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "Csrf" not in name]
    strict.get("/confirm/")
    response = strict.post("/confirm/", {"username": "alice", "code": "123456"})
    assert response.status_code == 403
    assert 'value="123456"' in response.content.decode()


def test_without_cookies_the_page_says_so(strict: Client) -> None:
    response = strict.post("/confirm/", {"username": "alice", "code": "123456", "csrfmiddlewaretoken": "x" * 64})
    assert response.status_code == 403
    assert "Allow cookies for this site" in response.content.decode()


def test_the_owner_is_asked_for_the_code_alone_again() -> None:
    owner = browser_of("alice")
    owner.handler.enforce_csrf_checks = True
    owner.get("/confirm/")
    response = owner.post("/confirm/", {"code": "123456"})
    assert list(response.context["form"].fields) == ["code"]


def test_a_stale_resend_sends_nothing_and_leads_on(strict: Client) -> None:
    sign_up("alice")
    strict.get("/confirm/resend/")
    response = strict.post("/confirm/resend/", {"username": "alice"})
    assert response.status_code == 403
    assert 'value="alice"' in response.content.decode()
    assert Message.objects.count() == 1
    token = token_in(response)
    strict.post("/confirm/resend/", {"username": "alice", "csrfmiddlewaretoken": token})
    assert Message.objects.count() == 2


def test_a_program_is_told_in_json(strict: Client) -> None:
    response = strict.post("/confirm/", {}, headers={"Accept": "application/json"})
    assert (response.status_code, response["Content-Type"]) == (403, "application/problem+json")
    assert response.json()["kind"] == "csrf"


def test_the_answer_is_as_careful_as_the_page(strict: Client) -> None:
    response = strict.post("/confirm/", {"code": "123456"})
    assert "no-store" in response["Cache-Control"]
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"


def test_other_pages_get_djangos_own_answer(strict: Client) -> None:
    response = strict.post("/welcome/")
    assert response.status_code == 403
    assert "CSRF verification failed" in response.content.decode()
    assert "cognito-confirm" not in response.content.decode()


def test_a_second_pools_form_stays_in_its_pool(strict: Client, pools: Any) -> None:
    pools("staff", CLIENT_ID="staffclient1example", USER_POOL_ID="eu-west-1_Staff")
    response = strict.post("/staff/confirm/", {"username": "alice"})
    assert 'action="/staff/confirm/"' in response.content.decode()
