"""docs/signals.md has every signal, with the arguments that it is sent with."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.dispatch import Signal
from django.http import HttpRequest

from django_cognito_confirm import cognito, errors, models, signals, tokens
from tests.conftest import browser_of, last_code, wrong_code
from tests.docs.pages import DOCS
from tests.docs.tables import bare, read_table

SIGNALS = {name: signal for name, signal in vars(signals).items() if isinstance(signal, Signal)}
TYPES: dict[str, Any] = {
    "str": str,
    "bool": bool,
    "None": type(None),
    "HttpRequest": HttpRequest,
    "Confirmation": models.Confirmation,
    "ConfirmSignUpError": errors.ConfirmSignUpError,
    "Delivery": cognito.Delivery,
    "Tokens": cognito.Tokens,
    "Claims": tokens.Claims,
}


@pytest.fixture
def sent() -> Iterator[dict[str, dict[str, Any]]]:
    """What the last receiver of each signal was given, by the signal's name."""
    given: dict[str, dict[str, Any]] = {}

    def listen(name: str) -> Callable[..., None]:
        def receiver(sender: Any, signal: Signal, **kwargs: Any) -> None:
            given[name] = kwargs

        return receiver

    receivers = {name: listen(name) for name in SIGNALS}
    for name, signal in SIGNALS.items():
        signal.connect(receivers[name])
    yield given
    for name, signal in SIGNALS.items():
        signal.disconnect(receivers[name])


@pytest.mark.django_db(transaction=True)
def test_every_signal_is_sent_with_the_arguments_that_the_page_has(
    pools: Callable[..., None], sent: dict[str, dict[str, Any]]
) -> None:
    pools(AUTO_SIGN_IN=True)
    browser = browser_of("ada", user=get_user_model().objects.create(username="ada"))
    browser.post("/confirm/", {"code": wrong_code()})
    browser.post("/confirm/resend/")
    browser.post("/confirm/", {"code": last_code()})
    assert set(sent) == set(SIGNALS)
    for name, given in sent.items():
        told = {bare(row[0]): re.findall(r"\w+", row[1].replace(" or ", " ")) for row in read_table("signals.md", name)}
        assert set(told) == set(given), name
        for argument, types in told.items():
            assert isinstance(given[argument], tuple(TYPES[kind] for kind in types)), (name, argument)


def test_every_signal_is_there() -> None:
    assert set(re.findall(r"^## (\w+)$", (DOCS / "signals.md").read_text(), re.MULTILINE)) == set(SIGNALS)


def test_every_attribute_of_a_row_that_the_page_names_is_there() -> None:
    rows = read_table("signals.md", "sign_up_confirmed", 1)
    assert {bare(row[0]) for row in rows} <= {field.name for field in models.Confirmation._meta.get_fields()}
