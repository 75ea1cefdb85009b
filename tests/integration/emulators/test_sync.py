"""``cognito_sync`` reads the listings of a Cognito that nobody here wrote."""

from __future__ import annotations

import pytest

from django_cognito_confirm import ledger
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.sync import sync
from tests.conformance.pools import Person, UserPool, new_name
from tests.conftest import Heard

from .choosing import those_that_keep

pytestmark = pytest.mark.django_db(transaction=True)


def leave_open(person: Person, *, sub_is_known: bool = True) -> None:
    """Leave an attempt behind as a process does whose answer did not come."""
    sub = person.sub if sub_is_known else ""
    attempt = ledger.begin(get_pool(), person.name, source="service", sub=sub)
    ledger.leave_open(attempt, "ReadTimeoutError")


@pytest.mark.parametrize("sub_is_known", [True, False])
@those_that_keep("the_right_code_confirms", "people_are_found_by_sub", "a_filter_tells_the_case_of_names")
def test_what_a_process_left_behind_is_delivered(people: UserPool, heard: Heard, *, sub_is_known: bool) -> None:
    ann = people.sign_up(new_name().capitalize())
    leave_open(ann, sub_is_known=sub_is_known)
    people.confirm(ann.name, people.code(ann.email))

    report = sync()

    assert (report.confirmed, report.delivered, report.problems) == (1, 1, set())
    assert [(told["confirmation"].username, told["confirmation"].sub) for told in heard] == [(ann.name, ann.sub)]
    assert Confirmation.objects.get().status == "delivered"


@those_that_keep("newcomers_are_unconfirmed", "people_are_found_by_sub")
def test_the_unconfirmed_are_left_alone(people: UserPool, heard: Heard) -> None:
    leave_open(people.sign_up())

    report = sync()

    assert (report.waiting, heard) == (1, [])
    assert Confirmation.objects.get().status == "unknown"


@those_that_keep("staff_confirm_without_a_code", "people_are_found_by_sub")
def test_whoever_was_confirmed_elsewhere_is_told_of_once(people: UserPool, heard: Heard) -> None:
    ann, bob = people.sign_up(), people.sign_up()
    people.confirm_as_staff(ann.name)

    first, second = sync(full=True, rate=1000), sync(full=True, rate=1000)

    assert heard.usernames.count(ann.name) == 1
    assert bob.name not in heard.usernames
    assert first.walked == second.walked >= 2
    assert (first.problems, second.problems, second.found) == (set(), set(), 0)
