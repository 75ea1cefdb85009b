"""What the confirm page costs: requests, bytes, and patience."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

import django_cognito_confirm

from .conftest import NewPage
from .steps import code_field, join

pytestmark = pytest.mark.browser

STATIC = Path(django_cognito_confirm.__file__).parent / "static" / "django_cognito_confirm"
SHIFTS = """
    window.shifts = [];
    new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map((shift) => shift.value)))
        .observe({type: "layout-shift", buffered: true});
"""
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture
def owner(visit: NewPage, username: str) -> Page:
    """Somebody who has signed up, in a browser that has none of the app's files yet."""
    page = visit()
    join(page, "default", username, email=f"{username}@example.com")
    owner = visit(storage_state=page.context.storage_state())
    owner.add_init_script(SHIFTS)
    return owner


def test_at_most_three_requests_and_25_kilobytes(owner: Page) -> None:
    requests: list[Request] = []

    def note(request: Request) -> None:
        requests.append(request)

    owner.on("requestfinished", note)
    owner.goto("/confirm/", wait_until="networkidle")
    expect(owner.get_by_role("main")).to_contain_text("We emailed a code")
    sizes = [request.sizes() for request in requests]
    transferred = sum(size["responseHeadersSize"] + size["responseBodySize"] for size in sizes)
    assert sorted(request.resource_type for request in requests) == ["document", "script", "stylesheet"]
    assert transferred <= 25_000


def test_nothing_moves_while_the_page_loads_or_is_used(owner: Page) -> None:
    owner.goto("/confirm/", wait_until="networkidle")
    code_field(owner).fill("123456")
    owner.evaluate(TWO_FRAMES)
    assert owner.evaluate("window.shifts") == []
    owner.get_by_role("button", name="Send a new code").click()
    expect(owner.get_by_role("button", name="Send a new code")).to_be_disabled()
    owner.wait_for_load_state("networkidle")
    assert owner.evaluate("window.shifts") == []


def test_nothing_moves_when_the_clock_has_run_down(owner: Page) -> None:
    owner.clock.install()
    owner.goto("/confirm/")
    owner.get_by_role("button", name="Send a new code").click()
    expect(owner.get_by_role("button", name="Send a new code")).to_be_disabled()
    owner.clock.fast_forward("01:05")
    expect(owner.get_by_role("button", name="Send a new code")).to_be_enabled()
    owner.clock.resume()
    owner.evaluate(TWO_FRAMES)
    assert owner.evaluate("window.shifts") == []


def test_the_script_is_small_and_needs_no_other(owner: Page) -> None:
    assert (STATIC / "confirm.js").stat().st_size < 4_000
    owner.goto("/confirm/")
    sources = owner.locator("script").evaluate_all("scripts => scripts.map((script) => script.getAttribute('src'))")
    assert sources == ["/static/django_cognito_confirm/confirm.js"]


def test_neither_script_nor_style_is_inline(owner: Page) -> None:
    owner.goto("/confirm/")
    expect(owner.locator("style, [style], script:not([src]), [onclick], [onsubmit]")).to_have_count(0)
