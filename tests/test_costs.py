"""What a confirmation costs, counted and never timed, so that no machine can make it pass or fail.

``bench/`` measures the time; a count here that grows is where that time goes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import caches
from django.core.management import call_command
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

import django_cognito_confirm
from django_cognito_confirm import ledger
from django_cognito_confirm.cognito import public_client
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.errors import ConfirmSignUpError, InvalidCode
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.pending import remember_sign_up
from django_cognito_confirm.services import confirm_sign_up
from django_cognito_confirm.signals import sign_up_confirmed
from tests.conftest import close_connections
from tests.faults import FaultServer

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parent.parent
PACKAGE = str(Path(django_cognito_confirm.__file__).parent)
TABLE = Confirmation._meta.db_table
CODE = "123456"
WRONG = "654321"


@pytest.fixture
def people(server: FaultServer) -> FaultServer:
    """A pool in which everybody's code is ``CODE``."""
    for name in ("alice", "bob", "carol", "dora"):
        server.users.add(name, code=CODE)
    public_client()
    return server


@pytest.fixture
def activating() -> Iterator[None]:
    """A host that activates the local user, as hosts do."""

    def activate(sender: Any, confirmation: Confirmation, **kwargs: Any) -> None:
        User.objects.filter(pk=confirmation.user_id).update(is_active=True)

    sign_up_confirmed.connect(activate)
    yield
    sign_up_confirmed.disconnect(activate)


def owner_of(username: str) -> Client:
    """Return the browser in which ``username`` has just signed up."""
    request: Any = RequestFactory().post("/")
    request.session, request.user = SessionStore(), AnonymousUser()
    user = User.objects.create(username=username, is_active=False)
    remember_sign_up(request, {"UserSub": f"sub-{username}", "Session": "s" * 800}, username=username, user=user)
    request.session.save()
    client = Client()
    client.cookies["sessionid"] = request.session.session_key
    return client


class Captured(CaptureQueriesContext):
    """The statements of a block."""

    def __init__(self) -> None:
        super().__init__(connection)

    @property
    def ours(self) -> list[str]:
        """The kinds of those about the ledger."""
        return [query["sql"].split()[0] for query in self if TABLE in query["sql"]]

    @property
    def tables(self) -> list[str]:
        """Each statement's kind and table."""
        names = {TABLE: "ledger", "django_session": "session", "auth_user": "user"}
        return [
            f"{query['sql'].split()[0]} {name}"
            for query in self
            for table, name in names.items()
            if table in query["sql"].partition("WHERE")[0]
        ]

    @property
    def transactions(self) -> int:
        """How many there were that write to the ledger: a statement outside any is one by itself."""
        count, inside = 0, False
        for query in self:
            kind = query["sql"].split()[0].strip(";").upper()
            if kind in ("BEGIN", "START"):
                count, inside = count + 1, True
            elif kind in ("COMMIT", "ROLLBACK"):
                inside = False
            elif not inside and TABLE in query["sql"] and kind != "SELECT":
                count += 1
        return count


# --- statements and transactions --------------------------------------------------------------------------------------


def new_name(username: str) -> None:
    pass


def signed_up_elsewhere(username: str) -> None:
    ledger.sign_up(get_pool(), username, sub=f"sub-{username}")


def tried_before(username: str) -> None:
    with pytest.raises(InvalidCode):
        confirm_sign_up(username, WRONG)


def delivered_before(username: str) -> None:
    ledger.confirm(ledger.begin(get_pool(), username, source="form"))


BEFORE: list[Callable[[str], None]] = [new_name, signed_up_elsewhere, tried_before, delivered_before]


@pytest.mark.parametrize("code", [CODE, WRONG])
@pytest.mark.parametrize("before", BEFORE)
def test_an_attempt_costs_two_transactions_of_three_statements(
    people: FaultServer, before: Callable[[str], None], code: str
) -> None:
    before("alice")
    with Captured() as captured:
        try:
            confirm_sign_up("alice", code)
        except ConfirmSignUpError:
            assert code == WRONG
    assert (len(captured.ours), captured.transactions) == (3, 2)


def test_what_a_confirmed_owner_asks_of_the_database(people: FaultServer, activating: None) -> None:
    browser = owner_of("alice")
    with Captured() as captured:
        assert browser.post("/confirm/", {"code": CODE}).status_code == 302
    assert captured.tables == [
        "SELECT session",
        "UPDATE ledger",
        "UPDATE ledger",
        "UPDATE user",
        "UPDATE session",
    ]


def test_what_a_refused_owner_asks_of_the_database(people: FaultServer) -> None:
    browser = owner_of("alice")
    with Captured() as captured:
        assert browser.post("/confirm/", {"code": WRONG}).status_code == 200
    assert captured.tables == ["SELECT session", "UPDATE ledger", "UPDATE ledger"]
    assert captured.transactions == 2


def test_what_a_confirmed_stranger_asks_of_the_database(people: FaultServer, client: Client) -> None:
    with Captured() as captured:
        assert client.post("/confirm/", {"username": "alice", "code": CODE}).status_code == 302
    assert captured.tables == ["SELECT ledger", "INSERT ledger", "UPDATE ledger"]


def test_what_a_refused_stranger_asks_of_the_database(people: FaultServer, client: Client) -> None:
    with Captured() as captured:
        assert client.post("/confirm/", {"username": "alice", "code": WRONG}).status_code == 200
    assert captured.tables == ["SELECT ledger", "INSERT ledger", "UPDATE ledger"]


@pytest.mark.parametrize("path", ["/confirm/", "/confirm/?username=alice&code=123456", "/confirm/resend/"])
def test_a_page_for_somebody_without_a_session_asks_the_database_nothing(client: Client, path: str) -> None:
    with Captured() as captured:
        client.get(path)
    assert len(captured) == 0


def test_a_page_for_the_owner_reads_the_session_alone(people: FaultServer) -> None:
    browser = owner_of("alice")
    with Captured() as captured:
        browser.get("/confirm/")
    assert captured.tables == ["SELECT session"]
    assert len(captured) == 1


# --- the cache --------------------------------------------------------------------------------------------------------


@pytest.fixture
def cache_calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count what is asked of the cache of the limits."""
    cache, calls = caches["default"], Counter[str]()
    for name in ("add", "get", "get_many", "set", "set_many", "incr", "delete", "delete_many"):
        monkeypatch.setattr(cache, name, partial(counted, calls, name, getattr(cache, name)))
    return calls


def counted(calls: Counter[str], name: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    calls[name] += 1
    return method(*args, **kwargs)


def test_a_stranger_takes_a_slot_of_each_limit_and_no_more(
    people: FaultServer, client: Client, cache_calls: Counter[str]
) -> None:
    client.post("/confirm/", {"username": "alice", "code": CODE})
    assert cache_calls == {"add": 4}


def test_the_owner_asks_the_cache_nothing_to_confirm(people: FaultServer, cache_calls: Counter[str]) -> None:
    owner_of("alice").post("/confirm/", {"code": CODE})
    assert cache_calls == {}


# --- calls, connections, bytes ----------------------------------------------------------------------------------------


def test_an_attempt_makes_one_call(people: FaultServer, client: Client) -> None:
    for code in (CODE, WRONG):
        people.forget()
        client.post("/confirm/", {"username": "alice", "code": code})
        assert [call.operation for call in people.calls] == ["ConfirmSignUp"]


def test_what_cannot_be_right_and_what_was_done_before_make_none(people: FaultServer) -> None:
    browser = owner_of("alice")
    browser.post("/confirm/", {"code": "🙂"})
    browser.post("/confirm/", {"code": CODE})
    people.forget()
    browser.post("/confirm/", {"code": CODE})
    browser.get("/confirm/")
    browser.get("/confirm/done/")
    assert people.calls == []


def test_one_thread_opens_one_connection(people: FaultServer) -> None:
    for username in ("alice", "bob", "carol", "dora"):
        confirm_sign_up(username, CODE)
    assert people.connections == 1


def test_as_many_connections_are_opened_as_there_are_calls_at_once(people: FaultServer) -> None:
    def confirm(username: str) -> None:
        try:
            public_client().confirm_sign_up(ClientId="client1example", Username=username, ConfirmationCode=CODE)
        finally:
            close_connections()

    people.default("ConfirmSignUp", "hold")
    for again in (1, 2):
        threads = [threading.Thread(target=confirm, args=(name,)) for name in ("alice", "bob", "carol")]
        for thread in threads:
            thread.start()
        people.wait_for("ConfirmSignUp", 3 * again)
        if again == 2:
            for name in ("alice", "bob", "carol"):
                people.users.add(name, code=CODE)
        people.release()
        for thread in threads:
            thread.join(10)
        for name in ("alice", "bob", "carol"):
            people.users.add(name, code=CODE)
    assert people.connections == 3


def test_a_call_sends_what_it_must_and_no_more(people: FaultServer, pools: Callable[..., None]) -> None:
    sent: list[Any] = []

    def note(request: Any, **kwargs: Any) -> None:
        sent.append(request)

    pools(CLIENT_SECRET="secret1example")
    public_client().meta.events.register("before-send", note)
    confirm_sign_up("alice", CODE)
    [request] = sent
    assert sorted(people.called("ConfirmSignUp")[0]) == ["ClientId", "ConfirmationCode", "SecretHash", "Username"]
    assert len(request.body) < 200
    assert sum(len(name) + len(value) + 4 for name, value in request.headers.items()) < 700


# --- imports and our own code -----------------------------------------------------------------------------------------


def modules_after(*statements: str, **environment: str) -> set[str]:
    """Return the modules that a new process has imported then."""
    # Of a site without the admin, which imports what its pages need.
    script = ["import os, sys, django", "os.environ['DJANGO_SETTINGS_MODULE'] = 'bench.settings'", "django.setup()"]
    script += [*statements, "print(*sys.modules)"]
    ran = subprocess.run(
        [sys.executable, "-c", "\n".join(script)],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60,
    )
    return set(ran.stdout.split())


def ours(modules: set[str]) -> set[str]:
    package = django_cognito_confirm.__name__
    return {name.removeprefix(package) for name in modules if name.startswith(package) and "sandbox" not in name}


def test_starting_django_imports_the_models_and_nothing_else_of_ours() -> None:
    assert ours(modules_after()) == {"", ".apps", ".masking", ".models"}


def test_the_first_post_after_a_page_finds_imported_what_takes_long(tmp_path: Path) -> None:
    database = {"DATABASE_URL": f"sqlite:///{tmp_path}/site.sqlite3", "DJANGO_SETTINGS_MODULE": "bench.settings"}
    migrate = [sys.executable, "-m", "django", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, cwd=ROOT, env={**os.environ, **database}, check=True, timeout=60)
    modules = modules_after(
        "import threading",
        "from django.test import Client",
        "client = Client(SERVER_NAME='127.0.0.1')",
        "assert client.get('/confirm/').status_code == 200",
        "[thread.join() for thread in threading.enumerate() if thread.name == 'cognito-confirm-warm-up']",
        "before = set(sys.modules)",
        "answer = client.post('/confirm/', {'username': 'alice', 'code': '123456'})",
        "assert answer.status_code == 503, answer",  # nothing listens there
        "[sys.modules.pop(name) for name in before]",
        **database,
        COGNITO_ENDPOINT_URL="http://127.0.0.1:9",
    )
    assert not modules & {"encodings.idna", "django.db.models.sql.compiler"}
    assert not {name for name in modules if name.startswith(("boto", "urllib3", "http", "ssl"))}


def test_the_first_page_is_served_without_boto3() -> None:
    modules = modules_after(
        "from django.conf import settings",
        "settings.COGNITO_CONFIRM = {'WARM_UP': False}",
        "from django.test import Client",
        "assert Client(SERVER_NAME='127.0.0.1').get('/confirm/').status_code == 200",
    )
    assert ".views" in ours(modules)
    assert not modules & {"boto3", "botocore", "urllib3", "requests"}
    assert not {name for name in ours(modules) if name.startswith((".admin", ".bulk", ".management", ".sync"))}


def calls_of_ours(work: Callable[[], object]) -> int:
    """Return how many calls of this package's functions ``work`` makes, which no machine changes."""
    count = 0

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        # Not comprehensions, which are functions on some Pythons only.
        if event == "call" and frame.f_code.co_filename.startswith(PACKAGE) and frame.f_code.co_name[0] != "<":
            count += 1

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_a_confirmation_runs_little_of_our_own_code(people: FaultServer, client: Client) -> None:
    browser = owner_of("alice")
    browser.get("/confirm/")
    owners = calls_of_ours(lambda: browser.post("/confirm/", {"code": CODE}))
    strangers = calls_of_ours(lambda: client.post("/confirm/", {"username": "bob", "code": CODE}))
    assert owners <= 125
    assert strangers <= 145


# --- static files -----------------------------------------------------------------------------------------------------


def test_static_files_can_be_kept_for_ever(client: Client, settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    manifest = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": manifest}}
    call_command("collectstatic", interactive=False, verbosity=0)
    page = client.get("/confirm/").content.decode()
    linked = [part.partition('"')[0] for part in page.split('"/static/')[1:]]
    assert len(linked) == 2
    for name in linked:
        stem, digest, suffix = Path(name).name.split(".")
        assert (stem, len(digest)) == ("confirm", 12)
        assert suffix in ("css", "js")
        assert (tmp_path / name).is_file()
