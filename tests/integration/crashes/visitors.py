"""The site's visitors: one browser, and a crowd of people and strangers."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import random
import threading
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from .apps import FUSSY
from .site import PATIENCE, Site

if TYPE_CHECKING:
    from typing_extensions import Self

WRONG_CODE = "notthecode"
TOKEN = "t" * 32  # against CSRF: any that cookie and form agree on


class Gone(Exception):
    """The worker died before it had answered."""


@dataclass(frozen=True)
class Answer:
    status: int
    location: str
    steps: list[str]
    in_transaction: str

    @property
    def said_yes(self) -> bool:
        return self.status == 302


class Browser:
    """One visitor's browser: it keeps its cookies."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.cookies = {"csrftoken": TOKEN}

    def sign_up(self, username: str) -> Answer:
        return self.post("/sign-up/", username=username)

    def confirm(self, username: str, code: str, *, die_at: str = "") -> Answer:
        return self.post("/confirm/", die_at=die_at, username=username, code=code)

    def post(self, path: str, *, die_at: str = "", **fields: str) -> Answer:
        """Raises ``Gone`` when the worker dies."""
        connection = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=PATIENCE)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Die-At": die_at,
        }
        try:
            connection.request("POST", path, urlencode({"csrfmiddlewaretoken": TOKEN, **fields}), headers)
            response = connection.getresponse()
            response.read()
        except (ConnectionError, http.client.HTTPException) as error:
            raise Gone from error
        finally:
            connection.close()
        for cookie in response.headers.get_all("Set-Cookie", []):
            self.cookies.update({name: morsel.value for name, morsel in SimpleCookie(cookie).items()})
        return Answer(
            response.status,
            response.headers.get("Location", ""),
            json.loads(response.headers.get("Steps", "[]")),
            response.headers.get("In-Transaction", ""),
        )


class Crowd:
    """Visitors in ``size`` threads for as long as the ``with`` block takes, while workers come and go.

    Each of them, one after the other, signs up, enters the code, and perhaps presses again when no clear answer comes;
    strangers post wrong codes for the same names. Some never enter the right one.
    """

    numbers = itertools.count(1)

    def __init__(self, site: Site, size: int = 6) -> None:
        self.site = site
        self.statuses: Counter[int] = Counter()
        self.cut_off = 0
        self._recent: deque[str] = deque(["nobody"], maxlen=4 * size)
        self._over = threading.Event()
        self._executor = ThreadPoolExecutor(size)
        self._comings = [self._executor.submit(self._come) for _ in range(size)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        """Let those who are there finish, with a worker that lives."""
        self._over.set()
        worker = self.site.serve()
        self._executor.shutdown()
        worker.kill()
        for coming in self._comings:
            coming.result()

    def _come(self) -> None:
        chance = random.SystemRandom()
        while not self._over.is_set():
            self._visit(chance)

    def _visit(self, chance: random.Random) -> None:
        username = f"{chance.choice(['person', 'Person', FUSSY])}{next(self.numbers):06d}"
        browser = Browser(self.site)
        if chance.random() < 0.5:
            self._press(browser, "/sign-up/", username=username)
        else:
            self.site.cognito.sign_up(username)
        user = self.site.cognito.users.get(username)
        if user is None:
            return  # died before the call
        self._recent.append(username)
        if chance.random() < 0.5:
            self._press(Browser(self.site), "/confirm/", username=chance.choice(self._recent), code=WRONG_CODE)
        if chance.random() < 0.15:
            return
        typed = username.lower() if chance.random() < 0.3 else username
        for _ in range(chance.randint(1, 4)):
            answer = self._press(browser, "/confirm/", username=typed, code=user.code)
            if answer and answer.said_yes:
                return
            if chance.random() < 0.3:
                browser = Browser(self.site)

    def _press(self, browser: Browser, path: str, **fields: str) -> Answer | None:
        with contextlib.suppress(Gone):
            answer = browser.post(path, **fields)
            self.statuses[answer.status] += 1
            return answer
        self.cut_off += 1
        return None
