from __future__ import annotations

import asyncio
import contextlib
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from django_cognito_confirm import ledger
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.errors import (
    AliasConflict,
    AlreadyConfirmed,
    ConfirmSignUpError,
    InvalidCode,
    NotListedYet,
    OutcomeUnknown,
    Refused,
    Throttled,
    Unavailable,
    UserNotFound,
    WrongState,
)
from django_cognito_confirm.models import Confirmation, Job, Status
from django_cognito_confirm.sandbox.models import Attempt, SandboxUser
from django_cognito_confirm.services import (
    aadmin_confirm_sign_up,
    aconfirm_sign_up,
    admin_confirm_sign_up,
    aresend_code,
    confirm_sign_up,
    resend_code,
)
from django_cognito_confirm.signals import code_sent, confirmation_refused, sign_up_confirmed
from django_cognito_confirm.sync import sync
from tests.conftest import Heard, last_code, sign_up, wrong_code
from tests.faults import FaultServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("credentials")]


Pools = Callable[..., None]


def a_visitor() -> Any:
    """A request of somebody who has not signed up in this browser."""
    request = RequestFactory().post("/")
    request.session = {}  # type: ignore[assignment]
    return request


def test_the_right_code_confirms_and_tells_the_receivers(heard: Heard) -> None:
    sub = sign_up("alice")["UserSub"]
    confirmation = confirm_sign_up("alice", last_code())
    assert SandboxUser.objects.get(sub=sub).status == "CONFIRMED"
    assert confirmation.status == "delivered"
    [told] = heard
    assert told["confirmation"].username == "alice"
    assert told["confirmation"].confirmed_at is not None
    assert (told["by_owner"], told["session"], told["request"]) == (False, "", None)


def test_the_row_handed_out_is_the_one_in_the_database(heard: Heard) -> None:
    sign_up("alice")
    with pytest.raises(InvalidCode):
        confirm_sign_up("alice", wrong_code(), source="form")
    handed_out = confirm_sign_up("alice", last_code())
    stored = Confirmation.objects.get()
    names = [field.attname for field in Confirmation._meta.concrete_fields]
    assert {name: getattr(handed_out, name) for name in names} == {name: getattr(stored, name) for name in names}


def test_a_wrong_code_is_refused_and_leaves_nothing_open(heard: Heard) -> None:
    sign_up("alice")
    with pytest.raises(InvalidCode) as caught:
        confirm_sign_up("alice", wrong_code())
    assert caught.value.code == "CodeMismatchException"
    row = Confirmation.objects.get()
    assert (row.status, row.open_attempts, row.last_error) == ("rejected", 0, "CodeMismatchException")
    assert heard == []


def test_the_code_and_the_username_are_cleaned(heard: Heard) -> None:
    sign_up("alice")
    code = last_code()
    confirm_sign_up("  alice ", f" {code[:3]}-{code[3:]} ")
    assert heard.usernames == ["alice"]


@pytest.mark.parametrize("code", ["", "   ", "9" * 5000, "🙂🙂🙂", "12\x0034", "\ud800"])
def test_what_cannot_be_a_code_costs_no_call(code: str) -> None:
    sign_up("alice")
    with pytest.raises(InvalidCode):
        confirm_sign_up("alice", code)
    assert not Attempt.objects.exists()
    assert not Confirmation.objects.exists()


@pytest.mark.parametrize("username", ["", "   ", "a" * 5000, "al ice", "al\x00ice", "\ud800"])
def test_what_cannot_be_a_username_costs_no_call(username: str) -> None:
    with pytest.raises(UserNotFound):
        confirm_sign_up(username, "123456")
    assert not Confirmation.objects.exists()


def test_a_reply_session_comes_back_and_is_not_shown(heard: Heard) -> None:
    session = sign_up("alice")["Session"]
    confirmation = confirm_sign_up("alice", last_code(), session=session)
    assert len(confirmation.session) >= 20
    assert confirmation.session not in repr(confirmation.session)
    assert heard[0]["session"] == confirmation.session


def test_an_expired_session_does_not_spoil_the_confirmation(heard: Heard) -> None:
    sign_up("alice")
    assert confirm_sign_up("alice", last_code(), session="x" * 40).session == ""
    assert heard.usernames == ["alice"]


def test_a_secret_is_hashed_into_the_call(pools: Pools, heard: Heard) -> None:
    sign_up("alice")
    pools(CLIENT_SECRET=lambda: "a secret that rotates")
    confirm_sign_up("alice", last_code())
    assert heard.usernames == ["alice"]


def test_missing_settings_are_named_and_leave_no_attempt(pools: Pools) -> None:
    pools(CLIENT_ID="")
    with pytest.raises(ImproperlyConfigured, match="CLIENT_ID"):
        confirm_sign_up("alice", "123456")
    assert not Confirmation.objects.exists()


def test_inside_a_transaction_it_says_that_it_cannot() -> None:
    sign_up("alice")
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        confirm_sign_up("alice", last_code())


def test_a_receiver_that_raises_is_called_again_by_sync_and_the_caller_sees_success() -> None:
    calls = []

    def receiver(sender: Any, confirmation: Confirmation, **kwargs: Any) -> None:
        calls.append(confirmation.pk)
        if len(calls) == 1:
            raise LookupError("the host's mistake")

    sign_up("alice")
    sign_up_confirmed.connect(receiver)
    try:
        confirmation = confirm_sign_up("alice", last_code())
        assert confirmation.status == "confirmed"
        assert confirmation.delivery_error == "LookupError"
        assert sync().delivered == 1
    finally:
        sign_up_confirmed.disconnect(receiver)
    assert len(calls) == 2
    assert Confirmation.objects.get().status == "delivered"


def test_what_a_raising_receiver_wrote_is_rolled_back(django_user_model: Any) -> None:
    def receiver(sender: Any, **kwargs: Any) -> None:
        django_user_model.objects.create(username="half done")
        raise LookupError

    sign_up("alice")
    sign_up_confirmed.connect(receiver)
    try:
        confirm_sign_up("alice", last_code())
    finally:
        sign_up_confirmed.disconnect(receiver)
    assert not django_user_model.objects.exists()


def test_a_receiver_that_swallows_an_error_of_the_database_is_one_that_fails(django_user_model: Any) -> None:
    def receiver(sender: Any, **kwargs: Any) -> None:
        django_user_model.objects.create(username="once")
        with contextlib.suppress(IntegrityError):
            django_user_model.objects.create(username="once")

    sign_up("alice")
    sign_up_confirmed.connect(receiver)
    try:
        confirmation = confirm_sign_up("alice", last_code())
        assert (confirmation.status, confirmation.delivery_error) == ("confirmed", "TransactionManagementError")
        assert sync().undelivered == 1
    finally:
        sign_up_confirmed.disconnect(receiver)
    assert not django_user_model.objects.exists()


def test_a_query_that_fails_and_is_swallowed_breaks_no_delivery_silently() -> None:
    def receiver(sender: Any, **kwargs: Any) -> None:
        with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT nothing_of_that_name")

    sign_up("alice")
    sign_up_confirmed.connect(receiver)
    try:
        confirmation = confirm_sign_up("alice", last_code())
    finally:
        sign_up_confirmed.disconnect(receiver)
    # PostgreSQL gives the whole transaction up; the others go on. Whichever: what is handed out is what is stored.
    assert confirmation.status == Confirmation.objects.get().status
    assert confirmation.status == ("confirmed" if connection.vendor == "postgresql" else "delivered")


def test_a_hook_on_the_commit_that_raises_is_no_failure_of_the_delivery(heard: Heard) -> None:
    def hook() -> None:
        raise LookupError

    def receiver(sender: Any, **kwargs: Any) -> None:
        transaction.on_commit(hook)

    sign_up("alice")
    sign_up_confirmed.connect(receiver)
    try:
        confirmation = confirm_sign_up("alice", last_code())
    finally:
        sign_up_confirmed.disconnect(receiver)
    assert (confirmation.status, sync().delivered, len(heard)) == ("delivered", 0, 1)


def test_a_yes_whose_reply_is_lost_is_not_taken_for_a_no_by_staff(pools: Pools, heard: Heard) -> None:
    with FaultServer() as server:
        server.users.add("ann")
        pools(SANDBOX=False, ENDPOINT_URL=server.url)
        server.script("AdminConfirmSignUp", "drop_after")
        with pytest.raises(OutcomeUnknown):
            admin_confirm_sign_up("ann")
        assert sync().delivered == 1
    assert heard.usernames == ["ann"]


def test_the_status_handed_out_needs_no_query(heard: Heard) -> None:
    sign_up("alice")
    confirmation = confirm_sign_up("alice", last_code())
    with CaptureQueriesContext(connection) as captured:
        assert confirmation.status == "delivered"
    assert len(captured) == 0


def test_a_pickled_confirmation_holds_no_session(heard: Heard) -> None:
    session = sign_up("alice")["Session"]
    confirmation = confirm_sign_up("alice", last_code(), session=session)
    assert confirmation.session
    assert pickle.loads(pickle.dumps(confirmation)).session == ""  # noqa: S301 - our own bytes


def test_no_frame_shows_the_code_or_the_session(caplog: pytest.LogCaptureFixture) -> None:
    seen = []

    def receiver(sender: Any, **kwargs: Any) -> None:
        raise LookupError

    sign_up("alice")
    session = sign_up("bob")["Session"]
    code = last_code()
    sign_up_confirmed.connect(receiver)
    try:
        reply = confirm_sign_up("bob", code, session=session).session
    finally:
        sign_up_confirmed.disconnect(receiver)
    [record] = [record for record in caplog.records if record.exc_info]
    assert record.exc_info is not None
    trace = record.exc_info[2]
    while trace is not None:
        seen.append(repr(trace.tb_frame.f_locals))
        trace = trace.tb_next
    assert len(seen) > 2
    assert not [text for text in seen if code in text or session in text or str(reply) in text]


def test_a_database_that_dies_after_the_yes_is_no_error_for_the_person(heard: Heard) -> None:
    sign_up("alice")
    code = last_code()

    def dies(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, CursorWrapper]) -> Any:
        if sql.startswith("UPDATE") and "confirmed_at" in sql.partition("WHERE")[0]:
            raise DatabaseError("gone")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(dies):
        confirmation = confirm_sign_up("alice", code)
    assert confirmation.username == "alice"
    assert heard == []
    assert Confirmation.objects.get().status == "started"
    Confirmation.objects.update(started_at="2020-01-01T00:00Z")
    sync()
    assert heard.usernames == ["alice"]


def test_a_database_that_dies_after_a_refusal_leaves_the_attempt_open() -> None:
    sign_up("alice")

    def dies(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, CursorWrapper]) -> Any:
        if sql.startswith("UPDATE") and "last_error" in sql.partition("WHERE")[0]:
            raise DatabaseError("gone")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(dies), pytest.raises(InvalidCode):
        confirm_sign_up("alice", wrong_code())
    assert Confirmation.objects.get().status == "started"


def test_a_confirmation_takes_three_statements(heard: Heard) -> None:
    sign_up("alice")
    code = last_code()
    with CaptureQueriesContext(
        connection,
    ) as captured:
        confirm_sign_up("alice", code)
    ours = [query["sql"] for query in captured if "django_cognito_confirm_confirmation" in query["sql"]]
    assert [sql.split()[0] for sql in ours] == ["SELECT", "INSERT", "UPDATE"]


def test_a_refusal_takes_three_statements_whether_the_ledger_knew_the_name_or_not(heard: Heard) -> None:
    sign_up("alice")
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured, pytest.raises(InvalidCode):
            confirm_sign_up("alice", wrong_code())
        counts.append(len([sql for sql in captured if "django_cognito_confirm_confirmation" in sql["sql"]]))
    assert counts == [3, 3]


def test_already_confirmed_proves_nothing(heard: Heard) -> None:
    sign_up("alice")
    SandboxUser.objects.update(status="CONFIRMED")
    with pytest.raises(AlreadyConfirmed):
        confirm_sign_up("alice", last_code())
    assert heard == []
    assert Confirmation.objects.get().status == "rejected"


def test_an_alias_conflict_is_told(pools: Pools) -> None:
    pools(SANDBOX={"ALIAS_ATTRIBUTES": ("email",)})
    sign_up("first", email="shared@example.com")
    confirm_sign_up("first", last_code())
    sign_up("second", email="shared@example.com")
    with pytest.raises(AliasConflict):
        confirm_sign_up("second", last_code(), request=a_visitor())
    confirm_sign_up("second", last_code(), force_alias_creation=True)


# --- strangers --------------------------------------------------------------------------------------------------------


def test_a_stranger_gets_the_same_refusal_for_every_no() -> None:
    sign_up("alice")
    sign_up("bob")
    SandboxUser.objects.filter(username="bob").update(status="CONFIRMED")
    said = set()
    for username, code in [
        ("alice", wrong_code()),
        ("bob", "123456"),
        ("nobody", "123456"),
        ("no body", "1"),
        ("alice", "🙂"),
    ]:
        with pytest.raises(ConfirmSignUpError) as caught:
            confirm_sign_up(username, code, request=a_visitor())
        said.add((type(caught.value), str(caught.value.message), caught.value.code))
    assert said == {(Refused, str(Refused.message), "")}


def test_reveal_users_tells_strangers_precisely(pools: Pools) -> None:
    pools(REVEAL_USERS=True, SANDBOX={"PREVENT_USER_EXISTENCE_ERRORS": False})
    with pytest.raises(UserNotFound):
        confirm_sign_up("nobody", "123456", request=a_visitor())


def test_an_error_keeps_no_trace_of_what_was_said_before_it() -> None:
    sign_up("alice")
    with pytest.raises(Refused) as caught:
        confirm_sign_up("alice", wrong_code(), request=a_visitor())
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_a_refusal_is_signalled_with_the_precise_error() -> None:
    heard = []

    def receiver(sender: Any, **kwargs: Any) -> None:
        heard.append(kwargs)

    sign_up("alice")
    confirmation_refused.connect(receiver)
    try:
        with pytest.raises(Refused):
            confirm_sign_up("alice", wrong_code(), request=a_visitor())
    finally:
        confirmation_refused.disconnect(receiver)
    [told] = heard
    assert isinstance(told["error"], InvalidCode)
    assert (told["pool"], told["username"], told["by_owner"]) == ("default", "alice", False)


# --- faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "error", "status"),
    [
        ("drop_after", OutcomeUnknown, "unknown"),
        ("drop_before", OutcomeUnknown, "unknown"),
        ("internal_error_after", OutcomeUnknown, "unknown"),
        ("garbage_after", OutcomeUnknown, "unknown"),
        ("html_200", OutcomeUnknown, "unknown"),
        ("html_502", OutcomeUnknown, "unknown"),
        ("empty_200", OutcomeUnknown, "unknown"),
        ("json_array", OutcomeUnknown, "unknown"),
        ("unknown_code", OutcomeUnknown, "unknown"),
        ("lambda_error", OutcomeUnknown, "unknown"),
        ("waf_403", ConfirmSignUpError, "rejected"),
        ("throttle", ConfirmSignUpError, "rejected"),
        ("access_denied", ConfirmSignUpError, "rejected"),
    ],
)
def test_a_fault_leaves_the_right_status(
    pools: Pools, heard: Heard, behaviour: str, error: type[ConfirmSignUpError], status: str
) -> None:
    with FaultServer() as server:
        server.users.add("ann", code="123456")
        pools(SANDBOX=False, ENDPOINT_URL=server.url)
        server.script("ConfirmSignUp", behaviour)
        with pytest.raises(error):
            confirm_sign_up("ann", "123456")
        assert len([call for call in server.calls if call.operation == "ConfirmSignUp"]) == 1
    assert Confirmation.objects.get().status == status
    assert heard == []


def test_cognito_down_is_a_refusal_that_says_so(pools: Pools) -> None:
    with FaultServer() as server:
        url = server.url
    pools(SANDBOX=False, ENDPOINT_URL=url)
    with pytest.raises(Unavailable):
        confirm_sign_up("ann", "123456", request=a_visitor())
    assert Confirmation.objects.get().status == "rejected"


# --- resend -----------------------------------------------------------------------------------------------------------


def test_a_resend_kills_the_old_code_and_says_where_the_new_one_went(heard: Heard) -> None:
    sign_up("alice", email="alice@example.com")
    old = last_code()
    delivery = resend_code("alice")
    assert delivery is not None
    assert (delivery.destination, delivery.medium, delivery.attribute) == ("a***@e***", "EMAIL", "email")
    if last_code() != old:
        with pytest.raises(InvalidCode):
            confirm_sign_up("alice", old)
    confirm_sign_up("alice", last_code())


def test_a_resend_answers_strangers_alike() -> None:
    sign_up("alice")
    sign_up("bob")
    SandboxUser.objects.filter(username="bob").update(status="CONFIRMED")
    assert {resend_code(name, request=a_visitor()) for name in ("alice", "bob", "nobody", "no body")} == {None}


def test_trusted_code_is_told_that_the_user_is_confirmed() -> None:
    sign_up("alice")
    SandboxUser.objects.update(status="CONFIRMED")
    with pytest.raises(AlreadyConfirmed):
        resend_code("alice")


def test_a_resend_that_may_have_been_sent_is_not_repeated(pools: Pools) -> None:
    with FaultServer() as server:
        server.users.add("ann", code="123456")
        pools(SANDBOX=False, ENDPOINT_URL=server.url)
        server.script("ResendConfirmationCode", "drop_after")
        with pytest.raises(Unavailable):
            resend_code("ann", request=a_visitor())
        assert len(server.calls) == 1


def test_code_sent_is_signalled() -> None:
    heard = []

    def receiver(sender: Any, **kwargs: Any) -> None:
        heard.append(kwargs)

    sign_up("alice")
    code_sent.connect(receiver)
    try:
        resend_code("alice")
    finally:
        code_sent.disconnect(receiver)
    assert heard[0]["delivery"].medium == "EMAIL"


# --- staff ------------------------------------------------------------------------------------------------------------


def test_staff_confirm_without_a_code(heard: Heard) -> None:
    sign_up("alice")
    confirmation = admin_confirm_sign_up("alice")
    assert confirmation.source == "admin"
    assert heard.usernames == ["alice"]
    assert not SandboxUser.objects.get().email_verified


def test_already_confirmed_said_to_staff_is_followed_by_a_look(heard: Heard) -> None:
    sign_up("alice")
    SandboxUser.objects.update(status="CONFIRMED")
    with pytest.raises(AlreadyConfirmed):
        admin_confirm_sign_up("alice")
    assert heard.usernames == ["alice"]
    with pytest.raises(AlreadyConfirmed):
        admin_confirm_sign_up("alice")
    assert heard.usernames == ["alice"]


def test_somebody_who_waits_in_a_job_goes_on_waiting_when_a_call_was_not_carried_out(server: FaultServer) -> None:
    job = Job.objects.create(pool="default", source="command")
    ledger.queue(get_pool(), job, {get_pool().username_key("alice"): "alice"})
    server.script("AdminConfirmSignUp", "throttle")
    with pytest.raises(Throttled):
        admin_confirm_sign_up("alice")
    assert [(row.username, row.open_attempts) for row in ledger.waiting(job)] == [("alice", 0)]


def test_somebody_whose_job_is_over_does_not_wait_in_it_again(server: FaultServer) -> None:
    job = Job.objects.create(pool="default", source="command")
    ledger.queue(get_pool(), job, {get_pool().username_key("alice"): "alice"})
    for _ in range(2):
        with pytest.raises(UserNotFound):
            admin_confirm_sign_up("alice")
    attempt = ledger.begin(get_pool(), "alice", source="admin", by_staff=True)  # … and the process dies
    assert (attempt.waits, Confirmation.objects.get().job) == (False, None)


def test_already_confirmed_is_not_recorded_where_no_listing_shows_it(server: FaultServer, heard: Heard) -> None:
    server.users.add("alice", status="CONFIRMED")
    server.default("ListUsers", "access_denied")
    with pytest.raises(NotListedYet):
        admin_confirm_sign_up("alice")
    row = Confirmation.objects.get()
    assert (row.status, row.last_error_kind, heard.usernames) == (Status.UNKNOWN, "not_listed_yet", [])


def test_staff_are_told_of_a_state_that_has_no_code() -> None:
    sign_up("alice")
    SandboxUser.objects.update(status="FORCE_CHANGE_PASSWORD")
    with pytest.raises(WrongState):
        admin_confirm_sign_up("alice")


# --- async ------------------------------------------------------------------------------------------------------------


def test_the_async_twins_do_the_same(heard: Heard) -> None:
    sign_up("alice")
    sign_up("bob")

    async def all_three() -> None:
        try:
            await aresend_code("alice")
            await aadmin_confirm_sign_up("bob")
            assert (await aconfirm_sign_up("alice", await sync_to_async(last_code)())).username == "alice"
        finally:
            await sync_to_async(lambda: connection.close())()  # noqa: PLW0108 - the thread's own, looked up there

    asyncio.run(all_three())
    assert heard.usernames == ["bob", "alice"]
