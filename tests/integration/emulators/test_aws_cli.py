"""The sandbox keeps the rules for the AWS CLI as well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conformance.conftest import pools_of_every_kind  # noqa: F401 - a fixture
from tests.conformance.pools import PLAIN
from tests.conformance.rules import RULES, Rule
from tests.conformance.sandboxes import pool_of
from tests.conformance.table import as_said_of_the_sandbox

from .aws_cli import AWS, AwsCli, Run, keep_ready, start

if TYPE_CHECKING:
    from pytest_django.live_server_helper import LiveServer

pytestmark = [
    pytest.mark.usefixtures("pools_of_every_kind"),
    pytest.mark.urls("tests.sandbox.urls"),
    pytest.mark.skipif(not AWS.exists(), reason="needs the AWS CLI in an environment of its own: make test-emulators"),
]


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with keep_ready(tmp_path_factory.mktemp("aws")) as run:
        yield run


@pytest.mark.parametrize("rule", RULES.values(), ids=str)
def test_the_sandbox_keeps_what_the_table_says(rule: Rule, aws: Run, live_server: LiveServer) -> None:
    url = f"{live_server.url}/cognito/"
    with as_said_of_the_sandbox(rule):
        rule.case(pool_of(rule.kind, AwsCli(aws, url), AwsCli(aws, url, signs=False)))


def test_the_program_itself_is_answered(live_server: LiveServer, tmp_path: Path) -> None:
    cli = AwsCli(start(tmp_path), f"{live_server.url}/cognito/")
    RULES["a_wrong_code_confirms_nobody"].case(pool_of(PLAIN, cli, cli))
