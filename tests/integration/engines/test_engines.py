"""A bulk job on real engines: a worker is killed half way, and everybody is confirmed once.

``ENGINE_PEOPLE`` says how many people (1000), ``ENGINE_RATE`` how many calls a second the workers make (200) and
``ENGINE_QUOTA`` how many Cognito takes (any), ``ENGINE_LEASE`` for how many seconds a worker has a
row (8).
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from django_cognito_confirm import bulk
from django_cognito_confirm.conf import get_option
from django_cognito_confirm.models import Confirmation, Job, Status
from tests.faults import FaultServer

from .apps import LEASE
from .engine import Engine
from .models import Effect

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = int(os.environ.get("ENGINE_PEOPLE", "1000"))
QUOTA = float(os.environ.get("ENGINE_QUOTA", "0"))
PATIENCE = 60 + LEASE.total_seconds() + 5 * PEOPLE / get_option("ADMIN_RATE")
CALL = "AdminConfirmSignUp"


@pytest.fixture
def cognito() -> Iterator[FaultServer]:
    with FaultServer(population=PEOPLE, unconfirmed_every=1, quota=QUOTA) as server:
        server.default(CALL, "delay:0.15")
        yield server


@pytest.fixture
def engine(request: pytest.FixtureRequest, cognito: FaultServer, tmp_path: Path) -> Iterator[Engine]:
    with Engine(request.param, cognito.url, tmp_path) as engine:
        yield engine


def enqueue(engine: Engine, people: int) -> tuple[Job, list[str]]:
    """Put people in a job, as an operator does, and return it and their names."""
    names = [f"user{number:08}" for number in range(people)]
    engine.manage("cognito_confirm", "--file", "-", "--enqueue", people="\n".join(["username", *names]))
    return Job.objects.get(), names


def confirmed() -> int:
    count: int = Effect.objects.count()
    return count


def check(cognito: FaultServer, names: list[str]) -> None:
    """Nobody is lost, nobody is told of twice, nobody is left open."""
    assert Counter(Effect.objects.values_list("username", flat=True)) == Counter(names)
    assert Counter(Confirmation.objects.values_list("status", "open_attempts")) == {(Status.DELIVERED, 0): len(names)}
    assert cognito.confirmed == set(names)


@pytest.mark.parametrize("engine", ["rabbitmq", "redis", "database"], indirect=True)
def test_a_worker_killed_half_way_loses_nobody_and_nobody_is_told_of_twice(
    engine: Engine, cognito: FaultServer, capsys: pytest.CaptureFixture[str]
) -> None:
    job, names = enqueue(engine, PEOPLE)
    victim, _ = engine.start_worker(), engine.start_worker()
    began = time.monotonic()
    engine.wait_until(lambda: confirmed() >= PEOPLE / 2, PATIENCE)
    engine.kill(victim)
    engine.wait_until(lambda: bulk.progress(job).is_over, PATIENCE)

    check(cognito, names)
    calls, throttled = len(cognito.called(CALL)), sum(call.throttled for call in cognito.calls)
    seconds = time.monotonic() - began
    with capsys.disabled():
        sys.stdout.write(f"\n{engine.name}: {PEOPLE} people, {calls} calls, {throttled} throttled, {seconds:.0f} s\n")


@pytest.mark.parametrize("engine", ["rabbitmq"], indirect=True)
def test_a_batch_whose_process_is_killed_is_given_to_another(engine: Engine, cognito: FaultServer) -> None:
    job, names = enqueue(engine, 100)
    worker = engine.start_worker()
    engine.wait_until(lambda: confirmed() >= 50, PATIENCE)
    engine.kill_child(worker)
    engine.wait_until(lambda: bulk.progress(job).is_over, PATIENCE)

    check(cognito, names)


@pytest.mark.parametrize("engine", ["rabbitmq"], indirect=True)
def test_the_same_batches_with_two_workers_at_once_do_no_harm(engine: Engine, cognito: FaultServer) -> None:
    job, names = enqueue(engine, 300)
    engine.manage("cognito_confirm", "--job", str(job.pk), "--enqueue")
    engine.start_worker()
    engine.start_worker()
    engine.wait_until(lambda: bulk.progress(job).is_over, PATIENCE)

    check(cognito, names)
    assert len(cognito.called(CALL)) == len(names)
