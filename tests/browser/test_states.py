"""Every page in every state, left to right and right to left: what axe-core says of it, whether it fits, how it looks.

With ``SCREENSHOTS`` in the environment (``make screenshots``), the pictures are kept in that folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize

from tests.faults import FaultServer

from .axe import violations
from .conftest import open_pages
from .servers import Site
from .states import STATES, Visitor
from .steps import PHONE, sticking_out

pytestmark = pytest.mark.browser

SCREENSHOTS = os.environ.get("SCREENSHOTS")
WINDOW = ViewportSize(width=480, height=480)
LOCALES = ["en", "ar"]


@pytest.fixture(scope="module", params=range(len(STATES)), ids=[state.__name__ for state in STATES])
def number(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module", params=LOCALES)
def locale(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def page(browser: Browser, host: Site, fault_server: FaultServer, number: int, locale: str) -> Iterator[Page]:
    """A page in one of the states; whoever changes how it is looked at changes it back."""
    reach = STATES[number]
    with open_pages(browser, host.url) as open_page:
        # While colours fade into others, axe-core would meet any shade.
        page = open_page(locale=locale, viewport=WINDOW, color_scheme="light", reduced_motion="reduce")
        reach(Visitor(page, fault_server, number + len(STATES) * LOCALES.index(locale)))
        page.wait_for_load_state()
        keep(page, number, "light" if locale == "en" else "rtl")
        yield page


@pytest.fixture
def phone(page: Page, number: int, locale: str) -> Iterator[Page]:
    page.set_viewport_size(PHONE)
    keep(page, number, "phone" if locale == "en" else "")
    yield page
    page.set_viewport_size(WINDOW)


@pytest.fixture
def dark(page: Page, number: int, locale: str) -> Iterator[Page]:
    page.emulate_media(color_scheme="dark")
    keep(page, number, "dark" if locale == "en" else "")
    yield page
    page.emulate_media(color_scheme="light")


def keep(page: Page, number: int, look: str) -> None:
    """Keep a picture, where pictures are wanted."""
    if SCREENSHOTS and look:
        Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
        name = STATES[number].__name__.replace("_", "-")
        picture = Image.open(BytesIO(page.screenshot(full_page=True, animations="disabled")))
        # With few colours, a third of the size.
        few = picture.convert("RGB").quantize(48, kmeans=3, dither=Image.Dither.NONE)
        few.save(Path(SCREENSHOTS) / f"{name}-{look}.png", optimize=True)


def test_axe_finds_nothing_to_mend(page: Page) -> None:
    assert violations(page) == []


def test_axe_finds_nothing_to_mend_in_the_dark(dark: Page) -> None:
    assert violations(dark) == []


def test_a_small_phone_shows_it_whole(phone: Page) -> None:
    assert sticking_out(phone) == []


def test_it_reads_in_the_direction_of_its_language(page: Page, locale: str) -> None:
    edge = page.locator("h1").evaluate(
        """heading => {
            const range = document.createRange();
            range.selectNodeContents(heading.lastChild);
            const [text, card] = [range, document.querySelector("main > *")].map((it) => it.getBoundingClientRect());
            return text.left - card.left < card.right - text.right ? "left" : "right";
        }"""
    )
    assert edge == ("right" if locale == "ar" else "left")
    assert page.locator("html").get_attribute("lang") == locale
