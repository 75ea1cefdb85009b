"""The pages around the confirm page."""

from __future__ import annotations

import re

import boto3
import botocore
import pytest
from botocore.config import Config
from django.utils.translation import to_language
from playwright.sync_api import Page, expect

from .acceptance import shows
from .axe import violations
from .conftest import NewPage
from .servers import LOCALES, Site
from .steps import confirm, expect_signed_in, read_code, sign_in, sign_up

pytestmark = pytest.mark.browser

PATHS = pytest.mark.parametrize(
    "path", ["/", "/sign-up/", "/sign-in/", "/mailbox/", "/spa/", "/confirm/", "/confirm/resend/"]
)


def test_another_client_confirms_by_what_the_home_page_tells(page: Page, site: Site, username: str) -> None:
    sign_up(page, username)
    confirm_with_boto3(page, username)
    page.goto("/confirm/")
    confirm(page, "123456")
    expect(page.get_by_role("alert")).to_contain_text("This account is already confirmed.")
    expect(page.get_by_role("main").get_by_role("link", name="Sign in")).to_have_count(1)


def test_what_another_client_confirms_is_known_here_at_once(page: Page, site: Site, username: str) -> None:
    sign_up(page, username)
    assert not site.is_active(username)
    confirm_with_boto3(page, username)
    assert site.is_active(username)
    sign_in(page, username)
    expect_signed_in(page, username)


def test_what_a_command_confirms_is_known_here_after_a_full_sync(page: Page, site: Site, username: str) -> None:
    """By a process that does not know the site's address, so that no event came."""
    sign_up(page, username)
    site.manage("shell", "-c", CONFIRM_ELSEWHERE.format(username=username))
    assert not site.is_active(username)
    site.manage("cognito_sync", "--full")
    assert site.is_active(username)


CONFIRM_ELSEWHERE = """
from django_cognito_confirm.cognito import admin_client
from django_cognito_confirm.conf import get_pool
admin_client().admin_confirm_sign_up(UserPoolId=get_pool().user_pool_id, Username="{username}")
"""


def confirm_with_boto3(page: Page, username: str) -> None:
    page.goto("/")
    endpoint, pool_id, client_id = (
        str(page.locator(f"[data-{name}]").get_attribute(f"data-{name}"))
        for name in ("endpoint", "pool-id", "client-id")
    )
    client = boto3.session.Session().client(
        "cognito-idp",
        region_name=pool_id.partition("_")[0],
        endpoint_url=endpoint,
        config=Config(signature_version=botocore.UNSIGNED),
    )
    client.confirm_sign_up(ClientId=client_id, Username=username, ConfirmationCode=read_code(page, username))
    client.close()


def test_a_signed_in_person_can_sign_out(page: Page, site: Site, username: str) -> None:
    sign_up(page, username)
    page.goto(f"/confirm/?code={read_code(page, username)}")
    page.get_by_role("button", name="Confirm").click()
    sign_in(page, username)
    expect_signed_in(page, username)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("navigation").get_by_role("link", name="Sign in")).to_be_visible()


def test_a_wrong_password_is_told(page: Page, username: str) -> None:
    page.goto("/sign-in/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("Username or password is wrong.")


def test_the_printed_password_opens_the_admin(page: Page, site: Site) -> None:
    log = (site.database.parent / "server.log").read_text()
    found = re.search(r"user admin, password (\S+)\)", log)
    assert found
    page.goto("/admin/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(found[1])
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Site administration")).to_be_visible()
    assert log.count(found[1]) == 1


@PATHS
def test_a_small_phone_needs_no_scrolling_sideways(new_page: NewPage, path: str) -> None:
    page = new_page(viewport={"width": 320, "height": 640})
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@PATHS
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_mend(new_page: NewPage, path: str, scheme: str) -> None:
    page = new_page(color_scheme=scheme)
    page.goto(path)
    assert violations(page) == []


def choose_language(page: Page, code: str) -> None:
    page.get_by_label("Language of the confirm pages").select_option(code)
    page.get_by_role("button", name="Change").click()


def test_the_site_offers_every_language_of_the_pages(page: Page) -> None:
    page.goto("/confirm/")
    options = page.get_by_label("Language of the confirm pages").get_by_role("option")
    offered = options.evaluate_all("options => options.map(option => option.value)")
    assert sorted(offered) == sorted(to_language(locale) for locale in LOCALES)


@shows("C6")
def test_in_japanese_the_address_is_followed_by_the_full_stop_of_japanese(page: Page, username: str) -> None:
    sign_up(page, username)
    choose_language(page, "ja")
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    expect(page.get_by_role("heading", level=1)).to_have_text("アカウントの確認")
    told = page.locator(".cognito-confirm").inner_text()
    assert re.search(r"a\*\*\*@e\*\*\*[^.]*。", told)
    assert "." not in told


def test_a_right_to_left_language_turns_the_page_and_not_the_rest_of_the_site(page: Page, username: str) -> None:
    sign_up(page, username)
    choose_language(page, "ar")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.get_by_role("banner")).to_have_attribute("dir", "ltr")
