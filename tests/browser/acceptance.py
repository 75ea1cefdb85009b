"""What the confirm page must do, by number. ``@shows("C3", "A8")`` says of a test which of it can be seen there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

ACCEPTANCE = {
    # What a well-known peer's tests see to, at confirming (C) and at its buttons (V).
    "C1": "instruction, placeholder and arrival text of the host appear",
    "C3": "a wrong code: an alert, the field empty and focused, the username kept",
    "C4": "'emailed' and the masked address; after the right code, signing in is offered",
    "C5": 'the code\'s field has autocomplete="one-time-code"',
    "C6": "in Japanese the address is followed by 。 and never by an ASCII full stop",
    "C7": "header and footer of the host appear",
    "C8": "sign-up by e-mail leads to the page, which says where the code went",
    "C9": "so does sign-up by an upper-case e-mail address",
    "C10": "so does sign-up by phone: the code went by SMS",
    "C11": "so does sign-up by username",
    "C12": "so does sign-up with more attributes",
    "C13": "where the pool confirms by itself, the page is skipped",
    "C14": "also with an upper-case e-mail address",
    "C15": "the right code, but signing in is refused: the sign-in page, and the confirmation is not lost",
    "C16": "signing in unconfirmed by e-mail: a new code, the page, then sign-in",
    "C17": "also by username",
    "C18": "also by phone",
    "C19": "also by an upper-case e-mail address",
    "C20": "a new code is told of, and the old one stops working",
    "V6": "while the answer is awaited, the button says so and takes no second press",
    # What users ask for (A).
    "A1": "come back later, after a reload, on another device",
    "A2": "a second click on the link, or a second submit, is no error in the browser that signed up",
    "A4": "a new code is told of, and how long to wait for another",
    "A5": "errors in my language",
    "A6": "pasted spaces do no harm, leading zeros stay",
    "A7": "nobody's alias is taken over by default",
    "A8": "expired and wrong codes lead to the same next step",
    "A9": "a wrong address: start again; a forgotten username: a way on",
    "A10": "the case of the username does not matter",
    "A11": "an app client with a secret just works",
    "A12": "people confirmed by staff can have a verified e-mail address, which recovers a password",
    "A13": "errors that a screen reader says",
    "A14": "+ in an address survives a link",
    "A15": "opening a link confirms nobody",
}
LATER = {"A3": "be signed in afterwards"}
"""What is not built."""

SHOWN: defaultdict[str, list[str]] = defaultdict(list)
"""Names of tests by number, of the modules that are imported."""

Test = TypeVar("Test", bound=Callable[..., Any])


def shows(*numbers: str) -> Callable[[Test], Test]:
    """Say of a test what it shows."""

    def note(test: Test) -> Test:
        for number in numbers:
            SHOWN[number].append(f"{test.__module__}.{test.__name__}")
        return test

    return note
