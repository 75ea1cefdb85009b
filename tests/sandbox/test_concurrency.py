from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

RACE = Path(__file__).with_name("race.py")


def race(tmp_path: Path, what: str) -> Any:
    """Run a race in a process and a database file of its own: the database of the test run may be in memory."""
    program = [sys.executable, str(RACE), str(tmp_path / "race.sqlite3"), what]
    done = subprocess.run(program, capture_output=True, text=True, check=False, timeout=60, cwd=RACE.parents[2])
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def count(outcomes: list[str], is_meant: Callable[[str], bool]) -> int:
    return len([outcome for outcome in outcomes if is_meant(outcome)])


def test_one_of_many_confirms_at_once_succeeds_and_all_are_counted(tmp_path: Path) -> None:
    result = race(tmp_path, "confirm")

    assert sorted(result["outcomes"]) == ["NotAuthorizedException"] * 7 + ["ok"]
    assert result["attempts"] == 8


def test_of_many_wrong_codes_at_once_fifteen_are_looked_at(tmp_path: Path) -> None:
    result = race(tmp_path, "guess")

    assert count(result["outcomes"], lambda outcome: outcome == "CodeMismatchException") == 15
    assert count(result["outcomes"], lambda outcome: outcome == "LimitExceededException") == 5


def test_of_many_sign_ups_with_one_name_at_once_one_succeeds(tmp_path: Path) -> None:
    result = race(tmp_path, "sign_up")

    assert sorted(result["outcomes"]) == ["UsernameExistsException"] * 7 + ["ok"]


def test_of_two_people_who_claim_one_alias_at_once_one_gets_it(tmp_path: Path) -> None:
    result = race(tmp_path, "alias")

    assert sorted(result["outcomes"]) == ["AliasExistsException", "ok"]
    assert result["verified"] == 1
