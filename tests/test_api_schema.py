"""The OpenAPI schema, and that the API never answers anything else: ``API_CASES`` tries, 2,000 by ``make test-api``."""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import RequestFactory
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from django_cognito_confirm.conf import DEFAULT_LIMITS
from django_cognito_confirm.pending import remember_sign_up
from tests.faults import FaultServer

pytestmark = pytest.mark.django_db(transaction=True)

CASES = int(os.environ.get("API_CASES", "100"))
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
DOCUMENT: dict[str, Any] = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT).include(path_regex="^/api/")
TOKEN = "t" * 32
"""A CSRF token, for cookie and header: the middleware takes any, as long as both are the same."""

CASE: st.SearchStrategy[Case[Any]] = st.one_of(
    SCHEMA.as_strategy(),
    SCHEMA.as_strategy(GenerationMode.NEGATIVE),  # type: ignore[arg-type]  # a string to mypy
)
WHOSE = st.sampled_from(["a stranger", "the owner", "the owner, with a token"])
DOES = st.sampled_from(["ok", "limit", "throttle", "waf_403", "internal_error", "access_denied", "html_502", "drop"])
TYPED = st.sampled_from([{}, {"username": "alice", "code": "123456"}, {"code": "123456"}, {"code": "000000"}])


@pytest.fixture
def site() -> Iterator[WSGIHandler]:
    """The site as a server has it; it leaves the test's connection open, as Django's own test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield WSGIHandler()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def limits(settings: Any) -> dict[str, str | None]:
    """What ``LIMITS`` is set to, to be changed in place."""
    limits: dict[str, str | None] = {}
    settings.COGNITO_CONFIRM = {"LIMITS": limits}
    return limits


@pytest.fixture
def answered() -> Iterator[Counter[int]]:
    """How often each status was answered: a long run must have met all that depend on what is sent and by whom."""
    statuses: Counter[int] = Counter()
    yield statuses
    print(sorted(statuses.items()))  # noqa: T201 - with -s, for the record
    assert CASES < 1000 or statuses.keys() >= {200, 204, 400, 403, 429, 503}


def session_of(username: str) -> str:
    """Return the key of the session of somebody who has just signed up."""
    request = RequestFactory().post("/")
    request.session = SessionStore()
    request.user = AnonymousUser()
    remember_sign_up(request, {"UserSub": f"sub-of-{username}", "UserConfirmed": False}, username=username)
    request.session.save()
    return str(request.session.session_key)


def test_the_schema_is_valid_and_nothing_in_it_is_guessed() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=io.StringIO())


@hypothesis_settings(
    max_examples=CASES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(
    case=CASE,
    typed=TYPED,
    whose=WHOSE,
    does=DOES,
    limited=st.sampled_from([False, False, True]),
)
def test_whatever_is_sent_the_answer_is_in_the_schema(
    *,
    server: FaultServer,
    site: WSGIHandler,
    limits: dict[str, str | None],
    answered: Counter[int],
    case: Case[Any],
    typed: dict[str, str],
    whose: str,
    does: str,
    limited: bool,
) -> None:
    server.users.add("alice", code="123456", attributes={"email": "alice@example.com"})
    for operation in ("ConfirmSignUp", "ResendConfirmationCode"):
        server.default(operation, does)
    limits.update(dict.fromkeys(DEFAULT_LIMITS, "0/hour" if limited else None))
    if isinstance(case.body, dict):
        case.body = {**case.body, **typed}
    cookies = {} if whose == "a stranger" else {"sessionid": session_of("alice"), "csrftoken": TOKEN}
    headers = {"X-CSRFToken": TOKEN} if whose == "the owner, with a token" else {}
    response = case.call(app=site, headers=headers, cookies=cookies)
    assert response.status_code != 500
    case.validate_response(response, checks=CHECKS)
    answered[response.status_code] += 1
