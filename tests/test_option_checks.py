"""Every setting is looked at: what is of the wrong kind is named, and its value is not shown."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.core.checks import CheckMessage

from django_cognito_confirm.checks import check_settings
from django_cognito_confirm.checks.options import APP_KINDS, PATTERNS, POOL_KINDS
from django_cognito_confirm.conf import APP_DEFAULTS, POOL_DEFAULTS

Pools = Callable[..., None]
SHOWN = "hush-hush"


def only() -> CheckMessage:
    [message] = check_settings()
    assert message.hint
    assert SHOWN not in f"{message.msg}{message.hint}"
    return message


def test_every_option_of_a_pool_has_a_check() -> None:
    assert {*POOL_KINDS, *PATTERNS, "USERNAME_ATTRIBUTES"} == set(POOL_DEFAULTS)


def test_every_option_of_the_app_has_a_check() -> None:
    assert {*APP_KINDS, "CACHE", "SIGN_IN_URL", "SIGN_UP_URL", "ADMIN_RATE"} == set(APP_DEFAULTS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLIENT_SECRET", 5),
        ("CLIENT_SECRET", [SHOWN]),
        ("REGION", 5),
        ("ENDPOINT_URL", SHOWN),
        ("ENDPOINT_URL", "ftp://hush-hush/"),
        ("ENDPOINT_URL", 5),
        ("CASE_SENSITIVE", "False"),
        ("REVEAL_USERS", 1),
        ("FORCE_ALIAS_CREATION", "yes"),
        ("SEND_CLIENT_IP", None),
        ("AUTO_SIGN_IN", 1),
        ("WEBHOOK_SECRETS", SHOWN * 5),
        ("WEBHOOK_SECRETS", [SHOWN]),
        ("WEBHOOK_SECRETS", [""]),
        ("WEBHOOK_SECRETS", 5),
        ("CLIENT_METADATA", SHOWN),
        ("CLIENT_METADATA", {"site": 5}),
        ("CLIENT_METADATA", {5: SHOWN}),
        ("SANDBOX", SHOWN),
        ("SANDBOX", {"HUSH": 5}),
    ],
)
def test_an_option_of_a_pool_of_the_wrong_kind_is_named(pools: Pools, name: str, value: object) -> None:
    pools(**{name: value})
    message = only()
    assert message.id == "django_cognito_confirm.E010"
    assert f'COGNITO_POOLS["default"]["{name}"]' in message.msg


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLIENT_SECRET", "text"),
        ("CLIENT_SECRET", lambda: "text"),
        ("ENDPOINT_URL", "https://vpce-1.cognito-idp.eu-west-1.vpce.amazonaws.com"),
        ("CLIENT_METADATA", {"site": "one"}),
        ("CLIENT_METADATA", lambda request: {}),
        ("SANDBOX", {"AUTO_CONFIRM": True}),
    ],
)
def test_an_option_of_the_right_kind_is_fine(pools: Pools, name: str, value: object) -> None:
    pools(**{name: value})
    assert check_settings() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("USER_POOL_ID", "eu-west-1_hush-hush"),
        ("USER_POOL_ID", "eu-west-1_é"),
        ("CLIENT_ID", SHOWN),
        ("CLIENT_ID", "a b"),
    ],
)
def test_an_id_that_aws_would_not_give_is_named(pools: Pools, name: str, value: str) -> None:
    pools(**{name: value})
    message = only()
    assert message.id == "django_cognito_confirm.E011"
    assert name in message.msg


def test_a_real_pool_says_whether_its_usernames_are_case_sensitive(pools: Pools) -> None:
    pools(SANDBOX=False)
    message = only()
    assert message.id == "django_cognito_confirm.W010"
    assert "cognito_check" in str(message.hint)


@pytest.mark.parametrize("says", [True, False])
def test_a_real_pool_that_says_it_is_fine(pools: Pools, says: bool) -> None:
    pools(SANDBOX=False, CASE_SENSITIVE=says)
    assert check_settings() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LIMITS", ["20/hour"]),
        ("CLIENT_IP", 5),
        ("CLIENT_IP", "no.such.function"),
        ("CLIENT_IP", "hush-hush"),
        ("USERNAME_FROM_USER", 5),
        ("USERNAME_FROM_USER", "django.no_such_thing"),
        ("TASKS_BACKEND", None),
    ],
)
def test_an_option_of_the_app_of_the_wrong_kind_is_named(settings: Any, name: str, value: object) -> None:
    settings.COGNITO_CONFIRM = {name: value}
    message = only()
    assert message.id == "django_cognito_confirm.E012"
    assert f'COGNITO_CONFIRM["{name}"]' in message.msg


def test_a_misspelt_limit_is_named(settings: Any) -> None:
    settings.COGNITO_CONFIRM = {"LIMITS": {"confirm:address": "20/hour"}}
    message = only()
    assert (message.id, "'confirm:address'" in message.msg) == ("django_cognito_confirm.E013", True)
    assert "confirm:ip" in str(message.hint)


@pytest.mark.parametrize("rate", ["20", "20/fortnight", 20, "", ["20/hour"]])
def test_a_limit_that_is_no_rate_is_named(settings: Any, rate: object) -> None:
    settings.COGNITO_CONFIRM = {"LIMITS": {"confirm:ip": rate}}
    message = only()
    assert (message.id, '"confirm:ip"' in message.msg) == ("django_cognito_confirm.E014", True)


@pytest.mark.parametrize("rate", [None, "0/hour", "1/minute, 3/hour"])
def test_a_limit_may_be_off_or_several_rates(settings: Any, rate: object) -> None:
    settings.COGNITO_CONFIRM = {"LIMITS": {"confirm:ip": rate}}
    assert check_settings() == []


def test_a_cache_that_there_is_not_is_named(settings: Any) -> None:
    settings.COGNITO_CONFIRM = {"CACHE": "limits"}
    message = only()
    assert (message.id, "default" in str(message.hint)) == ("django_cognito_confirm.E015", True)


@pytest.mark.parametrize("name", ["SIGN_IN_URL", "SIGN_UP_URL"])
def test_an_address_that_leads_nowhere_is_named(settings: Any, name: str) -> None:
    settings.COGNITO_CONFIRM = {name: "no-such-view"}
    message = only()
    assert (message.id, name in message.msg) == ("django_cognito_confirm.E016", True)


@pytest.mark.parametrize("missing", ["jwt", "cryptography"])
def test_signing_in_needs_pyjwt(pools: Pools, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    pools(AUTO_SIGN_IN=True)
    assert check_settings() == []
    monkeypatch.setitem(sys.modules, missing, None)
    message = only()
    assert message.id == "django_cognito_confirm.E017"
    assert "django-cognito-confirm[sign-in]" in str(message.hint)


@pytest.fixture
def no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the sandbox out, without another round of every app's ``ready``."""
    monkeypatch.delitem(apps.app_configs, "cognito_sandbox")


@pytest.mark.usefixtures("no_sandbox")
def test_a_sandbox_that_is_not_installed_is_an_error() -> None:
    message = only()
    assert message.id == "django_cognito_confirm.E019"
    assert '"django_cognito_confirm.sandbox" to INSTALLED_APPS' in str(message.hint)


@pytest.mark.usefixtures("no_sandbox")
def test_who_has_no_sandbox_needs_none(pools: Pools) -> None:
    pools(SANDBOX=False, CASE_SENSITIVE=True)
    assert check_settings() == []
