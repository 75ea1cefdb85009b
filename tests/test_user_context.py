"""What Cognito's threat protection is told of a visitor, and that it stands in nobody's way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.checks import CheckMessage
from django.test import Client, RequestFactory

from django_cognito_confirm.checks import check_settings
from django_cognito_confirm.conf import THREAT_PROTECTION_REGIONS, get_pool
from django_cognito_confirm.user_context import MAX_ENCODED_DATA_LENGTH, get_user_context_data
from tests.faults import FaultServer

Pools = Callable[..., None]

SCRIPT = "https://amazon-cognito-assets.eu-west-1.amazoncognito.com/amazon-cognito-advanced-security-data.min.js"
PATHS = pytest.mark.parametrize("path", ["/confirm/", "/confirm/resend/"])


@pytest.fixture
def protected(pools: Pools) -> None:
    pools(THREAT_PROTECTION=True)


def told(encoded_data: str) -> dict[str, str]:
    return get_user_context_data(RequestFactory().post("/"), encoded_data)


# --- what is sent -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("protected")
def test_what_the_script_made_is_told_as_it_is() -> None:
    assert told("eyJwYXlsb2FkIjp7fX0=") == {"EncodedData": "eyJwYXlsb2FkIjp7fX0="}


@pytest.mark.usefixtures("protected")
@pytest.mark.parametrize("encoded_data", ["", "a b", "\x00", "é", "\ud800", "x\n", "x" * (MAX_ENCODED_DATA_LENGTH + 1)])
def test_what_the_script_cannot_have_made_is_left_out(encoded_data: str) -> None:
    assert told(encoded_data) == {}


@pytest.mark.usefixtures("protected")
def test_the_longest_that_cognito_takes_is_told() -> None:
    assert len(told("x" * MAX_ENCODED_DATA_LENGTH)["EncodedData"]) == 131_072


def test_by_default_nothing_is_told_even_if_it_is_sent() -> None:
    assert told("eyJ9") == {}


def test_it_goes_with_the_visitors_address(pools: Pools) -> None:
    pools(THREAT_PROTECTION=True, SEND_CLIENT_IP=True)
    assert told("eyJ9") == {"IpAddress": "127.0.0.1", "EncodedData": "eyJ9"}


@PATHS
@pytest.mark.parametrize(("sent", "expected"), [("eyJ9", {"EncodedData": "eyJ9"}), ("no\x00ne", None), (None, None)])
@pytest.mark.django_db(transaction=True)
def test_the_pages_pass_it_on_and_do_without_it(
    server: FaultServer, pools: Pools, path: str, sent: str | None, expected: Any
) -> None:
    pools(THREAT_PROTECTION=True)
    server.users.add("alice", code="123456")
    form = {"username": "alice", "code": "123456"} | ({} if sent is None else {"encoded_data": sent})
    response = Client().post(path, form)
    [call] = server.calls
    assert response.status_code == 302
    assert call.body.get("UserContextData") == expected


# --- the page ---------------------------------------------------------------------------------------------------------


@PATHS
def test_by_default_no_page_asks_for_another_sites_script(client: Client, path: str) -> None:
    page = client.get(path).content.decode()
    assert "amazoncognito" not in page
    assert "encoded_data" not in page


@PATHS
@pytest.mark.usefixtures("protected")
def test_the_page_has_the_script_of_the_pools_region_and_waits_for_nothing(client: Client, path: str) -> None:
    page = client.get(path).content.decode()
    assert f'<script src="{SCRIPT}" async></script>' in page
    assert page.count('name="encoded_data" value=""') == 1
    assert 'data-user-pool-id="eu-west-1_Sandbox01" data-client-id="sandboxclient1example"' in page


# --- the setting ------------------------------------------------------------------------------------------------------


def only() -> CheckMessage:
    [message] = check_settings()
    return message


@pytest.mark.parametrize("region", THREAT_PROTECTION_REGIONS)
def test_a_pool_elsewhere_names_a_region_that_has_the_script(pools: Pools, region: str) -> None:
    pools(USER_POOL_ID="sa-east-1_Sandbox01", THREAT_PROTECTION=region)
    assert check_settings() == []
    assert get_pool().threat_protection_script == SCRIPT.replace("eu-west-1", region)


def test_a_region_without_the_script_is_an_error_and_breaks_no_page(pools: Pools, client: Client) -> None:
    pools(USER_POOL_ID="sa-east-1_Sandbox01", THREAT_PROTECTION=True)
    message = only()
    assert message.id == "django_cognito_confirm.E018"
    assert "sa-east-1" in message.msg
    assert "us-east-1" in str(message.hint)
    assert "amazoncognito" not in client.get("/confirm/").content.decode()


@pytest.mark.parametrize("value", ["sa-east-1", "yes", 1, None, ["eu-west-1"]])
def test_what_is_no_region_of_the_script_is_named(pools: Pools, value: object) -> None:
    pools(THREAT_PROTECTION=value)
    assert (only().id, "THREAT_PROTECTION" in only().msg) == ("django_cognito_confirm.E010", True)
