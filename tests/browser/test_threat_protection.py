"""AWS's script on the confirm page: what it makes is sent, and without it everything works."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, Request, Route

from .conftest import serve_example
from .servers import Site
from .steps import confirm, expect_done, read_code, sign_up

pytestmark = pytest.mark.browser

SCRIPTS = "https://amazon-cognito-assets.*.amazoncognito.com/**"
MAKES = 'const AmazonCognitoAdvancedSecurityData = { getData: (...facts) => "made-of:" + facts.join(":") };'
# What may come in place of AWS's script, or instead of what it makes.
BROKEN = {
    "no script": None,
    "not JavaScript": "<html>",
    "fails": 'const AmazonCognitoAdvancedSecurityData = { getData: () => { throw new Error("no"); } };',
    "makes nothing": "const AmazonCognitoAdvancedSecurityData = { getData: () => undefined };",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    settings = "tests.browser.threat_settings"
    with serve_example(tmp_path_factory.mktemp("protected"), DJANGO_SETTINGS_MODULE=settings) as site:
        yield site


@pytest.fixture
def sent(page: Page) -> list[str]:
    """What the forms of the confirm pages were sent with as ``encoded_data``, in order."""
    values: list[str] = []

    def note(request: Request) -> None:
        if request.method == "POST" and "/confirm/" in request.url:
            values.extend(parse_qs(request.post_data or "", keep_blank_values=True)["encoded_data"])

    page.on("request", note)
    return values


def answer_with(page: Page, script: str | None) -> None:
    """Answer in AWS's place; ``None`` blocks the script, as a browser's extension does."""

    def answer(route: Route) -> None:
        if script is None:
            route.abort()
        else:
            route.fulfill(body=script, content_type="text/javascript")

    page.route(SCRIPTS, answer)


def test_what_the_script_makes_of_name_pool_and_client_is_sent(page: Page, username: str, sent: list[str]) -> None:
    answer_with(page, MAKES)
    sign_up(page, username)
    page.get_by_role("button", name="Send a new code").click()
    page.get_by_text("A new code is on its way.").wait_for()
    confirm(page, read_code(page, username))
    expect_done(page)
    assert sent == [f"made-of:{username}:eu-west-1_Sandbox01:1example23456789sandbox"] * 2


def test_a_stranger_is_described_by_the_name_that_they_type(page: Page, username: str, sent: list[str]) -> None:
    answer_with(page, MAKES)
    page.goto("/confirm/")
    page.get_by_label("Username").fill(f" {username} ")
    confirm(page, "123456")
    page.get_by_role("alert").wait_for()
    assert sent == [f"made-of:{username}:eu-west-1_Sandbox01:1example23456789sandbox"]


@pytest.mark.parametrize("script", BROKEN.values(), ids=BROKEN)
def test_whatever_is_wrong_with_the_script_people_confirm(
    page: Page, username: str, sent: list[str], complaints: list[str], script: str | None
) -> None:
    answer_with(page, script)
    sign_up(page, username)
    confirm(page, read_code(page, username))
    expect_done(page)
    assert sent == [""]
    if script == "<html>":  # the browser says so, of AWS's script and not of ours
        assert [text for text in complaints if "Unexpected token '<'" in text]
        complaints.clear()


def test_a_script_that_never_comes_keeps_nobody_waiting(page: Page, username: str, sent: list[str]) -> None:
    waiting: list[Route] = []
    page.route(SCRIPTS, lambda route: waiting.append(route))  # noqa: PLW0108 - Playwright marks it
    sign_up(page, username)
    confirm(page, read_code(page, username))
    page.wait_for_url("**/confirm/done/", wait_until="commit")
    assert waiting
    assert sent == [""]
    page.unroute_all(behavior="ignoreErrors")
