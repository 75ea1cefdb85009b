"""A Cognito for measurements: answers ConfirmSignUp as Cognito does, after a chosen time, and takes little of its own.

    python -m bench.cognito [--latency 0.05]

It prints its address, then serves until it is ended. The code of everybody is ``123456``. ``counts()`` tells how many
connections were opened and calls made.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import urllib.request
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

CODE = "123456"
COUNTS = "/_counts"

_MISMATCH = {
    "__type": "CodeMismatchException",
    "message": "Invalid verification code provided, please try again.",
}


class _Connection(asyncio.Protocol):
    """One connection, kept alive. HTTP/1.1 with lengths, one request after the other, as botocore sends them."""

    def __init__(self, latency: float, counts: Counter[str]) -> None:
        self.latency = latency
        self.counts = counts
        self.received = b""
        self.counted = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, end, rest = self.received.partition(b"\r\n\r\n")
        if not end:
            return
        request, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            return
        self.received = rest[length:]
        if request.split()[1] == COUNTS:
            self.answer(200, json.dumps(self.counts).encode())
            return
        self.count(len(head) + 4 + length)
        body = json.loads(rest[:length])
        reply = (200, b"{}") if body.get("ConfirmationCode") == CODE else (400, json.dumps(_MISMATCH).encode())
        if self.latency:
            asyncio.get_running_loop().call_later(self.latency, self.answer, *reply)
        else:
            self.answer(*reply)

    def count(self, size: int) -> None:
        if not self.counted:
            self.counted = True
            self.counts["connections"] += 1
        self.counts["calls"] += 1
        self.counts["bytes"] += size

    def answer(self, status: int, body: bytes) -> None:
        head = (
            f"HTTP/1.1 {status} OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {len(body)}\r\n"
            f"x-amzn-RequestId: {uuid.uuid4()}\r\n\r\n"
        )
        self.transport.write(head.encode() + body)


async def serve(latency: float) -> None:
    counts: Counter[str] = Counter(connections=0, calls=0, bytes=0)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(latency, counts), "127.0.0.1", 0, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    print(f"http://127.0.0.1:{port}", flush=True)
    async with server:
        await server.serve_forever()


@contextlib.contextmanager
def cognito(latency: float = 0) -> Iterator[str]:
    """Run one in a process of its own, so that it takes no time from what is measured; yield its address."""
    command = [sys.executable, "-m", "bench.cognito", "--latency", str(latency)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.communicate(timeout=10)


def counts(url: str) -> dict[str, int]:
    """Return how many connections it has seen with a call, how many calls, and of how many bytes together."""
    with urllib.request.urlopen(url + COUNTS, timeout=10) as reply:  # noqa: S310 - our own, on loopback
        return dict(json.load(reply))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.cognito", description=__doc__)
    parser.add_argument("--latency", type=float, default=0, help="seconds until it answers")
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(options.latency))


if __name__ == "__main__":
    main()
