"""Thousands of people confirmed at the edge of a quota: the rate held, the calls throttled, the people told of.

    python -m bench.bulk [--people 10000] [--rate 45] [--quota 50] [--latency 0.15] [--workers 1 4]
    python -m bench.bulk --people 1000 10000 100000 --rate 1000000 --quota 0 --latency 0 --workers 1

A fault server in a process of its own makes the people up, answers late and keeps the quota. Workers are processes that
share the ledger (SQLite in WAL mode, or ``DATABASE_URL``) and a cache (Redis at ``--redis``). "held" is calls a second
from the first to the last, over the rate; "worst 10 s" the same for the slowest ten seconds of the run. The second line
takes quota and waiting away, so that what is left is our own work: the curve of it, in people a second.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any

from bench.memory import resident

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("AWS_ACCESS_KEY_ID", "bench")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "bench")

WINDOW = 10
"""Seconds."""


def set_up(url: str, redis: str) -> None:
    import django
    from django.conf import settings

    settings.COGNITO_POOLS["default"] |= {"SANDBOX": False, "ENDPOINT_URL": url}
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": redis}}
    settings.DEBUG = False
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            "timeout": 20,
        }
    django.setup()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, nargs="+", default=[10_000])
    parser.add_argument("--rate", type=float, default=45)
    parser.add_argument("--quota", type=float, default=50)
    parser.add_argument("--latency", type=float, default=0.15)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--redis", default="redis://127.0.0.1:6379/9")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(**json.loads(options.work))
        return
    print(
        f"{'workers':>7} {'people':>7} {'seconds':>8} {'a second':>8} {'held':>6} {'worst 10 s':>10} {'throttled':>9} "
        f"{'confirmed':>9} {'told':>6} {'twice':>5} {'MiB grown':>9} {'CPU s':>6}"
    )
    for people, workers in product(options.people, options.workers):
        with tempfile.TemporaryDirectory() as folder:
            measure(options, people, workers, Path(folder))


def measure(options: argparse.Namespace, people: int, workers: int, folder: Path) -> None:
    """Let ``workers`` processes confirm so many people, and print a line about it."""
    env = {"DATABASE_URL": f"sqlite:///{folder}/ledger.sqlite3", **os.environ}
    command = [sys.executable, "-m", "tests.faults", "--population", str(people)]
    command += ["--unconfirmed-every", "1", "--quota", str(options.quota)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        url = server.stdout.readline().split()[-1]
        task = {"url": url, "redis": options.redis, "people": people, "rate": options.rate}
        prepare = {**task, "prepare": workers}
        parts = json.loads(subprocess.check_output([*itself(), "--work", json.dumps(prepare)], env=env, text=True))
        from tests.faults import control

        control(url, default={"AdminConfirmSignUp": f"delay:{options.latency}"})
        running = [
            subprocess.Popen(
                [*itself(), "--work", json.dumps({**task, "part": part})], stdout=subprocess.PIPE, text=True, env=env
            )
            for part in parts
        ]
        reports = [json.loads(worker.communicate()[0]) for worker in running]
        seen = control(url, summary=True)
        show(options.rate, people, workers, reports, seen)
    finally:
        server.terminate()
        server.wait(10)


def itself() -> list[str]:
    return [sys.executable, "-m", "bench.bulk"]


def work(
    *, url: str, redis: str, people: int, rate: float, prepare: int = 0, part: tuple[int, list[list[int]]] | None = None
) -> None:
    """Be one of the processes: queue everybody and print the workers' parts, or do one part and print its outcome."""
    set_up(url, redis)
    from django.core.management import call_command

    from django_cognito_confirm import bulk
    from django_cognito_confirm.conf import get_pool
    from django_cognito_confirm.models import Confirmation, Job
    from django_cognito_confirm.signals import sign_up_confirmed

    if prepare:
        call_command("migrate", verbosity=0)
        job = bulk.create_job(get_pool(), source="command")
        for _ in bulk.add(job, (f"user{number:08d}" for number in range(people))):
            pass
        # One worker goes through it as the command does; several share batches, as background tasks do.
        batches = list(bulk.batches(job, 200)) if prepare > 1 else [(0, None)]
        print(json.dumps([(job.pk, batches[number::prepare]) for number in range(prepare)]))
        return
    assert part is not None
    told: Counter[str] = Counter()
    grown_from = 0

    def receiver(confirmation: Confirmation, **kwargs: Any) -> None:
        nonlocal grown_from
        told[confirmation.username] += 1
        if len(told) == 500:
            grown_from = resident()

    sign_up_confirmed.connect(receiver)
    report = bulk.Report()
    job = Job.objects.get(pk=part[0])
    for first, last in part[1]:
        bulk.run_job(job, first=first, last=last, rate=rate, report=report)
    used = resource.getrusage(resource.RUSAGE_SELF)
    numbers = {
        "outcomes": report.outcomes,
        "throttled": report.throttled,
        "told": told,
        "grown": resident() - grown_from,
        "cpu": used.ru_utime + used.ru_stime,
    }
    print(json.dumps(numbers))


def show(rate: float, people: int, workers: int, reports: list[dict[str, Any]], seen: dict[str, Any]) -> None:
    calls = seen["operations"]["AdminConfirmSignUp"]
    seconds = calls["last"] - calls["first"]
    made = calls["calls"] - calls["throttled"]
    windows = calls["by_second"]
    sums = [sum(windows[i : i + WINDOW]) for i in range(len(windows) - WINDOW)]
    worst = f"{min(sums) / WINDOW / rate:.3f}" if sums else "-"
    told: Counter[str] = Counter()
    for report in reports:
        told.update(report["told"])
    twice = sum(times > 1 for times in told.values()) + len(calls["repeated"])
    confirmed = sum(report["outcomes"].get("confirmed", 0) for report in reports)
    grown = max(report["grown"] for report in reports) / 2**20
    cpu = sum(report["cpu"] for report in reports)
    print(
        f"{workers:7} {people:7} {seconds:8.1f} {made / seconds:8.1f} {made / seconds / rate:6.3f} {worst:>10} "
        f"{calls['throttled']:9} {confirmed:9} {len(told):6} {twice:5} {grown:9.1f} {cpu:6.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
