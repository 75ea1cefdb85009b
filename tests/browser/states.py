"""Every state that the pages can be in, and how a person gets there, whatever the language of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.faults import FaultServer

from .steps import join

WRONG = "000000"


@dataclass(frozen=True)
class Visitor:
    """Somebody at the host with several pools, and what answers for its pool "faults"."""

    page: Page
    faults: FaultServer
    number: int
    """Nobody else's."""

    @property
    def username(self) -> str:
        return f"ada{self.number}"

    @property
    def phone_number(self) -> str:
        return f"+441632960{self.number:03}"

    @property
    def code(self) -> str:
        user = self.faults.users.get(self.username)
        assert user
        return user.code

    def sign_up(self) -> None:
        join(self.page, "faults", self.username, email="ada@example.com")

    def fill(self, **values: str) -> None:
        for name, value in values.items():
            self.page.locator(f"[name={name}]").fill(value)

    def send(self, status: int = 200, button: int = 0, **values: str) -> None:
        """Fill the form in and press a button of it; ``status`` is that of the answer."""
        self.fill(**values)
        with self.page.expect_response(lambda response: response.request.method == "POST") as answer:
            self.page.locator("form.cognito-confirm-form [type=submit]").nth(button).click()
        assert answer.value.status == status

    def ask_for_a_code(self, status: int = 302, **values: str) -> None:
        self.send(status, 1, **values)

    @contextmanager
    def cognito_says(self, operation: str, code: str, text: str = "") -> Iterator[None]:
        self.faults.refuse(operation, code, text)
        yield
        self.faults.default(operation, "ok")

    def is_told(self) -> None:
        """See that something went wrong."""
        expect(self.page.get_by_role("alert").first).to_be_visible()


def owner(visitor: Visitor) -> None:
    visitor.sign_up()


def owner_by_sms(visitor: Visitor) -> None:
    join(visitor.page, "phone", visitor.phone_number)


def stranger(visitor: Visitor) -> None:
    visitor.page.goto("/faults/confirm/")


def link(visitor: Visitor) -> None:
    visitor.page.goto(f"/faults/confirm/?username={visitor.username}&code=123456")


def sign_in_names(visitor: Visitor) -> None:
    visitor.page.goto("/email/confirm/")


def nothing_entered(visitor: Visitor) -> None:
    stranger(visitor)
    visitor.send()
    visitor.is_told()


def wrong_code(visitor: Visitor) -> None:
    visitor.sign_up()
    with visitor.cognito_says("ConfirmSignUp", "CodeMismatchException"):
        visitor.send(code=WRONG)
        visitor.is_told()


def refused(visitor: Visitor) -> None:
    stranger(visitor)
    visitor.send(username=visitor.username, code=WRONG)
    visitor.is_told()


def code_sent(visitor: Visitor) -> None:
    visitor.sign_up()
    visitor.ask_for_a_code()
    expect(visitor.page.get_by_role("status")).to_be_visible()


def code_may_be_sent(visitor: Visitor) -> None:
    stranger(visitor)
    visitor.ask_for_a_code(username=visitor.username)
    expect(visitor.page.get_by_role("status")).to_be_visible()


def already_confirmed(visitor: Visitor) -> None:
    visitor.sign_up()
    said = "User cannot be confirmed. Current status is CONFIRMED"
    with visitor.cognito_says("ConfirmSignUp", "NotAuthorizedException", said):
        visitor.send(code=WRONG)
        visitor.is_told()


def alias_conflict(visitor: Visitor) -> None:
    visitor.sign_up()
    with visitor.cognito_says("ConfirmSignUp", "AliasExistsException"):
        visitor.send(code=visitor.code)
        visitor.is_told()


def outcome_unknown(visitor: Visitor) -> None:
    visitor.sign_up()
    with visitor.cognito_says("ConfirmSignUp", "UnexpectedLambdaException"):
        visitor.send(503, code=visitor.code)
        visitor.is_told()


def busy(visitor: Visitor) -> None:
    visitor.sign_up()
    with visitor.cognito_says("ConfirmSignUp", "TooManyRequestsException"):
        visitor.send(503, code=visitor.code)
        visitor.is_told()


def tried_too_often(visitor: Visitor) -> None:
    for status in (200, 200, 200, 429):
        stranger(visitor)
        visitor.send(status, username=visitor.username, code=WRONG)
    visitor.is_told()


def open_too_long(visitor: Visitor) -> None:
    visitor.sign_up()
    visitor.page.context.add_cookies([{"name": "csrftoken", "value": "x" * 32, "url": visitor.page.evaluate("origin")}])
    visitor.send(403, code="123456")
    visitor.is_told()


def no_cookies(visitor: Visitor) -> None:
    stranger(visitor)
    visitor.page.context.clear_cookies()
    visitor.send(403, username=visitor.username, code="123456")
    visitor.is_told()


def waiting(visitor: Visitor) -> None:
    visitor.sign_up()
    # On which a browser stays where it is.
    visitor.page.route("**/confirm/", lambda route: route.fulfill(status=204))
    visitor.send(204, code=visitor.code)
    expect(visitor.page.locator("[aria-busy=true]")).to_be_disabled()


def resend(visitor: Visitor) -> None:
    visitor.page.goto("/faults/confirm/resend/")


def resend_by_owner(visitor: Visitor) -> None:
    visitor.sign_up()
    resend(visitor)


def resend_too_often(visitor: Visitor) -> None:
    for status in (302, 429):
        resend(visitor)
        visitor.send(status, username=visitor.username)
    visitor.is_told()


def delivery_failed(visitor: Visitor) -> None:
    visitor.sign_up()
    with visitor.cognito_says("ResendConfirmationCode", "CodeDeliveryFailureException"):
        visitor.ask_for_a_code(200)
        visitor.is_told()


def done(visitor: Visitor) -> None:
    visitor.sign_up()
    visitor.send(302, code=visitor.code)
    visitor.page.wait_for_url("**/done/")


def nothing_left(visitor: Visitor) -> None:
    visitor.page.goto("/faults/confirm/done/")


STATES: list[Callable[[Visitor], None]] = [
    *(owner, owner_by_sms, stranger, link, sign_in_names, waiting),
    *(nothing_entered, wrong_code, refused, already_confirmed, alias_conflict, outcome_unknown, busy),
    *(tried_too_often, open_too_long, no_cookies),
    *(code_sent, code_may_be_sent, resend, resend_by_owner, resend_too_often, delivery_failed),
    *(done, nothing_left),
]
