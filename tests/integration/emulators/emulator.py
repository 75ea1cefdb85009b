"""What the emulators have in common: a process on loopback that ends with the tests, and user pools of every kind."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from tests.browser.servers import free_port
from tests.conformance.pools import Kind, UserPool
from tests.conformance.sandboxes import make_client

if TYPE_CHECKING:
    from typing_extensions import Self

ENVIRONMENTS = Path(__file__).parents[3] / ".venv-emulators"
STARTS_WITHIN = 60.0
ENDS_WITHIN = 10.0
"""Seconds."""


class Emulator(ABC):
    """One of them; ``with`` starts and ends it.

    ``requirement`` is the release that the Makefile installs, ``lacks`` are operations that it does not have.
    """

    name: ClassVar[str]
    requirement: ClassVar[str]
    lacks: ClassVar[frozenset[str]] = frozenset()
    ready_path: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "log"
        self._pools: dict[Kind, UserPool] = {}

    @classmethod
    @abstractmethod
    def program(cls) -> Path:
        """The file that is there when it is installed."""

    def command(self) -> list[str]:
        return [str(self.program())]

    @abstractmethod
    def options(self) -> dict[str, str]:
        """Environment variables that tell it where to listen, and how to be."""

    @abstractmethod
    def codes(self, destination: str) -> list[str]:
        """Return the codes that it has sent to an address or number, oldest first."""

    def __enter__(self) -> Self:
        known = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "TMPDIR": str(self.folder)}
        with self.log.open("w") as output:
            self._process = subprocess.Popen(
                self.command(), cwd=self.folder, env={**known, **self.options()}, stdout=output, stderr=output
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *problem: object) -> None:
        for client in (self.signing, self.stranger):
            client.close()
        self._process.terminate()
        try:
            self._process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(ENDS_WITHIN)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + STARTS_WITHIN
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                fetch(self.url + self.ready_path)
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
            else:
                return
        raise RuntimeError(f"{self.name} did not start:\n{self.log.read_text()}")

    @cached_property
    def signing(self) -> Any:
        return make_client(endpoint_url=self.url)

    @cached_property
    def stranger(self) -> Any:
        return make_client(endpoint_url=self.url, signs=False)

    def pool(self, kind: Kind) -> UserPool:
        """Return the one pool of this kind, which the first who asks has made."""
        if kind not in self._pools:
            self._pools[kind] = self.make_pool(kind)
        return self._pools[kind]

    def make_pool(self, kind: Kind) -> UserPool:
        attributes = {"AliasAttributes": kind.alias_attributes, "UsernameAttributes": kind.username_attributes}
        pool_id = self.signing.create_user_pool(
            PoolName=kind.name,
            AutoVerifiedAttributes=list(kind.verified_attributes),
            UsernameConfiguration={"CaseSensitive": kind.is_case_sensitive},
            **{name: list(values) for name, values in attributes.items() if values},
        )["UserPool"]["Id"]
        flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        app = self.signing.create_user_pool_client(
            UserPoolId=pool_id,
            ClientName="site",
            GenerateSecret=kind.has_secret,
            PreventUserExistenceErrors="ENABLED" if kind.hides_unknown_users else "LEGACY",
            ExplicitAuthFlows=[*flows, "ALLOW_USER_AUTH"] if kind.allows_user_auth else flows,
        )["UserPoolClient"]
        secret = app.get("ClientSecret", "")
        return UserPool(self.signing, self.stranger, pool_id, app["ClientId"], secret, self.codes)


def fetch(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as reply:
        return json.load(reply)
