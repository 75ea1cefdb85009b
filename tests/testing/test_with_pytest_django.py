"""The fixture beside pytest-django's own: servers in threads, commits that are real or looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from django_cognito_confirm.services import confirm_sign_up
from django_cognito_confirm.signals import sign_up_confirmed
from django_cognito_confirm.testing import CognitoSandbox


@pytest.fixture
def welcomed() -> Iterator[list[str]]:
    """Welcome people once the database has them."""
    names: list[str] = []

    def welcome(confirmation: Any, **kwargs: Any) -> None:
        transaction.on_commit(lambda: names.append(confirmation.username))

    sign_up_confirmed.connect(welcome)
    yield names
    sign_up_confirmed.disconnect(welcome)


def test_what_waits_for_the_commit_can_be_run(
    cognito_sandbox: CognitoSandbox,
    welcomed: list[str],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    cognito_sandbox.sign_up("ann")
    with django_capture_on_commit_callbacks(execute=True):
        confirm_sign_up("ann", cognito_sandbox.code("ann"))
        assert welcomed == []

    assert welcomed == ["ann"]


def test_with_real_commits_nothing_waits(
    transactional_db: None, cognito_sandbox: CognitoSandbox, welcomed: list[str]
) -> None:
    cognito_sandbox.sign_up("ann")
    confirm_sign_up("ann", cognito_sandbox.code("ann"))

    assert welcomed == ["ann"]


def test_a_server_in_a_thread_is_answered_too(live_server: Any, cognito_sandbox: CognitoSandbox) -> None:
    cognito_sandbox.sign_up("ann")
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    with browser.open(f"{live_server.url}/confirm/", timeout=30) as page:
        [token] = set(re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode()))
    sent = {"csrfmiddlewaretoken": token, "username": "ann", "code": cognito_sandbox.code("ann")}
    with browser.open(f"{live_server.url}/confirm/", urlencode(sent).encode(), timeout=30) as done:
        assert done.url == f"{live_server.url}/confirm/done/"

    assert cognito_sandbox.is_confirmed("ann")
