"""200 people at once, each with a code: throughput, waiting, connections to Cognito.

    python -m bench.load [--people 200] [--waves 4] [--threads 8] [--latency 0.05] [--database sqlite]

All press the button in the same moment, ``--waves`` times over: on one process of gunicorn (gthread), on two with half
of the threads each, as many as there are cores, and on one of uvicorn. Each is a stranger with a name of their own; the
view by hand that ``bench.request`` has as (a) is measured beside ours. "bound" is threads over Cognito's latency: more
can no server do whose threads wait for Cognito. "errors": all that did not end in a redirect to where the view leads.
Waiting in line counts. "CPU ms": of the server's processes, for each person. "connections": those opened to Cognito
since the server has started.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from itertools import product
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlencode

from bench.call import new_name
from bench.cognito import CODE, cognito, counts
from bench.request import TOKEN, address
from bench.site import SQLITE, site

GUNICORN = [
    "-m", "gunicorn", "bench.servers:wsgi()", "--bind", "127.0.0.1:{port}", "--worker-class", "gthread",
    "--log-level", "warning", "--backlog", "2048",
]  # fmt: skip
SERVERS = {
    "gthread": [*GUNICORN, "--workers", "1", "--threads", "{threads}"],
    "gthread, 2 processes": [*GUNICORN, "--workers", "2", "--threads", "{half}"],
    "uvicorn": [
        "-m", "uvicorn", "--factory", "bench.servers:asgi", "--port", "{port}", "--lifespan", "off",
        "--log-level", "warning", "--backlog", "2048",
    ],
}  # fmt: skip
VIEWS = {"by hand": ("/by-hand/", b"location: /\r\n"), "ours": ("/confirm/", b"location: /confirm/done/\r\n")}
"""Where to post, and the line that says that it went well."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--waves", type=int, default=4)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--latency", type=float, default=0.05, help="seconds until Cognito answers")
    parser.add_argument("--database", default=SQLITE)
    options = parser.parse_args()
    print(
        f"{'':29} {'threads':>7} {'people':>6} {'bound/s':>7} {'done/s':>7} {'of bound':>8} {'median s':>8} "
        f"{'p99 s':>6} {'CPU ms':>6} {'connections':>11} {'calls':>6} {'errors':>6}"
    )
    with cognito(options.latency) as url, site(options.database, url) as env:
        for name, view in product(SERVERS, VIEWS):
            measure(options, name, view, url, env)


def measure(options: argparse.Namespace, name: str, view: str, url: str, env: dict[str, str]) -> None:
    port = free_port()
    filled = [part.format(port=port, threads=options.threads, half=options.threads // 2) for part in SERVERS[name]]
    # Under ASGI a connection of the database would outlive its thread.
    age = "0" if name == "uvicorn" else "600"
    env = {**env, "BENCH_THREADS": str(options.threads), "BENCH_CONN_MAX_AGE": age}
    before = counts(url)
    server = subprocess.Popen([sys.executable, *filled], env=env)
    try:
        wait_for(port)
        asyncio.run(wave(port, view, options.threads))  # imports, and the first threads
        begun, spent = time.perf_counter(), processor_seconds(server.pid)
        waited: list[float] = []
        for _ in range(options.waves):
            waited += asyncio.run(wave(port, view, options.people))
        seconds, after = time.perf_counter() - begun, counts(url)
        spent = processor_seconds(server.pid) - spent
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
    people = options.people * options.waves
    errors = sum(took < 0 for took in waited)
    bound, done, cpu = options.threads / options.latency, people / seconds, spent / people * 1000
    cuts = quantiles([took for took in waited if took >= 0], n=100)
    opened, calls = (after[what] - before[what] for what in ("connections", "calls"))
    print(
        f"{name:20} {view:8} {options.threads:7} {people:6} {bound:7.0f} {done:7.1f} "
        f"{done / bound:8.2f} {cuts[49]:8.2f} {cuts[98]:6.2f} {cpu:6.1f} {opened:11} {calls:6} {errors:6}",
        flush=True,
    )


async def wave(port: int, view: str, people: int) -> list[float]:
    """Let so many people post at once; return the seconds that each waited, negative for an error."""
    return list(await asyncio.gather(*(post(port, view, new_name()) for _ in range(people))))


async def post(port: int, view: str, username: str) -> float:
    path, led_on = VIEWS[view]
    body = urlencode({"csrfmiddlewaretoken": TOKEN, "username": username, "code": CODE})
    request = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nCookie: csrftoken={TOKEN}\r\n"
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
    head = answer.partition(b"\r\n\r\n")[0].lower() + b"\r\n"
    went_well = head.split()[1:2] == [b"302"] and led_on in head
    return time.perf_counter() - begun if went_well else -1.0


def processor_seconds(pid: int) -> float:
    """Return what a process and its children have taken so far."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()  # from the state on
            if pid in (int(stat.parent.name), int(fields[1])):
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


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
