"""Reloads, other tabs, an expired session, two people at one browser: each leads on, and none to an error page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from .acceptance import shows
from .conftest import NewPage
from .servers import Site
from .steps import SCRIPTS, code_field, confirm, expect_done, read_code, sign_up, wrong

pytestmark = pytest.mark.browser


@shows("A1")
def test_a_sign_up_in_one_tab_is_confirmed_in_another(page: Page, site: Site, username: str) -> None:
    sign_up(page, username)
    code = read_code(page, username)
    tab = page.context.new_page()
    page.close()
    tab.goto("/confirm/")
    expect(tab.get_by_role("main")).to_contain_text("We emailed a code to a***@e***.")
    confirm(tab, code)
    expect_done(tab)
    assert site.is_active(username)


@shows("A1")
@SCRIPTS
def test_a_reload_changes_nothing(new_page: NewPage, username: str, javascript: bool) -> None:
    page = new_page(java_script_enabled=javascript)
    sign_up(page, username)
    page.reload()
    expect(page.get_by_role("main")).to_contain_text("We emailed a code to a***@e***.")
    code = read_code(page, username)
    confirm(page, wrong(code))
    expect(page.get_by_role("alert")).to_be_visible()
    page.goto("/confirm/")
    expect(page.get_by_role("alert")).to_have_count(0)
    confirm(page, code)
    expect_done(page)
    page.reload()
    expect_done(page)


@shows("A1")
@pytest.mark.parametrize("session", ["lost", "expired"])
@SCRIPTS
def test_without_its_session_the_page_asks_for_the_username_and_keeps_the_code(
    new_page: NewPage, site: Site, username: str, javascript: bool, session: str
) -> None:
    page = new_page(java_script_enabled=javascript)
    sign_up(page, username)
    code = read_code(page, username)
    page.context.clear_cookies(name="sessionid")
    if session == "expired":
        page.context.add_cookies([{"name": "sessionid", "value": "x" * 32, "url": site.url}])
    confirm(page, code)
    field = page.get_by_role("textbox", name="Username")
    expect(field).to_be_focused()
    expect(page.get_by_role("alert")).to_have_text("Fill this in as you did when you signed up.")
    expect(code_field(page)).to_have_value(code)
    field.fill(username)
    field.press("Enter")
    expect_done(page)
    assert site.is_active(username)


@shows("A2")
def test_a_second_press_in_another_tab_is_no_error(page: Page, username: str) -> None:
    sign_up(page, username)
    code = read_code(page, username)
    tab = page.context.new_page()
    tab.goto("/confirm/")
    confirm(page, code)
    expect_done(page)
    confirm(tab, code)
    expect_done(tab)


@shows("A2")
def test_a_second_visit_leads_on(page: Page, username: str) -> None:
    sign_up(page, username)
    confirm(page, read_code(page, username))
    expect_done(page)
    page.goto("/confirm/")
    expect_done(page)


def test_going_back_after_success_and_pressing_again_leads_on(page: Page, username: str) -> None:
    sign_up(page, username)
    code = read_code(page, username)
    confirm(page, code)
    expect_done(page)
    page.go_back()
    expect_done(page)


def test_the_back_button_leads_from_a_wrong_code_to_a_form_that_works(page: Page, username: str) -> None:
    sign_up(page, username)
    code = read_code(page, username)
    confirm(page, wrong(code))
    expect(page.get_by_role("alert")).to_be_visible()
    page.go_back()
    confirm(page, code)
    expect_done(page)


def test_of_two_people_in_two_tabs_the_one_who_signed_up_last_is_known(page: Page, site: Site, username: str) -> None:
    """The first tab's page is stale: its code goes with the second's name, is refused, and leads on."""
    other = f"{username}-bob"
    sign_up(page, username)
    tab = page.context.new_page()
    sign_up(tab, other)
    confirm(page, read_code(page, username))
    expect(page.get_by_role("alert")).to_contain_text("This code is wrong or no longer valid.")
    expect(page.get_by_role("main")).to_contain_text(f"You are signing up as {other}.")
    page.get_by_role("button", name="Not you?").click()
    page.get_by_role("textbox", name="Username").fill(username)
    confirm(page, read_code(page, username))
    expect_done(page)
    assert site.is_active(username)
    tab.goto(f"/confirm/?username={other}")
    confirm(tab, read_code(tab, other))
    expect_done(tab)
    assert site.is_active(other)


def test_a_link_for_somebody_else_does_not_touch_the_sign_up_that_waits_here(page: Page, username: str) -> None:
    sign_up(page, username)
    page.goto(f"/confirm/?username=somebody-{username}&code=123456")
    expect(page.get_by_role("textbox", name="Username")).to_have_value(f"somebody-{username}")
    confirm(page, "123456")
    expect(page.get_by_role("alert")).to_contain_text("This code was not accepted.")
    page.goto("/confirm/")
    confirm(page, read_code(page, username))
    expect_done(page)


@shows("A4")
def test_a_clock_counts_until_the_next_code_may_be_asked_for(page: Page, username: str) -> None:
    page.clock.install()
    sign_up(page, username)
    button = page.get_by_role("button", name="Send a new code")
    button.click()
    expect(page.get_by_role("status")).to_contain_text("A new code is on its way.")
    expect(button).to_be_disabled()
    expect(button).to_have_accessible_description(re.compile(r"You can ask for another code in (1:00|0:\d\d)\."))
    page.clock.fast_forward("01:05")
    expect(button).to_be_enabled()
    expect(button).to_have_accessible_description("A new code replaces all earlier ones.")


@shows("A4")
def test_without_javascript_the_page_says_how_long_to_wait(new_page: NewPage, username: str) -> None:
    page = new_page(java_script_enabled=False)
    sign_up(page, username)
    button = page.get_by_role("button", name="Send a new code")
    button.click()
    expect(button).to_have_accessible_description(re.compile(r"You can ask for another code in (1:00|0:\d\d)\."))
    button.click()
    expect(page.get_by_role("alert")).to_contain_text(re.compile(r"Please try again in (\d+ seconds|1 minute)\."))
    expect(page.get_by_role("link", name="Enter it")).to_be_visible()
