"""docs/going-live.md: policies that are enough and no more, alarms, and databases that were restored."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory
from django.utils import timezone

import django_cognito_confirm
from django_cognito_confirm import ledger
from django_cognito_confirm.cognito import operations
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.errors import AlreadyConfirmed
from django_cognito_confirm.inspection import inspect as look_at
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.pending import remember_sign_up
from django_cognito_confirm.services import admin_confirm_sign_up, confirm_sign_up
from django_cognito_confirm.sync import sync
from django_cognito_confirm.verifying import verify_email
from tests.conftest import Heard, last_code, sign_up
from tests.docs.pages import DOCS
from tests.docs.pasting import paste
from tests.docs.samples import Site
from tests.faults import FaultServer

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "going-live.md"
POOL = "userpool/eu-west-1_AbCdEf123"


def policies() -> dict[str, set[str]]:
    """Return the operations that each policy of the page allows, by its name."""
    found = re.findall(r"<!-- policy: (\w+) -->\n```json\n(.*?)```", (DOCS / PAGE).read_text(), re.DOTALL)
    statements = {name: json.loads(policy)["Statement"] for name, policy in found}
    for statement in (one for some in statements.values() for one in some):
        assert statement["Effect"] == "Allow"
        assert statement["Resource"].endswith(POOL)
    return {
        name: {action.removeprefix("cognito-idp:") for statement in some for action in statement["Action"]}
        for name, some in statements.items()
    }


def operations_called(kind: str) -> set[str]:
    """Return the operations that cognito/operations.py calls with clients whose name begins with ``kind``."""
    calls = [node for node in ast.walk(ast.parse(inspect.getsource(operations))) if isinstance(node, ast.Call)]
    return {
        str(ast.literal_eval(call.args[2]))
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "call" and ast.unparse(call.args[1]).startswith(kind)
    }


def test_the_policies_together_allow_what_is_ever_called_as_an_administrator_and_no_more() -> None:
    assert set().union(*policies().values()) == operations_called("ADMIN")


def test_what_the_pages_call_is_in_no_policy() -> None:
    public = operations_called("PUBLIC")
    assert {"ConfirmSignUp", "ResendConfirmationCode", "InitiateAuth"} == public
    assert not public & set().union(*policies().values())


def signed(server: FaultServer) -> set[str]:
    """Return the operations for which IAM is asked."""
    return {call.operation for call in server.calls if call.signed}


def sync_a_crash(server: FaultServer) -> None:
    for name in ("alice", "nobody"):
        ledger.begin(get_pool(), name, source="form")
    server.users.add("alice", status="CONFIRMED")
    Confirmation.objects.update(started_at=timezone.now() - timedelta(hours=2))
    assert sync().ok


def staff_at_work(server: FaultServer) -> None:
    server.users.add("alice", attributes={"email": "alice@example.com"})
    admin_confirm_sign_up("alice")
    verify_email("alice", "alice@example.com")
    Confirmation.objects.all().delete()
    with pytest.raises(AlreadyConfirmed):
        admin_confirm_sign_up("alice")


def run_the_check(server: FaultServer) -> None:
    server.say("DescribeUserPoolClient", {"UserPoolClient": {"ClientId": get_pool().client_id}})
    server.say("DescribeUserPool", {"UserPool": {}})
    assert list(look_at(get_pool()))


@pytest.mark.parametrize(("name", "work"), [("sync", sync_a_crash), ("staff", staff_at_work), ("check", run_the_check)])
def test_a_policy_is_what_its_work_needs(server: FaultServer, name: str, work: Callable[[FaultServer], None]) -> None:
    work(server)
    assert signed(server) == policies()[name]


def test_without_credentials_people_confirm(
    server: FaultServer, pools: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    server.users.add("alice", code="123456")
    assert confirm_sign_up("alice", "123456").status == "delivered"
    assert not signed(server)


def test_the_alarms_ring_for_rows_that_wait_too_long(site: Site) -> None:
    overdue = paste(site, PAGE, "site_health.py")["overdue"]
    now = timezone.now()
    facts: dict[str, dict[str, Any]] = {
        "owed": {"owed": True, "confirmed_at": now - timedelta(minutes=16)},
        "open": {"open_attempts": 1, "started_at": now - timedelta(minutes=76)},
        "unclear": {"open_attempts": 1, "unclear": True, "started_at": now - timedelta(minutes=76)},
    }
    for name, some in facts.items():
        Confirmation.objects.create(pool="default", username=name, username_key=name, **some)
    assert overdue() == {"owed": 1, "open": 2}


def test_no_alarm_rings_for_what_sync_will_do_in_time(site: Site) -> None:
    overdue = paste(site, PAGE, "site_health.py")["overdue"]
    ledger.begin(get_pool(), "alice", source="form")
    Confirmation.objects.update(started_at=timezone.now() - timedelta(minutes=59))
    sign_up("bob")
    confirm_sign_up("bob", last_code())
    assert overdue() == {"owed": 0, "open": 0}


LOGGED = re.findall(r"^\| `…(\w+)` (ERROR|WARNING) \| (.*?) \|", (DOCS / PAGE).read_text(), re.MULTILINE)


@pytest.mark.parametrize(("module", "level", "cell"), LOGGED, ids=[cell for _, _, cell in LOGGED])
def test_the_log_says_what_the_page_says(module: str, level: str, cell: str) -> None:
    """By the sources: each text is made where that logger is, at that level, or is one of Cognito's codes."""
    package = Path(django_cognito_confirm.__path__[0])
    files = [package / f"{module}.py", *(package / module).glob("*.py")]
    source = "".join(file.read_text() for file in files if file.exists())
    assert re.search(r"logger\.(error|exception)" if level == "ERROR" else r"logger\.warning", source)
    errors = (package / "errors.py").read_text()
    for text in re.findall("`(.*?)`", cell):
        for part in re.split(", |: ", text):
            assert part in source or part in errors, part


def test_a_database_restored_to_before_the_confirmation_catches_up(heard: Heard) -> None:
    request = RequestFactory().post("/")
    request.session, request.user = SessionStore(), AnonymousUser()
    user = get_user_model().objects.create(username="alice", is_active=False)
    remember_sign_up(request, sign_up("alice"), username="alice", user=user)
    backup = list(Confirmation.objects.values())
    confirm_sign_up("alice", last_code(), request=request)
    sign_up("bob")
    confirm_sign_up("bob", last_code())
    heard.clear()

    Confirmation.objects.all().delete()
    for row in backup:
        row.pop("status")
        Confirmation.objects.create(**row)
    sync(full=True)
    assert {told["confirmation"].username: told["confirmation"].user for told in heard} == {"alice": user, "bob": None}


def test_people_of_a_pool_that_was_made_anew_are_no_news_after_a_baseline(server: FaultServer, heard: Heard) -> None:
    server.users.add("alice", code="123456")
    confirm_sign_up("alice", "123456")
    sync(full=True)
    server.users.remove("alice")
    server.users.add("alice", status="RESET_REQUIRED", created=timezone.now().timestamp() + 60)
    sync(baseline=True)
    sync(full=True)
    assert heard.usernames == ["alice"]
