"""Codes, secrets, hashes, sessions and metadata reach no log, no mail, no debug page, no row and no repr."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import django
import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import got_request_exception
from django.db import connection
from django.http import HttpRequest
from django.test import AsyncRequestFactory, Client, RequestFactory
from django.utils.http import urlencode
from django.utils.log import AdminEmailHandler
from django.views.debug import SafeExceptionReporterFilter, get_default_exception_reporter_filter

from django_cognito_confirm.cognito import ConfirmSignUp, public_client, secret_hash
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.errors import ConfirmSignUpError, Misconfigured
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.pending import get_sign_up, remember_sign_up
from django_cognito_confirm.services import (
    aconfirm_sign_up,
    admin_confirm_sign_up,
    aresend_code,
    confirm_sign_up,
    resend_code,
)
from django_cognito_confirm.signals import sign_up_confirmed
from django_cognito_confirm.views import ConfirmView
from tests.conftest import PASSWORD, last_code, sign_up
from tests.faults import FaultServer
from tests.leaks import MARK, Everything, frames, leaks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("credentials", "unlimited")]

Pools = Callable[..., None]

CODE = f"{MARK}code"
SECRET = f"{MARK}secret-of-the-app-client"
SESSION = f"{MARK}session" + "x" * 40
METADATA = {"tenant": f"{MARK}metadata"}
NAME = "Wv9name"
"""A username is none of the secrets, but stands in no log either."""


@pytest.fixture
def logged() -> Iterator[Everything]:
    """Every record of every logger, at DEBUG."""
    with Everything().everywhere() as everything:
        yield everything


@pytest.fixture
def secretive(pools: Pools) -> None:
    """A pool whose every secret bears the mark."""
    pools(CLIENT_SECRET=SECRET, CLIENT_METADATA=METADATA)


def visitor() -> HttpRequest:
    request = RequestFactory().post("/")
    request.session = SessionStore()
    request.user = AnonymousUser()
    return request


def marked_sign_up(username: str = NAME) -> dict[str, Any]:
    """Sign somebody up at a pool with a secret; return the reply with a marked Session in it."""
    reply: dict[str, Any] = public_client().sign_up(  # type: ignore[assignment]
        ClientId=get_pool().client_id,
        SecretHash=str(secret_hash(username)),
        Username=username,
        Password=PASSWORD + MARK,
        UserAttributes=[{"Name": "email", "Value": "somebody@example.com"}],
        ClientMetadata=METADATA,
    )
    return {**reply, "Session": SESSION}


# --- logs -------------------------------------------------------------------------------------------------------------


def everything_there_is_to_do() -> str:
    """Sign up, mistype, ask for a new code, confirm, be confirmed by staff; return the last code."""
    owner = visitor()
    remember_sign_up(owner, marked_sign_up(), username=NAME)
    for request in (owner, visitor(), None):
        with pytest.raises(ConfirmSignUpError):
            confirm_sign_up(NAME, CODE, request=request, client_metadata=METADATA)
        resend_code(NAME, request=request, user_context_data={"EncodedData": f"{MARK}context"})
    code = last_code()
    confirm_sign_up(NAME, code, request=owner)
    marked_sign_up(f"{NAME}2")
    admin_confirm_sign_up(f"{NAME}2", client_metadata=METADATA)
    return code


@pytest.mark.usefixtures("secretive")
def test_no_log_at_any_level_shows_a_secret_or_a_name(logged: Everything) -> None:
    code = everything_there_is_to_do()
    hashes = [str(secret_hash(name)) for name in (NAME, f"{NAME}2")]
    assert [record for record in logged.records if record.name.startswith("botocore.")]
    assert leaks(logged.shown(), MARK, NAME, *hashes) == []
    assert leaks((record.getMessage() for record in logged.records), code) == []


def test_over_a_socket_no_log_shows_what_is_sent_or_answered(
    server: FaultServer, pools: Pools, logged: Everything
) -> None:
    pools(CLIENT_SECRET=SECRET, CLIENT_METADATA=METADATA)
    server.users.add(NAME, code=CODE)
    confirm_sign_up(NAME, CODE, session=SESSION)
    server.users.add(NAME, sub=f"{MARK}sub")
    admin_confirm_sign_up(NAME)
    for behaviour in ("drop", "garbage", "html_502", "unknown_code", "delay:0"):
        server.script("ConfirmSignUp", behaviour)
        with pytest.raises(ConfirmSignUpError):
            confirm_sign_up(NAME, CODE, session=SESSION)
    assert [record for record in logged.records if record.name == "botocore.parsers"]
    assert leaks(logged.shown(), MARK, NAME, str(secret_hash(NAME))) == []


def test_every_logger_of_botocore_is_redacted() -> None:
    resend_code("nobody", request=visitor())
    loggers = [
        logger
        for name, logger in logging.Logger.manager.loggerDict.items()
        if name.startswith("botocore") and isinstance(logger, logging.Logger)
    ]
    assert len(loggers) > 20
    assert [logger.name for logger in loggers if len(logger.filters) != 1] == []


def test_what_other_clients_log_stays_as_it_is(logged: Everything) -> None:
    sign_up("alice")
    logging.getLogger("botocore.endpoint").debug("Making request for %s", "ListBuckets")
    assert "Making request for ListBuckets" in [record.getMessage() for record in logged.records]


@pytest.mark.parametrize("behaviour", ["ok", "throttle", "html_200", "drop", "not sent"])
def test_what_other_clients_log_after_a_call_of_ours_stays_as_it_is(
    server: FaultServer, logged: Everything, behaviour: str
) -> None:
    server.users.add("alice", code=CODE)
    metadata: Any = {"tenant": 5} if behaviour == "not sent" else METADATA
    server.default("ConfirmSignUp", "ok" if behaviour == "not sent" else behaviour)
    with contextlib.suppress(ConfirmSignUpError):
        confirm_sign_up("alice", CODE, client_metadata=metadata)
    logging.getLogger("botocore.endpoint").debug("Making request for %s", "ListBuckets")
    assert "Making request for ListBuckets" in [record.getMessage() for record in logged.records]
    assert leaks(logged.shown()) == []


def test_botocores_own_complaint_about_a_value_is_not_logged(logged: Everything) -> None:
    metadata: Any = {"tenant": [f"{MARK}metadata"]}
    for call in (
        partial(confirm_sign_up, "alice", CODE, client_metadata=metadata),
        partial(resend_code, "alice", client_metadata=metadata),
        partial(admin_confirm_sign_up, "alice", client_metadata=metadata),
    ):
        with pytest.raises(Misconfigured) as caught:
            call()
        assert caught.value.code == "ParamValidationError"
        assert leaks(frames(caught.value, skip=1)) == []
    assert leaks(logged.shown()) == []


def test_a_secret_that_cannot_be_used_is_not_logged(pools: Pools, logged: Everything) -> None:
    pools(CLIENT_SECRET=lambda: SECRET + "\ud800")
    with pytest.raises(Misconfigured):
        confirm_sign_up("alice", CODE)
    assert [record for record in logged.records if "could not be made up" in record.getMessage()]
    assert leaks(logged.shown()) == []


@pytest.mark.usefixtures("secretive")
def test_a_receiver_that_raises_shows_no_session_of_the_owners(logged: Everything) -> None:
    def receiver(sender: Any, **kwargs: Any) -> None:
        raise LookupError

    owner = visitor()
    remember_sign_up(owner, marked_sign_up(), username=NAME)
    owner.session["code of the host"] = MARK
    sign_up_confirmed.connect(receiver)
    try:
        confirm_sign_up(NAME, last_code(), request=owner)
    finally:
        sign_up_confirmed.disconnect(receiver)
    assert [record for record in logged.records if record.exc_info and record.name.startswith("django_cognito")]
    assert leaks(logged.shown()) == []


# --- frames -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("secretive")
@pytest.mark.parametrize("whose", ["owner", "stranger", "trusted code"])
def test_no_frame_of_a_refusal_shows_a_secret(whose: str) -> None:
    owner = visitor()
    remember_sign_up(owner, marked_sign_up(), username=NAME)
    request = {"owner": owner, "stranger": visitor(), "trusted code": None}[whose]
    calls: list[Callable[[], object]] = [
        partial(confirm_sign_up, NAME, CODE, session=SESSION, client_metadata=METADATA, request=request),
        partial(confirm_sign_up, NAME, f"{CODE}🙂", request=request),
        partial(confirm_sign_up, "no body", CODE, client_metadata=METADATA, request=request),
        partial(confirm_sign_up, NAME, CODE, user_context_data={"EncodedData": MARK}, request=request),
    ]
    for call in calls:
        with pytest.raises(ConfirmSignUpError) as caught:
            call()
        assert leaks(frames(caught.value, skip=1)) == []


@pytest.mark.usefixtures("secretive")
def test_no_frame_shows_a_secret_where_the_settings_fail() -> None:
    calls: list[Callable[[], object]] = [
        partial(confirm_sign_up, NAME, CODE, session=SESSION, client_metadata=METADATA, pool="nowhere"),
        partial(resend_code, NAME, client_metadata=METADATA, pool="nowhere"),
        partial(admin_confirm_sign_up, NAME, client_metadata=METADATA, pool="nowhere"),
        partial(remember_sign_up, visitor(), marked_sign_up(), username=NAME, pool="nowhere"),
    ]
    for call in calls:
        with pytest.raises(ImproperlyConfigured) as caught:
            call()
        assert leaks(frames(caught.value, skip=1)) == []


@pytest.mark.usefixtures("secretive")
def test_no_frame_shows_a_secret_where_the_server_stops_a_worker_that_waits_for_cognito() -> None:
    def stop(**event: Any) -> None:
        raise SystemExit(1)

    events = public_client().meta.events
    events.register_first("before-send.cognito-identity-provider", stop)
    try:
        with pytest.raises(SystemExit) as caught:
            confirm_sign_up(NAME, CODE, session=SESSION)
    finally:
        events.unregister("before-send.cognito-identity-provider", stop)
    shown = list(frames(caught.value, skip=1))
    assert [text for text in shown if text.startswith("call: operation")]
    assert leaks(iter(shown), MARK, str(secret_hash(NAME))) == []
    assert Confirmation.objects.get().status == "started"


@pytest.mark.usefixtures("secretive")
def test_no_frame_of_the_async_twins_shows_a_secret() -> None:
    async def both() -> list[BaseException]:
        errors: list[BaseException] = []
        try:
            for call in (
                partial(aconfirm_sign_up, "nobody", CODE, client_metadata=METADATA),
                partial(aresend_code, "no body", client_metadata=METADATA),
            ):
                try:
                    await call()
                except ConfirmSignUpError as error:
                    errors.append(error)
        finally:
            from asgiref.sync import sync_to_async

            await sync_to_async(lambda: connection.close())()  # noqa: PLW0108
        return errors

    errors = asyncio.run(both())
    assert len(errors) == 2
    for error in errors:
        assert leaks(frames(error, skip=1)) == []


# --- error reports ----------------------------------------------------------------------------------------------------


@pytest.fixture
def reported() -> Iterator[list[str]]:
    """What a reporter that walks the frames and copies the request has seen of each error in a view."""
    seen: list[str] = []

    def walk(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
        seen.extend(frames(sys.exc_info()[1]))
        # As they are sent away, not as repr shows them.
        seen.extend(json.dumps([*request.GET.lists(), *request.POST.lists(), *request.headers.items()]).split("], ["))
        seen.extend(f"{name}={value}" for name, value in request.META.items())

    got_request_exception.connect(walk)
    yield seen
    got_request_exception.disconnect(walk)


def broken_requests(settings: Any) -> Iterator[Any]:
    """Let the views fail at several places, with a code in the form, the address and the page before."""
    client = Client(raise_request_exception=False)
    owner = visitor()
    remember_sign_up(owner, marked_sign_up(), username=NAME)
    owner.session.save()
    link = "/confirm/?" + urlencode({"username": NAME, "code": CODE})
    extra: Any = {"HTTP_REFERER": f"http://testserver{link}", "RAW_URI": link, "REQUEST_URI": link}
    for cookies in ({}, {"sessionid": str(owner.session.session_key)}):
        client.cookies.clear()
        for name, value in cookies.items():
            client.cookies[name] = value
        good = django_settings.COGNITO_POOLS
        settings.COGNITO_POOLS = {"default": {**good["default"], "USER_POOL_ID": 5}}
        for path in (link, "/confirm/", "/confirm/resend/"):
            yield client.post(path, {"username": f"{NAME}2", "code": CODE}, **extra)
        settings.COGNITO_POOLS = good
        settings.COGNITO_CONFIRM = {"SIGN_IN_URL": "no-such-view"}
        yield client.get(link, **extra)
        yield client.post(link, {"username": NAME, "code": CODE}, **extra)
        settings.COGNITO_CONFIRM = {"LIMITS": {"confirm:ip": "many", "resend:ip": "many"}}
        yield client.post(link, {"username": f"{NAME}2", "code": CODE}, **extra)
        yield client.post("/confirm/resend/", {"username": f"{NAME}2", "code": CODE}, **extra)
        settings.COGNITO_CONFIRM = {}


@pytest.mark.usefixtures("secretive")
@pytest.mark.parametrize("html", [True, False], ids=["HTML", "text"])
def test_no_error_mail_and_no_frame_shows_a_secret(settings: Any, reported: list[str], html: bool) -> None:
    settings.ADMINS = ["admin@example.com"] if django.VERSION >= (6, 0) else [("Admin", "admin@example.com")]
    handler = AdminEmailHandler(include_html=html)
    handler.setLevel(logging.ERROR)
    logging.getLogger("django.request").addHandler(handler)
    try:
        statuses = {response.status_code for response in broken_requests(settings)}
    finally:
        logging.getLogger("django.request").removeHandler(handler)
    assert statuses == {500}
    mails = [message for message in mail.outbox if "Internal Server Error" in message.subject]
    assert len(mails) >= 14
    assert leaks(str(message.message()) for message in mails) == []
    assert leaks(iter(json.dumps([message.body, str(getattr(message, "alternatives", ""))]) for message in mails)) == []
    assert len(reported) > 100
    assert leaks(iter(reported)) == []


@pytest.mark.usefixtures("secretive")
def test_no_debug_page_shows_a_secret(settings: Any) -> None:
    settings.DEBUG = True
    pages = [response.content.decode() for response in broken_requests(settings)]
    assert all("Exception Type" in page for page in pages)
    assert leaks(iter(pages)) == []


def test_a_filter_of_the_sites_own_still_masks(settings: Any) -> None:
    settings.DEBUG = True
    settings.DEFAULT_EXCEPTION_REPORTER_FILTER = "tests.test_leaks.SitesFilter"
    settings.COGNITO_CONFIRM = {"SIGN_IN_URL": "no-such-view"}
    cached: Any = get_default_exception_reporter_filter
    cached.cache_clear()
    try:
        page = Client(raise_request_exception=False).get("/confirm/").content.decode()
    finally:
        cached.cache_clear()
    assert "hidden by the site" in page


class SitesFilter(SafeExceptionReporterFilter):
    """What a site might have set."""

    def get_safe_settings(self) -> dict[str, Any]:
        return {"EVERYTHING": "hidden by the site"}


def test_a_link_still_fills_the_form_in(client: Client) -> None:
    response = client.get("/confirm/?" + urlencode({"username": "alice", "code": CODE, "next": "/welcome/"}))
    page = response.content.decode()
    assert f'value="{CODE}"' in page
    assert 'value="/welcome/"' in page
    request = response.wsgi_request
    assert request.get_full_path() == "/confirm/?username=alice&next=%2Fwelcome%2F"
    assert CODE not in repr(request)
    assert CODE not in repr(request.GET)


def test_asgis_own_copies_of_the_address_hold_no_code() -> None:
    link = "/confirm/?" + urlencode({"username": "alice", "code": CODE})
    request = AsyncRequestFactory().get(link, headers={"Referer": f"http://testserver{link}"})
    scope: Any = request.scope
    scope["query_string"] = request.META["QUERY_STRING"].encode()  # as servers send it
    assert leaks(iter([repr(scope["headers"])]))
    response: Any = ConfirmView.as_view()(request)
    assert response.context_data["form"].initial["code"] == CODE
    assert leaks(iter([repr(scope)])) == []
    assert scope["query_string"] == b"username=alice"


# --- rows and reprs ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("secretive")
def test_the_ledger_holds_no_secret() -> None:
    code = everything_there_is_to_do()
    held = json.dumps([list(map(str, row)) for row in Confirmation.objects.values_list()])
    assert NAME in held
    assert not [mark for mark in (MARK, code, str(secret_hash(NAME))) if mark in held]


@pytest.mark.usefixtures("secretive")
def test_no_repr_shows_a_secret() -> None:
    owner = visitor()
    remember_sign_up(owner, marked_sign_up(), username=NAME)
    confirmation = confirm_sign_up(NAME, last_code())
    confirmation.session = type(confirmation.session)(SESSION)
    message = ConfirmSignUp(username=NAME, code=CODE, session=SESSION, client_metadata=METADATA)
    shown = [get_pool(), get_sign_up(owner, "default"), confirmation, confirmation.session, message]
    assert leaks(map(repr, shown)) == []
    assert leaks(map(repr, [partial(print, message), {"session": confirmation.session}])) == []


# --- UserContextData --------------------------------------------------------------------------------------------------


def sent(server: FaultServer) -> list[Any]:
    bodies = server.called("ConfirmSignUp") + server.called("ResendConfirmationCode")
    return [body.get("UserContextData") for body in bodies]


def confirm_and_resend(request: HttpRequest | None, **given: Any) -> None:
    with pytest.raises(ConfirmSignUpError):
        confirm_sign_up("alice", CODE, request=request, **given)
    resend_code("alice", request=request or visitor(), **given)


def test_the_visitors_address_is_sent_where_the_site_says_so(server: FaultServer, pools: Pools, settings: Any) -> None:
    server.users.add("alice")
    pools(SEND_CLIENT_IP=True)
    confirm_and_resend(visitor())
    settings.COGNITO_CONFIRM = {**settings.COGNITO_CONFIRM, "CLIENT_IP": lambda request: "[2001:db8::1]:443"}
    confirm_and_resend(visitor())
    assert sent(server) == [{"IpAddress": "127.0.0.1"}, {"IpAddress": "2001:db8::1"}] * 2


@pytest.mark.parametrize("told", ["", "unknown", "10.0.0.1, 10.0.0.2"])
def test_what_is_no_address_is_not_sent(server: FaultServer, pools: Pools, settings: Any, told: str) -> None:
    server.users.add("alice")
    pools(SEND_CLIENT_IP=True)
    settings.COGNITO_CONFIRM = {**settings.COGNITO_CONFIRM, "CLIENT_IP": lambda request: told}
    confirm_and_resend(visitor())
    assert sent(server) == [None, None]


def test_by_default_no_address_is_sent(server: FaultServer) -> None:
    server.users.add("alice")
    confirm_and_resend(visitor())
    assert sent(server) == [None, None]


@pytest.mark.parametrize("send", [True, False])
def test_what_a_host_passes_goes_through_unchanged(server: FaultServer, pools: Pools, send: bool) -> None:
    server.users.add("alice")
    pools(SEND_CLIENT_IP=send)
    given = {"IpAddress": "not looked at", "EncodedData": "x" * 50}
    confirm_and_resend(visitor(), user_context_data=given)
    assert sent(server) == [given, given]
