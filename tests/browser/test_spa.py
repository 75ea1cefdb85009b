"""The page in plain JavaScript, which talks to the confirm pages in JSON."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import NewPage, Site
from .steps import PASSWORD, code_field, expect_signed_in, read_code, sign_in, wrong

pytestmark = pytest.mark.browser


def send_sign_up(page: Page, username: str, password: str) -> None:
    page.goto("/spa/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("E-mail address").fill(f"{username}@example.com")
    page.get_by_label("Password").fill(password)
    page.get_by_role("main").get_by_role("button", name="Sign up").click()


def sign_up(page: Page, username: str) -> None:
    """Sign up; ends where the code is asked for."""
    send_sign_up(page, username, PASSWORD)
    expect(page.get_by_role("heading", name="Confirm your account")).to_be_visible()


def confirm(page: Page, code: str) -> None:
    code_field(page).fill(code)
    page.get_by_role("button", name="Confirm").click()


def resend_button(page: Page) -> Locator:
    return page.get_by_role("button", name="Send a new code")


def expect_clock(page: Page) -> None:
    """Expect that the page counts down to the next code, and takes no press before."""
    told = page.get_by_text("You can ask for another code in")
    expect(told).to_be_visible()
    expect(told).to_have_text(re.compile(r"in (1:00|0:[0-5]\d)\.$"))
    expect(resend_button(page)).to_be_disabled()


def test_a_front_end_of_its_own_confirms_after_a_wrong_code_a_limit_and_a_new_code(
    page: Page, site: Site, username: str
) -> None:
    sign_up(page, username)
    expect(page.get_by_role("main")).to_contain_text(f"We sent a code to a***@e*** for {username}.")
    expect(code_field(page)).to_be_focused()
    other_tab = page.context.new_page()
    other_tab.goto("/spa/")

    confirm(page, wrong(read_code(page, username)))
    expect(page.get_by_role("alert")).to_contain_text("This code is wrong or no longer valid.")
    expect(code_field(page)).to_have_value("")
    expect(code_field(page)).to_be_focused()

    resend_button(other_tab).click()
    expect(other_tab.get_by_role("status")).to_contain_text("A new code is on its way.")
    expect_clock(other_tab)

    resend_button(page).click()
    expect(page.get_by_role("alert")).to_contain_text(re.compile("Please try again in .*(minute|second)"))
    expect_clock(page)

    confirm(page, read_code(page, username))
    expect(page.get_by_role("heading", name="Account confirmed")).to_be_visible()
    assert site.is_active(username)
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    sign_in(page, username)
    expect_signed_in(page, username)


def test_the_button_can_be_pressed_again_when_its_clock_is_at_zero(page: Page, username: str) -> None:
    page.clock.install()
    sign_up(page, username)
    resend_button(page).click()
    expect_clock(page)
    page.clock.fast_forward("01:01")
    expect(resend_button(page)).to_be_enabled()


def test_coming_back_goes_on_where_it_was_left(page: Page, username: str) -> None:
    sign_up(page, username)
    resend_button(page).click()
    expect_clock(page)
    page.reload()
    expect(page.get_by_role("heading", name="Confirm your account")).to_be_visible()
    expect_clock(page)
    confirm(page, read_code(page, username))
    expect(page.get_by_role("heading", name="Account confirmed")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Account confirmed")).to_be_visible()


def test_what_is_wrong_with_a_sign_up_is_told_beside_the_field(page: Page, username: str) -> None:
    send_sign_up(page, username, "weak")
    field = page.get_by_label("Password")
    expect(field).to_have_accessible_description(re.compile("This password does not meet the rules below."))
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")


def test_a_page_that_was_open_for_too_long_needs_one_more_press(page: Page, username: str) -> None:
    sign_up(page, username)
    code = read_code(page, username)
    page.context.clear_cookies(name="csrftoken")
    confirm(page, code)
    expect(page.get_by_role("alert")).to_contain_text("then press the button once more.")
    expect(code_field(page)).to_have_value(code)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Account confirmed")).to_be_visible()


def test_a_site_that_is_out_of_reach_is_told(page: Page, username: str) -> None:
    sign_up(page, username)
    code_field(page).fill("123456")
    page.route("**/confirm/", lambda route: route.abort())
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert")).to_contain_text("The site cannot be reached.")


def test_without_javascript_it_leads_to_the_page_that_needs_none(new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False)
    page.goto("/spa/")
    page.get_by_role("link", name="Sign up without").click()
    expect(page).to_have_url(re.compile("/sign-up/$"))
