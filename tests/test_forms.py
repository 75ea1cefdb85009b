"""The forms: what Cognito would refuse by its form is an error here, and costs no call."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from django import forms

from django_cognito_confirm.forms import ConfirmForm, ResendForm

EMPTY = {"nothing": "", "a space": " ", "spaces": " \t\r\n\u00a0\u3000", "5,000 spaces": " " * 5_000}
BAD_CODES = {
    "5,000 characters": "1" * 5_000,
    "emoji": "\U0001f600",
    "NUL": "123\x00456",
    "lone surrogate": "123\ud800",
    "zero width only": "\u200b\u200b",
    "hyphens only": "---",
    "100,000 combining marks": "1" + "\u0301" * 100_000,
}
BAD_USERNAMES = {
    "5,000 characters": "a" * 5_000,
    "129 characters": "a" * 129,
    "inner space": "alice smith",
    "NUL": "alice\x00",
    "lone surrogate": "alice\ud800",
    "zero width": "al\u200bice",
    "100,000 combining marks": "a" + "\u0301" * 100_000,
}


class Attributes(HTMLParser):
    """The attributes of the one element in a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[dict[str, str | None]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(dict(attrs))


def rendered(form: forms.Form, field: str) -> dict[str, str | None]:
    (attributes,) = Attributes(str(form[field])).elements
    return attributes


def focused(form: forms.Form) -> list[str]:
    return [name for name in form.fields if "autofocus" in rendered(form, name)]


def confirm(username: str = "alice", code: str = "123456") -> ConfirmForm:
    return ConfirmForm({"username": username, "code": code})


# --- what was typed ---------------------------------------------------------------------------------------------------


def test_username_and_code_come_out_clean() -> None:
    form = confirm(" a+b@example.com ", " 012 - 345\u200b ")

    assert form.is_valid()
    assert form.cleaned_data == {"username": "a+b@example.com", "code": "012345"}


def test_full_width_digits_are_digits() -> None:
    form = confirm(code="\uff10\uff11\uff12\uff13\uff14\uff15")

    assert form.is_valid()
    assert form.cleaned_data["code"] == "012345"


@pytest.mark.parametrize("username", ["\U0001f600", "\uff41lice", "jos\u00e9", "jose\u0301"], ids=ascii)
def test_a_username_is_taken_letter_for_letter(username: str) -> None:
    form = confirm(username)

    assert form.is_valid()
    assert form.cleaned_data["username"] == username


@pytest.mark.parametrize("typed", EMPTY.values(), ids=EMPTY)
def test_an_empty_code_is_asked_for(typed: str) -> None:
    form = confirm(code=typed)

    assert form.errors.get_json_data() == {
        "code": [{"message": "Enter the code from the message that we sent you.", "code": "required"}]
    }


@pytest.mark.parametrize("typed", EMPTY.values(), ids=EMPTY)
@pytest.mark.parametrize("form_class", [ConfirmForm, ResendForm])
def test_an_empty_username_is_asked_for(form_class: type[ConfirmForm | ResendForm], typed: str) -> None:
    form = form_class({"username": typed, "code": "123456"})

    assert form.errors.get_json_data() == {
        "username": [{"message": "Fill this in as you did when you signed up.", "code": "required"}]
    }


def test_an_empty_form_asks_for_both() -> None:
    assert set(ConfirmForm({}).errors) == {"username", "code"}


@pytest.mark.parametrize("typed", BAD_CODES.values(), ids=BAD_CODES)
def test_what_is_no_code_is_one_error_of_the_code(typed: str) -> None:
    errors = confirm(code=typed).errors.get_json_data()

    assert [(name, [error["code"] for error in found]) for name, found in errors.items()] == [("code", ["invalid"])]
    assert errors["code"][0]["message"].startswith("This is not a code.")


@pytest.mark.parametrize("typed", BAD_USERNAMES.values(), ids=BAD_USERNAMES)
@pytest.mark.parametrize("form_class", [ConfirmForm, ResendForm])
def test_what_is_no_username_is_one_error_of_the_username(
    form_class: type[ConfirmForm | ResendForm], typed: str
) -> None:
    errors = form_class({"username": typed, "code": "123456"}).errors.get_json_data()

    assert [(name, [error["code"] for error in found]) for name, found in errors.items()] == [("username", ["invalid"])]
    assert errors["username"][0]["message"].startswith("This does not look right.")


def test_an_error_does_not_keep_the_code() -> None:
    (error,) = confirm(code="geheim\x00").errors.as_data()["code"]

    assert error.__context__ is None
    assert "geheim" not in repr(error)


# --- what is shown ----------------------------------------------------------------------------------------------------


def test_the_code_field_is_made_for_codes() -> None:
    shown = rendered(ConfirmForm(), "code")

    assert {
        name: shown.get(name) for name in ("type", "name", "autocomplete", "inputmode", "spellcheck", "maxlength")
    } == {
        "type": "text",
        "name": "code",
        "autocomplete": "one-time-code",
        "inputmode": "numeric",
        "spellcheck": "false",
        "maxlength": "2048",
    }
    assert "required" in shown
    assert "pattern" not in shown


@pytest.mark.parametrize("form", [ConfirmForm(), ResendForm()], ids=["confirm", "resend"])
def test_the_username_field_is_not_corrected_by_phones(form: forms.Form) -> None:
    shown = rendered(form, "username")

    assert {name: shown.get(name) for name in ("autocomplete", "autocapitalize", "autocorrect", "spellcheck")} == {
        "autocomplete": "username",
        "autocapitalize": "none",
        "autocorrect": "off",
        "spellcheck": "false",
    }


def test_the_fields_are_called_what_they_are() -> None:
    form = ConfirmForm()

    assert [(name, str(form[name].label)) for name in form.fields] == [
        ("username", "Username"),
        ("code", "Confirmation code"),
    ]


@pytest.mark.parametrize(("form_class", "fields"), [(ConfirmForm, ["code"]), (ResendForm, [])])
def test_a_known_username_is_not_asked_for(form_class: type[ConfirmForm | ResendForm], fields: list[str]) -> None:
    form = form_class({"username": "mallory", "code": "123456"}, ask_username=False)

    assert list(form.fields) == fields
    assert form.is_valid()
    assert "username" not in form.cleaned_data


def test_one_form_without_a_username_leaves_the_others_alone() -> None:
    ConfirmForm(ask_username=False)

    assert list(ConfirmForm().fields) == ["username", "code"]


@pytest.mark.parametrize(
    ("initial", "field"),
    [
        ({}, "username"),
        ({"username": ""}, "username"),
        ({"username": "alice"}, "code"),
        ({"username": "alice", "code": "123456"}, "code"),
        ({"code": "123456"}, "username"),
    ],
)
def test_typing_starts_in_the_first_empty_field(initial: dict[str, str], field: str) -> None:
    assert focused(ConfirmForm(initial=initial)) == [field]


def test_typing_starts_in_the_code_when_the_username_is_known() -> None:
    assert focused(ConfirmForm(ask_username=False)) == ["code"]


def test_a_marked_code_says_what_is_wrong_with_it() -> None:
    form = ConfirmForm(initial={"username": "alice"})

    form.refuse_code("problem")

    shown = rendered(form, "code")
    assert (shown["aria-invalid"], shown["aria-describedby"]) == ("true", "problem")
    assert focused(form) == ["code"]


def test_a_mark_stays_on_its_own_form() -> None:
    ConfirmForm(initial={"username": "alice"}).refuse_code("problem")

    shown = rendered(ConfirmForm(), "code")

    assert not {"aria-invalid", "aria-describedby", "autofocus"} & set(shown)
