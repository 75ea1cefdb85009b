"""Serve until the lifetime is over or a signal comes: ``python -m tests.faults --port 0``."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys

from tests.faults.server import FaultServer


def main() -> None:
    """Print the address on the first line, then serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--population", type=int, default=0, help="how many users to make up")
    parser.add_argument("--unconfirmed-every", type=int, default=0, help="one in how many of them is not confirmed")
    parser.add_argument("--quota", type=float, default=0, help="calls a second that sign people up or confirm them")
    parser.add_argument("--lifetime", type=float, default=3600.0, help="seconds after which it ends by itself")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with (
        contextlib.suppress(KeyboardInterrupt),
        FaultServer(
            options.port,
            population=options.population,
            unconfirmed_every=options.unconfirmed_every,
            quota=options.quota,
        ) as server,
    ):
        sys.stdout.write(server.url + "\n")
        sys.stdout.flush()
        server.closing.wait(options.lifetime)


if __name__ == "__main__":
    main()
