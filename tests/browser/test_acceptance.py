"""The acceptance list, as far as it needs a host with several pools; the rest is beside what it is about."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.faults import FaultServer

from .acceptance import ACCEPTANCE, LATER, SHOWN, shows
from .conftest import NewPage
from .servers import Site
from .steps import SCRIPTS, code_field, confirm, email, enter, expect_done, join

pytestmark = pytest.mark.browser


def test_every_number_of_the_list_is_shown_by_a_test() -> None:
    for path in Path(__file__).parent.glob("test_*.py"):
        importlib.import_module(f"{__package__}.{path.stem}")
    assert set(SHOWN) == set(ACCEPTANCE)
    assert not set(LATER) & set(ACCEPTANCE)
    assert not [name for names in SHOWN.values() for name in names if ".test_" not in name]


@shows("C1", "C7")
def test_the_hosts_own_texts_appear(visit: NewPage, username: str) -> None:
    page = visit()
    join(page, "default", username, email=email(username))
    page.goto("/own/")
    main = page.get_by_role("main")
    expect(main).to_contain_text("Every member has been sent a code.")
    expect(main).to_contain_text("The stagecoach takes three days.")
    expect(main).not_to_contain_text("It can take a minute")
    expect(code_field(page)).to_have_attribute("placeholder", "Six digits")
    expect(page.get_by_role("banner")).to_have_text("The Analytical Society")
    expect(page.get_by_role("contentinfo")).to_have_text("Ask the secretary at any time.")


@shows("A5")
@pytest.mark.parametrize(
    ("locale", "told"),
    [
        ("de-AT", "Dieser Code ist falsch oder nicht mehr gültig."),
        ("pt-BR", "Este código está errado ou não vale mais."),
        ("zh-TW", "驗證碼"),
        ("uk", "Цей код"),
    ],
)
def test_errors_are_in_the_persons_language(visit: NewPage, username: str, locale: str, told: str) -> None:
    page = visit(locale=locale)
    join(page, "default", username, email=email(username))
    page.locator("[name=code]").fill("000")
    page.locator("[name=code]").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text(told)


@shows("A6")
@SCRIPTS
def test_leading_zeros_stay(visit: NewPage, faults: FaultServer, username: str, javascript: bool) -> None:
    page = visit(java_script_enabled=javascript)
    join(page, "faults", username)
    user = faults.users.get(username)
    assert user
    user.code = "001234"
    confirm(page, " 00 12-34 ")
    expect_done(page)


@shows("A7")
def test_nobodys_alias_is_taken_over(visit: NewPage, host: Site, username: str) -> None:
    address = f"{username}@example.com"
    first = visit()
    join(first, "aliases", username, email=address)
    confirm(first, host.newest_code(address))
    expect_done(first)
    second = visit()
    join(second, "aliases", f"other-{username}", email=address)
    confirm(second, host.newest_code(address))
    expect(second.get_by_role("alert")).to_contain_text("another account already uses this e-mail address")
    expect(second.get_by_role("alert")).to_be_focused()
    expect(second.get_by_role("alert").get_by_role("link", name="Sign in")).to_be_visible()
    expect(code_field(second)).not_to_have_attribute("aria-invalid", "true")
    enter(first, "aliases", address)
    expect(first.get_by_role("heading")).to_have_text(f"Hello, {address}")


@shows("A8")
def test_an_expired_code_leads_to_the_same_next_step_as_a_wrong_one(
    visit: NewPage, faults: FaultServer, username: str
) -> None:
    page = visit()
    join(page, "faults", username)
    told = []
    for code in ("CodeMismatchException", "ExpiredCodeException"):
        faults.refuse("ConfirmSignUp", code, "Invalid code provided, please request a code again.")
        confirm(page, "123456")
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.get_by_role("button", name="Send a new code")).to_be_enabled()
        expect(code_field(page)).to_be_focused()
        told.append(page.get_by_role("main").inner_text())
    assert told[0] == told[1]


@shows("A9")
def test_a_wrong_address_leads_back_to_the_sign_up_and_on_to_the_new_code(
    visit: NewPage, host: Site, username: str
) -> None:
    page = visit()
    join(page, "email", f"typo-{username}@example.com")
    page.get_by_role("link", name="Start again").click()
    expect(page).to_have_url(re.compile("/sign-up/$"))
    join(page, "email", email(username))
    expect(page.get_by_role("main")).to_contain_text("a***@e***")
    confirm(page, host.newest_code(email(username)))
    expect_done(page)


@shows("A9")
def test_somebody_who_forgot_the_username_is_not_left_alone(visit: NewPage) -> None:
    page = visit()
    page.goto("/confirm/")
    expect(page.get_by_role("main")).to_contain_text("no longer sure how you signed up?")
    page.get_by_role("link", name="Start again").click()
    expect(page).to_have_url(re.compile("/sign-up/$"))


@shows("A10")
def test_the_case_of_the_username_does_not_matter(visit: NewPage, host: Site, username: str) -> None:
    join(visit(), "default", username, email=email(username))
    elsewhere = visit()
    elsewhere.goto("/confirm/")
    elsewhere.get_by_role("textbox", name="Username").fill(username.upper())
    confirm(elsewhere, host.newest_code(email(username)))
    expect_done(elsewhere)
    assert host.status(username) == "delivered"


@shows("A11")
def test_an_app_client_with_a_secret_just_works(visit: NewPage, host: Site, username: str) -> None:
    page = visit()
    join(page, "secret", username, email=email(username))
    page.get_by_role("button", name="Send a new code").click()
    expect(page.get_by_role("status")).to_contain_text("A new code is on its way.")
    confirm(page, host.newest_code(email(username)))
    expect_done(page)
    enter(page, "secret", username)
    expect(page.get_by_role("heading")).to_have_text(f"Hello, {username}")
