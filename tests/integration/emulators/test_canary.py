"""With nothing of ours: the emulators that are said to look at codes do."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.conformance.pools import PLAIN

from .choosing import those_that_keep
from .emulator import Emulator


@those_that_keep("a_wrong_code_confirms_nobody")
def test_a_wrong_code_is_told_from_a_right_one(emulator: Emulator) -> None:
    app = emulator.pool(PLAIN)
    emulator.stranger.sign_up(
        ClientId=app.client_id,
        Username="canary",
        Password="Correct-horse-7",
        UserAttributes=[{"Name": "email", "Value": "canary@example.com"}],
    )
    [code] = emulator.codes("canary@example.com")
    wrong = "000000" if code != "000000" else "000001"

    with pytest.raises(ClientError) as refused:
        emulator.stranger.confirm_sign_up(ClientId=app.client_id, Username="canary", ConfirmationCode=wrong)
    assert refused.value.response["Error"]["Code"] == "CodeMismatchException"
    emulator.stranger.confirm_sign_up(ClientId=app.client_id, Username="canary", ConfirmationCode=code)
