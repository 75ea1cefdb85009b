"""The acceptance list, as far as it needs a host with several pools; the rest is beside what it is about."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.faults import FaultServer

from .acceptance import ACCEPTANCE, LATER, SHOWN, shows
from .conftest import NewPage
from .servers import ROOT, Site
from .steps import code_field, confirm, confirm_button, enter, expect_done, join, press_sign_in

pytestmark = pytest.mark.browser

SCRIPTS = pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])


def test_every_number_of_the_list_is_shown_by_a_test() -> None:
    for path in Path(__file__).parent.glob("test_*.py"):
        importlib.import_module(f"{__package__}.{path.stem}")
    assert set(SHOWN) == set(ACCEPTANCE)
    assert not set(LATER) & set(ACCEPTANCE)
    assert not [name for names in SHOWN.values() for name in names if ".test_" not in name]


@dataclass(frozen=True)
class Way:
    """A way to sign up: in which pool, as whom, with what, and where the page says that the code went."""

    told: str
    pool: str = "default"
    name: Callable[[str], str] = str
    address: Callable[[str], str] = "{}@example.com".format
    attributes: Mapping[str, str] = field(default_factory=dict)

    def sign_up(self, page: Page, username: str) -> None:
        given = {"email": self.address(username)} if self.pool == "default" else {}
        join(page, self.pool, self.name(username), **given, **self.attributes)


def email(username: str) -> str:
    return f"{username}@example.com"


def upper_case_email(username: str) -> str:
    return email(username).upper()


def phone(username: str) -> str:
    """Return a number that nobody else has."""
    return f"+44{int(username[-8:], 16):010d}"


BY_EMAIL = Way("We emailed a code to a***@e***.", "email", email, email)
BY_UPPER_CASE_EMAIL = Way("We emailed a code to A***@E***.", "email", upper_case_email, upper_case_email)
BY_PHONE = Way("We texted a code to +********", "phone", phone, phone)
BY_USERNAME = Way("We emailed a code to a***@e***.")
WITH_MORE = Way(
    "We emailed a code to a***@e***.", attributes={"given_name": "Ada", "website": "https://ada.example/?a=b&c=d"}
)


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


@shows("C8", "C9", "C10", "C11", "C12")
@pytest.mark.parametrize(
    "way",
    [
        pytest.param(BY_EMAIL, id="C8 e-mail"),
        pytest.param(BY_UPPER_CASE_EMAIL, id="C9 upper-case e-mail"),
        pytest.param(BY_PHONE, id="C10 phone"),
        pytest.param(BY_USERNAME, id="C11 username"),
        pytest.param(WITH_MORE, id="C12 more attributes"),
    ],
)
def test_a_sign_up_leads_to_the_page_which_says_where_the_code_went(
    visit: NewPage, host: Site, username: str, way: Way
) -> None:
    page = visit()
    way.sign_up(page, username)
    expect(page.get_by_role("main")).to_contain_text(way.told)
    expect(page.get_by_role("main")).to_contain_text(way.name(username))
    confirm(page, host.newest_code(way.address(username)))
    expect_done(page)
    enter(page, way.pool, way.name(username))
    expect(page.get_by_role("heading")).to_have_text(f"Hello, {way.name(username)}")


@shows("C13", "C14")
@pytest.mark.parametrize("name", [email, upper_case_email], ids=["C13 e-mail", "C14 upper-case e-mail"])
def test_a_pool_that_confirms_by_itself_skips_the_page(
    visit: NewPage, username: str, name: Callable[[str], str]
) -> None:
    page = visit()
    join(page, "auto", name(username))
    expect_done(page)
    enter(page, "auto", name(username))
    expect(page.get_by_role("heading")).to_have_text(f"Hello, {name(username)}")


@shows("C16", "C17", "C18", "C19")
@pytest.mark.parametrize(
    ("way", "javascript"),
    [
        pytest.param(BY_EMAIL, True, id="C16 e-mail"),
        pytest.param(BY_USERNAME, True, id="C17 username"),
        pytest.param(BY_PHONE, True, id="C18 phone"),
        pytest.param(BY_PHONE, False, id="C18 phone, without JavaScript"),
        pytest.param(BY_UPPER_CASE_EMAIL, True, id="C19 upper-case e-mail"),
    ],
)
def test_signing_in_unconfirmed_sends_a_new_code_and_leads_to_the_page(
    visit: NewPage, host: Site, username: str, way: Way, javascript: bool
) -> None:
    way.sign_up(visit(), username)
    first = host.newest_code(way.address(username))
    page = visit(java_script_enabled=javascript)
    enter(page, way.pool, way.name(username))
    expect(page.get_by_role("heading", name="Confirm your account")).to_be_visible()
    second = host.newest_code(way.address(username))
    assert second != first
    confirm(page, second)
    expect_done(page)
    page.get_by_role("link", name="Sign in").click()
    press_sign_in(page, way.name(username))
    expect(page.get_by_role("heading")).to_have_text(f"Hello, {way.name(username)}")


@shows("C15")
def test_a_sign_in_that_is_refused_after_the_right_code_loses_nothing(
    visit: NewPage, host: Site, faults: FaultServer, username: str
) -> None:
    page = visit()
    join(page, "faults", username)
    faults.refuse("InitiateAuth", "TooManyRequestsException", "Rate exceeded")
    confirm(page, faults.users.get(username).code)  # type: ignore[union-attr]
    expect_done(page)
    page.get_by_role("link", name="Sign in").click()
    press_sign_in(page, username)
    expect(page).to_have_url(re.compile("/sign-in/$"))
    expect(page.get_by_role("alert")).to_contain_text("TooManyRequestsException")
    assert host.status(username) == "delivered"
    faults.say("InitiateAuth", {"AuthenticationResult": {"AccessToken": "made-up"}})
    press_sign_in(page, username)
    expect(page.get_by_role("heading")).to_have_text(f"Hello, {username}")


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


def link_in_the_mail(username: str, code: str) -> str:
    """Return the link that the Lambda function in docs/page.md makes, without the site's address."""
    [source] = re.findall(r"```python\n(from html .*?)```", (ROOT / "docs" / "page.md").read_text(), re.DOTALL)
    written: dict[str, Any] = {}
    exec(source, written)  # noqa: S102  # our own
    request = {"codeParameter": "{####}"}
    event = {"triggerSource": "CustomMessage_SignUp", "userName": username, "request": request, "response": {}}
    mail = written["handler"](event, None)["response"]["emailMessage"].replace("{####}", code)
    [link] = re.findall('href="(.*?)"', mail)
    return unescape(link).removeprefix("https://www.example.com")


@shows("A14", "A15")
@SCRIPTS
@pytest.mark.parametrize("name", ["{}+news@example.com", "José&Zoë=100%+{}"], ids=["a +", "other characters"])
def test_a_link_with_such_a_name_fills_the_form_in_and_one_press_confirms(
    visit: NewPage, host: Site, username: str, name: str, javascript: bool
) -> None:
    name = name.format(username)
    join(visit(), "default", name, email=email(username))
    code = host.newest_code(email(username))
    elsewhere = visit(java_script_enabled=javascript)
    elsewhere.goto(link_in_the_mail(name, code))
    expect(elsewhere.get_by_role("textbox", name="Username")).to_have_value(name)
    expect(code_field(elsewhere)).to_have_value(code)
    assert host.status(name) == "signed_up"
    confirm_button(elsewhere).click()
    expect_done(elsewhere)
    assert host.status(name) == "delivered"


@shows("A2")
@SCRIPTS
def test_a_second_click_on_the_link_leads_on(visit: NewPage, host: Site, username: str, javascript: bool) -> None:
    page = visit(java_script_enabled=javascript)
    join(page, "default", username, email=email(username))
    link = f"/confirm/?username={username}&code={host.newest_code(email(username))}"
    page.goto(link)
    confirm_button(page).click()
    expect_done(page)
    page.goto(link)
    expect_done(page)
