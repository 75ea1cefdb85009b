"""What the app adds to the start of a process, and how long its first person waits.

    python -m bench.boot [--starts 15] [--latency 0 0.03]

Each line is of processes of their own, started in turns. "django.setup()": Django and the settings are imported before
that. "first POST": the first of a process, cold, and two seconds after it has served its first page; "warm" is the
median of those that follow. "since start": from the start of the process to the end of the first POST, those two
seconds not counted.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from statistics import median
from typing import Any

from bench.call import new_name
from bench.cognito import cognito
from bench.request import Browser, request
from bench.site import SQLITE, one_process_each, site

READS_FOR = 2.0
"""Seconds that a person takes to type."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=15, help="processes of each kind")
    parser.add_argument("--latency", type=float, nargs="+", default=[0, 0.03], help="seconds until Cognito answers")
    parser.add_argument("--be", choices=["setup", "cold", "after"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.be:
        be: dict[str, Callable[[], dict[str, Any]]] = {"setup": set_up, "cold": first_post, "after": post_after_get}
        print(json.dumps(be[options.be]()))
        return
    one_process_each("bench.boot", "latency", options.latency, lambda latency: run(options.starts, latency))


def run(starts: int, latency: float) -> None:
    with cognito(latency) as url, site(SQLITE, url) as env:
        print(f"Cognito takes {latency * 1000:.0f} ms")
        measure(starts, env)


def measure(starts: int, env: dict[str, str]) -> None:
    seen: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for _ in range(starts):
        seen["without"].append(start("setup", {**env, "BENCH_WITHOUT_APP": "1"}))
        seen["with"].append(start("setup", env))
        seen["cold"].append(start("cold", env))
        seen["after"].append(start("after", env))

    def of(kind: str, name: str) -> float:
        return median(float(told[name]) for told in seen[kind]) * 1000

    assert not any(told["boto3"] for told in seen["with"])
    added = median(mine["setup"] - others["setup"] for mine, others in zip(seen["with"], seen["without"], strict=True))
    print(f"{'django.setup() without the app':38} {of('without', 'setup'):8.1f} ms")
    print(f"{'django.setup() with it':38} {of('with', 'setup'):8.1f} ms, {added * 1000:.1f} ms more; imports no boto3")
    for kind, name in (("cold", "first POST, cold"), ("after", "first POST, 2 s after a GET")):
        ratio = median(told["first"] / told["warm"] for told in seen[kind])
        print(
            f"{name:38} {of(kind, 'first'):8.1f} ms, {ratio:.1f} times a warm one ({of(kind, 'warm'):.1f} ms); "
            f"{of(kind, 'since_start'):.0f} ms since start"
        )
    print(f"{'first GET':38} {of('after', 'get'):8.1f} ms")


def start(kind: str, env: dict[str, str]) -> dict[str, Any]:
    """Let a new process measure itself."""
    begun = time.monotonic()
    command = [sys.executable, "-m", "bench.boot", "--be", kind]
    said = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout
    told = dict(json.loads(said))
    told["since_start"] = told.get("ended", 0) - begun
    return told


def set_up() -> dict[str, Any]:
    import django
    from django.conf import settings

    assert settings.SECRET_KEY  # reads the settings
    seconds = timed(django.setup)
    return {"setup": seconds, "boto3": "boto3" in sys.modules or "botocore" in sys.modules}


def first_post() -> dict[str, Any]:
    application = get_application()
    return posts(application)


def post_after_get() -> dict[str, Any]:
    application = get_application()
    get = timed(lambda: ask(application, {**request("/confirm/", stranger()), "REQUEST_METHOD": "GET"}, "200 OK"))
    time.sleep(READS_FOR)
    told = posts(application)
    return {**told, "get": get, "ended": told["ended"] - READS_FOR}


def posts(application: Any) -> dict[str, Any]:
    def post() -> None:
        ask(application, request("/confirm/", stranger()), "302 Found")

    first = timed(post)
    ended = time.monotonic()
    return {"first": first, "warm": median(timed(post) for _ in range(30)), "ended": ended}


def get_application() -> Any:
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


def stranger() -> Browser:
    return Browser(f"{new_name()}-{time.time_ns()}")


def ask(application: Any, environ: dict[str, Any], expected: str) -> None:
    status: list[str] = []
    response = application(environ, lambda line, headers: status.append(line))
    b"".join(response)
    response.close()
    assert status == [expected], status


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
