"""A member of staff confirms people in the admin, in a browser that refuses inline script and style."""

from __future__ import annotations

import re
import secrets

import pytest
from playwright.sync_api import Locator, Page, expect

from .acceptance import shows
from .conftest import NewPage
from .servers import Site
from .steps import PASSWORD, confirm, expect_done, read_code, sign_up

pytestmark = pytest.mark.browser

MAKE_STAFF = """
from django.contrib.auth.models import Permission, User
staff = User.objects.create_user("{staff}", password="{password}", is_staff=True)
allowed = ["view_user", "view_confirmation", "confirm_sign_up", "verify_email"]
permissions = Permission.objects.filter(codename__in=allowed)
staff.user_permissions.set(permissions)
User.objects.create_user("{stranger}", is_active=False)
"""


@pytest.fixture
def crowd(page: Page, site: Site) -> str:
    """Return the beginning of three usernames: -1 has signed up, -2 has confirmed, and Cognito never heard of -3."""
    crowd = f"crowd-{secrets.token_hex(4)}"
    sign_up(page, f"{crowd}-1")
    page.context.clear_cookies()
    sign_up(page, f"{crowd}-2")
    confirm(page, read_code(page, f"{crowd}-2"))
    expect_done(page)
    site.manage("shell", "-c", MAKE_STAFF.format(staff=f"staff-of-{crowd}", stranger=f"{crowd}-3", password=PASSWORD))
    return crowd


def choose(page: Page, crowd: str, *usernames: str) -> None:
    """Sign a member of staff in, choose people, and go on to the page that asks."""
    page.goto(f"/admin/login/?next=/admin/auth/user/?q={crowd}-")
    page.get_by_label("Username").fill(f"staff-of-{crowd}")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    for username in usernames:
        row(page, username).get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option(label="Confirm sign-up in Cognito")
    page.get_by_role("button", name=re.compile("^(Go|Run)$")).click()
    expect(page.get_by_role("heading", name="Confirm sign-up in Cognito")).to_be_visible()


def row(page: Page, text: str) -> Locator:
    return page.get_by_role("row").filter(has_text=text)


def fits(page: Page) -> bool:
    """Whether nobody has to scroll sideways."""
    fitting: bool = page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    return fitting


def test_three_people_come_to_three_outcomes(page: Page, site: Site, crowd: str) -> None:
    names = [f"{crowd}-{number}" for number in (1, 2, 3)]
    choose(page, crowd, *names)
    main = page.get_by_role("main")
    expect(main).to_contain_text("3 people are chosen")
    expect(main).to_contain_text("does not verify their e-mail addresses")
    assert not site.is_active(names[0])

    page.get_by_role("button", name="Confirm in Cognito").click()
    expect(main).to_contain_text("3 of 3")
    for name, outcome in zip(names, ("confirmed", "was confirmed already", "not in the user pool"), strict=True):
        expect(row(page, name)).to_contain_text(outcome)
    assert [site.is_active(name) for name in names] == [True, True, False]

    page.get_by_role("link", name=names[2]).click()
    expect(main).to_contain_text("Cognito said no to the last attempt.")
    expect(main).to_contain_text(re.compile(r"asked for, job #\d+"))
    page.goto(f"/admin/auth/user/?q={crowd}-")
    expect(row(page, names[0])).to_contain_text("confirmed and delivered")


@shows("A12")
def test_a_person_confirmed_by_staff_can_have_a_verified_address(page: Page, site: Site, crowd: str) -> None:
    name = f"{crowd}-1"
    query = "SELECT email_verified FROM cognito_sandbox_sandboxuser WHERE username = ?"
    choose(page, crowd, name)
    page.get_by_role("checkbox", name=f"Mark {name}@example.com as verified").check()
    assert not site.look_up(query, name)
    page.get_by_role("button", name="Confirm in Cognito").click()
    expect(row(page, name)).to_contain_text("confirmed")
    assert site.look_up(query, name)


def test_taking_it_back_changes_nothing(page: Page, site: Site, crowd: str) -> None:
    choose(page, crowd, f"{crowd}-1")
    page.get_by_role("link", name="No, take me back").click()
    expect(page).to_have_url(re.compile(rf"/admin/auth/user/\?q={crowd}-$"))
    assert not site.is_active(f"{crowd}-1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_small_phone_shows_all_without_scrolling_sideways(new_page: NewPage, crowd: str, scheme: str) -> None:
    phone = new_page(viewport={"width": 320, "height": 640}, color_scheme=scheme)
    choose(phone, crowd, f"{crowd}-1", f"{crowd}-3")
    assert fits(phone)
    phone.get_by_role("button", name="Confirm in Cognito").click()
    expect(phone.get_by_role("main")).to_contain_text("2 of 2")
    assert fits(phone)
    phone.get_by_role("link", name=f"{crowd}-1").click()
    expect(phone.get_by_role("heading", name="View confirmation")).to_be_visible()
    assert fits(phone)
    phone.goto("/admin/django_cognito_confirm/confirmation/")
    assert fits(phone)
