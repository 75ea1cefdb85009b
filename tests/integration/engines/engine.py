"""The test's side of the workers: starts them, kills them, and leaves nothing behind in their broker."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from django.core.cache import caches
from django.db import connection

if TYPE_CHECKING:
    from typing_extensions import Self

ROOT: Final = Path(__file__).parents[3]
SETTINGS: Final = f"{__package__}.settings"
ENDS_WITHIN: Final = 20  # seconds
CELERY: Final = ["celery", "-A", "django_tasks_fennel.app"]
# Nobody else is to be told of these workers, nor to tell them anything.
CELERY_WORKER: Final = "worker --concurrency 1 --without-gossip --without-mingle --without-heartbeat --loglevel WARNING"
DB_WORKER: Final = "django db_worker --backend bulk --interval 0.2 --no-startup-delay --no-reload"


class Engine:
    """``name`` is ``rabbitmq`` or ``redis``, for Celery over one of them, or ``database``, for django-tasks-db."""

    def __init__(self, name: str, endpoint_url: str, folder: Path) -> None:
        self.name = name
        self.queue = f"cognito_confirm_{secrets.token_hex(4)}"
        self.log = folder / "log"
        self.workers: list[subprocess.Popen[bytes]] = []
        self.env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": SETTINGS,
            "DATABASE_URL": _url_of_the_test_database(),
            "COGNITO_ENDPOINT_URL": endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "NO_PROXY": "127.0.0.1",
            "ENGINE": name,
            "ENGINE_NAME": self.queue,
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        for worker in self.workers:
            _signal(worker, signal.SIGTERM)
        for worker in self.workers:
            try:
                worker.wait(ENDS_WITHIN)
            except subprocess.TimeoutExpired:
                self.kill(worker)
        self._clear_broker()

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start a worker with a process group of its own."""
        if self.name == "database":
            command = [*DB_WORKER.split(), "--queue-name", self.queue]
        else:
            command = [*CELERY, *CELERY_WORKER.split(), "--queues", self.queue]
        with self.log.open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env=self.env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.workers.append(worker)
        return worker

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """Kill -9, with all its children."""
        _signal(worker, signal.SIGKILL)
        worker.wait(ENDS_WITHIN)

    def kill_child(self, worker: subprocess.Popen[bytes]) -> None:
        """Kill -9 the process that runs the task, as the kernel does when memory is short, and not Celery's own."""
        [child] = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
        os.kill(int(child), signal.SIGKILL)

    def manage(self, *arguments: str, people: str = "") -> str:
        """Run one of the site's commands and return what it prints; ``people`` is its standard input."""
        return self._run("django", *arguments, given=people)

    def wait_until(self, is_so: Callable[[], bool], within: float) -> None:
        """Look until it is so; raise ``RuntimeError`` with the workers' log when that takes too many seconds."""
        deadline = time.monotonic() + within
        while not is_so():
            if time.monotonic() > deadline or not any(worker.poll() is None for worker in self.workers):
                raise RuntimeError(f"Not within {within:.0f} s:\n{self.log.read_text()}")
            time.sleep(0.1)

    def _run(self, *module: str, given: str = "") -> str:
        command = [sys.executable, "-m", *module]
        ran = subprocess.run(
            command, cwd=ROOT, env=self.env, input=given, capture_output=True, text=True, check=False, timeout=120
        )
        if ran.returncode:
            raise RuntimeError(ran.stdout + ran.stderr)
        return ran.stdout

    def _clear_broker(self) -> None:
        if self.name == "rabbitmq":
            self._run(*CELERY, "amqp", "queue.delete", self.queue)
            self._run(*CELERY, "amqp", "exchange.delete", self.queue, "false")
        cache: Any = caches["default"]
        client = cache._cache.get_client(write=True)
        for key in client.scan_iter(f"{self.queue}:*"):
            client.delete(key)


def _url_of_the_test_database() -> str:
    parts = urlsplit(os.environ["DATABASE_URL"])
    return parts._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


def _signal(worker: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if worker.poll() is None:
        os.killpg(worker.pid, number)
