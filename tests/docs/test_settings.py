"""docs/settings.md has every option, with the types, defaults and variables that it has in the code."""

from __future__ import annotations

import os
from dataclasses import fields
from typing import Any

import pytest
from django.core.checks import ERROR

from django_cognito_confirm.checks import check_settings
from django_cognito_confirm.checks.options import SANDBOX_OPTIONS
from django_cognito_confirm.conf import APP_DEFAULTS, DEFAULT_LIMITS, POOL_DEFAULTS, Sandbox, pool_from_env
from tests.docs.tables import bare, read_table

POOL = read_table("settings.md", "COGNITO_POOLS")
SANDBOX = read_table("settings.md", "The sandbox")
APP = read_table("settings.md", "COGNITO_CONFIRM")

OF_TYPE: dict[str, Any] = {
    "string": "text",
    "address": "https://cognito.example.com",
    "region": "eu-west-1",
    "alias": "default",
    "path": "/sign-in/",
    "name of a URL": "admin:index",
    "callable": lambda *args: "text",
    "dictionary": {},
    "flag": True,
    "list": ["email"],
    "list of secrets": ["32 characters or more, as it must be"],
    "number": 2.5,
}
IDS = {"USER_POOL_ID": "eu-west-1_AbCdEf123", "CLIENT_ID": "1example23456789"}
ABSENT = "\N{EN DASH}"
NEVER_RIGHT = [object(), b"text"]


def types_of(cell: str) -> list[str]:
    return cell.split(" or ")


def errors_of(settings: Any, setting: str, name: str, value: object) -> list[Any]:
    if setting == "COGNITO_POOLS":
        settings.COGNITO_POOLS = {"default": {**IDS, "CASE_SENSITIVE": False, name: value}}
    else:
        settings.COGNITO_CONFIRM = {name: value}
    return [message for message in check_settings() if message.level >= ERROR]


def test_every_option_is_there_with_its_default() -> None:
    assert [(bare(row[0]), bare(row[2])) for row in POOL] == [
        (k, repr(v).replace("'", '"')) for k, v in POOL_DEFAULTS.items()
    ]
    assert [(bare(row[0]), bare(row[2])) for row in APP] == [
        (k, repr(v).replace("'", '"')) for k, v in APP_DEFAULTS.items()
    ]


def test_every_option_of_the_sandbox_is_there_with_its_default() -> None:
    assert [bare(row[0]) for row in SANDBOX] == list(SANDBOX_OPTIONS)
    assert {bare(row[0]).lower(): bare(row[1]) for row in SANDBOX} == {
        field.name: repr(field.default) for field in fields(Sandbox)
    }


@pytest.mark.parametrize(
    ("setting", "row"),
    [("COGNITO_POOLS", row) for row in POOL] + [("COGNITO_CONFIRM", row) for row in APP],
    ids=lambda value: bare(value[0]) if isinstance(value, list) else value,
)
def test_an_option_takes_what_it_is_said_to_take_and_nothing_else(settings: Any, setting: str, row: list[str]) -> None:
    name, told = bare(row[0]), types_of(row[1])
    for kind in told:
        value = IDS.get(name, OF_TYPE[kind])
        assert errors_of(settings, setting, name, value) == [], kind
    for value in NEVER_RIGHT:
        assert errors_of(settings, setting, name, value), value


def test_every_variable_of_the_environment_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("COGNITO_")]:
        monkeypatch.delenv(name)
    read = {}
    for name, default in POOL_DEFAULTS.items():
        with monkeypatch.context() as environment:
            environment.setenv(f"COGNITO_{name}", "true")
            read[name] = pool_from_env().get(name, default) != default
    assert {bare(row[0]): row[4] != ABSENT for row in POOL} == read
    assert {bare(row[4]) for row in POOL} - {ABSENT} == {f"COGNITO_{name}" for name, is_read in read.items() if is_read}


def test_every_limit_is_there_with_its_default() -> None:
    limits = read_table("strangers.md", "Limits")
    assert {bare(row[0]): row[3].partition("`:")[0].strip("`") for row in limits} == DEFAULT_LIMITS
