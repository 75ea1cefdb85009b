"""The promise, kept by processes that get killed: nobody lost, nobody false, nobody twice.

``CRASH_KILLS`` is the number of random kills (60). ``DATABASE_URL`` says on which database, SQLite without.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from tests.faults.users import User

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
def started_site(cognito: Cognito, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("crashes"), cognito) as site:
        yield site


@pytest.fixture
def site(started_site: Site) -> Iterator[Site]:
    yield started_site
    started_site.clear()


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a line that shows in every run."""

    def write(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{line}\n")

    return write


def check(site: Site, killed: dict[str, str] | None = None) -> Account:
    """Compare the three lists; ``killed`` says at which step somebody's worker died."""
    account = site.account()
    wrong = {what: {name: (killed or {}).get(name) for name in names} for what, names in account.wrong.items()}
    assert account.is_right, f"{account} {wrong}"
    return account


@dataclass(frozen=True)
class Press:
    """A press of the button, as it happens to somebody."""

    name: str = "person"
    signed_up_here: bool = False
    right_code: bool = True
    before: str = ""  # how an earlier press with the right code went
    fault: str = "ok"
    atomic_requests: bool = False
    pressed_again: bool = False  # after the worker's death, by a stranger with a wrong code and by the person

    def arrange(self, site: Site, number: int) -> Victim:
        username = f"{self.name}-{number}"
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
    "owner, pressed again": Press(signed_up_here=True, pressed_again=True),
    "stranger": Press(),
    "stranger, pressed again": Press(pressed_again=True),
    "reply lost": Press(signed_up_here=True, fault="drop_after"),
    "reply lost, pressed again": Press(signed_up_here=True, fault="drop_after", pressed_again=True),
    "receiver raises": Press(name="fussy", signed_up_here=True),
    "wrong code": Press(right_code=False),
    "wrong code beside an open yes": Press(right_code=False, before="drop_after"),
    "ATOMIC_REQUESTS": Press(signed_up_here=True, atomic_requests=True),
}


@pytest.mark.parametrize("press", PRESSES.values(), ids=PRESSES)
def test_a_worker_may_die_at_any_step_of_a_press(site: Site, press: Press) -> None:
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
        if press.pressed_again:
            Browser(site).confirm(victim.username, WRONG_CODE)
            victim.press()
    worker.kill()
    site.settle()
    check(site, killed)


@pytest.mark.parametrize(("signed_up_here", "begins_by"), [(True, "UPDATE"), (False, "INSERT")])
def test_the_steps_of_a_press_are_those_of_the_ledger(site: Site, signed_up_here: bool, begins_by: str) -> None:
    worker = site.serve()
    press = Press(signed_up_here=signed_up_here)
    steps = press.happen(press.arrange(site, 0)).steps
    worker.kill()
    again = " 2" if begins_by == "UPDATE" else ""
    assert steps[:8] == [
        f"before {begins_by} ledger",
        f"after {begins_by} ledger",
        "before ConfirmSignUp",
        "after ConfirmSignUp",
        f"before UPDATE ledger{again}",
        "before INSERT effect",
        "before commit",
        "after commit",
    ]


def leave_open(site: Site, count: int, *, behaviour: str = "hold", code: str = "") -> None:
    """Kill a worker while ``count`` people wait for its answer; the calls go as ``behaviour`` says."""
    cognito = site.cognito
    worker = site.serve()
    users = [cognito.sign_up(f"held-{len(cognito.users.added())}") for _ in range(count)]
    calls = len(cognito.called("ConfirmSignUp"))
    cognito.script("ConfirmSignUp", *[behaviour] * count)

    def press(user: User) -> None:
        with pytest.raises(Gone):
            Browser(site).confirm(user.username, code or user.code)

    with ThreadPoolExecutor(count) as executor:
        presses = [executor.submit(press, user) for user in users]
        cognito.wait_for("ConfirmSignUp", calls + count)
        worker.kill()
        cognito.release()
    for ended in presses:
        ended.result()
    cognito.wait_until_quiet()


@pytest.mark.parametrize("behaviour", ["hold", "hold_before"], ids=["that has taken effect", "that takes effect later"])
def test_a_worker_may_die_during_a_call(site: Site, behaviour: str) -> None:
    leave_open(site, 3, behaviour=behaviour)
    site.settle()
    assert check(site).confirmed == 3


@pytest.mark.parametrize(
    ("ahead", "code"), [(3 * MINUTES, ""), (2 * HOURS, WRONG_CODE)], ids=["settling and delivering", "closing"]
)
def test_a_sync_may_die_at_any_step(site: Site, ahead: float, code: str) -> None:
    leave_open(site, 1, code=code)
    steps = site.sync(ahead=ahead)[1]["steps"]
    leave_open(site, len(steps), code=code)
    for step in steps:
        [sync] = site.start_syncs(ahead=ahead, die_at=step)
        assert sync.wait()[0] == KILLED, f"did not come to {step!r}"
    site.settle()
    check(site)


def test_syncs_at_once_deliver_once(site: Site) -> None:
    leave_open(site, 20)
    reports = [sync.wait() for sync in site.start_syncs(3, ahead=3 * MINUTES)]
    assert all(status == 0 and report["ok"] for status, report in reports), reports
    site.settle()
    check(site)


def test_a_reply_that_comes_after_a_sync_delivers_nothing_again(site: Site, cognito: Cognito) -> None:
    user = cognito.sign_up("late")
    worker = site.serve()
    cognito.script("ConfirmSignUp", "hold", "drop")
    with ThreadPoolExecutor(1) as executor:
        late = executor.submit(Browser(site).confirm, user.username, user.code)
        cognito.wait_for("ConfirmSignUp")
        Browser(site).confirm(user.username, WRONG_CODE)
        _, report = site.sync()
        cognito.release()
    worker.kill()

    assert report["delivered"] == 1
    assert late.result().said_yes
    check(site)


def test_twenty_presses_at_once_deliver_once_and_show_no_error_page(site: Site, cognito: Cognito) -> None:
    user = cognito.sign_up("twenty")
    worker = site.serve()
    cognito.script("ConfirmSignUp", *["delay:0.2"] * 20)
    with ThreadPoolExecutor(20) as executor:
        answers = list(executor.map(lambda _: Browser(site).confirm(user.username, user.code), range(20)))
    worker.kill()

    assert {answer.status for answer in answers} <= {200, 302}
    assert sum(answer.said_yes for answer in answers) == 1
    check(site)  # without any sync


def test_workers_and_syncs_may_die_at_any_moment(site: Site, cognito: Cognito, say: Callable[[str], None]) -> None:
    chance = random.SystemRandom()
    workers = cut_off = 0
    syncs: list[tuple[int, Any]] = []  # exit status and report of each
    while workers < KILLS:
        cognito.moods = MOODS
        with Crowd(site) as crowd:
            for _ in range(min(KILLS_A_ROUND, KILLS - workers)):
                worker = site.serve()
                if chance.random() < 0.3:
                    syncs += kill_some(site.start_syncs(), chance)
                time.sleep(chance.uniform(0.01, 0.25))
                worker.kill()
                workers += 1
        cognito.moods = ()
        cognito.wait_until_quiet()
        syncs += kill_some(site.start_syncs(2, ahead=3 * MINUTES), chance)
        syncs += site.settle()
        check(site)
        cut_off += crowd.cut_off
        assert not crowd.statuses[500], site.log.read_text()
    assert all(report["ok"] for _, report in syncs if report), syncs
    delivered = sum(report["delivered"] for _, report in syncs if report)
    killed = sum(status == KILLED for status, _ in syncs)
    say(
        f"{workers} workers and {killed} of {len(syncs)} syncs killed, {cut_off} requests cut off; {check(site)}; "
        f"{delivered} of them delivered by a sync that lived"
    )


def kill_some(syncs: list[Process], chance: random.Random) -> list[tuple[int, Any]]:
    """Kill syncs after a moment or wait for them, as chance has it; return how each ended."""
    time.sleep(chance.uniform(0, 0.1))
    for sync in syncs:
        if chance.random() < 0.5:
            sync.signal_kill()
    ended = [sync.wait() for sync in syncs]
    assert {status for status, _ in ended} <= {0, KILLED}
    return ended
