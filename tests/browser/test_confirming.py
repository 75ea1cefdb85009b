"""The way from the sign-up to the first sign-in, and what can come between."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from .acceptance import shows
from .conftest import NewPage
from .servers import Site
from .steps import (
    SCRIPTS,
    code_field,
    confirm,
    confirm_button,
    expect_done,
    expect_signed_in,
    read_code,
    sign_in,
    sign_up,
    wrong,
)

pytestmark = pytest.mark.browser


@shows("C4")
@SCRIPTS
def test_a_person_signs_up_confirms_and_signs_in(
    new_page: NewPage, site: Site, username: str, javascript: bool
) -> None:
    page = new_page(java_script_enabled=javascript)
    sign_up(page, username)
    assert not site.is_active(username)
    confirm(page, read_code(page, username))
    expect_done(page)
    assert site.is_active(username)
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    sign_in(page, username)
    expect_signed_in(page, username)


@shows("C4", "C5")
def test_the_page_says_where_the_code_went_and_asks_for_it_alone(page: Page, username: str) -> None:
    sign_up(page, username)
    expect(page.get_by_role("main")).to_contain_text("We emailed a code to a***@e***.")
    expect(page.get_by_role("textbox")).to_have_count(1)
    expect(code_field(page)).to_have_attribute("autocomplete", "one-time-code")
    expect(confirm_button(page)).to_have_count(1)


def test_the_keyboard_alone_is_enough(page: Page, username: str) -> None:
    sign_up(page, username)
    expect(code_field(page)).to_be_focused()
    page.keyboard.type(read_code(page, username))
    page.keyboard.press("Enter")
    expect_done(page)


@shows("C3", "A13")
@SCRIPTS
def test_a_wrong_code_is_told_and_the_field_is_empty_and_focused(
    new_page: NewPage, site: Site, username: str, javascript: bool
) -> None:
    page = new_page(java_script_enabled=javascript)
    sign_up(page, username)
    code = read_code(page, username)
    confirm(page, wrong(code))
    expect(page.get_by_role("alert")).to_contain_text("This code is wrong or no longer valid.")
    expect(code_field(page)).to_have_value("")
    expect(code_field(page)).to_be_focused()
    expect(code_field(page)).to_have_accessible_description(re.compile("This code is wrong"))
    assert not site.is_active(username)
    confirm(page, code)
    expect_done(page)


def test_an_empty_field_is_told_beside_it(page: Page, username: str) -> None:
    sign_up(page, username)
    confirm_button(page).click()
    expect(page.get_by_role("alert")).to_contain_text("Enter the code")
    expect(code_field(page)).to_have_accessible_description(re.compile("Enter the code"))
    expect(code_field(page)).to_be_focused()


@shows("A6")
@pytest.mark.parametrize(
    "typed",
    [
        lambda code: f" {code[:3]} {code[3:]} ",
        lambda code: f"{code[:3]}-{code[3:]}",
        lambda code: code.translate({ord("0") + digit: ord("\uff10") + digit for digit in range(10)}),
    ],
    ids=["spaces", "a hyphen", "full-width digits"],
)
def test_the_code_may_be_typed_with(page: Page, username: str, typed: object) -> None:
    sign_up(page, username)
    assert callable(typed)
    confirm(page, typed(read_code(page, username)))
    expect_done(page)


@shows("A1")
def test_another_browser_asks_for_username_and_code(new_page: NewPage, site: Site, username: str) -> None:
    sign_up(new_page(), username)
    elsewhere = new_page()
    elsewhere.goto("/confirm/")
    expect(elsewhere.get_by_role("main")).not_to_contain_text("a***@e***")
    elsewhere.get_by_role("textbox", name="Username").fill(username)
    confirm(elsewhere, read_code(elsewhere, username))
    expect(elsewhere).to_have_url(re.compile(r"/confirm/done/$"))
    assert site.is_active(username)


@shows("C3")
def test_another_browser_learns_nothing_from_a_wrong_code(new_page: NewPage, username: str) -> None:
    sign_up(new_page(), username)
    elsewhere = new_page()
    for name in (username, f"nobody-{username}"):
        elsewhere.goto("/confirm/")
        elsewhere.get_by_role("textbox", name="Username").fill(name)
        confirm(elsewhere, "000000")
        expect(elsewhere.get_by_role("alert")).to_contain_text("This code was not accepted.")
        expect(elsewhere.get_by_role("textbox", name="Username")).to_have_value(name)
        expect(code_field(elsewhere)).to_be_focused()


@shows("A15")
def test_a_link_fills_the_form_in_and_one_press_confirms(new_page: NewPage, site: Site, username: str) -> None:
    owner = new_page()
    sign_up(owner, username)
    elsewhere = new_page()
    elsewhere.goto(f"/confirm/?username={username}&code={read_code(owner, username)}")
    assert not site.is_active(username)
    confirm_button(elsewhere).click()
    expect(elsewhere).to_have_url(re.compile(r"/confirm/done/$"))
    assert site.is_active(username)


@shows("C20", "A4")
def test_a_new_code_is_told_of_and_the_old_one_stops_working(page: Page, username: str) -> None:
    sign_up(page, username)
    old = read_code(page, username)
    page.get_by_role("button", name="Send a new code").click()
    expect(page.get_by_role("status")).to_contain_text("A new code is on its way.")
    new = read_code(page, username)
    assert new != old
    confirm(page, old)
    expect(page.get_by_role("alert")).to_contain_text("This code is wrong or no longer valid.")
    confirm(page, new)
    expect_done(page)


def test_another_browser_gets_a_new_code_by_username(new_page: NewPage, site: Site, username: str) -> None:
    sign_up(new_page(), username)
    elsewhere = new_page()
    elsewhere.goto("/confirm/")
    elsewhere.get_by_role("textbox", name="Username").fill(username)
    elsewhere.get_by_role("button", name="Send a new code").click()
    expect(elsewhere.get_by_role("status")).to_contain_text("If this account is waiting to be confirmed")
    confirm(elsewhere, read_code(elsewhere, username))
    expect(elsewhere).to_have_url(re.compile(r"/confirm/done/$"))
    assert site.is_active(username)


def test_signing_in_too_early_sends_a_new_code_and_leads_to_the_confirm_page(new_page: NewPage, username: str) -> None:
    owner = new_page()
    sign_up(owner, username)
    first = read_code(owner, username)
    page = new_page()
    sign_in(page, username)
    expect(page.get_by_role("heading", name="Confirm your account")).to_be_visible()
    expect(page.get_by_role("textbox", name="Username")).to_have_value(username)
    second = read_code(page, username)
    assert second != first
    confirm(page, second)
    expect(page).to_have_url(re.compile(r"/confirm/done/$"))
    sign_in(page, username)
    expect_signed_in(page, username)


def test_the_next_person_at_this_browser_starts_anew(page: Page, username: str) -> None:
    sign_up(page, username)
    page.get_by_role("button", name="Not you?").click()
    expect(page.get_by_role("textbox", name="Username")).to_have_value("")
    expect(page.get_by_role("main")).not_to_contain_text(username)


@shows("V6")
def test_the_button_shows_that_it_works_and_takes_one_press(page: Page, username: str) -> None:
    sign_up(page, username)
    sent = answer_nothing(page)
    confirm(page, read_code(page, username))
    expect(confirm_button(page)).to_be_disabled()
    expect(confirm_button(page)).to_have_text("Confirming…")
    expect(confirm_button(page)).to_have_attribute("aria-busy", "true")
    code_field(page).press("Enter")
    assert len(sent) == 1


def test_the_button_works_again_when_the_back_button_brings_the_page_back(page: Page, username: str) -> None:
    sign_up(page, username)
    answer_nothing(page)
    confirm(page, "123456")
    expect(confirm_button(page)).to_be_disabled()
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(confirm_button(page)).to_be_enabled()
    expect(confirm_button(page)).to_have_text("Confirm")


def answer_nothing(page: Page) -> list[Route]:
    """Let what the form sends end in "204 No Content", on which a browser stays where it is; return what was sent."""
    sent: list[Route] = []

    def answer(route: Route) -> None:
        sent.append(route)
        route.fulfill(status=204)

    page.route("**/confirm/", answer)
    return sent
