from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from django.core.management.utils import get_random_secret_key


def read_or_make_key(path: Path) -> str:
    """Return the secret key in ``path``, making one first where there is none.

    Kept in a file, so that sessions survive a restart of the development server.
    """
    if not path.exists():
        # Written in full before it has its name: of two processes that start at once, both read the same key.
        with tempfile.NamedTemporaryFile("w", dir=path.parent) as file:
            file.write(get_random_secret_key())
            file.flush()
            with contextlib.suppress(FileExistsError):
                os.link(file.name, path)
    return path.read_text()
