"""What ``manage.py check`` says of the settings."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.checks import CheckMessage, Tags, run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection

from django_cognito_confirm.checks import check_settings
from django_cognito_confirm.conf import APP_DEFAULTS, POOL_DEFAULTS

Pools = Callable[..., None]
PREFIX = "django_cognito_confirm."


def ours() -> list[CheckMessage]:
    found = run_checks(tags=[Tags.security])
    return [message for message in found if (message.id or "").startswith(PREFIX)]


def only(check_id: str) -> CheckMessage:
    (message,) = ours()
    assert message.id == PREFIX + check_id
    return message


def test_the_settings_of_the_test_run_pass() -> None:
    assert ours() == []


def test_every_setting_may_be_given(pools: Pools, settings: Any) -> None:
    pools(**POOL_DEFAULTS | {"USER_POOL_ID": "eu-west-1_AbCdEf123", "CLIENT_ID": "client1example"})
    settings.COGNITO_CONFIRM = APP_DEFAULTS

    assert ours() == []


def test_a_change_of_the_installed_apps_does_not_say_everything_twice(settings: Any, pools: Pools) -> None:
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS]
    pools(CLIENT_ID="")

    only("E004")


@pytest.mark.parametrize("value", [None, {}, [], "eu-west-1_AbCdEf123"])
def test_missing_pools_are_an_error(settings: Any, value: object) -> None:
    settings.COGNITO_POOLS = value

    message = only("E001")

    assert "COGNITO_POOLS" in message.msg
    assert "pool_from_env()" in str(message.hint)


def test_an_absent_setting_is_an_error(settings: Any) -> None:
    del settings.COGNITO_POOLS

    assert "COGNITO_POOLS" in only("E001").msg


def test_a_pool_that_is_no_dictionary_is_an_error(settings: Any) -> None:
    settings.COGNITO_POOLS = {"default": "eu-west-1_AbCdEf123"}

    message = only("E002")

    assert 'COGNITO_POOLS["default"]' in message.msg
    assert "USER_POOL_ID" in str(message.hint)


def test_a_misspelt_key_of_a_pool_is_an_error(pools: Pools) -> None:
    pools(CLIENT_SECRETS="hush-hush")

    message = only("E003")

    assert "'CLIENT_SECRETS'" in message.msg
    assert "CLIENT_SECRET," in str(message.hint)
    assert "hush-hush" not in f"{message}"


@pytest.mark.parametrize("name", ["USER_POOL_ID", "CLIENT_ID"])
def test_what_no_pool_can_do_without_is_named(pools: Pools, name: str) -> None:
    pools("staff", **{name: ""})

    message = only("E004")

    assert f'COGNITO_POOLS["staff"]["{name}"]' in message.msg
    assert "environment variable" in str(message.hint)


def test_a_pool_without_a_region_is_an_error(pools: Pools) -> None:
    pools(USER_POOL_ID="AbCdEf123")

    message = only("E004")

    assert "region" in message.msg
    assert message.hint


def test_options_that_are_no_dictionary_are_an_error(settings: Any) -> None:
    settings.COGNITO_CONFIRM = ["LIMITS"]

    message = only("E005")

    assert "COGNITO_CONFIRM" in message.msg
    assert "LIMITS" in str(message.hint)


def test_a_misspelt_option_is_an_error(settings: Any) -> None:
    settings.COGNITO_CONFIRM = {"SIGN_IN": "/sign-in/"}

    message = only("E006")

    assert "'SIGN_IN'" in message.msg
    assert "SIGN_IN_URL" in str(message.hint)


def test_every_pool_is_looked_at(pools: Pools) -> None:
    pools(CLIENT_ID="")
    pools("staff", CLIENT_ID="staffclient1example", USER_POOL_ID="")

    assert [message.msg.split("[")[1] for message in ours()] == ['"default"]', '"staff"]']


@pytest.mark.django_db  # other apps' checks ask the database what it can do
def test_the_command_stops_and_names_the_setting(pools: Pools) -> None:
    pools(CLIENT_ID="")

    with pytest.raises(SystemCheckError, match="CLIENT_ID"):
        call_command("check", stderr=StringIO())


@pytest.mark.parametrize(
    "options",
    [
        {"USERNAME_ATTRIBUTES": "email"},
        {"USERNAME_ATTRIBUTES": ["nickname"]},
        {"USERNAME_ATTRIBUTES": 5},
        {"USER_POOL_ID": 5},
        {"CLIENT_ID": 5},
    ],
)
def test_options_of_the_wrong_kind_are_named(pools: Pools, options: dict[str, Any]) -> None:
    pools(**options)
    [message] = check_settings()
    assert message.id == "django_cognito_confirm.E004"
    assert next(iter(options)) in message.msg


@pytest.mark.parametrize("rate", [0, -1, "10", True, None])
def test_a_rate_is_a_number_above_zero(settings: Any, rate: Any) -> None:
    settings.COGNITO_CONFIRM = {"ADMIN_RATE": rate}
    assert [message.id for message in check_settings()] == ["django_cognito_confirm.E007"]


# --- the ledger's database --------------------------------------------------------------------------------------------


@pytest.fixture
def mysql(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The settings of a database that says it is MySQL; no query is made."""
    monkeypatch.setattr(connection, "vendor", "mysql")
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", {})
    options: dict[str, Any] = connection.settings_dict["OPTIONS"]
    return options


@pytest.mark.parametrize("level", ["repeatable read", "SERIALIZABLE", None])
def test_an_isolation_level_at_which_two_presses_fail_is_warned_of(mysql: dict[str, Any], level: str | None) -> None:
    mysql["isolation_level"] = level
    assert [(message.id, "read committed" in str(message.hint)) for message in check_settings()] == [
        ("django_cognito_confirm.W001", True)
    ]


def test_the_default_isolation_level_is_fine(mysql: dict[str, Any]) -> None:
    assert check_settings() == []
    mysql["isolation_level"] = "READ COMMITTED"
    assert check_settings() == []


def test_each_thing_is_said_once_also_when_django_has_started_its_apps_anew(settings: Any) -> None:
    settings.COGNITO_POOLS = None
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "django.contrib.humanize"]
    only("E001")
