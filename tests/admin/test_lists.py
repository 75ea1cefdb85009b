"""Lists beside a ledger of any size: what they ask the database is bounded by what they show."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from django_cognito_confirm.admin import lists
from tests.test_plans import WHOLE_TABLE, Statement, explained, large_table, row

from .conftest import EVERYTHING, LEDGER, USERS, Staff, text

__all__ = ["large_table"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer(db: None, monkeypatch: pytest.MonkeyPatch) -> Staff:
    monkeypatch.setattr(lists, "COUNTED", 250)
    return Staff(*EVERYTHING)


def unbounded(statements: list[Statement]) -> list[Statement]:
    """Return those that read the whole table and do not stop after so many rows."""
    return [statement for statement in statements if WHOLE_TABLE in statement.indexes and "LIMIT" not in statement.sql]


def test_the_first_page_of_a_large_ledger_reads_no_more_than_it_counts(viewer: Staff) -> None:
    with explained() as statements:
        page = viewer.see(LEDGER)
    assert unbounded(statements) == []
    assert page.context["cl"].result_count == 250
    assert len(page.context["cl"].result_list) == 100
    assert "No more are counted." in text(page)


def test_the_dates_are_left_out_where_they_would_read_all_rows(viewer: Staff) -> None:
    assert not viewer.see(LEDGER).context["cl"].date_hierarchy


def test_a_short_list_says_nothing_of_what_is_counted(viewer: Staff) -> None:
    page = viewer.get(f"/tenants/{LEDGER}/?status=unknown")
    assert "No more are counted." not in text(page)


@pytest.mark.parametrize("term", ["delivered-7", str(row(7).sub), row(7).username_key])
def test_a_search_finds_one_in_many_by_an_index(viewer: Staff, term: str) -> None:
    with explained() as statements:
        page = viewer.get(f"/tenants/{LEDGER}/", {"q": term})
    assert unbounded(statements) == []
    assert [found.username for found in page.context["cl"].result_list] == ["delivered-7"]


def test_the_column_of_a_list_of_users_finds_their_rows_by_indexes(viewer: Staff) -> None:
    User.objects.bulk_create(User(username=f"delivered-{number}") for number in range(99))
    with explained() as statements:
        page = viewer.see(USERS)
    assert len(statements) == 1
    assert unbounded(statements) == []
    assert "confirmed and delivered" in text(page)


def test_a_filter_that_postgresql_would_choke_on_leads_back_to_the_list(viewer: Staff) -> None:
    assert viewer.get(f"/tenants/{LEDGER}/?source=%00", follow=True).redirect_chain == [
        (f"/tenants/{LEDGER}/?e=1", 302)
    ]
