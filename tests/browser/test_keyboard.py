"""The whole way by keyboard alone, and never without seeing where one is."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.faults import FaultServer

from .acceptance import shows
from .conftest import NewPage
from .servers import Site
from .steps import PASSWORD, code_field, confirm, confirm_button, expect_done, expect_signed_in, join, wrong

pytestmark = pytest.mark.browser

MOST_STOPS = 40
HAS_RING = "element => getComputedStyle(element).outlineStyle != 'none' && element.matches(':focus-visible')"


def go_to(page: Page, target: Locator) -> None:
    """Press the Tab key until ``target`` has the focus."""
    for _ in range(MOST_STOPS):
        if target.evaluate("element => element === document.activeElement"):
            assert target.evaluate(HAS_RING)
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"The Tab key does not lead to {target}")


def enter(page: Page, text: str) -> None:
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_from_the_sign_up_to_the_first_sign_in(page: Page, site: Site, username: str) -> None:
    address, main = f"{username}@example.com", page.get_by_role("main")
    page.goto("/")
    go_to(page, main.get_by_role("link", name="Sign up"))
    page.keyboard.press("Enter")
    for label, text in {"Username": username, "E-mail address": address, "Password": PASSWORD}.items():
        go_to(page, page.get_by_label(label))
        page.keyboard.type(text)
    page.keyboard.press("Enter")

    expect(code_field(page)).to_be_focused()
    enter(page, wrong(site.newest_code(address)))
    expect(page.get_by_role("alert")).to_be_visible()
    go_to(page, page.get_by_role("button", name="Send a new code"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_be_visible()
    expect(code_field(page)).to_be_focused()
    enter(page, site.newest_code(address))

    expect_done(page)
    go_to(page, main.get_by_role("link", name="Sign in"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    go_to(page, page.get_by_label("Username"))
    page.keyboard.type(username)
    go_to(page, page.get_by_label("Password"))
    enter(page, PASSWORD)
    expect_signed_in(page, username)


def test_the_keys_go_through_the_page_in_the_order_of_its_lines(visit: NewPage, username: str) -> None:
    page = visit()
    join(page, "default", username, email=f"{username}@example.com")
    expect(code_field(page)).to_be_focused()
    for name in ("Confirm", "Send a new code", "Not you?", "Start again", "Sign in"):
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_accessible_name(name)


@shows("A13")
@pytest.mark.parametrize("error", ["AliasExistsException", "UnexpectedLambdaException", "TooManyRequestsException"])
def test_a_problem_that_is_not_the_codes_has_the_focus(
    visit: NewPage, faults: FaultServer, username: str, error: str
) -> None:
    page = visit()
    join(page, "faults", username)
    faults.refuse("ConfirmSignUp", error)
    confirm(page, "123456")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(code_field(page)).not_to_have_attribute("aria-invalid", "true")
    if error != "TooManyRequestsException":
        page.keyboard.press("Tab")
        expect(page.get_by_role("alert").get_by_role("link", name="Sign in")).to_be_focused()
    expect(confirm_button(page)).to_be_enabled()
