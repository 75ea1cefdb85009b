"""``confirm_sign_up`` against a bare call of a cached boto3 client: what the ledger and the rest add.

    python -m bench.call [--rounds 300] [--latency 0] [--database sqlite postgres://…]

A name is "new" when the ledger has no row of it, and "signed up" when ``remember_sign_up`` has made one. "without the
ledger": the same calls, less the time that ``ledger.begin`` and ``ledger.confirm`` took.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable
from typing import Any

from bench.cognito import CODE, cognito
from bench.site import POSTGRESQL, SQLITE, one_process_each, site
from bench.timing import HEAD, Contestant, interleave, line

numbers = itertools.count()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--latency", type=float, default=0, help="seconds until Cognito answers")
    parser.add_argument("--database", nargs="+", default=[SQLITE, POSTGRESQL])
    options = parser.parse_args()
    one_process_each("bench.call", "database", options.database, lambda database: run(options, database))


def run(options: argparse.Namespace, database: str) -> None:
    with cognito(options.latency) as url, site(database, url):
        measure(options.rounds)


def measure(rounds: int) -> None:
    from django.db import connection

    from bench import rivals
    from django_cognito_confirm import ledger
    from django_cognito_confirm.services import confirm_sign_up

    in_ledger = Stopwatch()
    ledger.begin = in_ledger.around(ledger.begin)
    ledger.confirm = in_ledger.around(ledger.confirm)

    def confirm(*args: Any, **kwargs: Any) -> None:
        in_ledger.seconds = 0
        begun = time.perf_counter()
        confirm_sign_up(*args, **kwargs)
        rest.append(time.perf_counter() - begun - in_ledger.seconds)

    rest: list[float] = []
    bare = f"boto3 alone, {connection.vendor}"
    contestants = {
        bare: Contestant(lambda name: rivals.confirm_with(rivals.shared_client(), name, CODE), lambda: (new_name(),)),
        "confirm_sign_up, a new name": Contestant(lambda name: confirm(name, CODE), lambda: (new_name(),)),
        "confirm_sign_up, signed up": Contestant(lambda name: confirm(name, CODE), lambda: (signed_up(),)),
    }
    took = interleave(contestants, rounds)
    took["without the ledger"] = rest[-2 * rounds :]
    print(HEAD)
    for name, seconds in took.items():
        print(line(name, seconds, took[bare]), flush=True)


def new_name() -> str:
    return f"person{next(numbers)}"


def signed_up() -> str:
    from django_cognito_confirm import ledger
    from django_cognito_confirm.conf import get_pool

    name = new_name()
    ledger.sign_up(get_pool(), name, sub=f"sub-of-{name}")
    return name


class Stopwatch:
    """Adds up what some functions take."""

    seconds = 0.0

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            begun = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds += time.perf_counter() - begun

        return timed


if __name__ == "__main__":
    main()
