"""``sandboxed()`` and the mixin: what they change, and that they change it back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, TestCase, override_settings

from django_cognito_confirm.conf import get_option, get_pool
from django_cognito_confirm.services import confirm_sign_up
from django_cognito_confirm.testing import CognitoSandbox, CognitoSandboxMixin, sandboxed

ON_AWS = {
    "USER_POOL_ID": "eu-west-1_AbCdEf123",
    "CLIENT_ID": "1example23456789",
    "CLIENT_SECRET": "the real one",
    "REGION": "eu-west-2",
    "ENDPOINT_URL": "https://vpce-1.cognito-idp.eu-west-2.vpce.amazonaws.com",
    "CASE_SENSITIVE": True,
    "REVEAL_USERS": True,
}


def changed() -> dict[str, Any]:
    return {name: getattr(django_settings, name) for name in ("COGNITO_POOLS", "COGNITO_CONFIRM", "CACHES")}


@override_settings(COGNITO_POOLS={"default": ON_AWS})
def test_nothing_of_aws_is_left_and_the_other_options_stay() -> None:
    before = changed()
    with sandboxed() as sandbox:
        pool = sandbox.pool
        assert pool == get_pool()
        assert pool.sandbox
        assert pool.case_sensitive
        assert pool.reveal_users
        assert ON_AWS.items() & django_settings.COGNITO_POOLS["default"].items() == {
            ("CASE_SENSITIVE", True),
            ("REVEAL_USERS", True),
        }
    assert changed() == before


@override_settings(COGNITO_POOLS={"default": {"USER_POOL_ID": "", "CLIENT_ID": ""}})
def test_a_pool_that_the_environment_does_not_name_will_do() -> None:
    with sandboxed() as sandbox:
        assert sandbox.pool.sandbox


@override_settings(
    COGNITO_POOLS={"default": {"SANDBOX": {"AUTO_CONFIRM": True}}}, COGNITO_CONFIRM={"SIGN_UP_URL": "/x/"}
)
def test_what_the_sandbox_was_told_to_be_it_is() -> None:
    with sandboxed() as sandbox:
        assert sandbox.pool.sandbox
        assert sandbox.pool.sandbox.auto_confirm
        assert get_option("SIGN_UP_URL") == "/x/"


@override_settings()
def test_no_pool_at_all_becomes_one() -> None:
    del django_settings.COGNITO_POOLS
    with sandboxed() as sandbox:
        assert sandbox.pool.sandbox


def test_without_the_sandbox_among_the_apps_one_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(apps.app_configs, "cognito_sandbox")
    with pytest.raises(ImproperlyConfigured, match="INSTALLED_APPS"), sandboxed():
        pass


@pytest.mark.django_db
def test_limits_begin_anew_each_time() -> None:
    for _ in range(2):
        with sandboxed():
            answers = [Client().post("/confirm/", {"username": "ann", "code": "123456"}) for _ in range(4)]
            assert [answer.status_code for answer in answers] == [200, 200, 200, 429]


def test_the_sites_own_cache_is_left_alone() -> None:
    cache.set("of-the-site", 1)
    with sandboxed():
        assert cache.get("of-the-site") == 1


def test_bulk_work_does_not_keep_to_the_sites_pace() -> None:
    assert get_option("ADMIN_RATE") == 10
    with sandboxed():
        assert get_option("ADMIN_RATE") == 1000


@pytest.mark.django_db
def test_no_failure_is_left_for_the_next_test() -> None:
    with sandboxed() as sandbox:
        sandbox.sign_up("ann")
        sandbox.fail_next("TooManyRequestsException")
    with sandboxed() as sandbox:
        confirm_sign_up("ann", sandbox.code("ann"))
        assert sandbox.is_confirmed("ann")


@pytest.mark.django_db
def test_changed_options_are_changed_back() -> None:
    before = changed()
    with sandboxed() as sandbox:
        sandbox.configure(REVEAL_USERS=True)
        sandbox.configure(USERNAME_ATTRIBUTES=["email"])
        assert (sandbox.pool.reveal_users, sandbox.pool.username_attributes) == (True, ("email",))
    assert changed() == before


class TestMixin(CognitoSandboxMixin, TestCase):
    """A test case of Django's."""

    def test_a_person_is_confirmed(self) -> None:
        self.cognito_sandbox.sign_up("ann", client=self.client)
        response = self.client.post("/confirm/", {"code": self.cognito_sandbox.code("ann")})

        self.assertRedirects(response, "/confirm/done/")

    def test_another_test_knows_nobody(self) -> None:
        assert self.cognito_sandbox.messages == []

    def test_settings_may_be_overridden_further(self) -> None:
        limited = {**django_settings.COGNITO_CONFIRM, "LIMITS": {"confirm:ip": "1/hour"}}
        with self.settings(COGNITO_CONFIRM=limited):
            answers = [self.client.post("/confirm/", {"username": "ann", "code": "123456"}) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [200, 429]


@pytest.fixture
def changed_back() -> Iterator[None]:
    """Look at the settings before and after everything else in a test."""
    before = changed()
    yield
    assert changed() == before


@pytest.mark.usefixtures("changed_back")
def test_the_fixture_changes_settings_back_also_those_that_a_test_changes_on_top(
    settings: Any, cognito_sandbox: CognitoSandbox
) -> None:
    settings.COGNITO_CONFIRM = {**settings.COGNITO_CONFIRM, "SIGN_UP_URL": "/x/"}
    cognito_sandbox.configure(REVEAL_USERS=True)
    settings.COGNITO_POOLS = {**settings.COGNITO_POOLS, "staff": ON_AWS}

    assert get_pool().user_pool_id == "eu-west-1_Testing0"
    assert get_pool().reveal_users
    assert get_option("SIGN_UP_URL") == "/x/"


def test_the_plugin_can_be_loaded_before_django_is_set_up() -> None:
    script = "import sys, django_cognito_confirm.pytest_plugin; print('django' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)

    assert ran.stdout.split() == ["False"]
