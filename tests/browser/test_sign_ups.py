"""Ways to sign up, and to be sent here by a sign-in that came too early."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, expect

from tests.faults import FaultServer

from .acceptance import shows
from .conftest import NewPage
from .servers import Site
from .steps import confirm, email, enter, expect_done, join, press_sign_in

pytestmark = pytest.mark.browser


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
