"""What people do on the example site."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

PASSWORD = "Correct-horse-7"
SCRIPTS = pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
PHONE = ViewportSize(width=320, height=480)

STICKING_OUT = """
() => [...document.querySelectorAll("body *")].filter((element) => {
    const {left, right, width} = element.getBoundingClientRect();
    const clipped = element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflowX != "visible";
    return width && (left < 0 || right > innerWidth || clipped);
}).map((element) => element.outerHTML)
"""


def sign_up(page: Page, username: str) -> None:
    """Sign up; ends on the confirm page."""
    page.goto("/sign-up/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("E-mail address").fill(f"{username}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Confirm your account")).to_be_visible()


def read_code(page: Page, username: str) -> str:
    """Return the newest code that ``username`` was sent, read in another tab."""
    tab = page.context.new_page()
    tab.goto("/mailbox/")
    letter = tab.get_by_role("listitem").filter(has_text=f"{username}@example.com").first
    code = letter.locator("[data-code]").get_attribute("data-code")
    tab.close()
    assert code
    return code


def wrong(code: str) -> str:
    """Return a code that is not this one."""
    return str((int(code) + 1) % 1_000_000).zfill(6)


def code_field(page: Page) -> Locator:
    return page.get_by_role("textbox", name=re.compile("^confirmation code", re.IGNORECASE))


def confirm_button(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("confirm", re.IGNORECASE))


def confirm(page: Page, code: str) -> None:
    """Type the code and press the button, on the confirm page, once its script has run (it is deferred)."""
    page.wait_for_load_state("domcontentloaded")
    code_field(page).fill(code)
    confirm_button(page).click()


def expect_done(page: Page) -> None:
    expect(page).to_have_url(re.compile(r"/confirm/done/$"))
    expect(page.get_by_role("heading", name="Account confirmed")).to_be_visible()


def sign_in(page: Page, username: str) -> None:
    page.goto("/sign-in/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()


def expect_signed_in(page: Page, username: str) -> None:
    expect(page.get_by_role("heading", name=f"Hello, {username}")).to_be_visible()


def join(page: Page, pool: str, username: str, **attributes: str) -> None:
    """Sign up at the host with several pools."""
    page.goto(f"/sign-up/?pool={pool}")
    for name, value in {"username": username, "password": PASSWORD, **attributes}.items():
        page.locator(f"[name={name}]").fill(value)
    page.get_by_role("button", name="Sign up").click()


def enter(page: Page, pool: str, username: str) -> None:
    """Sign in at the host with several pools."""
    page.goto(f"/sign-in/?pool={pool}")
    press_sign_in(page, username)


def press_sign_in(page: Page, username: str) -> None:
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def sticking_out(page: Page) -> list[str]:
    """Return the elements that do not fit on the screen, or whose text does not fit in them."""
    found: list[str] = page.evaluate(STICKING_OUT)
    return found


def email(username: str) -> str:
    return f"{username}@example.com"
