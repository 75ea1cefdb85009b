"""Links that Cognito's messages carry: they fill the form in, and confirm nobody by themselves."""

from __future__ import annotations

import re
from html import unescape

import pytest
from playwright.sync_api import expect

from tests.docs.pasting import run

from .acceptance import shows
from .conftest import NewPage
from .servers import Site
from .steps import SCRIPTS, code_field, confirm_button, email, expect_done, join

pytestmark = pytest.mark.browser


def link_in_the_mail(username: str, code: str) -> str:
    """Return the link that the Lambda function in docs/link-confirmation.md makes, without the site's address."""
    request = {"codeParameter": "{####}"}
    event = {"triggerSource": "CustomMessage_SignUp", "userName": username, "request": request, "response": {}}
    handler = run("link-confirmation.md", "lambda_function.py")["lambda_handler"]
    mail = handler(event, None)["response"]["emailMessage"].replace("{####}", code)
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
