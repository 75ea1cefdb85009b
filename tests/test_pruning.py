from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db.models.signals import post_delete
from django.utils import timezone

from django_cognito_confirm import ledger
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.models import Confirmation, Job
from django_cognito_confirm.pruning import prune, remove_strangers
from django_cognito_confirm.services import confirm_sign_up
from django_cognito_confirm.sync import sync
from tests.conftest import Heard
from tests.faults import FaultServer

pytestmark = pytest.mark.django_db(transaction=True)

Pools = Callable[..., None]
MONTH = timedelta(days=30)


def one_of_each() -> None:
    """Rows in every status, named after it."""
    pool = get_pool()
    user = get_user_model().objects.create(username="signed_up")
    ledger.sign_up(pool, "signed_up", sub="sub-1", user=user)
    ledger.refuse(ledger.begin(pool, "rejected", source="form"), "CodeMismatchException")
    ledger.confirm(ledger.begin(pool, "delivered", source="form", sub="sub-2"))
    ledger.begin(pool, "started", source="form")
    ledger.leave_open(ledger.begin(pool, "unknown", source="form"), "ReadTimeoutError")
    Confirmation.objects.create(pool="default", username="confirmed", username_key="c", owed=True)
    Confirmation.objects.create(pool="default", username="queued", username_key="q", queued_at=timezone.now())
    assert {row.username: row.status for row in Confirmation.objects.all()} == {
        row.username: row.username for row in Confirmation.objects.all()
    }


def months_pass() -> None:
    for row in Confirmation.objects.all():
        times = ("created_at", "started_at", "confirmed_at", "delivered_at", "queued_at")
        then = {name: getattr(row, name) - 2 * MONTH for name in times if getattr(row, name)}
        Confirmation.objects.filter(pk=row.pk).update(**then)


def test_what_is_over_is_removed_or_stripped_and_the_rest_is_left_alone() -> None:
    one_of_each()
    months_pass()
    before = {row.username: row.status for row in Confirmation.objects.all()}
    assert prune(MONTH) == (2, 1)
    left = {row.username or "nameless": row.status for row in Confirmation.objects.all()}
    assert set(before) - set(left) == {"signed_up", "rejected", "delivered"}
    assert left["nameless"] == "delivered"


def test_nothing_young_is_touched() -> None:
    one_of_each()
    assert prune(MONTH) == (0, 0)


def test_a_stripped_row_keeps_key_sub_and_times_alone() -> None:
    ledger.confirm(ledger.begin(get_pool(), "alice", source="form", sub="sub-1"))
    Confirmation.objects.update(user=get_user_model().objects.create(username="alice"))
    months_pass()
    before = Confirmation.objects.get()
    prune(MONTH)
    after = Confirmation.objects.get()
    assert (after.username, after.user, after.source, after.last_error) == ("", None, "", "")
    kept = ("username_key", "sub", "confirmed_at", "delivered_at", "epoch")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]


def test_a_name_signed_up_again_is_as_young_as_that_sign_up() -> None:
    ledger.sign_up(get_pool(), "alice", sub="sub-1")
    months_pass()
    ledger.sign_up(get_pool(), "alice", sub="sub-2")
    assert prune(MONTH) == (0, 0)


def test_after_pruning_a_full_sync_tells_of_nobody_again(server: FaultServer, heard: Heard) -> None:
    server.users.add("ann", code="123456")
    server.users.add("bob", status="CONFIRMED")
    confirm_sign_up("ann", "123456")
    sync(full=True, rate=10_000)
    months_pass()
    assert prune(MONTH).stripped == 2
    assert sync(full=True, rate=10_000).found == 0
    assert sorted(heard.usernames) == ["ann", "bob"]


def test_whoever_waits_keeps_their_name(heard: Heard) -> None:
    ledger.confirm(ledger.begin(get_pool(), "ann", source="form"))
    job = Job.objects.create(pool="default", source="command")
    months_pass()
    ledger.queue(get_pool(), job, {get_pool().username_key("ann"): "ann"}, again=True)
    prune(MONTH)
    assert [row.username for row in ledger.waiting(job)] == ["ann"]


def test_begin_gives_the_name_back() -> None:
    ledger.confirm(ledger.begin(get_pool(), "alice", source="form"))
    months_pass()
    prune(MONTH)
    ledger.begin(get_pool(), "alice", source="form")
    assert Confirmation.objects.get().username == "alice"


def test_jobs_go_when_nobody_waits_in_them() -> None:
    over, unfinished, young = (Job.objects.create(pool="default", source="command") for _ in range(3))
    for name, job in (("ann", over), ("bob", unfinished), ("eve", young)):
        ledger.queue(get_pool(), job, {get_pool().username_key(name): name})
    attempt = ledger.take(Confirmation.objects.get(username="ann"), source="command")
    assert attempt
    ledger.confirm(attempt)
    Job.objects.exclude(pk=young.pk).update(requested_at=timezone.now() - 2 * MONTH)
    months_pass()
    prune(MONTH)

    assert set(Job.objects.all()) == {unfinished, young}
    assert Confirmation.objects.filter(job=None).count() == 1


def test_whom_staff_asked_for_is_not_forgotten_after_a_day() -> None:
    job = Job.objects.create(pool="default", source="command")
    ledger.queue(get_pool(), job, {get_pool().username_key("ann"): "ann"})
    attempt = ledger.take(Confirmation.objects.get(), source="command")
    assert attempt
    ledger.refuse(attempt, "UserNotFoundException", "user_not_found")
    ledger.refuse(ledger.begin(get_pool(), "bob", source="form"), "UserNotFoundException")
    months_pass()
    remove_strangers("default")

    assert [row.username for row in Confirmation.objects.all()] == ["ann"]


def test_a_host_that_listens_to_deletions_hears_of_them() -> None:
    gone = []

    def receiver(sender: Any, instance: Confirmation, **kwargs: Any) -> None:
        gone.append(instance.username)

    one_of_each()
    months_pass()
    post_delete.connect(receiver, sender=Confirmation)
    try:
        prune(MONTH)
    finally:
        post_delete.disconnect(receiver, sender=Confirmation)
    assert sorted(gone) == ["rejected", "signed_up"]


def test_the_command_prunes_every_pool(pools: Pools) -> None:
    pools("staff", CLIENT_ID="staffclient1example", USER_POOL_ID="eu-west-1_Staff")
    one_of_each()
    months_pass()
    out = StringIO()
    call_command("cognito_prune", "--older-than", "4w", stdout=out)
    assert "default: 2 removed, 1 stripped of names" in out.getvalue()
    assert "staff: 0 removed, 0 stripped of names" in out.getvalue()


def test_one_person_is_forgotten_wholly() -> None:
    ledger.begin(get_pool(), "Alice", source="form")
    ledger.begin(get_pool(), "bob", source="form")
    out = StringIO()
    call_command("cognito_prune", "--forget", "alice", stdout=out)
    assert "default: forgotten" in out.getvalue()
    assert [row.username for row in Confirmation.objects.all()] == ["bob"]
    call_command("cognito_prune", "--forget", "alice", stdout=out)
    assert "default: not known" in out.getvalue()


@pytest.mark.parametrize(
    "arguments",
    [[], ["--older-than", "soon"], ["--older-than", "1d", "--forget", "a"], ["--forget", "a", "--pool", "x"]],
)
def test_the_command_refuses_what_makes_no_sense(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("cognito_prune", *arguments)
