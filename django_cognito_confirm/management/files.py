"""The files of cognito_confirm: opened before the first call, with a sentence for what is wrong with them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from django.core.management.base import CommandError

from django_cognito_confirm import bulk


@contextlib.contextmanager
def names_in(path: str, column: str, *, on_unreadable: Callable[[int], object]) -> Iterator[Iterator[str]]:
    """Open a CSV file, ``"-"`` for standard input, and read its first line; the names follow as they are asked for.

    Raises ``CommandError`` when it cannot be opened, or has no such ``column``.
    """
    with contextlib.ExitStack() as stack:
        try:
            stream = stack.enter_context(bulk.open_people_file(path))
            names = bulk.read_people(stream, column, on_unreadable=on_unreadable)
        except (OSError, ValueError) as error:
            raise CommandError(f"{path}: {error}") from error
        yield names


@contextlib.contextmanager
def file_of_failures(path: str, column: str, *, beside: str | None) -> Iterator[bulk.FailureFile]:
    """Make the file for those who were not confirmed: one that cannot be written must cost no call.

    Raises ``CommandError`` for such a one, and for one that would overwrite the file of the people, ``beside``.
    """
    if column in bulk.FAILED_COLUMNS:
        raise CommandError(f"--failed: the file has a column {column!r} of its own.")
    try:
        if beside and Path(path).exists() and Path(beside).exists() and Path(path).samefile(beside):
            raise CommandError("--failed: this is the file of the people; it would be overwritten.")
        failures = bulk.FailureFile(path, column)
    except OSError as error:
        raise CommandError(f"--failed: {error}") from error
    with contextlib.closing(failures):
        yield failures
