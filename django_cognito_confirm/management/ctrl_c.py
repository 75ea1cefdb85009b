"""Ctrl-C, heard between two calls, so that a run leaves nothing half recorded."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Final

from django_cognito_confirm.bulk import Report

STOPPED: Final = "Stopped by Ctrl-C: run it again to go on."
EXIT_CODE: Final = 130
"""What shells expect of a program that Ctrl-C has ended: 128 and the signal's number."""


@contextlib.contextmanager
def stopped_by_ctrl_c(report: Report) -> Iterator[None]:
    """Let Ctrl-C write ``STOPPED`` into ``report``, which ends a run; a second one interrupts it as usual.

    Outside the main thread, and where SIGINT is ignored or handled already, nothing is changed.
    """
    usual = signal.default_int_handler
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is not usual:
        yield
        return

    def stop(*_: object) -> None:
        report.problem = report.problem or STOPPED
        signal.signal(signal.SIGINT, usual)

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    except KeyboardInterrupt:
        report.problem = STOPPED
    finally:
        signal.signal(signal.SIGINT, usual)
