"""``cognito_sync --full`` over a large pool: processor time for each person, and memory from 100,000 people to the end.

    python -m bench.walk [--population 1000000] [--signalled 1000]
    python -m bench.walk --population 1000 10000 100000

A fault server in a process of its own makes the people up. ``--baseline`` records them first (measured as well); then
``--full`` walks them again, which is what a site does every night. Last, some people's rows are taken away, and what it
costs to tell of them is measured apart. The yardstick is Cognito's quota for listings, 30 pages of 60 people a second.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time

from bench.memory import resident
from bench.site import one_process_each

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("AWS_ACCESS_KEY_ID", "bench")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "bench")

PEOPLE_A_SECOND = 30 * 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--population", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--signalled", type=int, default=1_000)
    options = parser.parse_args()
    one_process_each("bench.walk", "population", options.population, lambda people: walk(people, options.signalled))


def walk(population: int, signalled: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/ledger.sqlite3")
        command = [sys.executable, "-m", "tests.faults", "--port", "0", "--population", str(population)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            measure(server.stdout.readline().split()[-1], population, signalled)
        finally:
            server.terminate()
            server.wait(10)


def measure(url: str, population: int, signalled: int) -> None:
    import django
    from django.conf import settings

    settings.COGNITO_POOLS["default"] |= {"SANDBOX": False, "ENDPOINT_URL": url}
    settings.DEBUG = False
    django.setup()
    from django.core.management import call_command

    from django_cognito_confirm.models import Confirmation

    call_command("migrate", verbosity=0)
    print(f"{'':12} {'people':>9} {'news':>8} {'CPU s':>8} {'wall s':>8} {'of quota':>9} {'MiB grown':>10}")
    run("baseline", population, baseline=True)
    run("full", population, full=True)
    some = list(Confirmation.objects.values_list("pk", flat=True)[:signalled])
    Confirmation.objects.filter(pk__in=some).delete()
    run("full, telling", population, full=True)


def run(name: str, population: int, *, full: bool = False, baseline: bool = False) -> None:
    from django_cognito_confirm.sync import SyncReport, sync

    start_memory = 0

    def on_progress(report: SyncReport) -> None:
        nonlocal start_memory
        if not start_memory and report.walked >= population // 10:
            start_memory = resident()

    wall, cpu = time.perf_counter(), time.process_time()
    report = sync(full=full, baseline=baseline, rate=1e9, on_progress=on_progress)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    assert report.ok, report.problems
    assert report.walked == population
    quota = population / PEOPLE_A_SECOND
    grown = (resident() - start_memory) / 2**20
    print(
        f"{name:12} {report.walked:9} {report.found:8} {cpu:8.1f} {wall:8.1f} {cpu / quota:9.3f} {grown:10.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
