"""docs/errors.md has every error, what becomes of it on pages and for programs, and every code of Cognito's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from django_cognito_confirm.answers import get_status
from django_cognito_confirm.cognito.error_codes import OPERATIONS, ByText, Rule
from django_cognito_confirm.errors import ConfirmSignUpError, Throttled
from django_cognito_confirm.verifying import AccountDiffers, AddressDiffers
from tests.docs.tables import bare, read_table

ROWS = {bare(row[0]): row for row in read_table("errors.md", "What each one means")}
CODES = {bare(row[0]): row[1:] for row in read_table("errors.md", "What Cognito says, and what it becomes")}
OURS = Throttled(retry_after=60)


def classes(error: type[ConfirmSignUpError] = ConfirmSignUpError) -> Iterator[type[ConfirmSignUpError]]:
    yield error
    for subclass in error.__subclasses__():
        yield from classes(subclass)


def test_the_errors_beside_the_family_are_of_it() -> None:
    assert {AccountDiffers, AddressDiffers} < set(classes())


def told(status: object, ours: object) -> str:
    return f"{status}; ours {ours}"


@pytest.mark.parametrize("error", list(classes()))
def test_an_error_is_there_with_its_statuses_and_what_strangers_get(error: type[ConfirmSignUpError]) -> None:
    page, json = (str(get_status(error(), refused=status).real) for status in (200, 400))
    stranger = f"`{type(error().for_stranger()).__name__}`"
    if error is Throttled:
        limited = get_status(OURS, refused=0).real
        page, json = told(page, limited), told(json, limited)
        stranger = told(stranger, f"`{type(OURS.for_stranger()).__name__}`")
    assert ROWS[error.__name__][3:] == [page, json, stranger]
    assert all(ROWS[error.__name__])


def test_nothing_else_is_there() -> None:
    assert list(ROWS) == [error.__name__ for error in classes()]


@pytest.mark.parametrize("attribute", [bare(row[0]) for row in read_table("errors.md", "Errors")])
def test_an_attribute_is_there(attribute: str) -> None:
    assert hasattr(ConfirmSignUpError(), attribute.removesuffix("()"))


def named(rule: Rule | None) -> str:
    if rule is None:
        return "\N{EN DASH}"
    errors = [*(error for _, error in rule.patterns), rule.otherwise] if isinstance(rule, ByText) else [rule]
    last = errors[-1]
    several = [error for error in dict.fromkeys(errors) if error is not last]
    return ", ".join(f"`{error.__name__}`" for error in [*several, last])


def test_every_code_is_there_with_what_it_becomes() -> None:
    confirm, admin, resend = (
        OPERATIONS[name].rules for name in ("ConfirmSignUp", "AdminConfirmSignUp", "ResendConfirmationCode")
    )
    assert confirm == admin
    assert {code: [named(confirm.get(code)), named(resend.get(code))] for code in {*confirm, *resend}} == CODES
