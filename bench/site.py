"""Sets a process up as the site that is measured, with a database of its own that goes when it ends."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from subprocess import run
from typing import Any, Final

SQLITE: Final = "sqlite"
POSTGRESQL: Final = os.environ.get("POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/cognito_confirm_bench")


@contextlib.contextmanager
def site(database: str, cognito_url: str) -> Iterator[dict[str, str]]:
    """Set Django up on an empty database; yield the environment in which another process is this site too.

    ``database`` is ``"sqlite"``, a file in WAL mode, or another database's URL, beside which one is made.
    """
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.sqlite3" if database == SQLITE else database
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "DATABASE_URL": url,
            "COGNITO_ENDPOINT_URL": cognito_url,
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            # pycognito signs its calls.
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
        }
        import django
        from django.db import connection

        django.setup()
        before = connection.settings_dict["NAME"]
        name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            yield {**os.environ, "DATABASE_URL": url.removesuffix(before.rpartition("/")[2]) + name.rpartition("/")[2]}
        finally:
            connection.creation.destroy_test_db(before, verbosity=0)


def one_process_each(module: str, option: str, values: list[Any], work: Callable[[Any], None]) -> None:
    """Let ``work`` do a single value, or run ``module`` once for each of several: a process is one site."""
    if len(values) == 1:
        work(values[0])
        return
    given = sys.argv[1:]
    if f"--{option}" in given:
        start = given.index(f"--{option}")
        del given[start : start + 1 + len(values)]
    for value in values:
        run([sys.executable, "-m", module, *given, f"--{option}", str(value)], check=True)
