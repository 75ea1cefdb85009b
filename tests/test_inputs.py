"""What people type: made fit for Cognito, or refused before it costs a call."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from django_cognito_confirm.inputs import MAX_CODE_LENGTH, MAX_USERNAME_LENGTH, clean_code, clean_username

COMBINING_MARK = "\u0301"
ZERO_WIDTH = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
HYPHENS = "-\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"
SPACES = " \t\r\n\v\f\u00a0\u1680\u2002\u2003\u2007\u2009\u2028\u2029\u202f\u205f\u3000"

unhurried = settings(deadline=None)
"""A busy machine is no failure."""
ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=40)
"""Lone surrogates and all."""
CODES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="-"), min_size=1, max_size=40)


# --- codes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("123456", "123456"),
        ("  123456\r\n", "123456"),
        ("123 456", "123456"),
        ("1 2 3 4 5 6", "123456"),
        ("123-456", "123456"),
        ("000123", "000123"),
        ("\uff10\uff11\uff12\uff13\uff14\uff15", "012345"),  # full-width
        ("\u0660\u0661\u0662\u0663\u0664\u0665", "012345"),  # Arabic-Indic
        ("\u06f0\u06f1\u06f2\u06f3\u06f4\u06f5", "012345"),  # Persian
        ("\u0966\u0967\u0968\u0969\u096a\u096b", "012345"),  # Devanagari
        ("\U0001d7ce\U0001d7cf\U0001d7d0", "012"),  # mathematical bold
        ("AbC-12+/=", "AbC12+/="),
        ("12345678", "12345678"),
        ("7", "7"),
    ],
)
def test_a_code_is_read_as_it_was_meant(typed: str, code: str) -> None:
    assert clean_code(typed) == code


@pytest.mark.parametrize("character", SPACES + ZERO_WIDTH + HYPHENS, ids=lambda c: f"U+{ord(c):04X}")
def test_what_mail_programs_put_around_or_into_a_code_is_dropped(character: str) -> None:
    assert clean_code(f"{character}012{character}345{character}") == "012345"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "---",
        ZERO_WIDTH,
        "123\x00456",
        "\ud800",
        "123\udfff",
        "\U0001f600",
        "12345\ufe0f\u20e3",  # a keycap
        "café",
        "e" + COMBINING_MARK,
        "Ⅻ½ß",
        "\x1b[31m1",
        "\x7f1",
        "١٢٣؛",
    ],
    ids=ascii,
)
def test_what_is_no_code_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="not a code"):
        clean_code(typed)


@pytest.mark.parametrize(
    "typed",
    ["1" * (MAX_CODE_LENGTH + 1), "1" * 5_000, " " * 5_000, "1" + COMBINING_MARK * 100_000, "e" * 100_000],
    ids=["one too many", "5,000 digits", "5,000 spaces", "100,000 marks", "100,000 letters"],
)
def test_what_is_too_long_is_refused_before_anything_else_looks_at_it(
    typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []

    def look(form: str, text: str) -> str:
        """NFKC, but for the time that it takes on combining marks: quadratic."""
        looked.append(form)
        return text

    with monkeypatch.context() as patch:
        patch.setattr(unicodedata, "normalize", look)
        with pytest.raises(ValueError, match="too long"):
            clean_code(typed)
    assert looked == []


def test_the_longest_code_is_let_through() -> None:
    assert clean_code("1" * MAX_CODE_LENGTH) == "1" * MAX_CODE_LENGTH


def test_a_code_that_grows_too_long_by_normalising_is_refused() -> None:
    typed = "\u3250" * MAX_CODE_LENGTH  # the sign for "PTE", three letters each
    assert len(unicodedata.normalize("NFKC", typed)) > MAX_CODE_LENGTH

    with pytest.raises(ValueError, match="not a code"):
        clean_code(typed)


@pytest.mark.parametrize("typed", ["geheim\ud800", "geheim" * 1_000])
def test_a_refusal_does_not_repeat_what_was_typed(typed: str) -> None:
    with pytest.raises(ValueError, match="code") as refused:
        clean_code(typed)

    assert "geheim" not in str(refused.value)


@unhurried
@given(ANY_TEXT)
@example("\uff10\u0661-२")
@example("0\u0300")
def test_a_cleaned_code_is_visible_ascii_and_stays_as_it_is(typed: str) -> None:
    try:
        code = clean_code(typed)
    except ValueError:
        return

    assert 1 <= len(code) <= MAX_CODE_LENGTH
    assert all("!" <= character <= "~" for character in code)
    assert clean_code(code) == code


@unhurried
@given(CODES)
def test_a_code_that_cognito_could_send_comes_through_unchanged(code: str) -> None:
    assert clean_code(code) == code


@unhurried
@given(st.text("0123456789", min_size=1, max_size=12), st.data())
def test_digits_of_any_script_with_anything_dropped_between_them_are_the_same_code(
    code: str, data: st.DataObject
) -> None:
    zeros = st.sampled_from(["0", "\uff10", "\u0660", "\u06f0", "\u0966", "\u09e6", "\u0e50"])
    between = st.text(SPACES + ZERO_WIDTH + HYPHENS, max_size=3)
    typed = "".join(chr(ord(data.draw(zeros)) + int(digit)) + data.draw(between) for digit in code)

    assert clean_code(data.draw(between) + typed) == code


# --- usernames --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "username",
    [
        "alice",
        "Alice",
        "a+b@example.com",
        "+491701234567",
        "jos\u00e9",
        "jose\u0301",
        "\uff41lice",
        "\U0001f600",
        "李雷",
        "a-b_c.d",
        "1",
        'quo"te\\',
        "$€½Ⅻ",
        "x" * MAX_USERNAME_LENGTH,
    ],
    ids=ascii,
)
def test_a_username_is_left_exactly_as_it_was_typed(username: str) -> None:
    assert clean_username(username) == username


@pytest.mark.parametrize("around", [" ", "\t", "\r\n", "\u00a0", "\u3000"], ids=ascii)
def test_spaces_around_a_username_are_trimmed(around: str) -> None:
    assert clean_username(f"{around}alice{around}") == "alice"


def test_the_longest_username_may_have_spaces_around_it() -> None:
    assert clean_username(f" {'x' * MAX_USERNAME_LENGTH} ") == "x" * MAX_USERNAME_LENGTH


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "alice smith",
        "alice\u00a0smith",
        "alice\x00",
        "al\nice",
        "\ud800",
        "alice\udfff",
        "alice\u200b",
        "\ufeffalice",
        "alice\u00ad",
        "\u202ealice",
        "\ue000",  # private use
        "\u0378",  # not assigned
    ],
    ids=ascii,
)
def test_what_cognito_would_refuse_by_its_form_is_no_username(typed: str) -> None:
    with pytest.raises(ValueError, match="not a username"):
        clean_username(typed)


@pytest.mark.parametrize(
    "typed",
    ["x" * (MAX_USERNAME_LENGTH + 1), "x" * 5_000, "e" + COMBINING_MARK * 100_000],
    ids=["one too many", "5,000", "100,000 marks"],
)
def test_a_username_that_is_too_long_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="too long"):
        clean_username(typed)


@unhurried
@given(ANY_TEXT)
def test_a_cleaned_username_is_what_was_typed_without_its_ends(typed: str) -> None:
    try:
        username = clean_username(typed)
    except ValueError:
        return

    assert username == typed.strip()
    assert 1 <= len(username) <= MAX_USERNAME_LENGTH
    assert clean_username(username) == username
    username.encode()  # so it can be hashed and sent
