"""Looks for secrets wherever a report could find them: in log records, tracebacks' frames, mails and pages."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from types import TracebackType

MARK = "Zq7mark"
"""Stands in every secret of these tests, and in nothing else."""


class Everything(logging.Handler):
    """Keeps the records of every logger, as they are when a handler gets them."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    @contextlib.contextmanager
    def everywhere(self) -> Iterator[Everything]:
        """Listen to every logger, at DEBUG, within the block."""
        levels = {name: logging.getLogger(name).level for name in ("", "botocore", "django", "django_cognito_confirm")}
        for name in levels:
            logging.getLogger(name).setLevel(logging.DEBUG)
        logging.getLogger().addHandler(self)
        try:
            yield self
        finally:
            logging.getLogger().removeHandler(self)
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)

    def shown(self) -> Iterator[str]:
        """Yield whatever a formatter or a reporter of errors could show of them."""
        for record in self.records:
            yield record.getMessage()
            yield repr(record.args)
            if record.exc_info:
                yield from frames(record.exc_info[1])


def frames(error: BaseException | None, skip: int = 0) -> Iterator[str]:
    """Yield what a reporter that walks the frames sees: each local variable, of the error's causes too.

    ``skip``: so many outermost frames are the test's own.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield f"{error!r} {error} {error.args} {vars(error)}"
        trace: TracebackType | None = error.__traceback__
        while trace is not None:
            if skip <= 0:
                where = trace.tb_frame.f_code.co_name
                for name, value in trace.tb_frame.f_locals.items():
                    yield f"{where}: {name} = {_safe_repr(value)}"
            skip -= 1
            trace = trace.tb_next
        error = error.__cause__ or error.__context__


def _safe_repr(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - half made objects
        return "?"


def leaks(shown: Iterator[str], *marks: str) -> list[str]:
    """Return those of ``shown`` in which a mark stands."""
    return [text for text in shown if any(mark in text for mark in (marks or (MARK,)))]
