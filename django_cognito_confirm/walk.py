"""Walks a whole pool, to find people who were confirmed elsewhere: in managed login, by another client, by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from . import cognito, ledger, listing
from .cognito import ListedUser
from .conf import Pool
from .models import Confirmation
from .pace import Pace

PREFIXES: Final = tuple("0123456789abcdef")
"""Of the sub, a UUID: each begins a sixteenth of a pool. A listing's token lives an hour, too short for all of it."""


class Page(NamedTuple):
    """What one page of a listing brought."""

    walked: int
    found: int
    """Confirmed people of whom the ledger did not know."""


def walk(pool: Pool, prefix: str, pace: Pace, *, baseline: bool = False, dry_run: bool = False) -> Iterator[Page]:
    """Record who is confirmed among the users whose sub begins with ``prefix``; yield after each page.

    The signal is owed to whoever the ledger did not know as confirmed; with ``baseline`` it is taken for delivered.
    ``UserStatus`` and ``Enabled`` are looked at here, for a filter holds one condition only. Costs one statement for a
    page of people who are known by sub, and memory for one page. Raises ``ConfirmSignUpError``.
    """
    for users in cognito.list_user_pages(pool, "sub", prefix, prefix=True, before_call=pace.wait):
        yield Page(walked=len(users), found=record(pool, users, source="sync", baseline=baseline, dry_run=dry_run))


def record(
    pool: Pool, users: Iterable[ListedUser], *, source: str, baseline: bool = False, dry_run: bool = False
) -> int:
    """Record who is confirmed among ``users`` as a listing shows them; return how many of them are news.

    ``source`` is that of rows that are made; the rest as for ``walk``.
    """
    found = list(_unknown(pool, [user for user in users if user.is_confirmed and user.sub]))
    if not dry_run:
        _record(pool, found, source=source, baseline=baseline)
    return len(found)


def _unknown(pool: Pool, users: list[ListedUser]) -> Iterator[tuple[ListedUser, Confirmation | None]]:
    """Yield those whose confirmation is news, each with their row, if there is one."""
    recorded = ledger.recorded_subs(pool, [user.sub for user in users])
    users = [user for user in users if user.sub not in recorded]
    if not users:
        return
    by_sub = {row.sub: row for row in ledger.rows_of_subs(pool, [user.sub for user in users])}
    keys = {user.sub: list(map(pool.username_key, names_of(pool, user))) for user in users if user.sub not in by_sub}
    by_key = {
        row.username_key: row for row in ledger.rows_of_keys(pool, [key for some in keys.values() for key in some])
    }
    for user in users:
        row = by_sub.get(user.sub) or next((by_key[key] for key in keys[user.sub] if key in by_key), None)
        if row is None or listing.is_news(row, user):
            yield user, row


def names_of(pool: Pool, user: ListedUser) -> dict[str, None]:
    """Return the names by which a row may know ``user``, without doubles."""
    return dict.fromkeys([user.username, listing.name_of(pool, user)])


def _record(pool: Pool, found: list[tuple[ListedUser, Confirmation | None]], *, source: str, baseline: bool) -> None:
    new = [(listing.name_of(pool, user), user.sub) for user, row in found if row is None]
    ledger.add_listed(pool, new, delivered=baseline, source=source)
    for user, row in found:
        if row is not None:
            change = ledger.take_for_delivered if baseline else ledger.confirm_listed
            change(row, username=listing.name_of(pool, user), sub=user.sub)
