"""What a process holds."""

from __future__ import annotations

import resource
from pathlib import Path


def resident() -> int:
    """Return this process's resident memory in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()
