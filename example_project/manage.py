#!/usr/bin/env python
"""Run the example site's commands, from any directory: ``python example_project/manage.py demo``."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    # So that a clone works without installing the package.
    sys.path.insert(1, str(Path(__file__).resolve().parent.parent))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
