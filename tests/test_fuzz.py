"""Whatever is typed or sent: no error 500, no call that Cognito would refuse by its patterns, no secret in a log.

``FUZZ_EXAMPLES`` says how many tries each test makes; ``make fuzz`` makes 10,000.
"""

from __future__ import annotations

import json
import os
import string
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_cognito_confirm.cognito import public_client
from django_cognito_confirm.sandbox.validation import service_model, validate
from django_cognito_confirm.sandbox.wire import CONTENT_TYPE, OPERATIONS, TARGET_PREFIX
from tests.conftest import browser_of
from tests.leaks import MARK, Everything, leaks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("unlimited")]

fuzz = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

ANSWERS = {200, 302, 400, 403, 503}

PLAIN = st.text(string.ascii_letters + string.digits, min_size=1, max_size=12)
ODD = st.text(max_size=40) | st.sampled_from(
    [
        "\u0301" * 100_000,
        "9" * 2049,
        "a" * 129,
        "a" * 128,
        "\x00",
        "\u200b",
        " ",
        "\uff11\uff12\uff13",
        "a b",
        "null",
        "[]",
        "{}",
    ]
)
BYTES = st.binary(max_size=40)
TYPED = PLAIN.map(str.encode) | ODD.map(lambda text: text.encode(errors="surrogatepass")) | BYTES
CODES = st.tuples(st.sampled_from([b"", MARK.encode()]), TYPED).map(b"".join)
FIELDS = {
    "username": TYPED,
    "code": CODES,
    "next": TYPED | st.sampled_from([b"/welcome/", b"//evil.example", b"https://evil.example"]),
    "forget": BYTES,
}
HEADERS = st.sampled_from(
    [{}, {"Accept": "application/json"}, {"Accept": "text/html"}, {"Accept-Language": "de"}, {"Accept": "\x00;q=x"}]
)
OWNERSHIP = st.sampled_from(["stranger", "owner"])


def form(fields: dict[str, st.SearchStrategy[bytes]]) -> st.SearchStrategy[bytes]:
    """Any of the fields, some of them twice, as a browser or a hostile program would write them."""
    field = st.sampled_from([*fields]).flatmap(lambda name: st.tuples(st.just(name), fields[name]))
    return st.lists(field, max_size=5).map(
        lambda fields: "&".join(f"{name}={quote_from_bytes(value)}" for name, value in fields).encode()
    )


@pytest.fixture
def logged() -> Iterator[Everything]:
    """Every record of every logger, at DEBUG."""
    with Everything().everywhere() as everything:
        yield everything


@pytest.fixture
def asked(pools: Any) -> Iterator[list[tuple[str, Any]]]:
    """The calls to Cognito: operation and body of each."""
    pools(CLIENT_SECRET=f"{MARK}secret")
    calls: list[tuple[str, Any]] = []

    def note(model: Any, params: Any, **event: Any) -> None:
        calls.append((model.name, json.loads(params["body"])))

    events = public_client().meta.events
    events.register("before-call.cognito-identity-provider", note)
    yield calls
    events.unregister("before-call.cognito-identity-provider", note)


@pytest.fixture
def browsers(pools: Any) -> dict[str, Client]:
    pools(CLIENT_SECRET=None)
    return {"stranger": Client(), "owner": browser_of("alice")}


def expect_good_manners(response: Any, asked: list[tuple[str, Any]], logged: Everything) -> None:
    assert response.status_code in ANSWERS
    for operation, body in asked:
        validate(operation, body)
    assert leaks(logged.shown()) == []
    asked.clear()
    logged.records.clear()


@fuzz
@given(body=form(FIELDS), headers=HEADERS, whose=OWNERSHIP)
@pytest.mark.parametrize("path", ["/confirm/", "/confirm/resend/"])
def test_whatever_is_posted(
    *,
    browsers: dict[str, Client],
    asked: list[tuple[str, Any]],
    logged: Everything,
    path: str,
    body: bytes,
    headers: dict[str, str],
    whose: str,
) -> None:
    client = browsers[whose]
    response = client.post(path, body, "application/x-www-form-urlencoded", headers=headers)
    expect_good_manners(response, asked, logged)


@fuzz
@given(query=form(FIELDS), headers=HEADERS, whose=OWNERSHIP)
@pytest.mark.parametrize("path", ["/confirm/", "/confirm/resend/", "/confirm/done/"])
def test_whatever_a_link_says(
    *,
    browsers: dict[str, Client],
    asked: list[tuple[str, Any]],
    logged: Everything,
    path: str,
    query: bytes,
    headers: dict[str, str],
    whose: str,
) -> None:
    response = browsers[whose].get(f"{path}?{query.decode()}", headers=headers)
    assert not asked
    expect_good_manners(response, asked, logged)


@fuzz
@given(
    body=st.binary(max_size=200), content_type=st.sampled_from(["application/json", "multipart/form-data", "text/x"])
)
@pytest.mark.parametrize("path", ["/confirm/", "/confirm/resend/"])
def test_whatever_else_is_posted(
    asked: list[tuple[str, Any]], logged: Everything, path: str, body: bytes, content_type: str
) -> None:
    response = Client(raise_request_exception=False).post(path, body, content_type)
    assert not asked
    expect_good_manners(response, asked, logged)


def members_of(operation: str) -> list[str]:
    shape = service_model().operation_model(operation).input_shape
    return list(shape.members) if shape else []


MEMBERS = sorted({name for operation in OPERATIONS for name in members_of(operation)})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS) | PLAIN, inner, max_size=3),
    max_leaves=6,
)
KNOWN = st.fixed_dictionaries(
    {"ClientId": st.just("sandboxclient1example"), "UserPoolId": st.just("eu-west-1_Sandbox01")},
    optional={
        "Username": PLAIN | JSON,
        "ConfirmationCode": PLAIN.map(lambda code: MARK + code) | JSON,
        "Password": PLAIN.map(lambda password: MARK + password) | JSON,
        "Filter": st.sampled_from(['sub ^= "a"', "username", 'email = "\\"']) | JSON,
        **{name: JSON for name in MEMBERS if name not in ("ClientId", "UserPoolId")},
    },
)


@fuzz
@given(
    target=st.sampled_from([*OPERATIONS, "Nothing", ""]).map(lambda name: TARGET_PREFIX + name) | PLAIN,
    body=(KNOWN | JSON).map(lambda document: json.dumps(document).encode()) | st.binary(max_size=100),
)
def test_whatever_the_sandbox_is_sent(logged: Everything, target: str, body: bytes) -> None:
    response = Client().post("/cognito/", body, CONTENT_TYPE, headers={"X-Amz-Target": target})
    assert response.status_code in (200, 400, 403)
    assert isinstance(json.loads(response.content), dict)
    assert leaks(logged.shown()) == []
    logged.records.clear()


# The fields of this app; the admin's own are Django's.
STAFFS_QUERY = {
    "q": TYPED,
    "status": TYPED | st.sampled_from([b"queued", b"delivered"]),
    "pool": TYPED | st.just(b"default"),
    "source": TYPED | st.just(b"form"),
    "job": TYPED | st.just(b"1"),
}
STAFFS_FIELDS = {"selection": TYPED, "verify_email": BYTES, "action": TYPED, "_selected_action": TYPED, "index": BYTES}


@pytest.fixture
def staff(django_user_model: Any) -> Client:
    browser_of("alice")
    client = Client()
    client.force_login(django_user_model.objects.create(username="sam", is_staff=True, is_superuser=True))
    return client


@fuzz
@given(query=form(STAFFS_QUERY))
def test_whatever_staff_looks_for(staff: Client, logged: Everything, query: bytes) -> None:
    response = staff.get(f"/admin/django_cognito_confirm/confirmation/?{query.decode()}")
    assert response.status_code in (200, 302, 400)
    assert leaks(logged.shown()) == []
    logged.records.clear()


@fuzz
@given(body=form(STAFFS_FIELDS))
@pytest.mark.parametrize("path", ["confirmation/", "confirmation/confirm/", "confirmation/apply/sync/", "job/1/go-on/"])
def test_whatever_staff_sends(staff: Client, asked: list[tuple[str, Any]], path: str, body: bytes) -> None:
    response = staff.post(f"/admin/django_cognito_confirm/{path}", body, "application/x-www-form-urlencoded")
    assert response.status_code in (200, 302, 400, 404)
    assert not asked
