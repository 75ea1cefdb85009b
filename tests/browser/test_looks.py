"""How the pages look where the page of states does not look: print, motion, forced colours, wide screens, themes."""

from __future__ import annotations

import pytest
from django.utils.translation import to_language
from playwright.sync_api import Locator, Page, expect

from .conftest import NewPage
from .servers import LOCALES, Site
from .steps import PHONE, confirm, confirm_button, expect_done, join, sticking_out

pytestmark = pytest.mark.browser


def css(element: Locator, name: str, pseudo: str = "") -> str:
    read = "(element, [name, pseudo]) => getComputedStyle(element, pseudo || null).getPropertyValue(name)"
    return str(element.evaluate(read, [name, pseudo]))


def sign_up(page: Page, username: str) -> Page:
    join(page, "default", username, email=f"{username}@example.com")
    page.wait_for_load_state()
    return page


def press_and_wait(page: Page) -> None:
    """Press the button and get no answer."""
    page.route("**/confirm/", lambda route: route.fulfill(status=204))
    confirm_button(page).click()
    expect(confirm_button(page)).to_have_attribute("aria-busy", "true")


def test_on_paper_there_is_nothing_to_press(visit: NewPage, username: str) -> None:
    page = sign_up(visit(), username)
    page.emulate_media(media="print")
    expect(page.get_by_text("We emailed a code to")).to_be_visible()
    expect(page.locator("main button:visible, main input:visible, main a:visible")).to_have_count(0)


@pytest.mark.parametrize(("motion", "animation"), [("reduce", "none"), ("no-preference", "cognito-confirm-turn")])
def test_the_wheel_turns_unless_somebody_wants_less_motion(
    visit: NewPage, username: str, motion: str, animation: str
) -> None:
    page = sign_up(visit(reduced_motion=motion), username)
    press_and_wait(page)
    assert css(confirm_button(page), "animation-name", "::before") == animation
    assert (css(confirm_button(page), "transition-duration") == "0s") is (motion == "reduce")


def test_with_forced_colours_buttons_and_notes_have_edges(visit: NewPage, username: str) -> None:
    page = sign_up(visit(forced_colors="active"), username)
    background = css(page.locator("body"), "background-color")
    again = page.get_by_role("button", name="Send a new code")
    for button in (confirm_button(page), again):
        assert css(button, "border-top-style") == "solid"
        assert css(button, "border-top-color") != background
    again.click()
    note = page.get_by_role("status")
    assert css(note, "border-top-style") == "solid"
    assert css(note, "border-top-color") == css(note, "color") != background
    expect(again).to_be_disabled()
    assert css(again, "color") != css(confirm_button(page), "color")


def test_with_forced_colours_the_tick_can_be_seen(visit: NewPage, host: Site, username: str) -> None:
    page = sign_up(visit(forced_colors="active"), username)
    confirm(page, host.newest_code(f"{username}@example.com"))
    expect_done(page)
    tick = page.locator(".cognito-confirm-mark")
    assert css(tick, "border-bottom-color", "::before") != css(tick, "background-color", "::before")
    assert css(tick, "background-color", "::before") == css(page.locator("body"), "background-color")


def test_on_a_wide_screen_the_card_stays_narrow_and_in_the_middle(visit: NewPage, username: str) -> None:
    page = sign_up(visit(viewport={"width": 1920, "height": 1080}), username)
    card = page.locator(".cognito-confirm").bounding_box()
    assert card
    assert card["width"] <= 27 * 16
    assert card["x"] + card["width"] / 2 == pytest.approx(960, abs=1)
    assert card["y"] + card["height"] / 2 == pytest.approx(540, abs=1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_site_themes_it_by_custom_properties(visit: NewPage, username: str, scheme: str) -> None:
    page = sign_up(visit(color_scheme=scheme, reduced_motion="reduce"), username)
    page.add_style_tag(content=":root { --cognito-confirm-accent: rgb(1, 2, 3); --cognito-confirm-width: 20rem }")
    assert css(confirm_button(page), "background-color") == "rgb(1, 2, 3)"
    assert css(page.locator(".cognito-confirm"), "width") == "320px"


def test_right_to_left_a_phone_number_keeps_its_plus_in_front(visit: NewPage) -> None:
    page = visit(locale="he")
    page.goto("/phone/confirm/?username=%2B441632960001")
    assert css(page.locator("[name=username]"), "direction") == "ltr"
    assert css(page.locator("[name=code]"), "direction") == "ltr"
    assert css(page.locator("main"), "direction") == "rtl"


@pytest.mark.parametrize("path", ["/confirm/", "/confirm/?username=somebody", "/confirm/resend/"])
def test_no_language_is_too_long_for_a_small_phone(visit: NewPage, host: Site, username: str, path: str) -> None:
    page = sign_up(visit(viewport=PHONE), username)
    page.goto("/confirm/")
    page.get_by_role("button", name="Send a new code").click()
    page.wait_for_load_state()
    for locale in LOCALES:
        page.context.add_cookies([{"name": "django_language", "value": to_language(locale), "url": host.url}])
        page.goto(path)
        expect(page.locator("html")).to_have_attribute("lang", to_language(locale))
        assert sticking_out(page) == [], locale
