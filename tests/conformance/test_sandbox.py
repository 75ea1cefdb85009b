"""The sandbox keeps the rules, inside the process and over HTTP, but for those that it is said to break."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from django_cognito_confirm.sandbox import attach

from .pools import Kind
from .rules import RULES, Rule
from .sandboxes import make_client, pool_of
from .table import as_said_of_the_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.usefixtures("pools_of_every_kind"), pytest.mark.parametrize("rule", RULES.values(), ids=str)]


@cache
def attached(kind: Kind, *, signs: bool) -> Any:
    client = make_client(signs=signs)
    attach(client, kind.name)
    return client


@pytest.mark.django_db
def test_in_process(rule: Rule) -> None:
    with as_said_of_the_sandbox(rule):
        rule.case(pool_of(rule.kind, attached(rule.kind, signs=True), attached(rule.kind, signs=False)))


@pytest.fixture(scope="module")
def over_http(live_server: LiveServer) -> Iterator[list[Any]]:
    """Yield a client that signs its calls, and one that does not."""
    clients = [make_client(signs=signs, endpoint_url=f"{live_server.url}/cognito/") for signs in (True, False)]
    yield clients
    for client in clients:
        client.close()  # else the server's threads wait for more until their database is gone


@pytest.mark.urls("tests.sandbox.urls")
@pytest.mark.django_db(transaction=True)
def test_over_http(rule: Rule, over_http: list[Any]) -> None:
    with as_said_of_the_sandbox(rule):
        rule.case(pool_of(rule.kind, *over_http))
