"""Signed in right after the confirmation: who is, who never is, and that nothing that goes wrong spoils it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.db import IntegrityError, connection, transaction
from django.test import Client, RequestFactory
from django.test.client import MULTIPART_CONTENT

from django_cognito_confirm import cognito, ledger
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.errors import ConfirmSignUpError
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.pending import remember_sign_up
from django_cognito_confirm.sandbox import tokens as sandbox_tokens
from django_cognito_confirm.sandbox.models import SandboxSession, SandboxUser
from django_cognito_confirm.services import confirm_sign_up
from django_cognito_confirm.signals import sign_up_confirmed, signed_in
from tests.conftest import Heard, browser_of, last_code, sign_up, wrong_code
from tests.faults import FaultServer
from tests.leaks import MARK, Everything, frames, leaks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("unlimited")]

Pools = Callable[..., None]
Told = list[dict[str, Any]]


@pytest.fixture(autouse=True)
def auto_sign_in(pools: Pools) -> None:
    pools(AUTO_SIGN_IN=True)


@pytest.fixture
def told() -> Iterator[Told]:
    """What receivers of ``signed_in`` were told, and whether the confirmation had been committed by then."""
    heard: Told = []

    def receiver(sender: Any, **kwargs: Any) -> None:
        heard.append(kwargs)

    signed_in.connect(receiver)
    yield heard
    signed_in.disconnect(receiver)


def log_in(sender: Any, confirmation: Confirmation, request: Any, **kwargs: Any) -> None:
    """What a host's receiver does."""
    user = User.objects.get_or_create(username=confirmation.username)[0]
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")


@pytest.fixture
def logging_in() -> Iterator[None]:
    signed_in.connect(log_in)
    yield
    signed_in.disconnect(log_in)


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


# --- who is -----------------------------------------------------------------------------------------------------------


def test_the_owner_gets_tokens_and_claims(told: Told) -> None:
    browser_of("alice").post("/confirm/", {"code": last_code()})
    [heard] = told
    assert heard.keys() == {"signal", "confirmation", "tokens", "claims", "request"}
    assert heard["confirmation"] == Confirmation.objects.get(status="delivered")
    assert heard["claims"]["sub"] == SandboxUser.objects.get().sub == heard["confirmation"].sub
    assert heard["claims"]["email"] == "alice@example.com"
    assert heard["tokens"].id_token.count(".") == heard["tokens"].access_token.count(".") == 2
    assert heard["tokens"].refresh_token
    assert heard["tokens"].expires_in == 3600


def test_nobody_is_signed_in_unless_the_pool_says_so(told: Told, pools: Pools) -> None:
    pools(AUTO_SIGN_IN=False)
    browser_of("alice").post("/confirm/", {"code": last_code()})
    assert told == []
    assert Confirmation.objects.get().status == "delivered"


def test_an_app_client_with_a_secret_works(told: Told, pools: Pools) -> None:
    pools(CLIENT_SECRET="secret-of-the-app-client")
    request = RequestFactory().post("/")
    request.session = SessionStore()
    reply = cognito.public_client().sign_up(
        ClientId=get_pool().client_id,
        SecretHash=str(cognito.secret_hash("alice")),
        Username="alice",
        Password="correct-horse-1",
        UserAttributes=[{"Name": "email", "Value": "alice@example.com"}],
    )
    remember_sign_up(request, reply, username="alice")
    confirm_sign_up("alice", last_code(), request=request)
    assert len(told) == 1


def test_a_wrong_code_on_the_way_does_no_harm(told: Told) -> None:
    client = browser_of("alice")
    client.post("/confirm/", {"code": wrong_code()})
    assert told == []
    client.post("/confirm/", {"code": last_code()})
    assert len(told) == 1


def test_a_stranger_with_the_right_code_is_not_signed_in(client: Client, told: Told) -> None:
    browser_of("alice")
    client.post("/confirm/", {"username": "alice", "code": last_code()})
    assert told == []
    assert Confirmation.objects.get().status == "delivered"


def test_a_stranger_with_the_owners_session_is_not_signed_in_either(told: Told) -> None:
    owner, stranger = RequestFactory().post("/"), RequestFactory().post("/")
    owner.session, stranger.session = SessionStore(), SessionStore()
    reply = sign_up("alice")
    remember_sign_up(owner, reply, username="alice")
    assert confirm_sign_up("alice", last_code(), session=reply["Session"], request=stranger).session
    assert told == []


def test_trusted_code_signs_nobody_in(told: Told) -> None:
    session = sign_up("alice")["Session"]
    assert confirm_sign_up("alice", last_code(), session=session).session
    assert told == []


def test_it_comes_after_the_confirmation_was_committed() -> None:
    begun: list[bool] = []

    def on_yes(sender: Any, **kwargs: Any) -> None:
        transaction.on_commit(lambda: begun.append(True))

    def receiver(sender: Any, **kwargs: Any) -> None:
        begun.append(False)

    sign_up_confirmed.connect(on_yes)
    signed_in.connect(receiver)
    try:
        browser_of("alice").post("/confirm/", {"code": last_code()})
    finally:
        sign_up_confirmed.disconnect(on_yes)
        signed_in.disconnect(receiver)
    assert begun == [True, False]


def test_what_was_owed_signs_nobody_in(told: Told) -> None:
    def receiver(sender: Any, **kwargs: Any) -> None:
        raise LookupError

    client = browser_of("alice")
    sign_up_confirmed.connect(receiver)
    try:
        response = client.post("/confirm/", {"code": last_code()})
    finally:
        sign_up_confirmed.disconnect(receiver)
    assert response["Location"] == "/confirm/done/"
    assert told == []


# --- where they go ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("logging_in")
@pytest.mark.parametrize(
    ("sent", "location"),
    [({}, "/welcome/"), ({"next": "/sign-up/"}, "/sign-up/"), ({"next": "https://evil.example/"}, "/welcome/")],
    ids=["nowhere said", "next", "next elsewhere"],
)
def test_whom_a_receiver_logs_in_goes_where_signing_in_leads(
    settings: Any, sent: dict[str, str], location: str
) -> None:
    settings.LOGIN_REDIRECT_URL = "/welcome/"
    client = browser_of("alice")
    response = client.post("/confirm/", {"code": last_code(), **sent})
    assert response["Location"] == location
    assert is_signed_in(client)


@pytest.mark.usefixtures("logging_in")
def test_a_second_click_leads_there_too(settings: Any) -> None:
    settings.LOGIN_REDIRECT_URL = "/welcome/"
    client = browser_of("alice")
    code = last_code()
    for _ in range(2):
        assert client.post("/confirm/", {"code": code})["Location"] == "/welcome/"
    assert client.get("/confirm/")["Location"] == "/welcome/"


@pytest.mark.usefixtures("logging_in")
def test_a_press_in_another_tab_whose_token_is_old_by_now_leads_there_too(settings: Any) -> None:
    settings.LOGIN_REDIRECT_URL = "/welcome/"
    settings.CSRF_FAILURE_VIEW = "django_cognito_confirm.views.csrf_failure"
    client = browser_of("alice")
    client.handler.enforce_csrf_checks = True
    token = re.search(r'name="csrfmiddlewaretoken" value="(.*?)"', client.get("/confirm/").content.decode())
    assert token
    for _ in range(2):
        response = client.post("/confirm/", {"code": last_code(), "csrfmiddlewaretoken": token[1]})
        assert response["Location"] == "/welcome/"
    forget = client.post("/confirm/", {"forget": "1", "csrfmiddlewaretoken": token[1]})
    assert forget.status_code == 403


PROGRAMS = pytest.mark.parametrize(
    ("path", "content_type"),
    [("/confirm/", MULTIPART_CONTENT), ("/api/confirm/", "application/json")],
    ids=["page", "API"],
)


@PROGRAMS
@pytest.mark.usefixtures("logging_in")
def test_a_program_is_told_each_time(settings: Any, path: str, content_type: str) -> None:
    settings.LOGIN_REDIRECT_URL = "/welcome/"
    client = browser_of("alice")
    code = last_code()
    for _ in range(2):
        response = client.post(path, {"code": code}, content_type, headers={"accept": "application/json"})
        assert response.json() == {"confirmed": True, "signed_in": True, "next": "/welcome/"}
        assert is_signed_in(client)


@PROGRAMS
def test_a_program_is_not_told_so_of_whom_no_receiver_has_signed_in(told: Told, path: str, content_type: str) -> None:
    client = browser_of("alice")
    answer = client.post(path, {"code": last_code()}, content_type, headers={"accept": "application/json"}).json()
    assert len(told) == 1
    assert answer["signed_in"] is is_signed_in(client) is False


def test_without_a_receiver_that_logs_in_the_page_says_what_it_always_says(told: Told) -> None:
    client = browser_of("alice")
    assert client.post("/confirm/", {"code": last_code()})["Location"] == "/confirm/done/"
    assert len(told) == 1
    assert not is_signed_in(client)


@pytest.mark.usefixtures("logging_in")
def test_whoever_was_signed_in_before_is_no_longer(settings: Any) -> None:
    settings.LOGIN_REDIRECT_URL = "/welcome/"
    client = Client()
    client.force_login(User.objects.create_user("bob"))
    request = RequestFactory().post("/")
    request.session = client.session
    request.user = User.objects.get()
    remember_sign_up(request, sign_up("alice"), username="alice")
    request.session.save()
    client.cookies["sessionid"] = str(request.session.session_key)
    response = client.post("/confirm/", {"code": last_code()})
    assert response["Location"] == "/welcome/"
    assert client.session["_auth_user_id"] == str(User.objects.get(username="alice").pk)


# --- what goes wrong --------------------------------------------------------------------------------------------------


@pytest.fixture
def lands_on_sign_in(told: Told, heard: Heard) -> Callable[[Client], None]:
    """Confirm in this browser: nobody is signed in, and nothing else is amiss."""

    def confirm(client: Client) -> None:
        response = client.post("/confirm/", {"code": last_code()})
        assert response["Location"] == "/confirm/done/"
        assert "Sign in" in client.get(response["Location"]).content.decode()
        assert Confirmation.objects.get().status == "delivered"
        assert heard.usernames == ["alice"]
        assert told == []
        assert not is_signed_in(client)

    return confirm


Lands = Callable[[Client], None]


def test_a_session_that_expired_while_the_code_was_typed(lands_on_sign_in: Lands) -> None:
    client = browser_of("alice")
    SandboxSession.objects.all().delete()
    lands_on_sign_in(client)


def test_a_session_that_expires_at_that_very_moment(lands_on_sign_in: Lands) -> None:
    def receiver(sender: Any, **kwargs: Any) -> None:
        SandboxSession.objects.all().delete()

    client = browser_of("alice")
    sign_up_confirmed.connect(receiver)
    try:
        lands_on_sign_in(client)
    finally:
        sign_up_confirmed.disconnect(receiver)


def test_a_user_who_must_reset_the_password(lands_on_sign_in: Lands) -> None:
    def receiver(sender: Any, **kwargs: Any) -> None:
        SandboxUser.objects.update(status="RESET_REQUIRED")

    client = browser_of("alice")
    sign_up_confirmed.connect(receiver)
    try:
        lands_on_sign_in(client)
    finally:
        sign_up_confirmed.disconnect(receiver)


def test_a_token_that_does_not_hold(
    lands_on_sign_in: Lands, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sandbox_tokens, "VALID_FOR", -3600)
    caplog.set_level("INFO")
    lands_on_sign_in(browser_of("alice"))
    assert "not signed in (ExpiredSignatureError)" in caplog.text


def test_a_token_of_somebody_else(
    lands_on_sign_in: Lands, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sign = sandbox_tokens._sign
    monkeypatch.setattr(sandbox_tokens, "_sign", lambda key, claims: sign(key, {**claims, "sub": "somebody else"}))
    lands_on_sign_in(browser_of("alice"))
    assert "the token is somebody else's" in caplog.text


def test_pyjwt_is_not_there(
    lands_on_sign_in: Lands, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "jwt", None)
    monkeypatch.setattr(sandbox_tokens, "_can_sign", lambda: False)
    lands_on_sign_in(browser_of("alice"))
    assert "django-cognito-confirm[sign-in]" in caplog.text


@pytest.mark.parametrize("error", [LookupError, SystemError, IntegrityError])
def test_a_receiver_that_raises(heard: Heard, error: type[Exception], caplog: pytest.LogCaptureFixture) -> None:
    def receiver(sender: Any, confirmation: Confirmation, request: Any, **kwargs: Any) -> None:
        log_in(sender, confirmation, request)
        raise error

    client = browser_of("alice")
    signed_in.connect(receiver)
    try:
        response = client.post("/confirm/", {"code": last_code()})
    finally:
        signed_in.disconnect(receiver)
    assert response["Location"] == "/confirm/done/"
    assert client.get("/confirm/")["Location"] == "/confirm/done/"  # with the session that it had
    assert heard.usernames == ["alice"]
    assert not is_signed_in(client)
    assert not User.objects.exists()
    assert "a receiver or the database failed" in caplog.text


def test_a_receiver_that_swallows_an_error_of_the_database() -> None:
    def receiver(sender: Any, confirmation: Confirmation, request: Any, **kwargs: Any) -> None:
        log_in(sender, confirmation, request)
        connection.set_rollback(True)

    client = browser_of("alice")
    signed_in.connect(receiver)
    try:
        response = client.post("/confirm/", {"code": last_code()})
    finally:
        signed_in.disconnect(receiver)
    assert response["Location"] == "/confirm/done/"
    assert not is_signed_in(client)


def test_a_name_that_is_a_new_persons_by_then(told: Told, pools: Pools) -> None:
    """The yes is the former person's, and the row no longer theirs."""

    def receiver(sender: Any, **kwargs: Any) -> None:
        ledger.sign_up(get_pool(), "alice", sub="another-sub", user=None)
        ledger.rows(username="alice").update(delivered_at=ledger.rows().get().created_at, owed=False)

    client = browser_of("alice")
    pools(AUTO_SIGN_IN=True, SANDBOX={"POST_CONFIRMATION": lambda event, context: receiver(None)})
    client.post("/confirm/", {"code": last_code()})
    assert Confirmation.objects.get().sub == "another-sub"
    assert told == []


# --- over a socket ----------------------------------------------------------------------------------------------------

SESSION = f"{MARK}session" + "x" * 40
CHALLENGE = {"ChallengeName": "SELECT_CHALLENGE", "Session": SESSION, "AvailableChallenges": ["PASSWORD"]}


@pytest.fixture
def signed_up(server: FaultServer, pools: Pools) -> Client:
    """Somebody who has signed up at the fault server, in their browser; a right code gives a Session."""
    pools(SANDBOX=False, ENDPOINT_URL=server.url, AUTO_SIGN_IN=True, CLIENT_SECRET="secret-of-the-app-client")
    server.say("ConfirmSignUp", {"Session": SESSION})
    request = RequestFactory().post("/")
    request.session = SessionStore()
    reply = {"UserConfirmed": False, "UserSub": "a-sub", "Session": "y" * 40}
    remember_sign_up(request, reply, username="alice")
    request.session.save()
    client = Client()
    client.cookies["sessionid"] = str(request.session.session_key)
    return client


@pytest.mark.parametrize(
    "behaviour",
    [
        "drop",
        "truncate",
        "garbage",
        "json_array",
        "html_502",
        "waf_403",
        "internal_error",
        "throttle",
        "access_denied",
        "unknown_code",
        "lambda_error",
        "lambda_timeout",
    ],
)
def test_whatever_goes_wrong_at_cognito_the_person_is_confirmed(
    server: FaultServer, signed_up: Client, told: Told, behaviour: str
) -> None:
    server.default("InitiateAuth", behaviour)
    assert signed_up.post("/confirm/", {"code": "123456"})["Location"] == "/confirm/done/"
    assert len(server.called("InitiateAuth")) == 1
    assert Confirmation.objects.get().status == "delivered"
    assert told == []


@pytest.mark.parametrize("answer", [{}, CHALLENGE, {"AuthenticationResult": {"AccessToken": MARK}}], ids=str)
def test_an_answer_without_tokens_signs_nobody_in(
    server: FaultServer, signed_up: Client, told: Told, answer: dict[str, Any]
) -> None:
    server.say("InitiateAuth", answer)
    assert signed_up.post("/confirm/", {"code": "123456"})["Location"] == "/confirm/done/"
    assert told == []


def test_what_is_sent_is_the_session_of_the_reply_for_the_same_name(server: FaultServer, signed_up: Client) -> None:
    signed_up.post("/confirm/", {"code": "123456"})
    [call] = [call for call in server.calls if call.operation == "InitiateAuth"]
    assert not call.signed
    assert call.body == {
        "ClientId": get_pool().client_id,
        "AuthFlow": "USER_AUTH",
        "AuthParameters": {"USERNAME": "alice", "SECRET_HASH": cognito.secret_hash("alice")},
        "Session": SESSION,
    }


def test_no_session_in_the_reply_no_call(server: FaultServer, signed_up: Client, told: Told) -> None:
    server.say("ConfirmSignUp", {})
    assert signed_up.post("/confirm/", {"code": "123456"})["Location"] == "/confirm/done/"
    assert server.called("InitiateAuth") == []


# --- secrecy ----------------------------------------------------------------------------------------------------------

MARKED = {
    "IdToken": f"{MARK}.id.token",
    "AccessToken": f"{MARK}.access.token",
    "RefreshToken": f"{MARK}refresh",
    "ExpiresIn": 3600,
}


@pytest.mark.parametrize("answer", [MARKED, {**MARKED, "IdToken": None}, {"RefreshToken": MARK}], ids=str)
def test_no_log_shows_a_token(server: FaultServer, signed_up: Client, answer: dict[str, Any]) -> None:
    server.say("InitiateAuth", {"AuthenticationResult": answer})
    with Everything().everywhere() as logged:
        signed_up.post("/confirm/", {"code": "123456"})
    assert [record for record in logged.records if record.name == "botocore.parsers"]
    assert [record for record in logged.records if "not signed in" in record.getMessage()]
    assert leaks(logged.shown()) == []


@pytest.mark.parametrize("behaviour", ["drop", "html_502", "unknown_code", "lambda_error"])
def test_no_frame_of_a_refusal_shows_the_session(server: FaultServer, signed_up: Client, behaviour: str) -> None:
    server.default("InitiateAuth", behaviour)
    with pytest.raises(ConfirmSignUpError) as caught:
        cognito.sign_in_with_session(get_pool(), "alice", SESSION)
    assert leaks(frames(caught.value, skip=1)) == []


def test_a_receiver_that_raises_shows_no_token(told: Told) -> None:
    def receiver(sender: Any, **kwargs: Any) -> None:
        raise LookupError

    client = browser_of("alice")
    signed_in.connect(receiver)
    try:
        with Everything().everywhere() as logged:
            client.post("/confirm/", {"code": last_code()})
    finally:
        signed_in.disconnect(receiver)
    [heard] = told
    secrets = [getattr(heard["tokens"], name) for name in ("id_token", "access_token", "refresh_token")]
    assert [record for record in logged.records if record.exc_info and record.name.startswith("django_cognito")]
    assert leaks(logged.shown(), *map(str, secrets), "alice@example.com") == []
    assert leaks(iter([repr(heard), f"{heard['tokens']}", f"{heard['claims']}"]), *map(str, secrets)) == []
