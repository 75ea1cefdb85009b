"""200 people at once, each with a code: throughput, waiting, connections to Cognito.

    python -m bench.load [--people 200] [--waves 4] [--threads 8] [--latency 0.05] [--database sqlite]

All press the button in the same moment, ``--waves`` times over, on one process of gunicorn (gthread), then of uvicorn.
Each is a stranger with a name of their own. "bound" is threads over Cognito's latency: more can no server do whose
threads wait for Cognito. "errors": all that did not end in a redirect to the page that says so. Waiting in line counts.
"connections": those opened to Cognito since the server has started.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
import subprocess
import sys
import time
from statistics import quantiles
from urllib.parse import urlencode

from bench.call import new_name
from bench.cognito import CODE, cognito, counts
from bench.request import TOKEN, address
from bench.site import SQLITE, site

SERVERS = {
    "gunicorn gthread": [
        "-m", "gunicorn", "bench.servers:wsgi()", "--bind", "127.0.0.1:{port}", "--worker-class", "gthread",
        "--workers", "1", "--threads", "{threads}", "--log-level", "warning", "--backlog", "2048",
    ],
    "uvicorn": [
        "-m", "uvicorn", "--factory", "bench.servers:asgi", "--port", "{port}", "--lifespan", "off",
        "--log-level", "warning", "--backlog", "2048",
    ],
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--waves", type=int, default=4)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--latency", type=float, default=0.05, help="seconds until Cognito answers")
    parser.add_argument("--database", default=SQLITE)
    options = parser.parse_args()
    print(
        f"{'':16} {'threads':>7} {'people':>6} {'bound/s':>7} {'done/s':>7} {'of bound':>8} {'median s':>8} "
        f"{'p99 s':>6} {'connections':>11} {'calls':>6} {'errors':>6}"
    )
    with cognito(options.latency) as url, site(options.database, url) as env:
        for name, command in SERVERS.items():
            measure(options, name, command, url, env)


def measure(options: argparse.Namespace, name: str, command: list[str], url: str, env: dict[str, str]) -> None:
    port = free_port()
    filled = [part.format(port=port, threads=options.threads) for part in command]
    # Under ASGI a connection of the database would outlive its thread.
    age = "0" if name == "uvicorn" else "600"
    env = {**env, "BENCH_THREADS": str(options.threads), "BENCH_CONN_MAX_AGE": age}
    before = counts(url)
    server = subprocess.Popen([sys.executable, *filled], env=env)
    try:
        wait_for(port)
        asyncio.run(wave(port, options.threads))  # imports, and the first threads
        begun = time.perf_counter()
        waited: list[float] = []
        for _ in range(options.waves):
            waited += asyncio.run(wave(port, options.people))
        seconds, after = time.perf_counter() - begun, counts(url)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
    people = options.people * options.waves
    errors = sum(took < 0 for took in waited)
    bound = options.threads / options.latency
    cuts = quantiles([took for took in waited if took >= 0], n=100)
    opened, calls = (after[what] - before[what] for what in ("connections", "calls"))
    print(
        f"{name:16} {options.threads:7} {people:6} {bound:7.0f} {people / seconds:7.1f} "
        f"{people / seconds / bound:8.2f} {cuts[49]:8.2f} {cuts[98]:6.2f} {opened:11} {calls:6} {errors:6}",
        flush=True,
    )


async def wave(port: int, people: int) -> list[float]:
    """Let so many people post at once; return the seconds that each waited, negative for an error."""
    return list(await asyncio.gather(*(post(port, new_name()) for _ in range(people))))


async def post(port: int, username: str) -> float:
    body = urlencode({"csrfmiddlewaretoken": TOKEN, "username": username, "code": CODE})
    request = (
        f"POST /confirm/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nCookie: csrftoken={TOKEN}\r\n"
        f"X-Forwarded-For: {address(username)}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )
    begun = time.perf_counter()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request.encode())
        answer = await reader.read()
        writer.close()
    except OSError:
        return -1.0
    head = answer.partition(b"\r\n\r\n")[0].lower()
    went_well = head.split()[1:2] == [b"302"] and b"location: /confirm/done/" in head
    return time.perf_counter() - begun if went_well else -1.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(port)


if __name__ == "__main__":
    main()
