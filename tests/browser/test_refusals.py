"""No dead ends: limits, a page that was open for too long, a browser that sends no cookies."""

from __future__ import annotations

from pathlib import Path

import django
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from .conftest import NewPage
from .servers import Site
from .steps import SCRIPTS, code_field, confirm, confirm_button, expect_done, read_code, sign_up

pytestmark = pytest.mark.browser


def try_too_often(page: Page, username: str) -> None:
    """Let a stranger mistype until a limit is reached."""
    for _ in range(4):
        page.goto("/confirm/")
        page.get_by_role("textbox", name="Username").fill(username)
        confirm(page, "000000")
        expect(page.get_by_role("alert")).to_be_visible()


@pytest.mark.parametrize(
    ("look", "options"),
    [
        ("light", {"color_scheme": "light"}),
        ("dark", {"color_scheme": "dark"}),
        ("phone", {"viewport": {"width": 320, "height": 640}, "java_script_enabled": False}),
    ],
)
def test_who_tried_too_often_is_told_how_long_to_wait(
    new_page: NewPage, username: str, tmp_path: Path, look: str, options: dict[str, object]
) -> None:
    page = new_page(**options)
    try_too_often(page, username)
    expect(page.get_by_role("alert")).to_contain_text("Please try again in 60 minutes.")
    expect(page.get_by_role("textbox", name="Username")).to_have_value(username)
    expect(page.get_by_role("link", name="Sign in").last).to_be_visible()
    page.screenshot(path=tmp_path / f"{look}.png", full_page=True)
    card, view = page.locator(".cognito-confirm").bounding_box(), page.viewport_size
    assert card
    assert view
    assert card["width"] <= view["width"]


def test_the_owner_still_gets_in_when_strangers_have_tried_too_often(
    new_page: NewPage, site: Site, username: str
) -> None:
    owner = new_page()
    sign_up(owner, username)
    try_too_often(new_page(), username)
    confirm(owner, read_code(owner, username))
    expect_done(owner)
    assert site.is_active(username)


@SCRIPTS
def test_a_page_that_was_open_for_too_long_needs_one_more_press(
    new_page: NewPage, site: Site, username: str, javascript: bool
) -> None:
    page = new_page(java_script_enabled=javascript)
    sign_up(page, username)
    code = read_code(page, username)
    code_field(page).fill(code)
    forget_token(page.context, site)
    confirm_button(page).click()
    expect(page.get_by_role("alert")).to_contain_text("Press the button once more.")
    expect(code_field(page)).to_have_value(code)
    confirm_button(page).click()
    expect_done(page)


@SCRIPTS
def test_a_browser_without_cookies_is_told_what_to_do(new_page: NewPage, username: str, javascript: bool) -> None:
    page = new_page(java_script_enabled=javascript)
    page.goto("/confirm/")
    page.get_by_role("textbox", name="Username").fill(username)
    page.context.clear_cookies()  # as if it had kept none
    confirm(page, "123456")
    expect(page.get_by_role("alert")).to_contain_text("Allow cookies for this site")
    expect(page.get_by_role("textbox", name="Username")).to_have_value(username)
    expect(confirm_button(page)).to_be_enabled()


if django.VERSION >= (6, 0):  # which brought the middleware for policies

    def test_every_page_comes_under_a_strict_policy_which_its_browser_would_complain_of(
        page: Page, username: str
    ) -> None:
        answers = [page.goto(path) for path in ("/confirm/", "/confirm/resend/", "/confirm/done/", "/admin/login/")]
        try_too_often(page, username)
        policies = [answer.headers["content-security-policy"] for answer in answers if answer]
        refused = page.request.post("/confirm/", form={"username": username})
        policies.append(refused.headers["content-security-policy"])
        assert refused.status == 403
        assert len(policies) == 5
        assert all("default-src 'self'" in policy and "unsafe" not in policy for policy in policies)


def forget_token(context: BrowserContext, site: Site) -> None:
    """Sign in or out in another tab, as far as the token is concerned."""
    context.add_cookies([{"name": "csrftoken", "value": "x" * 32, "url": site.url}])
