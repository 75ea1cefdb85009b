"""All the measurements, one after the other; what each prints goes into docs/performance.md.

    python -m bench [--only call request] [--thorough]

Each replaces its own part of the page and leaves the rest. ``--thorough`` goes up to 100,000 people, which takes long.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from sqlite3 import sqlite_version

from bench.site import POSTGRESQL

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"

WITHOUT_QUOTA = ["--rate", "1000000", "--quota", "0", "--latency", "0", "--workers", "1"]
MEASURES = {
    "call": ["bench.call"],
    "request": ["bench.request"],
    "boot": ["bench.boot"],
    "load": ["bench.load"],
    "bulk": ["bench.bulk", *WITHOUT_QUOTA, "--people", "1000", "10000"],
    "sync": ["bench.walk", "--population", "1000", "10000"],
}
LARGEST = "100000"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=list(MEASURES), default=list(MEASURES))
    parser.add_argument("--thorough", action="store_true")
    options = parser.parse_args()
    for name in options.only:
        command = [*MEASURES[name], *([LARGEST] if options.thorough and name in ("bulk", "sync") else [])]
        print(f"== {name}", flush=True)
        # Before it runs: the measurement itself is a load.
        circumstances = describe()
        printed = run(command)
        replace(name, f"{circumstances}\n\n```text\n$ python -m {' '.join(command)}\n{printed}```")


def run(command: list[str]) -> str:
    """Run a measurement, show what it prints, and return it."""
    lines = []
    with subprocess.Popen([sys.executable, "-m", *command], stdout=subprocess.PIPE, text=True) as measuring:
        assert measuring.stdout is not None
        for printed in measuring.stdout:
            print(printed, end="", flush=True)
            lines.append(printed.rstrip() + "\n")
    if measuring.returncode:
        sys.exit(f"{' '.join(command)} failed")
    return "".join(lines)


def describe() -> str:
    """Say when and on what it is measured, and how busy the machine is with other things."""
    packages = {}
    for name in ("Django", "boto3", "botocore", "psycopg", "gunicorn", "uvicorn", "pycognito"):
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    versions = [f"Python {platform.python_version()}", f"SQLite {sqlite_version}", *postgresql()]
    versions += [f"{name} {number}" for name, number in packages.items()]
    today = datetime.now(timezone.utc).date()
    busy = os.getloadavg()[0]
    return f"{today}, {os.cpu_count()} cores of {processor()}, load average {busy:.1f} before. {', '.join(versions)}."


def processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", cpuinfo.read_text()) if cpuinfo.exists() else None
    return found[1] if found else platform.processor() or platform.machine()


def postgresql() -> list[str]:
    """Return the server's version, nothing if none answers."""
    try:
        import psycopg

        with psycopg.connect(POSTGRESQL.rpartition("/")[0] + "/postgres", connect_timeout=3) as connection:
            return [f"PostgreSQL {connection.info.server_version // 10000}"]
    except (ImportError, OSError, psycopg.Error):
        return []


def replace(name: str, text: str) -> None:
    """Put ``text`` between the marks of ``name`` in the page."""
    page = PAGE.read_text()
    begin, end = f"<!-- bench {name} -->\n", f"<!-- end of {name} -->"
    before, _, rest = page.partition(begin)
    assert rest, f"docs/performance.md has no place for {name}"
    PAGE.write_text(before + begin + text + "\n" + end + rest.partition(end)[2])


if __name__ == "__main__":
    main()
