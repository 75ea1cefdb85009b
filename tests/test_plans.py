"""What the ledger costs, on whichever database the tests run: ten million rows must not slow it down.

Each query of sync is an index scan. The plan is asked for right before each statement of the real functions runs. What
an index is named proves more than that there is one: by the primary key, from 0 on, the whole table is read as well.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from django_cognito_confirm import bulk, ledger, sync
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.models import Confirmation, Job, Status

pytestmark = pytest.mark.django_db

DELIVERED = 20_000
OTHERS = 12  # rows in each other status
PAGE = 60  # people in a page of a listing
TABLE = Confirmation._meta.db_table

BY_STATUS = "cognito_confirm_status"
BY_SUB = "cognito_confirm_sub"
BY_NAME = "cognito_confirm_username"
BY_JOB = "cognito_confirm_job"
BY_PK = "the primary key"
WHOLE_TABLE = "the whole table"


@pytest.fixture(scope="module", autouse=True)
def large_table(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Fill the ledger for all tests here."""
    with django_db_blocker.unblock():
        job = Job.objects.create(pool="default", source="command", total=OTHERS)
        Confirmation.objects.bulk_create(rows(job), batch_size=2000)
        learn_statistics()
        yield
        Confirmation.objects.all().delete()
        Job.objects.all().delete()


def rows(job: Job) -> Iterator[Confirmation]:
    """Yield nearly all delivered, every other one without sub; before them others, days old."""
    now = timezone.now()
    statuses: dict[str, dict[str, Any]] = {
        "confirmed": {"owed": True, "confirmed_at": now},
        "unknown": {"open_attempts": 1, "unclear": True},
        "started": {"open_attempts": 1},
        "queued": {"queued_at": now, "job": job},
        "rejected": {},
        "signed_up": {"started_at": None},
    }
    for status, facts in statuses.items():
        for number in range(OTHERS):
            yield row(number, status, **{"started_at": now - timedelta(days=2, minutes=number), **facts})
    for number in range(DELIVERED):
        moment = now - timedelta(minutes=number)
        yield row(number, started_at=moment, confirmed_at=moment, delivered_at=moment)


def row(number: int, status: str = "delivered", **facts: Any) -> Confirmation:
    name = f"{status}-{number}"
    return Confirmation(
        pool="default",
        username=name,
        username_key=key_of(name),
        sub=str(uuid.uuid5(uuid.NAMESPACE_OID, name)) if number % 2 else "",
        **facts,
    )


def key_of(name: str) -> str:
    return sha256(name.encode()).hexdigest()


def learn_statistics() -> None:
    """Do what servers do by themselves after a while, and SQLite never does."""
    statements = {"postgresql": f"ANALYZE {TABLE}", "mysql": f"ANALYZE TABLE {TABLE}"}
    if connection.vendor in statements:
        with connection.cursor() as cursor:
            cursor.execute(statements[connection.vendor])


# --- plans ------------------------------------------------------------------------------------------------------------


@dataclass
class Statement:
    """A statement about the ledger, and the indexes by which the database finds its rows."""

    sql: str
    params: tuple[Any, ...]
    indexes: set[str] = field(default_factory=set)
    plan: Any = None

    @property
    def is_of_named_rows(self) -> bool:
        """Whether it names its rows by primary key, so that it is short whatever the index."""
        return re.search(r"[\"`]id[\"`] (=|IN)", self.sql) is not None


@contextmanager
def explained() -> Iterator[list[Statement]]:
    """Collect the statements about the ledger, each with its plan at the moment."""
    statements = []

    def explain(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if TABLE in sql and not sql.startswith("INSERT"):
            statement = Statement(sql, tuple(params))
            # Not through the wrappers: this one must not hear itself.
            with closing(connection.create_cursor()) as cursor:
                READERS[connection.vendor](cursor, statement)
            statements.append(statement)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield statements


def read_postgresql(cursor: Any, statement: Statement) -> None:
    cursor.execute(f"EXPLAIN (FORMAT JSON) {statement.sql}", statement.params)
    [(plan,)] = cursor.fetchall()
    statement.plan = json.loads(plan) if isinstance(plan, str) else plan
    nodes = [statement.plan[0]["Plan"]]
    for node in nodes:
        nodes += node.get("Plans", [])
        if node["Node Type"] == "Seq Scan":
            statement.indexes.add(WHOLE_TABLE)
        if name := node.get("Index Name"):
            statement.indexes.add(BY_PK if name.endswith("_pkey") else name)


def read_mysql(cursor: Any, statement: Statement) -> None:
    cursor.execute(f"EXPLAIN {statement.sql}", statement.params)
    columns = [column[0] for column in cursor.description]
    statement.plan = [dict(zip(columns, line, strict=True)) for line in cursor.fetchall()]
    for line in statement.plan:
        if str(line["table"]).startswith("<union"):  # what its parts have found
            continue
        # "range|filter" by "this|that": rows are found by this index; that one is a help on the way.
        access, index = (str(line[column] or "").partition("|")[0] for column in ("type", "key"))
        # Each index of InnoDB ends in the primary key, so that a range of another one can hold the named rows alone.
        few = access == "range" and int(line["rows"].split()[0]) <= len(statement.params)
        if access in ("ALL", "index") or not index:
            statement.indexes.add(WHOLE_TABLE)
        else:
            statement.indexes.add(BY_PK if index == "PRIMARY" or (statement.is_of_named_rows and few) else index)


def read_sqlite(cursor: Any, statement: Statement) -> None:
    cursor.execute(f"EXPLAIN QUERY PLAN {statement.sql}", statement.params)
    statement.plan = [line[-1] for line in cursor.fetchall()]
    for line in statement.plan:
        if line.startswith("SCAN"):
            statement.indexes.add(WHOLE_TABLE)
        elif line.startswith("SEARCH"):
            named = re.search(r"INDEX (\w+)", line)
            index = named[1] if named else BY_PK
            statement.indexes.add(BY_NAME if index.startswith("sqlite_autoindex_") else index)


READERS = {"postgresql": read_postgresql, "mysql": read_mysql, "sqlite": read_sqlite}


def misses(statements: list[Statement], index: str) -> list[Statement]:
    """Return those that find their rows in another way than by ``index``, or by primary key where it names rows."""
    return [
        statement
        for statement in statements
        if statement.indexes - ({index, BY_PK} if statement.is_of_named_rows else {index}) or not statement.indexes
    ]


# --- the queries ------------------------------------------------------------------------------------------------------


def test_every_statement_of_sync_finds_its_rows_by_status(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync, "BATCH", 4)  # so that there are second batches
    with explained() as statements:
        report = sync.sync(rate=100_000)
    assert (report.closed, report.delivered) == (2 * OTHERS, OTHERS)
    assert statuses_read(statements) == {"unknown", "started", "confirmed", "rejected"}
    assert misses(statements, BY_STATUS) == []


def statuses_read(statements: list[Statement]) -> set[Any]:
    reads = [statement for statement in statements if statement.sql.startswith("SELECT")]
    return {param for statement in reads for param in statement.params if param in Status.values}


def test_a_page_of_people_is_found_by_sub() -> None:
    subs = [row(number).sub for number in range(1, 2 * PAGE, 2)]
    with explained() as statements:
        assert len(ledger.rows_of_subs(get_pool(), subs)) == PAGE
    assert misses(statements, BY_SUB) == []


def test_a_page_of_people_is_found_by_name() -> None:
    keys = [key_of(f"delivered-{number}") for number in range(PAGE)]
    with explained() as statements:
        assert len(ledger.rows_of_keys(get_pool(), keys)) == PAGE
    assert misses(statements, BY_NAME) == []


def test_the_people_of_a_job_are_counted_by_job() -> None:
    job = Job.objects.get()
    with explained() as statements:
        assert bulk.progress(job).waiting == OTHERS
    assert misses(statements, BY_JOB) == []


def test_a_plan_without_index_would_be_noticed() -> None:
    with explained() as statements:
        assert not Confirmation.objects.filter(last_error="x")
    assert [statement.indexes for statement in statements] == [{WHOLE_TABLE}]


# --- what an attempt costs --------------------------------------------------------------------------------------------

ENDS: dict[str, Callable[[ledger.Attempt], object]] = {
    "yes": ledger.confirm,
    "refusal": partial(ledger.refuse, code="CodeMismatchException"),
    "no clear answer": partial(ledger.leave_open, code="ReadTimeoutError"),
}


@pytest.mark.parametrize("name", ["delivered-1", "new"])
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_an_attempt_costs_two_statements_to_begin_and_one_to_end(
    name: str, end: Callable[[ledger.Attempt], object]
) -> None:
    with CaptureQueriesContext(connection) as begun:
        attempt = ledger.begin(get_pool(), name, source="form")
    with CaptureQueriesContext(connection) as ended:
        end(attempt)
    assert (statements_in(begun), statements_in(ended)) == (2, 1)


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_an_attempt_on_a_known_sign_up_costs_one_statement_to_begin(end: Callable[[ledger.Attempt], object]) -> None:
    sign_up = ledger.sign_up(get_pool(), "alice", sub="sub-1")
    with CaptureQueriesContext(connection) as begun:
        attempt = ledger.begin(get_pool(), "alice", source="form", sign_up=sign_up)
    with CaptureQueriesContext(connection) as ended:
        end(attempt)
    assert (statements_in(begun), statements_in(ended)) == (1, 1)


def test_a_yes_costs_one_more_where_an_earlier_one_was_delivered_since() -> None:
    attempt = ledger.begin(get_pool(), "confirmed-1", source="form")
    assert ledger.deliver(attempt.row.pk)
    with CaptureQueriesContext(connection) as ended:
        ledger.confirm(attempt)
    assert statements_in(ended) <= 3


def statements_in(captured: CaptureQueriesContext) -> int:
    return sum(TABLE in query["sql"] for query in captured)
