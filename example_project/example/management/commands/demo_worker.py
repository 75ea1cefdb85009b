from __future__ import annotations

import os
import signal
import sys
import threading
import time
from argparse import ArgumentParser
from typing import Any, Final

from django_tasks_db.management.commands import db_worker

ENDS_WITHIN: Final = 3
"""Seconds for what is under way."""


class Command(db_worker.Command):
    help = "Run tasks until standard input ends. `demo` starts it, so that it ends with the site, however that ends."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(interval=0.5, startup_delay=False, reload=False)

    def handle(self, **options: Any) -> None:
        threading.Thread(target=end_with_standard_input, daemon=True).start()
        super().handle(**options)


def end_with_standard_input() -> None:
    """Ask this process to end its task and itself; a moment later, to end itself."""
    os.read(sys.stdin.fileno(), 1)  # takes no lock, which would be in the way when Python ends for another reason
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(ENDS_WITHIN)
    os.kill(os.getpid(), signal.SIGTERM)
