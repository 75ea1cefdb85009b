"""Names in CSV files: read one by one, whatever else is in the file, and written so that a spreadsheet runs none.

A name that a spreadsheet would take for a formula gets an apostrophe in front when it is written, and a file that was
written here is known by its columns: there, and only there, exactly this apostrophe is taken off again.
"""

from __future__ import annotations

import contextlib
import csv
import io
import re
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

from .reports import Outcome

FAILED_COLUMNS: Final = ("outcome", "explanation", "code")
"""What stands beside each name in a file of those who could not be confirmed."""

LONGEST: Final = 1 << 20
"""Characters of a record that are held in memory; a longer one cannot be read."""

CUT: Final = 256
"""Characters of a name that are kept: enough to recognize it, and more than any account's name has."""

_REFUSED: Final = '"."."\n'
"""Stands for a line that is too long: the csv module refuses it both inside and outside quotes."""

_FORMULA = re.compile(r"\W*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""What a spreadsheet may run, also after quotes and spaces that it drops."""


def escape(name: str) -> str:
    """Return ``name`` so that a spreadsheet shows it and does not run it."""
    return f"'{name}" if _FORMULA.match(name) else name


def unescape(cell: str) -> str:
    """Return the name that ``escape`` made ``cell`` of."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell, 1) else cell


@contextmanager
def open_people_file(path: str) -> Iterator[TextIO]:
    """Open a CSV file to be read, ``"-"`` for standard input: UTF-8, with or without a byte-order mark.

    What is not UTF-8 becomes surrogates, which no account's name has. Raises ``OSError``.
    """
    if path != "-":
        with Path(path).open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
            yield stream
    elif not hasattr(sys.stdin, "buffer"):  # text that somebody put in its place
        yield sys.stdin
    else:
        stream = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", errors="surrogateescape", newline="")
        try:
            yield stream
        finally:
            stream.detach()  # or else standard input would be closed with it


def count_people(path: str) -> int | None:
    """Return how many lines follow the first one, ``None`` for what is no regular file and can be read only once."""
    if path == "-" or not Path(path).is_file():
        return None
    lines, last = 0, b"\n"
    with Path(path).open("rb") as file:
        while chunk := file.read(LONGEST):
            lines, last = lines + chunk.count(b"\n"), chunk
    return max(0, lines - last.endswith(b"\n"))


def read_people(stream: TextIO, column: str, *, on_unreadable: Callable[[int], object]) -> Iterator[str]:
    """Return the names in ``column`` of a CSV file, one by one as they are asked for.

    Its first line names the columns; lines that hold nothing are skipped. ``on_unreadable`` is told the number of each
    line that names nobody or cannot be read, such as one with a quote that is not closed; the next line is read then.
    Raises ``ValueError`` at once, with a sentence for the operator, when the first line has no such column.
    """
    lines = _Lines(stream)
    records = _records(lines)
    header = [cell.strip() for cell in next(records, None) or []]
    if header.count(column) != 1:
        found = ", ".join(map(repr, header)) or "none"
        raise ValueError(f"The first line must name one column {column!r}; the columns found are: {found}.")
    return _names(records, lines, header.index(column), (column, *FAILED_COLUMNS) == tuple(header), on_unreadable)


def _names(
    records: Iterator[list[str] | None],
    lines: _Lines,
    index: int,
    is_escaped: bool,
    on_unreadable: Callable[[int], object],
) -> Iterator[str]:
    for record in records:
        cell = record[index] if record and index < len(record) else ""
        name = (unescape(cell) if is_escaped else cell).strip()
        if "\n" in name or "\r" in name:  # a quote that was never closed has taken the next people in
            lines.take_back()
            name = ""
        if name:
            yield name[:CUT]
        else:
            on_unreadable(lines.number)


def _records(lines: _Lines) -> Iterator[list[str] | None]:
    """Yield the cells of each record that has any, ``None`` for one that cannot be read."""
    # Strict: with quotes in the wrong place it would guess a name otherwise.
    reader = csv.reader(lines, strict=True)
    while True:
        lines.begin()
        try:
            record = next(reader, None)
        except csv.Error:
            lines.take_back()
            yield None
            continue
        if record is None:
            return
        if any(cell.strip() for cell in record):
            yield record


class _Lines:
    """The lines of a file, for a csv reader; all but the first of those of one record can be taken back."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._of_record: list[str] = []
        self._length = 0
        self._again: deque[str] = deque()
        self.number = 0
        """Of the first line of the record, from 1 on."""
        self._next_number = 1

    def begin(self) -> None:
        self._next_number += len(self._of_record)
        self.number = self._next_number
        self._of_record.clear()
        self._length = 0

    def take_back(self) -> None:
        self._again.extendleft(reversed(self._of_record[1:]))
        del self._of_record[1:]

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self._length > LONGEST:
            raise csv.Error("The record is too long.")
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        self._of_record.append(line)
        self._length += len(line)
        return line

    def _read(self) -> str:
        line = self._stream.readline(LONGEST)
        if not _is_cut(line):
            return line
        while _is_cut(self._stream.readline(LONGEST)):
            pass
        return _REFUSED


def _is_cut(line: str) -> bool:
    return len(line) == LONGEST and line[-1] not in "\r\n"


class FailureFile:
    """A CSV file of people who could not be confirmed, which ``read_people`` takes again.

    It is there, with its first line, as soon as it is opened, and each line when it is written. Raises ``OSError``.
    """

    def __init__(self, path: str, column: str) -> None:
        self._stream = Path(path).open(  # noqa: SIM115 - closed by ``close``
            "w", encoding="utf-8", errors="surrogateescape", newline="", buffering=1
        )
        self._writer = csv.writer(self._stream)
        self._quoting_writer = csv.writer(self._stream, quoting=csv.QUOTE_ALL)
        try:
            self._writer.writerow([column, *FAILED_COLUMNS])
        except OSError:
            with contextlib.suppress(OSError):
                self._stream.close()
            raise

    def write(self, outcome: Outcome) -> None:
        # Spreadsheets in half of Europe take the semicolon for the end of a cell, outside quotes.
        writer = self._quoting_writer if re.search("[;\t]", outcome.username) else self._writer
        writer.writerow([escape(outcome.username), outcome.kind, outcome.summary, outcome.code])

    def close(self) -> None:
        self._stream.close()
