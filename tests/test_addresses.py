"""The visitor's address, from whatever a server or a proxy tells."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory

from django_cognito_confirm.addresses import get_client_ip, get_network


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 192.0.2.1 ", "192.0.2.1"),
        ("192.0.2.1:8080", "192.0.2.1"),
        ("2001:DB8::0001", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
        (None, ""),
    ],
)
def test_an_address_is_read_as_it_is_written(settings: Any, told: str | None, address: str) -> None:
    settings.COGNITO_CONFIRM = {"CLIENT_IP": lambda request: told}
    assert get_client_ip(RequestFactory().get("/")) == address


@pytest.mark.parametrize("told", ["unknown", "example.com", "192.0.2.1, 10.0.0.1", "999.1.1.1", "<script>", "1"])
def test_what_is_no_address_is_none_and_a_warning_without_the_text(
    settings: Any, caplog: pytest.LogCaptureFixture, told: str
) -> None:
    settings.COGNITO_CONFIRM = {"CLIENT_IP": lambda request: told}
    assert get_client_ip(RequestFactory().get("/")) == ""
    [record] = caplog.records
    assert "CLIENT_IP" in record.getMessage()
    assert not record.args


def test_without_a_setting_it_is_who_is_connected() -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.7", HTTP_X_FORWARDED_FOR="192.0.2.1")
    assert get_client_ip(request) == "203.0.113.7"


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.1", "192.0.2.1"), ("2001:db8:1:2::3", "2001:db8:1::/48"), ("", "")],
)
def test_a_network_is_who_is_counted(address: str, network: str) -> None:
    assert get_network(address) == network
