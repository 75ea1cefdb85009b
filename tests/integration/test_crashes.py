"""The promise, kept by processes that get killed: nobody lost, nobody false, nobody twice.

``CRASH_KILLS`` is the number of random kills (60). ``DATABASE_URL`` says on which database, SQLite without.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from .crashes.site import HOURS, MINUTES, Account, Cognito, Process, Site
from .crashes.visitors import WRONG_CODE, Answer, Browser, Crowd, Gone

KILLS = int(os.environ.get("CRASH_KILLS", "60"))
KILLS_A_ROUND = 10  # between two comparisons
KILLED = -signal.SIGKILL

# How ConfirmSignUp goes while workers die at random: half the calls well, the others as networks and Lambdas do.
FAULTS = [
    "drop_before",
    "drop_after",
    "truncate_after",
    "delay:0.05",
    "delay_before:0.05",
    "internal_error_before",
    "internal_error_after",
    "html_502_after",
    "garbage_after",
    "lambda_error",
    "lambda_timeout",
    "throttle",
    "waf_403",
]
MOODS = [*FAULTS, *["ok"] * len(FAULTS)]


@pytest.fixture(scope="module")
def cognito() -> Iterator[Cognito]:
    with Cognito() as server:
        yield server


@pytest.fixture(scope="module")
def site(cognito: Cognito, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("crashes"), cognito) as site:
        yield site


@pytest.fixture(autouse=True)
def calm(cognito: Cognito) -> Iterator[None]:
    """Leave the pool in good order."""
    yield
    cognito.moods = ()
    cognito.release()


@pytest.fixture
def say(pytestconfig: pytest.Config) -> Callable[[object], None]:
    """Print a line that shows in every run."""
    terminal = pytestconfig.pluginmanager.get_plugin("terminalreporter")

    def write(what: object) -> None:
        if terminal:
            terminal.write_line(f"\n{what}")

    return write


def check(site: Site, note: object = "") -> Account:
    """Compare the three lists."""
    account = site.account()
    assert account.is_right, f"{account} {account.wrong} {note}"
    return account


def at_once(count: int, action: Callable[[int], None]) -> list[threading.Thread]:
    threads = [threading.Thread(target=action, args=[number], daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    return threads


def join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)


@dataclass(frozen=True)
class Press:
    """A press of the button, as it happens to somebody."""

    name: str = "person"
    signed_up_here: bool = False
    right_code: bool = True
    before: str = ""  # how an earlier press with the right code went
    fault: str = "ok"
    atomic_requests: bool = False

    def arrange(self, site: Site, number: int) -> Victim:
        username = f"{self.name}-{time.monotonic_ns()}-{number}"
        browser = Browser(site)
        if self.signed_up_here:
            assert browser.sign_up(username).in_transaction == str(self.atomic_requests)
        else:
            site.cognito.sign_up(username)
        user = site.cognito.users.get(username)
        assert user
        victim = Victim(browser, username, user.code)
        if self.before:
            site.cognito.script("ConfirmSignUp", self.before)
            victim.press()
        return victim

    def happen(self, victim: Victim, *, die_at: str = "") -> Answer:
        cognito = victim.browser.site.cognito
        cognito.moods = [self.fault]
        try:
            code = victim.code if self.right_code else WRONG_CODE
            return victim.browser.confirm(victim.username, code, die_at=die_at)
        finally:
            cognito.moods = ()


@dataclass(frozen=True)
class Victim:
    browser: Browser
    username: str
    code: str

    def press(self) -> Answer:
        return self.browser.confirm(self.username, self.code)


PRESSES = {
    "owner": Press(signed_up_here=True),
    "stranger": Press(),
    "reply lost": Press(signed_up_here=True, fault="drop_after"),
    "receiver raises": Press(name="fussy", signed_up_here=True),
    "wrong code": Press(right_code=False),
    "wrong code beside an open yes": Press(right_code=False, before="drop_after"),
    "ATOMIC_REQUESTS": Press(signed_up_here=True, atomic_requests=True),
}


@pytest.mark.parametrize("again", [False, True], ids=["left alone", "pressed again"])
@pytest.mark.parametrize("press", PRESSES.values(), ids=PRESSES)
def test_a_worker_may_die_at_any_step_of_a_press(site: Site, press: Press, again: bool) -> None:
    worker = site.serve(atomic_requests=press.atomic_requests)
    steps = press.happen(press.arrange(site, 0)).steps
    killed = {}
    for number, step in enumerate(steps, 1):
        victim = press.arrange(site, number)
        with pytest.raises(Gone):
            press.happen(victim, die_at=step)
        assert worker.wait()[0] == KILLED
        killed[victim.username] = step
        worker = site.serve(atomic_requests=press.atomic_requests)
        if again:
            Browser(site).confirm(victim.username, WRONG_CODE)
            victim.press()
    worker.kill()
    site.settle()
    check(site, killed)


def test_the_steps_of_a_press_are_those_of_the_ledger(site: Site) -> None:
    worker = site.serve()
    press = Press(signed_up_here=True)
    steps = press.happen(press.arrange(site, 0)).steps
    worker.kill()
    assert steps[:9] == [
        "before UPDATE ledger",
        "before commit",
        "after commit",
        "before ConfirmSignUp",
        "after ConfirmSignUp",
        "before UPDATE ledger 2",
        "before INSERT effect",
        "before commit 2",
        "after commit 2",
    ]


def leave_open(site: Site, count: int, *, behaviour: str = "hold", code: str = "") -> None:
    """Kill a worker while ``count`` people wait for its answer; the calls go as ``behaviour`` says."""
    cognito = site.cognito
    worker = site.serve()
    users = [cognito.sign_up(f"held-{time.monotonic_ns()}-{number}") for number in range(count)]
    calls = len(cognito.called("ConfirmSignUp"))
    cognito.script("ConfirmSignUp", *[behaviour] * count)

    def press(number: int) -> None:
        user = users[number]
        with pytest.raises(Gone):
            Browser(site).confirm(user.username, code or user.code)

    threads = at_once(count, press)
    cognito.wait_for("ConfirmSignUp", calls + count)
    worker.kill()
    cognito.release()
    join(threads)
    cognito.wait_until_quiet()


@pytest.mark.parametrize("behaviour", ["hold", "hold_before"], ids=["that has taken effect", "that takes effect later"])
def test_a_worker_may_die_during_a_call(site: Site, behaviour: str) -> None:
    confirmed = site.account().confirmed
    leave_open(site, 3, behaviour=behaviour)
    assert site.account().confirmed == confirmed + 3
    site.settle()
    check(site)


@pytest.mark.parametrize(
    ("ahead", "code"), [(3 * MINUTES, ""), (2 * HOURS, WRONG_CODE)], ids=["settling and delivering", "closing"]
)
def test_a_sync_may_die_at_any_step(site: Site, ahead: float, code: str) -> None:
    leave_open(site, 1, code=code)
    steps = site.sync(ahead=ahead)["steps"]
    leave_open(site, len(steps), code=code)
    for step in steps:
        status, _ = site.start_sync(ahead=ahead, die_at=step).wait()
        assert status == KILLED, f"did not come to {step!r}"
    site.settle()
    check(site, steps)


def test_syncs_at_once_deliver_once(site: Site) -> None:
    leave_open(site, 20)
    syncs = [site.start_sync(ahead=3 * MINUTES) for _ in range(3)]
    reports = [sync.wait() for sync in syncs]
    assert all(status == 0 and report["ok"] for status, report in reports), reports
    site.settle()
    check(site)


def test_twenty_presses_at_once_deliver_once_and_show_no_error_page(site: Site, cognito: Cognito) -> None:
    user = cognito.sign_up("twenty")
    worker = site.serve()
    answers: list[Answer] = []
    cognito.script("ConfirmSignUp", *["delay:0.2"] * 20)
    join(at_once(20, lambda _: answers.append(Browser(site).confirm(user.username, user.code))))
    worker.kill()

    assert len(answers) == 20
    assert {answer.status for answer in answers} <= {200, 302}
    assert sum(answer.said_yes for answer in answers) == 1
    check(site)  # without any sync


def test_workers_and_syncs_may_die_at_any_moment(
    site: Site, cognito: Cognito, say: Callable[[object], None]
) -> None:
    chance = random.Random()
    kills = synced = killed_syncs = gone = 0
    while kills < KILLS:
        cognito.moods = MOODS
        with Crowd(site) as crowd:
            for _ in range(min(KILLS_A_ROUND, KILLS - kills)):
                worker = site.serve()
                sync = site.start_sync() if chance.random() < 0.3 else None
                time.sleep(chance.uniform(0.01, 0.3))
                worker.kill()
                kills += 1
                if sync:
                    killed_syncs += end(sync, chance)
        cognito.moods = ()
        cognito.wait_until_quiet()
        pair = [site.start_sync(ahead=3 * MINUTES) for _ in range(2)]
        time.sleep(chance.uniform(0, 0.1))
        killed_syncs += sum(end(sync, chance) for sync in pair)
        synced += 2
        site.settle()
        account = check(site)
        gone += crowd.gone
        assert not crowd.statuses[500], site.log.read_text()
    say(f"{kills} workers and {killed_syncs} syncs killed, {gone} requests cut off; {account}")


def end(sync: Process, chance: random.Random) -> int:
    """Kill a sync, or wait for it; return how many were killed."""
    if chance.random() < 0.5:
        os.kill(sync.pid, signal.SIGKILL)
    status, report = sync.wait()
    assert status == KILLED or (status == 0 and report["ok"]), report
    return int(status == KILLED)
