"""docs/proxy.md: whose address counts behind a proxy, and how Django learns of https."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import Client, RequestFactory

from django_cognito_confirm.addresses import get_client_ip
from tests.conftest import browser_of
from tests.docs.pasting import paste, run
from tests.docs.samples import Site

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "proxy.md"
PROXY = "10.0.0.7"


@pytest.fixture
def client_ip(site: Site) -> Any:
    found = paste(site, PAGE, "site_addresses.py")
    paste(site, PAGE, "# settings.py")
    return found


def address(**headers: Any) -> str:
    return get_client_ip(RequestFactory().get("/", REMOTE_ADDR=PROXY, **headers))


@pytest.mark.parametrize(
    ("proxies", "header", "expected"),
    [
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "192.0.2.99, 203.0.113.7", "203.0.113.7"),
        (1, "192.0.2.99,,nonsense, 203.0.113.7", "203.0.113.7"),
        (1, "203.0.113.7:5123", "203.0.113.7"),
        (1, "2001:db8:1::7", "2001:db8:1::7"),
        (2, "203.0.113.7, 198.51.100.2", "203.0.113.7"),
        (2, "192.0.2.99, 203.0.113.7, 198.51.100.2", "203.0.113.7"),
        (2, "198.51.100.2", PROXY),
    ],
)
def test_the_address_is_the_one_that_our_outermost_proxy_saw(
    client_ip: dict[str, Any], proxies: int, header: str, expected: str
) -> None:
    client_ip["PROXIES"] = proxies
    assert address(HTTP_X_FORWARDED_FOR=header) == expected


@pytest.mark.usefixtures("client_ip")
def test_without_the_header_it_is_whoever_is_connected() -> None:
    assert address() == PROXY


def tries(client: Client, forwarded: str, number: int) -> list[int]:
    statuses = []
    for one in range(number):
        data = {"username": f"somebody{one}", "code": "000000"}
        header = forwarded.format(one)
        statuses.append(client.post("/confirm/", data, HTTP_X_FORWARDED_FOR=header, REMOTE_ADDR=PROXY).status_code)
    return statuses


@pytest.mark.usefixtures("client_ip")
def test_writing_the_header_oneself_gets_round_no_limit(client: Client) -> None:
    statuses = tries(client, "192.0.2.{}, 203.0.113.7", 21)
    assert statuses == [200] * 20 + [429]


@pytest.mark.usefixtures("client_ip")
def test_each_visitor_has_the_limits_of_one_address(client: Client) -> None:
    assert tries(client, "203.0.113.{}", 21) == [200] * 21


def test_one_proxy_too_few_makes_one_address_of_all(client_ip: dict[str, Any], client: Client) -> None:
    client_ip["PROXIES"] = 1
    assert tries(client, "203.0.113.{}, 198.51.100.2", 21)[-1] == 429


@pytest.mark.parametrize(
    ("function", "header", "sent", "expected"),
    [
        ("from_cloudfront", "HTTP_CLOUDFRONT_VIEWER_ADDRESS", "203.0.113.7:46532", "203.0.113.7"),
        ("from_cloudfront", "HTTP_CLOUDFRONT_VIEWER_ADDRESS", "2001:db8:1::7:4653", "2001:db8:1::7"),
        ("from_cloudflare", "HTTP_CF_CONNECTING_IP", "2001:db8:1::7", "2001:db8:1::7"),
    ],
)
def test_a_cdn_has_a_header_of_its_own(settings: Any, function: str, header: str, sent: str, expected: str) -> None:
    settings.COGNITO_CONFIRM = {"CLIENT_IP": run(PAGE, "site_cdn.py")[function]}
    assert address(**{header: sent, "HTTP_X_FORWARDED_FOR": "192.0.2.99"}) == expected
    assert address() == ""


def refused_by_csrf(client: Client) -> bool:
    """Send the form as a browser does over https, by a proxy that speaks http to Django."""
    as_sent: dict[str, Any] = {"HTTP_HOST": "www.example.com", "HTTP_ORIGIN": "https://www.example.com"}
    by_proxy = {**as_sent, "HTTP_X_FORWARDED_PROTO": "https"}
    client.get("/confirm/", **by_proxy)
    token = client.cookies["csrftoken"].value
    response = client.post("/confirm/", {"code": "000000", "csrfmiddlewaretoken": token}, **by_proxy)
    return response.status_code == 403


@pytest.fixture
def owner() -> Client:
    client = browser_of("alice")
    client.handler.enforce_csrf_checks = True
    return client


def test_forms_sent_over_https_are_refused_until_django_is_told(owner: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["www.example.com"]
    assert refused_by_csrf(owner)


def test_with_the_settings_of_the_page_forms_are_taken(site: Site, owner: Client) -> None:
    paste(site, PAGE, "# settings.py, of a site that is served over https")
    assert not refused_by_csrf(owner)
    assert owner.cookies["csrftoken"]["secure"]


def test_or_the_site_is_named(owner: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["www.example.com"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://www.example.com"]
    assert not refused_by_csrf(owner)


@pytest.mark.parametrize(
    ("client_ip", "warned"), [(None, True), (lambda request: request.META["REMOTE_ADDR"], False)], ids=["none", "one"]
)
def test_a_site_without_a_proxy_says_so(settings: Any, client_ip: Any, warned: bool) -> None:
    settings.DEBUG = False
    settings.COGNITO_CONFIRM = {"CLIENT_IP": client_ip}
    ids = {message.id for message in run_checks(include_deployment_checks=True)}
    assert ("django_cognito_confirm.W014" in ids) is warned
