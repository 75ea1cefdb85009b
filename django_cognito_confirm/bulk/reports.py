"""What came of a run, person by person and in numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ..errors import ConfirmSignUpError, describe
from ..models import Confirmation

CONFIRMED = "confirmed"
DELIVERED_BEFORE = "delivered_before"
ELSEWHERE = "elsewhere"
OWED = "owed"
QUEUED = "queued"
REPEATED = "repeated"
UNFIT = "unfit"
UNREADABLE = "unreadable"

_SUMMARIES: dict[str, str | Promise] = {
    CONFIRMED: _("confirmed"),
    DELIVERED_BEFORE: _("was confirmed before, nothing to do"),
    ELSEWHERE: _("taken care of elsewhere at this moment"),
    OWED: _("confirmed, but a receiver failed: cognito_sync tries again, and the log says why"),
    QUEUED: _("to be asked for"),
    REPEATED: _("named more than once"),
    UNFIT: _("no account can have this name"),
    UNREADABLE: _("a line that cannot be read, or names nobody"),
}

GOOD: Final = frozenset({CONFIRMED, DELIVERED_BEFORE, QUEUED, REPEATED, "already_confirmed"})
"""Kinds of outcome after which nothing is left to be done by a person."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one person."""

    username: str
    kind: str
    """One of the constants above, or ``ConfirmSignUpError.kind``."""
    code: str = ""
    """Cognito's error code."""

    @classmethod
    def of(cls, username: str, error: ConfirmSignUpError) -> Outcome:
        return cls(username, error.kind, error.code)

    @property
    def ok(self) -> bool:
        return self.kind in GOOD

    @property
    def summary(self) -> str:
        """The kind, in a few words for staff."""
        return summarize(self.kind)


def recorded(row: Confirmation) -> str:
    """Return the kind of outcome of a yes that is recorded."""
    return OWED if row.owed else CONFIRMED


def summarize(kind: str) -> str:
    """Return what a kind of outcome means, in a few words for staff."""
    return str(_SUMMARIES.get(kind) or describe(kind))


@dataclass(slots=True)
class Report:
    """What a run did so far, in numbers."""

    outcomes: Counter[str] = field(default_factory=Counter)
    """How many people, by kind of outcome."""
    throttled: int = 0
    """Calls that Cognito refused for its quota, and that were made again."""
    problem: str = ""
    """What went wrong for all alike: operation, error code and what to do. To set it stops the run."""

    @property
    def people(self) -> int:
        return self.outcomes.total()

    @property
    def ok(self) -> bool:
        """Whether it went to its end, and nobody is left whom somebody has to look after."""
        return not self.problem and self.outcomes.keys() <= GOOD
