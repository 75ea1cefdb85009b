"""Settings: read anew at each use, named when they are missing, and never shown when they are secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

from django_cognito_confirm.conf import (
    APP_DEFAULTS,
    POOL_DEFAULTS,
    Pool,
    Sandbox,
    get_option,
    get_pool,
    get_sign_in_url,
    get_sign_up_url,
    pool_from_env,
)

Pools = Callable[..., None]

BARE = {"USER_POOL_ID": "eu-west-1_AbCdEf123", "CLIENT_ID": "client1example"}


def test_a_pool_of_two_settings_has_every_default(settings: Any) -> None:
    settings.COGNITO_POOLS = {"default": BARE}

    assert get_pool() == Pool(
        alias="default", user_pool_id="eu-west-1_AbCdEf123", client_id="client1example", region="eu-west-1"
    )


def test_every_setting_reaches_the_pool(settings: Any) -> None:
    settings.COGNITO_POOLS = {
        "staff": {
            **BARE,
            "CLIENT_SECRET": "hidden",
            "REGION": "us-east-2",
            "ENDPOINT_URL": "http://127.0.0.1:9",
            "CASE_SENSITIVE": True,
            "USERNAME_ATTRIBUTES": ["email"],
            "REVEAL_USERS": True,
            "FORCE_ALIAS_CREATION": True,
            "SEND_CLIENT_IP": True,
            "AUTO_SIGN_IN": True,
            "WEBHOOK_SECRETS": ["x" * 32],
            "CLIENT_METADATA": {"site": "one"},
            "SANDBOX": {
                "ALIAS_ATTRIBUTES": ["email"],
                "PREVENT_USER_EXISTENCE_ERRORS": False,
                "AUTO_CONFIRM": True,
                "POST_CONFIRMATION": "somewhere.handler",
            },
        }
    }

    assert get_pool("staff") == Pool(
        alias="staff",
        user_pool_id="eu-west-1_AbCdEf123",
        client_id="client1example",
        client_secret="hidden",
        region="us-east-2",
        endpoint_url="http://127.0.0.1:9",
        case_sensitive=True,
        username_attributes=("email",),
        reveal_users=True,
        force_alias_creation=True,
        send_client_ip=True,
        auto_sign_in=True,
        webhook_secrets=("x" * 32,),
        client_metadata={"site": "one"},
        sandbox=Sandbox(
            alias_attributes=("email",),
            prevent_user_existence_errors=False,
            auto_confirm=True,
            post_confirmation="somewhere.handler",
        ),
    )


def test_true_is_a_sandbox_with_its_defaults(pools: Pools) -> None:
    pools(SANDBOX=True)

    assert get_pool().sandbox == Sandbox(alias_attributes=(), prevent_user_existence_errors=True, auto_confirm=False)


@pytest.mark.parametrize(
    ("user_pool_id", "given", "region"),
    [
        ("eu-west-1_AbCdEf123", None, "eu-west-1"),
        ("us-gov-west-1_AbCdEf123", None, "us-gov-west-1"),
        ("eu-west-1_AbCdEf123", "us-east-1", "us-east-1"),
        ("local", "us-east-1", "us-east-1"),
    ],
)
def test_the_region_comes_from_the_pool_id_unless_it_is_given(
    pools: Pools, user_pool_id: str, given: str | None, region: str
) -> None:
    pools(USER_POOL_ID=user_pool_id, REGION=given)

    assert get_pool().region == region


@pytest.mark.parametrize("pools_setting", [None, {}])
def test_missing_pools_are_named(settings: Any, pools_setting: object) -> None:
    settings.COGNITO_POOLS = pools_setting

    with pytest.raises(ImproperlyConfigured, match="COGNITO_POOLS"):
        get_pool()


def test_an_absent_setting_is_named(settings: Any) -> None:
    del settings.COGNITO_POOLS

    with pytest.raises(ImproperlyConfigured, match="COGNITO_POOLS"):
        get_pool()


def test_an_unknown_pool_is_named() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"COGNITO_POOLS.*'staff'"):
        get_pool("staff")


@pytest.mark.parametrize("name", ["USER_POOL_ID", "CLIENT_ID"])
@pytest.mark.parametrize("empty", ["", None])
def test_what_no_pool_can_do_without_is_named(pools: Pools, name: str, empty: str | None) -> None:
    pools(**{name: empty})

    with pytest.raises(ImproperlyConfigured, match=rf'COGNITO_POOLS.*"default".*"{name}"'):
        get_pool()


def test_a_pool_id_without_a_region_is_named(pools: Pools) -> None:
    pools(USER_POOL_ID="AbCdEf123")

    with pytest.raises(ImproperlyConfigured, match=r'"USER_POOL_ID".*"REGION"'):
        get_pool()


def test_other_settings_take_effect_at_once(pools: Pools, settings: Any) -> None:
    before = get_pool().client_id
    pools(CLIENT_ID="another1client")
    settings.COGNITO_CONFIRM = {"ADMIN_RATE": 3}

    assert (before, get_pool().client_id, get_option("ADMIN_RATE")) == (
        "sandboxclient1example",
        "another1client",
        3,
    )


# --- the client's secret ----------------------------------------------------------------------------------------------


def test_a_secret_given_as_a_callable_is_read_at_each_call(pools: Pools) -> None:
    rotation = iter(["first", "second"])
    pools(CLIENT_SECRET=lambda: next(rotation))
    pool = get_pool()

    assert [pool.get_client_secret(), pool.get_client_secret()] == ["first", "second"]


@pytest.mark.parametrize("none", [None, "", lambda: None, lambda: ""])
def test_a_client_without_a_secret_has_an_empty_one(pools: Pools, none: Any) -> None:
    pools(CLIENT_SECRET=none)

    assert get_pool().get_client_secret() == ""


def test_nothing_secret_is_in_the_pools_repr(pools: Pools) -> None:
    pools(CLIENT_SECRET="hush-hush", CLIENT_METADATA={"note": "only-for-lambdas"})

    shown = repr(get_pool())

    assert "hush-hush" not in shown
    assert "only-for-lambdas" not in shown
    assert "eu-west-1_Sandbox01" in shown


# --- who is who -------------------------------------------------------------------------------------------------------


def key(username: str, pools: Pools, *, case_sensitive: bool) -> str:
    pools(CASE_SENSITIVE=case_sensitive)
    return get_pool().username_key(username)


def test_a_username_key_is_sixty_four_hexadecimal_digits(pools: Pools) -> None:
    found = key("alice", pools, case_sensitive=False)

    assert len(found) == 64
    assert set(found) <= set("0123456789abcdef")


@pytest.mark.parametrize(("one", "other"), [("JOSE", "jose"), ("JOSÉ", "josé"), ("ΑΛΊΚΗ", "αλίκη"), ("A@b.C", "a@B.c")])
def test_case_makes_no_other_person_where_names_are_not_case_sensitive(pools: Pools, one: str, other: str) -> None:
    assert key(one, pools, case_sensitive=False) == key(other, pools, case_sensitive=False)


@pytest.mark.parametrize(("one", "other"), [("JOSE", "jose"), ("Josè", "josè")])
def test_case_makes_another_person_where_names_are_case_sensitive(pools: Pools, one: str, other: str) -> None:
    assert key(one, pools, case_sensitive=True) != key(other, pools, case_sensitive=True)


@pytest.mark.parametrize("case_sensitive", [True, False])
@pytest.mark.parametrize(
    ("one", "other"), [("josé", "jose"), ("jos\u00e9", "jose\u0301"), ("straße", "strasse"), ("alice", "alice ")]
)
def test_letters_that_databases_take_for_equal_make_another_person(
    pools: Pools, one: str, other: str, case_sensitive: bool
) -> None:
    assert key(one, pools, case_sensitive=case_sensitive) != key(other, pools, case_sensitive=case_sensitive)


def test_a_lone_surrogate_has_a_key_too(pools: Pools) -> None:
    assert key("\ud800", pools, case_sensitive=False) != key("\ud801", pools, case_sensitive=False)


# --- the app's options ------------------------------------------------------------------------------------------------


def remote_address(request: HttpRequest) -> str:
    return "192.0.2.1"


@pytest.mark.parametrize("name", list(APP_DEFAULTS))
def test_an_option_that_is_not_set_has_its_default(settings: Any, name: str) -> None:
    settings.COGNITO_CONFIRM = {}
    assert get_option(name) == APP_DEFAULTS[name]


def test_an_unknown_option_is_a_slip_of_ours() -> None:
    with pytest.raises(KeyError):
        get_option("NO_SUCH_OPTION")


@pytest.mark.parametrize("name", ["CLIENT_IP", "USERNAME_FROM_USER"])
@pytest.mark.parametrize("given", [remote_address, "tests.test_conf.remote_address"])
def test_a_function_may_be_given_by_its_path(settings: Any, name: str, given: object) -> None:
    settings.COGNITO_CONFIRM = {name: given}

    assert get_option(name).__name__ == "remote_address"


def test_people_sign_in_where_django_says(settings: Any) -> None:
    settings.LOGIN_URL = "/accounts/login/"

    assert get_sign_in_url() == "/accounts/login/"


def test_people_sign_in_where_the_site_says(settings: Any) -> None:
    settings.COGNITO_CONFIRM = {"SIGN_IN_URL": "cognito_confirm:done"}

    assert get_sign_in_url().endswith("/done/")


def test_a_site_need_not_say_where_people_sign_up() -> None:
    assert get_sign_up_url() is None


def test_a_site_may_say_where_people_sign_up(settings: Any) -> None:
    settings.COGNITO_CONFIRM = {"SIGN_UP_URL": "/join/"}

    assert get_sign_up_url() == "/join/"


@pytest.mark.parametrize(
    "secrets", ["x" * 64, [""], ["x" * 31], ["x" * 32, "short"], [b"x" * 32], {"x" * 32: 1}], ids=str
)
def test_a_webhook_that_anybody_could_sign_for_stops_the_site(settings: Any, secrets: Any) -> None:
    settings.COGNITO_POOLS = {"default": {**BARE, "WEBHOOK_SECRETS": secrets}}

    with pytest.raises(ImproperlyConfigured, match='"WEBHOOK_SECRETS"') as caught:
        get_pool()
    assert "xxxx" not in str(caught.value)


def test_the_secrets_of_the_webhook_are_not_shown(settings: Any) -> None:
    settings.COGNITO_POOLS = {"default": {**BARE, "WEBHOOK_SECRETS": ["x" * 32]}}

    assert get_pool().webhook_secrets == ("x" * 32,)
    assert "xxxx" not in repr(get_pool())


# --- from the environment ---------------------------------------------------------------------------------------------


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """An environment that says nothing of Cognito but what a test puts there."""
    for name in POOL_DEFAULTS:
        monkeypatch.delenv(f"COGNITO_{name}", raising=False)

    def put(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return put


def test_an_empty_environment_gives_the_defaults(environment: Callable[..., None]) -> None:
    found = pool_from_env()

    assert found == {name: POOL_DEFAULTS[name] for name in found}
    assert set(POOL_DEFAULTS) - set(found) == {"CLIENT_METADATA", "CASE_SENSITIVE"}


def test_a_pool_is_read_from_the_environment(environment: Callable[..., None]) -> None:
    environment(
        COGNITO_USER_POOL_ID="us-east-2_AbCdEf123",
        COGNITO_CLIENT_ID="client1example",
        COGNITO_CLIENT_SECRET="hidden",
        COGNITO_REGION="us-east-1",
        COGNITO_ENDPOINT_URL="http://127.0.0.1:9",
        COGNITO_CASE_SENSITIVE="true",
        COGNITO_USERNAME_ATTRIBUTES="email,phone_number",
        COGNITO_REVEAL_USERS="1",
        COGNITO_FORCE_ALIAS_CREATION="yes",
        COGNITO_SEND_CLIENT_IP="1",
        COGNITO_AUTO_SIGN_IN="true",
        COGNITO_WEBHOOK_SECRETS="the-new-one,the-old-one",
        COGNITO_THREAT_PROTECTION="eu-west-2",
        COGNITO_SANDBOX="on",
    )

    assert pool_from_env() == {
        "USER_POOL_ID": "us-east-2_AbCdEf123",
        "CLIENT_ID": "client1example",
        "CLIENT_SECRET": "hidden",
        "REGION": "us-east-1",
        "ENDPOINT_URL": "http://127.0.0.1:9",
        "CASE_SENSITIVE": True,
        "USERNAME_ATTRIBUTES": ("email", "phone_number"),
        "REVEAL_USERS": True,
        "FORCE_ALIAS_CREATION": True,
        "SEND_CLIENT_IP": True,
        "AUTO_SIGN_IN": True,
        "WEBHOOK_SECRETS": ("the-new-one", "the-old-one"),
        "THREAT_PROTECTION": "eu-west-2",
        "SANDBOX": True,
    }


@pytest.mark.parametrize(("variable", "value"), [("1", True), ("off", False), ("", False)])
def test_threat_protection_may_be_a_flag(environment: Callable[..., None], variable: str, value: bool) -> None:
    environment(COGNITO_THREAT_PROTECTION=variable)
    assert pool_from_env()["THREAT_PROTECTION"] is value


def test_empty_variables_are_as_good_as_none(environment: Callable[..., None]) -> None:
    environment(COGNITO_CLIENT_SECRET="", COGNITO_REGION="", COGNITO_ENDPOINT_URL="")

    found = pool_from_env()

    assert [found["CLIENT_SECRET"], found["REGION"], found["ENDPOINT_URL"]] == [None, None, None]


def test_two_pools_are_told_apart_by_their_prefix(environment: Callable[..., None]) -> None:
    environment(COGNITO_CLIENT_ID="one", STAFF_CLIENT_ID="two")

    assert (pool_from_env()["CLIENT_ID"], pool_from_env("STAFF_")["CLIENT_ID"]) == ("one", "two")


def test_a_pool_from_an_empty_environment_names_what_is_missing(
    environment: Callable[..., None], settings: Any
) -> None:
    settings.COGNITO_POOLS = {"default": pool_from_env()}

    with pytest.raises(ImproperlyConfigured, match='"USER_POOL_ID"'):
        get_pool()
