"""The users that the fault server knows: a few that tests put there, and up to millions that are made up on the way.

A made-up user number ``n`` is a function of ``n``, so a million take no memory and any page of a listing costs the
same. Their subs begin with the hexadecimal digits of ``n`` backwards, so that ``sub ^= "a"`` takes one in sixteen.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import secrets
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone

CREATED = datetime(2026, 1, 2, tzinfo=timezone.utc).timestamp()
DIGITS = 8  # hexadecimal digits of a made-up user's number
FILTER = re.compile(r'\s*([\w:]+)\s*(\^?=)\s*"((?:[^"\\]|\\.)*)"\s*', re.DOTALL)
# What tells a made-up user's number.
NUMBERED = {
    "username": re.compile(r"user(\d{8})"),
    "email": re.compile(r"user(\d{8})@example\.com"),
    "sub": re.compile(r"([0-9a-f]{8})-.*"),
}


def random_code() -> str:
    """Return a code as Cognito sends them: six digits."""
    return f"{secrets.randbelow(10**6):06d}"


@dataclass(slots=True)
class User:
    """One user of the pool; ``created`` in seconds since 1970."""

    username: str
    sub: str
    status: str = "UNCONFIRMED"
    code: str = ""
    enabled: bool = True
    created: float = CREATED
    attributes: dict[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        """Return what a listing's filter looks at."""
        special = {
            "username": self.username,
            "sub": self.sub,
            "cognito:user_status": self.status,
            "status": "Enabled" if self.enabled else "Disabled",
        }
        return special.get(name) or self.attributes.get(name, "")


class Users:
    """The pool. Names are not case-sensitive; a user answers to the sub as well.

    ``population`` made-up users stand behind those that tests add; one in ``unconfirmed_every`` of them is not
    confirmed (0: all are).
    """

    def __init__(self, population: int = 0, unconfirmed_every: int = 0) -> None:
        self.population = population
        self.unconfirmed_every = unconfirmed_every
        self._added: dict[str, User] = {}
        self._kept: dict[int, User] = {}

    def add(self, username: str, **facts: object) -> User:
        """Put a user there; what is not said is made up. Returns the user, which tests may change."""
        facts = {"sub": str(uuid.uuid4()), "code": random_code(), **facts}
        user = User(username, **facts)  # type: ignore[arg-type]  # facts come from tests and from JSON
        self._added[username.lower()] = user
        return user

    def remove(self, username: str) -> None:
        """Delete a user whom a test added."""
        del self._added[username.lower()]

    def get(self, username: str) -> User | None:
        """Return the user of this name or sub, or None. A made-up one is remembered from here on."""
        user = self._added.get(username.lower()) or next((u for u in self._added.values() if u.sub == username), None)
        if user:
            return user
        number = self._number(username.lower(), "username")
        if number is None:
            number = self._number(username, "sub")
        return None if number is None else self._kept.setdefault(number, self._make_up(number))

    def added(self) -> list[User]:
        """Return those whom tests added or changed."""
        return [*self._added.values(), *self._kept.values()]

    def page(self, filter_: str, start: int, limit: int) -> tuple[list[User], bool]:
        """Return up to ``limit`` users from position ``start`` on, and whether there are more.

        Raises ``ValueError`` for a filter that Cognito would not understand.
        """
        found = itertools.islice(self._matching(filter_, start), limit + 1)
        users = list(found)
        return users[:limit], len(users) > limit

    def _matching(self, filter_: str, start: int) -> Iterator[User]:
        name, prefix, value, matches = _parse(filter_)
        added = [user for user in self._added.values() if matches(user)]
        yield from added[start:]
        numbers = self._numbers(name, value, prefix=prefix)
        for number in numbers[max(0, start - len(added)) :]:
            user = self._kept.get(number) or self._make_up(number)
            if matches(user):
                yield user

    def _numbers(self, name: str, value: str, *, prefix: bool) -> range:
        """Return the numbers of the made-up users that a filter can mean."""
        if not prefix and name in NUMBERED:
            number = self._number(value, name)
            return range(0) if number is None else range(number, number + 1)
        if not prefix or name != "sub":
            return range(self.population)
        digits = value.replace("-", "")[:DIGITS]
        if not re.fullmatch("[0-9a-f]*", digits):
            return range(0)
        return range(int(digits[::-1] or "0", 16), self.population, 16 ** len(digits))

    def _number(self, value: str, name: str) -> int | None:
        """Return the number of the made-up user who has this ``name`` (attribute), or None."""
        found = NUMBERED[name].fullmatch(value)
        if not found:
            return None
        number = int(found[1][::-1], 16) if name == "sub" else int(found[1])
        return number if number < self.population and self._make_up(number).value(name) == value else None

    def _make_up(self, number: int) -> User:
        rest = hashlib.blake2b(str(number).encode(), digest_size=11).hexdigest()
        return User(
            username=f"user{number:08d}",
            sub=f"{f'{number:08x}'[::-1]}-{rest[:4]}-4{rest[4:7]}-a{rest[7:10]}-{rest[10:]}",
            status="UNCONFIRMED" if self.unconfirmed_every and number % self.unconfirmed_every == 0 else "CONFIRMED",
            code="123456",
            attributes={"email": f"user{number:08d}@example.com"},
        )


def _parse(filter_: str) -> tuple[str, bool, str, Callable[[User], bool]]:
    """Return a listing filter's attribute, whether it asks for a prefix, its value, and the test it means."""
    if not filter_:
        return "", False, "", lambda _: True
    found = FILTER.fullmatch(filter_)
    if not found:
        raise ValueError(filter_)
    name, value = found[1], re.sub(r"\\(.)", r"\1", found[3], flags=re.DOTALL)
    if found[2] == "^=":
        return name, True, value, lambda user: user.value(name).startswith(value)
    return name, False, value, lambda user: user.value(name) == value
