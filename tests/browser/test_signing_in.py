"""Signed in by the right code, without the password a second time."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from .acceptance import shows
from .conftest import NewPage, serve_example
from .servers import Site
from .steps import (
    PASSWORD,
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

FORGET_SESSIONS = """
from django_cognito_confirm.sandbox.models import SandboxSession
SandboxSession.objects.filter(user__username="{username}").delete()
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The example site as it is: it signs people in."""
    with serve_example(tmp_path_factory.mktemp("signing-in"), SIGN_IN="yes") as site:
        yield site


@shows("A3")
@SCRIPTS
def test_after_one_wrong_code(new_page: NewPage, username: str, javascript: bool) -> None:
    page = new_page(java_script_enabled=javascript)
    sign_up(page, username)
    code = read_code(page, username)
    confirm(page, wrong(code))
    expect(page.get_by_role("alert")).to_contain_text("This code is wrong or no longer valid.")
    confirm(page, code)
    expect_signed_in(page, username)


@shows("A3")
@SCRIPTS
def test_in_another_tab_of_the_same_browser(new_page: NewPage, username: str, javascript: bool) -> None:
    page = new_page(java_script_enabled=javascript)
    sign_up(page, username)
    code = read_code(page, username)
    tab = page.context.new_page()
    tab.goto("/confirm/")
    confirm(tab, code)
    expect_signed_in(tab, username)
    page.reload()  # where the person was before
    expect_signed_in(page, username)


def test_by_a_new_code_and_after_a_reload(page: Page, username: str) -> None:
    sign_up(page, username)
    page.get_by_role("button", name="Send a new code").click()
    expect(page.get_by_role("status")).to_contain_text("A new code is on its way.")
    page.reload()
    confirm(page, read_code(page, username))
    expect_signed_in(page, username)


def test_by_the_link_in_the_same_browser(page: Page, username: str) -> None:
    sign_up(page, username)
    page.goto(f"/confirm/?username={username}&code={read_code(page, username)}")
    confirm_button(page).click()
    expect_signed_in(page, username)


def test_not_in_another_browser(new_page: NewPage, site: Site, username: str) -> None:
    owner = new_page()
    sign_up(owner, username)
    elsewhere = new_page()
    elsewhere.goto(f"/confirm/?username={username}&code={read_code(owner, username)}")
    confirm_button(elsewhere).click()
    expect_done(elsewhere)
    assert site.is_active(username)
    elsewhere.goto("/")
    expect(elsewhere.get_by_role("navigation").get_by_role("link", name="Sign in")).to_be_visible()


def test_by_a_front_end_of_its_own(page: Page, username: str) -> None:
    page.goto("/spa/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("E-mail address").fill(f"{username}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    expect(code_field(page)).to_be_focused()
    confirm(page, read_code(page, username))
    expect_signed_in(page, username)


def test_whose_session_has_expired_is_confirmed_and_signs_in_by_hand(page: Page, site: Site, username: str) -> None:
    sign_up(page, username)
    code = read_code(page, username)
    site.manage("shell", "-c", FORGET_SESSIONS.format(username=username))
    confirm(page, code)
    expect_done(page)
    assert site.is_active(username)
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    expect(page).to_have_url(re.compile("/sign-in/"))
    sign_in(page, username)
    expect_signed_in(page, username)


def test_the_next_person_at_this_browser_is_signed_in_as_themselves(page: Page, username: str) -> None:
    for name in (f"{username}-1", f"{username}-2"):
        sign_up(page, name)
        expect(code_field(page)).to_be_focused()
        confirm(page, read_code(page, name))
        expect_signed_in(page, name)
