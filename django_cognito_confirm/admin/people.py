"""Who the objects of a list are in Cognito: users of whatever model, or rows of the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Model

from .. import ledger
from ..conf import Pool, get_username
from ..models import Confirmation


def name_of(person: Model) -> str:
    """Return the Cognito username of an object in a list as it is sent, ``""`` for one that has none."""
    if isinstance(person, Confirmation):
        return person.username
    return (get_username(person) or "").strip()  # type: ignore[arg-type]  # whatever USERNAME_FROM_USER takes


def email_of(person: Model) -> str:
    """Return the e-mail address of a local record, ``""`` for one that has none."""
    get_field = getattr(person, "get_email_field_name", None)
    return getattr(person, get_field() if get_field else "email", "") or ""


def is_anothers(row: Confirmation, person: Model) -> bool:
    """Return whether ``row`` is tied to another local user than ``person``.

    A row can be tied to users only: of objects of another model it says nothing.
    """
    return isinstance(person, get_user_model()) and row.user_id not in (None, person.pk)


def rows_of_others(pool: Pool, people: Collection[Model]) -> dict[Any, Confirmation]:
    """Return those rows of ``people`` that are tied to another local user each, by their primary keys. One statement.

    A name may come from what staff can write, and then it is whose the ledger says. Cognito takes a sub for a name.
    """
    if not any(isinstance(person, get_user_model()) for person in people):
        return {}
    names = {person.pk: name for person in people if (name := name_of(person))}
    keys = {pk: pool.username_key(name) for pk, name in names.items()}
    subs = {pk: name.lower() for pk, name in names.items()}
    rows = ledger.rows_of_keys(pool, set(keys.values())).union(ledger.rows_of_subs(pool, set(subs.values())))
    found = defaultdict(list)
    for row in rows:
        found[row.username_key].append(row)
        found[row.sub].append(row)
    return {
        person.pk: row
        for person in people
        if person.pk in names
        for row in [*found[keys[person.pk]], *found[subs[person.pk]]]
        if is_anothers(row, person)
    }


def rows_of(pool: Pool, model: type[Model], people: Collection[Model]) -> dict[Any, Confirmation]:
    """Return the ledger's rows of ``people``, objects of ``model``, by their primary keys. One statement.

    A row that is tied to a local user is that user's; any other belongs to who has its name.
    """
    keys = {person.pk: pool.username_key(name) for person in people if (name := name_of(person))}
    rows = ledger.rows_of_keys(pool, set(keys.values()))
    are_users = issubclass(model, get_user_model())
    if are_users:
        # Two searches, each by an index of its own.
        rows = rows.union(ledger.rows(pool=pool.alias, user__in=[person.pk for person in people]))
    by_key, by_user = {}, {}
    for row in rows:
        if not are_users or row.user_id is None:
            by_key[row.username_key] = row
        elif row.user_id not in by_user or row.username_key == keys.get(row.user_id):
            by_user[row.user_id] = row
    found = {person.pk: by_user.get(person.pk) or by_key.get(keys.get(person.pk, "")) for person in people}
    return {pk: row for pk, row in found.items() if row is not None}
