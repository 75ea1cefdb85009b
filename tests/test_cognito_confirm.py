from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.utils import timezone

from django_cognito_confirm import bulk, ledger, tasks
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.models import Confirmation, Job
from django_cognito_confirm.signals import sign_up_confirmed
from tests.conftest import Heard, close_connections, sign_up
from tests.faults import FaultServer, control

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parent.parent
CALL = "AdminConfirmSignUp"


@pytest.fixture(autouse=True)
def _own_pace() -> Iterator[None]:
    """No test waits for what another one took of the rate."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _usual_ctrl_c() -> Iterator[None]:
    """Whoever runs the tests in the background may have SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """What ``--json`` printed."""
        read: dict[str, Any] = json.loads(self.out)
        return read


def run(*names: str, **options: Any) -> Ran:
    out, err = StringIO(), StringIO()
    if not options.get("enqueue"):
        options.setdefault("rate", 1e6)
    code: Any = 0
    try:
        call_command("cognito_confirm", *names, stdout=out, stderr=err, **options)
    except SystemExit as stopped:
        code = stopped.code
    return Ran(code, out.getvalue(), err.getvalue())


@pytest.fixture
def people(tmp_path: Path) -> Callable[..., str]:
    """Write a file of people, and return its path."""

    def write(*lines: str, header: str = "username") -> str:
        path = tmp_path / "people.csv"
        path.write_text("\n".join([header, *lines, ""]))
        return str(path)

    return write


def failures(path: Path) -> dict[str, str]:
    """Return why somebody was not confirmed, by name."""
    with path.open(newline="") as file:
        return {row["username"]: row["outcome"] for row in csv.DictReader(file)}


def called(server: FaultServer) -> list[str]:
    return sorted(body["Username"] for body in server.called(CALL))


def waiting(job: Job) -> list[str]:
    return sorted(row.username for row in bulk.waiting(job))


# --- people -----------------------------------------------------------------------------------------------------------


def test_people_named_on_the_command_line_are_confirmed(heard: Heard) -> None:
    sign_up("alice")
    sign_up("bob")
    ran = run("alice", "bob")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[1:] == ["        2 confirmed"]
    assert sorted(heard.usernames) == ["alice", "bob"]
    assert {row.source for row in Confirmation.objects.all()} == {"command"}


def test_the_people_of_a_file_and_those_named_are_confirmed(server: FaultServer, people: Callable[..., str]) -> None:
    for name in ("ann", "bob", "eve"):
        server.users.add(name)
    ran = run("eve", file=people("1,ann", "2,bob", header="id,login"), column="login", json=True)
    assert ran.report["outcomes"] == {"confirmed": 3}
    assert called(server) == ["ann", "bob", "eve"]


@pytest.mark.parametrize(("names", "options"), [(["-"], {}), ([], {"file": "-"})])
def test_people_come_from_standard_input(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch, names: list[str], options: dict[str, str]
) -> None:
    server.users.add("José")
    server.users.add("ann")
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO("\ufeffusername\r\nJosé\r\nann\r\n".encode())))
    assert run(*names, **options).code == 0
    assert called(server) == ["José", "ann"]


def test_each_kind_of_outcome_has_a_line_and_the_rest_goes_on(
    server: FaultServer, people: Callable[..., str], tmp_path: Path, heard: Heard
) -> None:
    server.users.add("ann")
    server.users.add("made", status="FORCE_CHANGE_PASSWORD")
    server.users.add("done", status="CONFIRMED")
    server.users.add("zoe")
    failed = tmp_path / "failed.csv"
    file = people("made", "nobody", "done", "ann", "a b", "ANN", '"x', "zoe")
    with Path(file).open("ab") as more:
        more.write(b"b\xffd\n")
    ran = run(file=file, failed=str(failed))
    assert ran.code == 1
    assert sorted(line.strip() for line in ran.out.splitlines()[1:]) == [
        "1 a line that cannot be read, or names nobody",
        "1 made by an administrator: set a password instead",
        "1 named more than once",
        "1 not in the user pool",
        "1 was confirmed already",
        "2 confirmed",
        "2 no account can have this name",
    ]
    assert sorted(heard.usernames) == ["ann", "done", "zoe"]
    with failed.open(newline="", encoding="utf-8", errors="surrogateescape") as written:
        told = {row["username"]: row for row in csv.DictReader(written)}
    assert {name: row["outcome"] for name, row in told.items()} == {
        "made": "force_change_password",
        "nobody": "user_not_found",
        "a b": "unfit",
        "line 8": "unreadable",
        "b\udcffd": "unfit",
    }
    assert told["nobody"]["code"] == "UserNotFoundException"
    assert told["made"]["explanation"] == "made by an administrator: set a password instead"


def test_those_who_failed_can_be_given_again(
    server: FaultServer, people: Callable[..., str], tmp_path: Path, heard: Heard
) -> None:
    names = ["=HYPERLINK(1)", "'=2", "@ann"]
    failed = tmp_path / "failed.csv"
    assert run(file=people(*names), failed=str(failed)).code == 1
    assert failures(failed) == dict.fromkeys(("'=HYPERLINK(1)", "''=2", "'@ann"), "user_not_found")
    for name in names:
        server.users.add(name)
    assert run(file=str(failed)).code == 0
    assert sorted(heard.usernames) == sorted(names)


def test_whoever_is_confirmed_costs_no_call_the_next_time(server: FaultServer, people: Callable[..., str]) -> None:
    file = people("ann", "bob")
    for name in ("ann", "bob"):
        server.users.add(name)
    run(file=file)
    again = run(file=file, json=True)
    assert (again.code, again.report["outcomes"]) == (0, {"delivered_before": 2})
    assert called(server) == ["ann", "bob"]


def test_the_report_is_one_json_object(server: FaultServer) -> None:
    server.users.add("ann")
    server.script(CALL, "throttle")
    assert run("ann", "nobody", "nobody", json=True).report == {
        "pool": "default",
        "job": Job.objects.get().pk,
        "ok": False,
        "people": 3,
        "outcomes": {"confirmed": 1, "user_not_found": 1, "repeated": 1},
        "throttled": 1,
        "problem": "",
    }


def test_another_pool_is_another_pool(pools: Callable[..., None]) -> None:
    pools("staff", CLIENT_ID="staffclient1example", USER_POOL_ID="eu-west-1_Staff")
    sign_up("ann", pool="staff")
    assert run("ann").code == 1
    assert run("ann", pool="staff").out.startswith("staff, job ")


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("err", "bar"), [(Terminal(), True), (StringIO(), False)])
def test_on_a_terminal_it_shows_how_far_it_is(
    server: FaultServer, people: Callable[..., str], err: StringIO, bar: bool
) -> None:
    server.users.population, server.users.unconfirmed_every = 3, 1
    file = people(*(f"user0000000{number}" for number in range(3)))
    call_command("cognito_confirm", file=file, rate=1e6, stdout=StringIO(), stderr=err)
    assert ("/3 [" in err.getvalue()) is bar


# --- what is wrong before the first call ------------------------------------------------------------------------------


def refused(*names: str, **options: Any) -> str:
    """Return why the command refused to start; it must not have done anything."""
    with pytest.raises(CommandError) as caught:
        run(*names, **options)
    assert not Job.objects.exists()
    assert not Confirmation.objects.exists()
    return str(caught.value)


def test_a_missing_column_is_named_with_those_that_are_there(people: Callable[..., str], tmp_path: Path) -> None:
    failed = tmp_path / "failed.csv"
    assert "'username'; the columns found are: 'login', 'mail'" in refused(
        file=people("ann,a", header="login,mail"), failed=str(failed)
    )
    assert not failed.exists()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "nothing.csv" in refused(file=str(tmp_path / "nothing.csv"))


def test_a_file_of_failures_that_cannot_be_written_costs_no_call(server: FaultServer, tmp_path: Path) -> None:
    assert "No such file or directory" in refused("ann", failed=str(tmp_path / "nowhere" / "failed.csv"))
    assert server.calls == []


def test_the_file_of_the_people_is_not_overwritten(people: Callable[..., str], tmp_path: Path) -> None:
    file = people("ann")
    (tmp_path / "link.csv").symlink_to(file)
    assert "overwritten" in refused(file=file, failed=str(tmp_path / "link.csv"))
    assert "ann" in Path(file).read_text()


def test_a_column_that_the_file_of_failures_has_anyway_is_refused(people: Callable[..., str], tmp_path: Path) -> None:
    file = people("ann", header="outcome")
    assert "'outcome'" in refused(file=file, column="outcome", failed=str(tmp_path / "failed.csv"))


def test_nobody_is_no_request() -> None:
    assert "Name somebody" in refused()


@pytest.mark.parametrize("options", [{"file": "people.csv"}, {"pool": "default"}])
def test_a_job_is_gone_on_with_as_it_is(options: dict[str, str]) -> None:
    assert "--job" in refused(job=1, **options)
    assert "--job" in refused("ann", job=1)


def test_a_job_that_is_not_there_is_named() -> None:
    assert "no job 7" in refused(job=7)


def test_a_pool_that_is_not_configured_is_named(pools: Callable[..., None]) -> None:
    pools(USER_POOL_ID="")
    assert "USER_POOL_ID" in refused("ann")


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "inf", "fast"])
def test_a_rate_is_a_number_above_zero(rate: str) -> None:
    with pytest.raises(CommandError, match="--rate"):
        call_command("cognito_confirm", "ann", f"--rate={rate}")


# --- what goes wrong on the way ---------------------------------------------------------------------------------------


def test_without_permission_it_stops_names_the_iam_action_and_goes_on_later(
    server: FaultServer, people: Callable[..., str], heard: Heard
) -> None:
    names = [f"user{number:08}" for number in range(300)]
    server.users.population, server.users.unconfirmed_every = len(names), 1
    server.default(CALL, "access_denied")
    ran = run(file=people(*names))
    job = Job.objects.get()
    assert ran.code == 1
    assert "an IAM policy must allow cognito-idp:AdminConfirmSignUp" in ran.err
    assert f"Waiting in job {job.pk}: 300. To go on, run this again, or with --job {job.pk}." in ran.err
    assert "AccessDeniedException" in job.problem
    assert waiting(job) == names
    assert len(called(server)) < 300

    server.default(CALL, "ok")
    assert run(job=job.pk).code == 0
    assert sorted(heard.usernames) == names
    job.refresh_from_db()
    assert job.problem == ""


def test_without_credentials_it_stops_and_goes_on_later(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch, heard: Heard
) -> None:
    from django_cognito_confirm.cognito import clients

    server.users.add("ann")
    with monkeypatch.context() as nothing:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            nothing.delenv(name)
        nothing.setattr(clients, "_clients", {})
        nothing.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
        nothing.setenv("AWS_CONFIG_FILE", "/nowhere")
        ran = run("ann")
    assert ran.code == 1
    assert "no AWS credentials were found" in ran.err
    assert (waiting(Job.objects.get()), server.calls) == (["ann"], [])
    assert run("ann").code == 0
    assert heard.usernames == ["ann"]


def test_without_an_answer_the_outcome_is_left_to_sync(server: FaultServer, tmp_path: Path) -> None:
    server.users.add("ann")
    server.script(CALL, "drop_after")
    ran = run("ann", failed=str(tmp_path / "failed.csv"))
    assert (ran.code, failures(tmp_path / "failed.csv")) == (1, {"ann": "outcome_unknown"})
    assert "cognito_sync finds out" in ran.out


@pytest.mark.parametrize("content", [[], ["a b"], ["ann"]])
def test_a_run_that_queues_nobody_leaves_no_job(
    server: FaultServer, people: Callable[..., str], content: list[str]
) -> None:
    server.users.add("ann")
    run("ann")
    Job.objects.all().delete()
    assert run(file=people(*content), json=True).report["job"] is None
    assert not Job.objects.exists()


# --- jobs -------------------------------------------------------------------------------------------------------------


def a_job(*names: str) -> Job:
    job = bulk.create_job(get_pool(), source="admin")
    assert len(list(bulk.add(job, names))) == len(names)
    return job


def test_whoever_waits_in_a_job_is_confirmed(server: FaultServer, heard: Heard) -> None:
    server.users.add("ann")
    ran = run(job=a_job("ann", "nobody").pk, json=True)
    assert ran.report["outcomes"] == {"confirmed": 1, "user_not_found": 1}
    assert heard[0]["confirmation"].source == "admin"


def test_whoever_is_with_another_worker_is_counted(server: FaultServer) -> None:
    job = a_job("ann", "bob")
    server.users.add("bob")
    assert ledger.take(next(bulk.waiting(job)), source="admin")
    ran = run(job=job.pk)
    assert called(server) == ["bob"]
    assert "With another worker now: 1. Should it have died, run this again in 2 minutes." in ran.err


def test_whoever_a_dead_worker_had_is_confirmed_once_its_time_is_over(server: FaultServer, heard: Heard) -> None:
    job = a_job("ann")
    server.users.add("ann")
    ledger.take(next(bulk.waiting(job)), source="admin")
    assert "With another worker now: 1." in run("ann").err
    ledger.rows(job=job).update(queued_at=timezone.now() - timedelta(seconds=1))
    assert run("ann").code == 0
    assert heard.usernames == ["ann"]


# --- in the background ------------------------------------------------------------------------------------------------


class Workers(import_module(f"{tasks._framework.__name__}.backends.base").BaseTaskBackend):  # type: ignore[misc]
    """A backend whose workers never come."""

    enqueued: ClassVar[list[Any]] = []

    def enqueue(self, task: Any, args: Any, kwargs: Any) -> None:
        self.enqueued.append(args)


@pytest.fixture
def enqueued(settings: Any) -> list[Any]:
    settings.TASKS = {"default": {"BACKEND": f"{__name__}.Workers"}}
    Workers.enqueued.clear()
    return Workers.enqueued


def test_people_are_left_to_the_workers(server: FaultServer, enqueued: list[Any]) -> None:
    ran = run("ann", "bob", "a b", enqueue=True, json=True)
    job = Job.objects.get()
    assert (ran.report["job"], ran.report["outcomes"]) == (job.pk, {"queued": 2, "unfit": 1})
    assert [batch[0] for batch in enqueued] == [job.pk]
    assert (waiting(job), server.calls, ran.err) == (["ann", "bob"], [], "")


def test_a_job_is_left_to_the_workers_once_more(server: FaultServer, enqueued: list[Any]) -> None:
    job = a_job("ann")
    assert run(job=job.pk, enqueue=True, json=True).report["outcomes"] == {"queued": 1}
    assert [batch[0] for batch in enqueued] == [job.pk]


class Unreachable(Workers):
    """A backend whose broker is down."""

    def enqueue(self, task: Any, args: Any, kwargs: Any) -> None:
        raise ConnectionError("refused")


def test_a_broker_that_is_down_leaves_everybody_in_the_queue(server: FaultServer, settings: Any) -> None:
    settings.TASKS = {"default": {"BACKEND": f"{__name__}.Unreachable"}}
    ran = run("ann", enqueue=True)
    job = Job.objects.get()
    assert (ran.code, waiting(job)) == (1, ["ann"])
    assert "The task backend could not be reached: ConnectionError: refused" in ran.err
    assert f"--job {job.pk}" in ran.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_a_disk_that_is_full_is_said_in_one_line(server: FaultServer) -> None:
    assert "No space left" in refused("nobody", failed="/dev/full")


def test_the_workers_are_not_bothered_for_nobody(enqueued: list[Any]) -> None:
    assert run("a b", enqueue=True).code == 1
    assert (enqueued, Job.objects.count()) == ([], 0)


def test_the_workers_have_a_rate_of_their_own(enqueued: list[Any]) -> None:
    assert "ADMIN_RATE" in refused("ann", enqueue=True, rate=5)


def test_without_workers_it_says_what_to_configure(settings: Any) -> None:
    settings.COGNITO_CONFIRM = {"TASKS_BACKEND": "bulk"}
    assert "TASKS['bulk']" in refused("ann", enqueue=True)


# --- a look only ------------------------------------------------------------------------------------------------------


def test_a_dry_run_looks_at_the_ledger_and_changes_nothing(
    server: FaultServer, people: Callable[..., str], tmp_path: Path
) -> None:
    server.users.add("done")
    run("done")
    ledger.take(next(bulk.waiting(a_job("busy"))), source="admin")
    server.forget()
    before = (list(Confirmation.objects.order_by("pk").values()), list(Job.objects.values()))
    ran = run(
        "new",
        file=people("done", "busy", "nobody", "a b", "New", '"'),
        dry_run=True,
        json=True,
        failed=str(tmp_path / "failed.csv"),
    )
    assert ran.report["outcomes"] == {
        "queued": 2,
        "delivered_before": 1,
        "elsewhere": 1,
        "unfit": 1,
        "repeated": 1,
        "unreadable": 1,
    }
    assert (list(Confirmation.objects.order_by("pk").values()), list(Job.objects.values())) == before
    assert server.calls == []
    assert failures(tmp_path / "failed.csv") == {"busy": "elsewhere", "a b": "unfit", "line 7": "unreadable"}


def test_a_dry_run_of_a_job_counts_who_waits(server: FaultServer) -> None:
    job = a_job("ann", "bob")
    ran = run(job=job.pk, dry_run=True, json=True)
    assert (ran.report["outcomes"], ran.err) == ({"queued": 2}, "")
    assert waiting(job) == ["ann", "bob"]


# --- Ctrl-C -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def press() -> Iterator[list[int]]:
    """Press Ctrl-C when a receiver runs, as often as the first item says; each run takes one item."""
    times: list[int] = []

    def receiver(sender: Any, **kwargs: Any) -> None:
        for _ in range(times.pop(0) if times else 0):
            signal.raise_signal(signal.SIGINT)

    sign_up_confirmed.connect(receiver)
    yield times
    sign_up_confirmed.disconnect(receiver)


def test_ctrl_c_ends_the_run_with_a_report_and_the_next_run_goes_on(
    press: list[int], people: Callable[..., str], heard: Heard
) -> None:
    names = ["ann", "bob", "eve"]
    for name in names:
        sign_up(name)
    press[:] = [0, 1]
    file = people(*names)
    ran = run(file=file)
    job = Job.objects.get()
    assert (ran.code, heard.usernames, waiting(job)) == (130, ["ann", "bob"], ["eve"])
    assert "2 confirmed" in ran.out
    assert "Stopped by Ctrl-C: run it again to go on." in ran.err
    assert f"Waiting in job {job.pk}: 1." in ran.err
    assert job.problem == "Stopped by Ctrl-C: run it again to go on."

    assert run(file=file).code == 0
    assert heard.usernames == names


def test_ctrl_c_twice_ends_it_at_once_and_sync_has_the_rest(press: list[int]) -> None:
    sign_up("ann")
    press[:] = [2]
    ran = run("ann", json=True)
    assert (ran.code, ran.report["outcomes"]) == (130, {})
    assert Confirmation.objects.get().status == "started"


def test_after_a_run_ctrl_c_does_what_it_did_before(server: FaultServer) -> None:
    run("ann")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


class Typed(StringIO):
    """People for standard input, and Ctrl-C when Ann comes."""

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]  # typeshed has bytes as well
        line = super().readline(-1 if size is None else size)
        if line.startswith("ann"):
            signal.raise_signal(signal.SIGINT)
        return line


def test_ctrl_c_while_people_are_queued_leaves_them_there(enqueued: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    people = [*(f"person{number}" for number in range(500)), "ann", "bob"]  # Ann is of the second batch
    monkeypatch.setattr(sys, "stdin", Typed("\n".join(["username", *people])))
    ran = run("-", enqueue=True)
    assert (ran.code, enqueued, waiting(Job.objects.get())) == (130, [], sorted(people))
    assert ": 502. To go on, run this again" in ran.err


def test_ctrl_c_ends_a_dry_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Typed("\n".join(["username", "ann", *(f"person{n}" for n in range(1000))])))
    ran = run("-", dry_run=True, json=True)
    assert (ran.code, ran.err) == (130, "")
    assert ran.report["people"] < 1000


def test_where_somebody_else_hears_ctrl_c_they_still_do(server: FaultServer) -> None:
    heard: list[int] = []
    usual = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    sign_up_confirmed.connect(hearing := lambda sender, **kwargs: signal.raise_signal(signal.SIGINT), weak=True)
    try:
        server.users.add("ann")
        assert run("ann").code == 0
    finally:
        sign_up_confirmed.disconnect(hearing)
        signal.signal(signal.SIGINT, usual)
    assert heard == [signal.SIGINT]


def test_outside_the_main_thread_it_works_as_well(server: FaultServer) -> None:
    with ThreadPoolExecutor(1) as executor:
        assert executor.submit(refused, job=7).result() == "There is no job 7."
        looked = executor.submit(run, "ann", dry_run=True)
        assert looked.result().code == 0
        executor.submit(close_connections).result()


# --- processes of its own ---------------------------------------------------------------------------------------------

SETTINGS = """
import signal

from tests.settings import *

signal.signal(signal.SIGINT, signal.default_int_handler)
DEBUG = False
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": {database!r}}}}}
INSTALLED_APPS.remove("django_cognito_confirm.sandbox")
INSTALLED_APPS.append("tests.integration.crashes")  # its receiver writes an Effect
COGNITO_POOLS = {{
    "default": {{"USER_POOL_ID": "eu-west-1_Command01", "CLIENT_ID": "commandclient1example", "ENDPOINT_URL": {url!r}}}
}}
"""


@dataclass(frozen=True)
class Site:
    """A site with a database in a file, and a pool in a process of its own."""

    folder: Path
    url: str

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "command_settings",
            "PYTHONPATH": f"{self.folder}{os.pathsep}{ROOT}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "NO_PROXY": "127.0.0.1",
        }
        command = [sys.executable, "-m", "django", *arguments]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def select(self, query: str) -> list[Any]:
        with closing(sqlite3.connect(self.folder / "site.sqlite3")) as database:
            return database.execute(query).fetchall()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    faults = subprocess.Popen(
        [sys.executable, "-m", "tests.faults", "--population", "200", "--unconfirmed-every", "1"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert faults.stdout
        site = Site(tmp_path, faults.stdout.readline().strip())
        content = SETTINGS.format(database=str(tmp_path / "site.sqlite3"), url=site.url)
        (tmp_path / "command_settings.py").write_text(content)
        with site.start("migrate", "--run-syncdb", "--verbosity=0") as migrate:
            _, err = migrate.communicate()
        assert migrate.returncode == 0, err
        yield site
    finally:
        faults.terminate()
        faults.communicate()


def test_stopped_by_ctrl_c_and_run_again_everybody_is_confirmed_once(site: Site, tmp_path: Path) -> None:
    names = [f"user{number:08}" for number in range(200)]
    file = tmp_path / "people.csv"
    file.write_text("\n".join(["username", *names, ""]))
    arguments = ["cognito_confirm", "--file", str(file), "--rate", "100", "--json"]
    control(site.url, default={CALL: "delay:0.15"})
    with site.start(*arguments) as command:
        while control(site.url, summary=True)["confirmed"] < 40:
            assert command.poll() is None
            time.sleep(0.02)
        command.send_signal(signal.SIGINT)
        out, err = command.communicate()
    assert command.returncode == 130, err
    first = json.loads(out)
    assert 40 <= first["outcomes"]["confirmed"] < 200
    assert first["problem"] == "Stopped by Ctrl-C: run it again to go on."
    assert b"Traceback" not in err

    with site.start(*arguments) as command:
        out, err = command.communicate()
    assert command.returncode == 0, err
    second = json.loads(out)
    before = first["outcomes"]["confirmed"]
    assert second["outcomes"] == {"confirmed": 200 - before, "delivered_before": before}
    calls = Counter(call["body"]["Username"] for call in control(site.url)["calls"])
    assert calls == Counter(names)
    assert Counter(name for [name] in site.select("SELECT username FROM crashes_effect")) == Counter(names)
    statuses = site.select("SELECT DISTINCT status FROM django_cognito_confirm_confirmation")
    assert statuses == [("delivered",)]


def most_memory(site: Site, people: int) -> int:
    """Return how many kilobytes a dry run over so many people takes at most."""
    command = site.start("cognito_confirm", "-", "--dry-run", "--json", stdin=subprocess.PIPE)
    with command:
        assert command.stdin
        assert command.stdout
        command.stdin.write(b"username\n")
        for number in range(people):
            command.stdin.write(b"person%d\n" % number)
        command.stdin.close()
        report = json.loads(command.stdout.read())
        _, status, used = os.wait4(command.pid, 0)
    assert (status, report["outcomes"]) == (0, {"queued": people})
    return used.ru_maxrss


def test_a_hundred_times_as_many_people_take_no_more_memory(site: Site) -> None:
    assert most_memory(site, 300_000) < most_memory(site, 3_000) + 8_000
