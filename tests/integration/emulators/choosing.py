"""Which emulators a test is for: those that keep the rules it needs."""

from __future__ import annotations

import pytest

from tests.conformance.rules import RULES
from tests.conformance.table import Verdict, verdict

from .programs import EMULATORS


def those_that_keep(*rules: str) -> pytest.MarkDecorator:
    """Run a test once for each emulator that keeps these rules."""
    return _each_of([name for name in EMULATORS if {verdict(RULES[rule], name) for rule in rules} == {Verdict.KEEPS}])


def those_that_lack(operation: str) -> pytest.MarkDecorator:
    """Run a test once for each emulator that has not this operation."""
    return _each_of([name for name, emulator in EMULATORS.items() if operation in emulator.lacks])


def _each_of(names: list[str]) -> pytest.MarkDecorator:
    assert names, "The test is for nobody"
    return pytest.mark.parametrize("emulator", names, indirect=True)
