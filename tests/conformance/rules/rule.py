"""What a rule is, where it stands, and the list of all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..pools import PLAIN, Kind, UserPool

if TYPE_CHECKING:
    Case = Callable[[UserPool], None]


@dataclass(frozen=True)
class Source:
    """A page that a rule stands on."""

    title: str
    url: str

    def __str__(self) -> str:
        return f"[{self.title}]"


@dataclass(frozen=True)
class Rule:
    """Something that Cognito does; ``case`` tries it on a user pool of ``kind`` and raises where it is not so."""

    name: str
    text: str
    source: Source
    kind: Kind
    case: Case

    def __str__(self) -> str:
        return self.name


RULES: dict[str, Rule] = {}
"""By name, in the order in which they are read."""


def rule(text: str, source: Source, kind: Kind = PLAIN) -> Callable[[Case], Case]:
    """Put a case on the list."""

    def add(case: Case) -> Case:
        name = case.__name__
        assert name not in RULES
        RULES[name] = Rule(name, text, source, kind, case)
        return case

    return add


def api(name: str) -> Source:
    """A page of Amazon's API reference."""
    base = "https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference"
    return Source(name, f"{base}/API_{name}.html")


def guide(title: str, page: str) -> Source:
    """A page of Amazon's developer guide."""
    return Source(title, f"https://docs.aws.amazon.com/cognito/latest/developerguide/{page}.html")


def seen(repository: str, number: int) -> Source:
    """What somebody saw in the field, and told."""
    return Source(f"{repository.split('/')[1]}#{number}", f"https://github.com/{repository}/issues/{number}")


ERRORS = guide("managing errors", "cognito-user-pool-managing-errors")
NAMES = guide("attributes", "user-pool-settings-attributes")
QUOTAS = guide("quotas", "quotas")
SEARCH = guide("searching users", "how-to-manage-user-accounts")
SIGNING_UP = guide("signing up", "signing-up-users-in-your-app")
VERIFYING = guide("verifying", "user-pool-settings-email-phone-verification")
