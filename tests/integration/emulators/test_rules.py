"""Every emulator keeps and breaks the rules that the table says it keeps and breaks."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.conformance.rules import RULES, Rule
from tests.conformance.table import Verdict, verdict

from .emulator import Emulator
from .programs import EMULATORS


def judge(rule: Rule, emulator: Emulator) -> Verdict:
    """Try a rule."""
    try:
        rule.case(emulator.pool(rule.kind))
    except (AssertionError, LookupError, ClientError) as error:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ClientError) and cause.operation_name in emulator.lacks:
                return Verdict.LACKS
            cause = cause.__cause__ or cause.__context__
        return Verdict.BREAKS
    return Verdict.KEEPS


@pytest.mark.parametrize("rule", RULES.values(), ids=str)
@pytest.mark.parametrize("emulator", EMULATORS, indirect=True)
def test_an_emulator_keeps_what_the_table_says(rule: Rule, emulator: Emulator) -> None:
    assert judge(rule, emulator) is verdict(rule, emulator.name)
