"""The Lambda that the docs give, run as AWS would, against this site."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from django_cognito_confirm.cognito import admin_client
from tests.conftest import Heard
from tests.faults import FaultServer
from tests.test_events import SUB, event

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[1]
DOCS = (ROOT / "docs" / "events.md").read_text()
SECRET = "a secret of the site and its Lambda"


@pytest.fixture
def handler() -> Callable[..., Any]:
    """The sample in docs/events.md, as somebody pastes it."""
    [sample] = re.findall(r'```python title="lambda_function.py"\n(.*?)```', DOCS, re.DOTALL)
    program: dict[str, Any] = {}
    exec(compile(sample, "lambda_function.py", "exec"), program)  # noqa: S102 - our own
    found: Callable[..., Any] = program["lambda_handler"]
    return found


@pytest.fixture
def site(
    live_server: LiveServer, server: FaultServer, pools: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> FaultServer:
    """This site, whose pool has confirmed Alice elsewhere, and the Lambda's environment."""
    pools(SANDBOX=False, ENDPOINT_URL=server.url, WEBHOOK_SECRETS=[SECRET])
    monkeypatch.setenv("WEBHOOK_URL", f"{live_server.url}/events/")
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    server.users.add("alice", sub=SUB, status="CONFIRMED")
    admin_client()  # the Lambda does not wait for a process that has yet to import boto3
    return server


def test_the_lambda_of_the_docs_is_that_of_the_example_site() -> None:
    assert (ROOT / "example_project" / "example" / "lambda_function.py").read_text() in DOCS


@pytest.mark.usefixtures("site")
def test_it_tells_the_site_and_lets_cognito_go_on(handler: Callable[..., Any], heard: Heard) -> None:
    assert handler(event(), None) == event()
    assert heard.usernames == ["alice"]


@pytest.mark.usefixtures("site")
def test_cognito_may_call_it_again(handler: Callable[..., Any], heard: Heard) -> None:
    for _ in range(3):
        handler(event(), None)
    assert heard.usernames == ["alice"]


def test_a_new_password_is_not_told_of(site: FaultServer, handler: Callable[..., Any], heard: Heard) -> None:
    forgot = event(triggerSource="PostConfirmation_ConfirmForgotPassword")
    assert handler(forgot, None) == forgot
    assert site.calls == []


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    "variables",
    [{"WEBHOOK_SECRET": "not the right one"}, {"WEBHOOK_URL": "http://127.0.0.1:1/events/"}],
    ids=["refused", "down"],
)
def test_a_site_that_cannot_be_told_does_not_spoil_the_confirmation(
    handler: Callable[..., Any],
    heard: Heard,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variables: dict[str, str],
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert handler(event(), None) == event()
    assert "The site was not told" in capsys.readouterr().out
    assert heard == []
