from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import login
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.http import urlencode

from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.sandbox.models import Attempt, Message, SandboxUser
from django_cognito_confirm.signals import sign_up_confirmed
from tests.conftest import Heard, browser_of, last_code, sign_up, wrong_code
from tests.faults import FaultServer

pytestmark = pytest.mark.django_db(transaction=True)

Pools = Callable[..., None]


def page(response: Any) -> str:
    text: str = response.content.decode()
    return text


def alert(response: Any) -> str:
    """Return the text of the element that a screen reader announces, ``""`` without one."""
    match = re.search(r'role="alert".*?>(.*?)</(?:div|p|section|ul)>', page(response), re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", match[1]).split()) if match else ""


@pytest.fixture
def owner() -> Client:
    """The browser in which alice has just signed up."""
    return browser_of("alice")


# --- strangers: username and code -------------------------------------------------------------------------------------


def test_username_and_code_confirm_in_any_browser(client: Client, heard: Heard) -> None:
    sign_up("alice")
    response = client.post("/confirm/", {"username": "alice", "code": last_code()})
    assert (response.status_code, response["Location"]) == (302, "/confirm/done/")
    assert heard.usernames == ["alice"]
    assert heard[0]["confirmation"].source == "form"
    assert "Account confirmed" in page(client.get("/confirm/done/"))


def test_done_claims_nothing_to_a_browser_that_confirmed_nobody(client: Client) -> None:
    assert "Account confirmed" not in page(client.get("/confirm/done/"))


def test_a_wrong_code_keeps_the_username_and_not_the_code(client: Client) -> None:
    sign_up("alice")
    response = client.post("/confirm/", {"username": "alice", "code": wrong_code()})
    assert response.status_code == 200
    assert "was not accepted" in alert(response)
    assert 'value="alice"' in page(response)
    assert wrong_code() not in page(response)


def test_every_refusal_of_a_stranger_looks_the_same(client: Client) -> None:
    sign_up("alice")
    sign_up("carol")
    SandboxUser.objects.filter(username="carol").update(status="CONFIRMED")
    sign_up("dora")
    SandboxUser.objects.filter(username="dora").update(enabled=False)
    pages = set()
    for name in ("alice", "carol", "dora", "nobody"):
        response = client.post("/confirm/", {"username": name, "code": "000001"})
        text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", page(response)).replace(name, "NAME")
        pages.add((response.status_code, text))
    assert len(pages) == 1


@pytest.mark.parametrize("code", ["", "   ", "9" * 5000, "🙂🙂", "12\x0034"])
def test_what_cannot_be_a_code_is_a_form_error_and_no_call(client: Client, code: str) -> None:
    sign_up("alice")
    response = client.post("/confirm/", {"username": "alice", "code": code})
    assert response.status_code == 200
    assert response.context["form"].errors["code"]
    assert not Attempt.objects.exists()


@pytest.mark.parametrize("username", ["", "   ", "a" * 5000, "al ice", "al\x00ice"])
def test_what_cannot_be_a_username_is_a_form_error_and_no_call(client: Client, username: str) -> None:
    response = client.post("/confirm/", {"username": username, "code": "123456"})
    assert response.status_code == 200
    assert response.context["form"].errors["username"]
    assert not Confirmation.objects.exists()


@pytest.mark.parametrize("path", ["/confirm/", "/confirm/resend/"])
def test_nothing_long_is_ever_normalised(client: Client, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    lengths: list[int] = []
    normalize = unicodedata.normalize

    def note(form: Any, text: str) -> str:
        lengths.append(len(text))
        return normalize(form, text)

    marks = "\u0301\u0316" * 50_000  # NFKC would take seconds over them
    with monkeypatch.context() as patch:
        patch.setattr(unicodedata, "normalize", note)
        for typed in ({"username": marks, "code": marks}, {"username": "alice", "code": marks}, {"username": "alice"}):
            client.post(path, {**typed, "next": marks})
    assert max(lengths, default=0) <= 128


def test_bytes_that_are_no_text_are_no_error_500(client: Client) -> None:
    body = b"username=%ed%a0%80&code=%ff%fe"
    response = client.post("/confirm/", body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 200


def test_full_width_digits_and_spaces_confirm(client: Client, heard: Heard) -> None:
    sign_up("alice")
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in last_code())
    client.post("/confirm/", {"username": "alice", "code": f" {wide[:3]} {wide[3:]} "})
    assert heard.usernames == ["alice"]


# --- links ------------------------------------------------------------------------------------------------------------


def test_a_link_fills_the_form_in_and_confirms_nobody(client: Client, heard: Heard) -> None:
    sign_up("a+b@example.com".replace("@", ".at."))
    name = "a+b.at.example.com"
    response = client.get("/confirm/?" + urlencode({"username": name, "code": last_code()}))
    assert f'value="{name}"' in page(response)
    assert f'value="{last_code()}"' in page(response)
    assert heard == []
    assert not Confirmation.objects.exists()


def test_a_hostile_link_is_escaped(client: Client) -> None:
    response = client.get("/confirm/?" + urlencode({"username": '"><script>alert(1)</script>'}))
    assert "<script>alert" not in page(response)


# --- the owner: the code alone ----------------------------------------------------------------------------------------


def test_the_owner_is_asked_for_the_code_alone(owner: Client) -> None:
    response = owner.get("/confirm/")
    assert list(response.context["form"].fields) == ["code"]
    assert "a***@e***" in page(response)


def test_the_owner_confirms_with_the_code_alone(owner: Client, heard: Heard) -> None:
    response = owner.post("/confirm/", {"code": last_code()})
    assert response["Location"] == "/confirm/done/"
    assert heard[0]["by_owner"]


def test_the_owner_is_told_that_the_account_is_confirmed(owner: Client) -> None:
    SandboxUser.objects.update(status="CONFIRMED")
    response = owner.post("/confirm/", {"code": "123456"})
    assert "already confirmed" in alert(response)
    assert "/sign-in/" in page(response)


def test_a_form_from_before_the_sign_up_still_works(owner: Client, heard: Heard) -> None:
    owner.post("/confirm/", {"username": "alice", "code": last_code()})
    assert heard[0]["by_owner"]


def test_a_link_with_another_name_is_a_strangers(owner: Client) -> None:
    response = owner.get("/confirm/?username=bob")
    assert list(response.context["form"].fields) == ["username", "code"]
    assert "a***@e***" not in page(response)


def test_a_second_press_leads_to_done_without_a_call(owner: Client, heard: Heard) -> None:
    code = last_code()
    owner.post("/confirm/", {"code": code})
    attempts = Attempt.objects.count()
    for response in (
        owner.post("/confirm/", {"code": code}),
        owner.post("/confirm/", {"username": "alice", "code": code}),
        owner.get("/confirm/"),
        owner.get(f"/confirm/?username=alice&code={code}"),
        owner.post("/confirm/resend/"),
    ):
        assert (response.status_code, response["Location"]) == (302, "/confirm/done/")
    assert Attempt.objects.count() == attempts
    assert len(heard) == 1


def test_in_another_browser_a_second_click_is_refused_with_a_way_to_sign_in(owner: Client) -> None:
    code = last_code()
    owner.post("/confirm/", {"code": code})
    response = Client().post("/confirm/", {"username": "alice", "code": code})
    assert "was not accepted" in alert(response)
    assert "/sign-in/" in page(response)


def test_not_you_forgets_the_sign_up(owner: Client) -> None:
    response = owner.post("/confirm/", {"forget": "1"})
    assert response["Location"] == "/confirm/"
    assert list(owner.get("/confirm/").context["form"].fields) == ["username", "code"]


def test_an_expired_session_asks_for_the_username_and_keeps_the_code(owner: Client) -> None:
    owner.cookies.clear()
    response = owner.post("/confirm/", {"code": "123456"})
    assert response.status_code == 200
    assert response.context["form"].errors["username"]
    assert 'value="123456"' in page(response)


def test_done_before_the_code_leads_to_the_confirm_page(owner: Client) -> None:
    assert owner.get("/confirm/done/")["Location"] == "/confirm/"


def test_somebody_else_at_this_browser_finds_the_form_again(owner: Client) -> None:
    owner.post("/confirm/", {"code": last_code()})
    assert 'name="forget"' in page(owner.get("/confirm/done/"))
    owner.post("/confirm/", {"forget": "1"})
    assert list(owner.get("/confirm/").context["form"].fields) == ["username", "code"]


def test_a_receiver_that_signs_in_and_another_that_raises_make_no_error_page(
    owner: Client, django_user_model: Any
) -> None:
    user = django_user_model.objects.create(username="alice")

    def signs_in(sender: Any, request: Any, **kwargs: Any) -> None:
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")

    def raises(sender: Any, **kwargs: Any) -> None:
        raise LookupError

    sign_up_confirmed.connect(signs_in)
    sign_up_confirmed.connect(raises)
    try:
        response = owner.post("/confirm/", {"code": last_code()})
    finally:
        sign_up_confirmed.disconnect(signs_in)
        sign_up_confirmed.disconnect(raises)
    assert response["Location"] == "/confirm/done/"
    assert "_auth_user_id" not in owner.session
    assert "Account confirmed" in page(owner.get("/confirm/done/"))


def saves_of_sessions(captured: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in captured if re.match(r"(UPDATE|INSERT).*django_session", query["sql"])]


def test_the_owners_session_is_saved_once(owner: Client) -> None:
    with CaptureQueriesContext(connection) as captured:
        owner.post("/confirm/", {"code": last_code()})
    assert len(saves_of_sessions(captured)) == 1


@pytest.mark.parametrize("at_browser_close", [True, False])
def test_a_session_that_gets_a_new_key_is_saved_once_and_its_cookie_is_as_django_makes_it(
    owner: Client, settings: Any, at_browser_close: bool
) -> None:
    def begins_anew(sender: Any, request: Any, **kwargs: Any) -> None:
        request.session.flush()

    settings.SESSION_COOKIE_DOMAIN, settings.SESSION_COOKIE_PATH = "testserver", "/confirm"
    settings.SESSION_COOKIE_SAMESITE, settings.SESSION_COOKIE_SECURE = "Strict", True
    settings.SESSION_EXPIRE_AT_BROWSER_CLOSE = at_browser_close
    sign_up_confirmed.connect(begins_anew)
    try:
        with CaptureQueriesContext(connection) as captured:
            response = owner.post("/confirm/", {"code": last_code()}, secure=True)
    finally:
        sign_up_confirmed.disconnect(begins_anew)
    assert len(saves_of_sessions(captured)) == 1
    ours = response.cookies["sessionid"]
    assert "Account confirmed" in page(owner.get("/confirm/done/", secure=True))

    response = Client().post("/confirm/resend/", {"username": "alice"}, secure=True)  # saved by the middleware
    assert dict(response.cookies["sessionid"], expires="") == dict(ours, expires="")
    assert bool(ours["expires"]) is not at_browser_close


def test_a_session_that_cannot_be_saved_is_no_error(owner: Client, heard: Heard) -> None:

    def fails(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if re.match(r"(UPDATE|INSERT).*django_session", sql):
            raise DatabaseError("gone")
        return execute(sql, *args)

    with connection.execute_wrapper(fails):
        response = owner.post("/confirm/", {"code": last_code()})
    assert response["Location"] == "/confirm/done/"
    assert heard.usernames == ["alice"]


def test_a_receiver_may_sign_the_owner_in(owner: Client, django_user_model: Any) -> None:
    user = django_user_model.objects.create(username="alice")

    def signs_in(sender: Any, request: Any, by_owner: bool, **kwargs: Any) -> None:
        if by_owner:
            login(request, user, backend="django.contrib.auth.backends.ModelBackend")

    sign_up_confirmed.connect(signs_in)
    try:
        owner.post("/confirm/", {"code": last_code()})
    finally:
        sign_up_confirmed.disconnect(signs_in)
    assert owner.session["_auth_user_id"] == str(user.pk)


def test_a_database_that_dies_after_the_yes_makes_no_error_page(owner: Client) -> None:
    code = last_code()

    def dies(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        dead = dead_from_here or ("confirmed_at" in sql.partition("WHERE")[0] and sql.startswith("UPDATE"))
        if dead:
            dead_from_here.append(True)
            raise DatabaseError("gone")
        return execute(sql, params, many, context)

    dead_from_here: list[bool] = []
    with connection.execute_wrapper(dies):
        response = owner.post("/confirm/", {"code": code})
    assert response["Location"] == "/confirm/done/"
    assert SandboxUser.objects.get().status == "CONFIRMED"
    assert Confirmation.objects.get().status == "started"


# --- next -------------------------------------------------------------------------------------------------------------


def test_next_is_kept_and_followed(owner: Client) -> None:
    assert 'value="/welcome/"' in page(owner.get("/confirm/?next=/welcome/"))
    response = owner.post("/confirm/", {"code": last_code(), "next": "/welcome/"})
    assert response["Location"] == "/welcome/"


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"])
def test_next_to_somewhere_else_is_not_followed(owner: Client, url: str) -> None:
    assert owner.post("/confirm/", {"code": last_code(), "next": url})["Location"] == "/confirm/done/"


def test_a_next_too_long_to_redirect_with_is_dropped(owner: Client) -> None:
    assert owner.post("/confirm/", {"forget": "1", "next": "/" + "é" * 1000})["Location"] == "/confirm/"


# --- resend -----------------------------------------------------------------------------------------------------------


def test_the_owner_gets_a_new_code_by_one_press(owner: Client) -> None:
    response = owner.post("/confirm/resend/", follow=True)
    assert response.redirect_chain == [("/confirm/", 302)]
    assert response.context["code_sent"]
    assert Message.objects.count() == 2


def test_strangers_always_get_the_same_answer_to_a_resend(client: Client) -> None:
    sign_up("alice")
    sign_up("bob")
    SandboxUser.objects.filter(username="bob").update(status="CONFIRMED")
    pages = set()
    for name in ("alice", "bob", "nobody"):
        browser = Client()
        response: Any = browser.post("/confirm/resend/", {"username": name}, follow=True)
        text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", page(response)).replace(name, "NAME")
        pages.add((response.status_code, text))
        assert response.context["code_sent"]
    assert len(pages) == 1


def test_the_resend_page_asks_for_a_username(client: Client) -> None:
    assert client.get("/confirm/resend/").status_code == 200
    response = client.post("/confirm/resend/", {"username": "no body"})
    assert response.context["form"].errors["username"]


def test_a_resend_refused_to_the_owner_says_why(owner: Client) -> None:
    SandboxUser.objects.update(status="CONFIRMED")
    assert "already confirmed" in alert(owner.post("/confirm/resend/"))


# --- faults -----------------------------------------------------------------------------------------------------------


def test_cognito_down_is_said_in_plain_words_and_keeps_the_username(client: Client, pools: Pools) -> None:
    with FaultServer() as server:
        url = server.url
    pools(SANDBOX=False, ENDPOINT_URL=url)
    response = client.post("/confirm/", {"username": "ann", "code": "123456"})
    assert response.status_code == 503
    assert "not possible at the moment" in alert(response)
    assert 'value="ann"' in page(response)
    assert "123456" not in page(response)
    assert client.post("/confirm/resend/", {"username": "ann"}).status_code == 503


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        ("html_200", "not possible at the moment"),
        ("html_502", "not possible at the moment"),
        ("garbage", "not possible at the moment"),
        ("drop_after", "not possible at the moment"),
        ("lambda_error", "clear answer"),
    ],
)
def test_a_stranger_learns_of_an_unknown_outcome_only_what_a_right_code_was_needed_for(
    client: Client, server: FaultServer, behaviour: str, told: str
) -> None:
    server.users.add("ann", code="123456")
    server.script("ConfirmSignUp", behaviour)
    response = client.post("/confirm/", {"username": "ann", "code": "123456"})
    assert response.status_code == 503
    assert told in alert(response)
    assert Confirmation.objects.get().status == "unknown"


def test_the_owner_is_told_that_the_outcome_is_unknown(owner: Client, server: FaultServer) -> None:
    server.users.add("alice", code="123456")
    server.script("ConfirmSignUp", "drop_after")
    response = owner.post("/confirm/", {"code": "123456"})
    assert response.status_code == 503
    assert "clear answer" in alert(response)


@pytest.mark.parametrize("behaviour", ["drop_after", "html_200", "html_502", "garbage"])
def test_a_resend_without_an_answer_does_not_look_like_success(
    client: Client, server: FaultServer, behaviour: str
) -> None:
    server.users.add("ann")
    server.script("ResendConfirmationCode", behaviour)
    assert client.post("/confirm/resend/", {"username": "ann"}).status_code == 503


def test_missing_settings_are_named(client: Client, pools: Pools) -> None:
    pools(USER_POOL_ID="")
    with pytest.raises(ImproperlyConfigured, match="USER_POOL_ID"):
        client.post("/confirm/", {"username": "alice", "code": "123456"})


# --- the host ---------------------------------------------------------------------------------------------------------


def test_atomic_requests_keep_the_promise(client: Client, heard: Heard) -> None:
    sign_up("alice")
    connections["default"].settings_dict["ATOMIC_REQUESTS"] = True
    try:
        response = client.post("/confirm/", {"username": "alice", "code": last_code()})
    finally:
        connections["default"].settings_dict["ATOMIC_REQUESTS"] = False
    assert response.status_code == 302
    assert heard.usernames == ["alice"]


def test_the_pages_are_open_under_login_required(client: Client, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    for name in ("confirm", "resend", "done"):
        assert client.get(reverse(f"cognito_confirm:{name}")).status_code == 200


def test_a_post_without_a_token_is_refused_also_where_the_site_has_no_middleware_for_that(settings: Any) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "Csrf" not in name]
    for path in ("/confirm/", "/confirm/resend/"):
        assert Client(enforce_csrf_checks=True).post(path, {"username": "a", "code": "1"}).status_code == 403


def test_what_is_posted_is_marked_for_djangos_reports(client: Client) -> None:
    request: Any = client.post("/confirm/", {"username": "alice", "code": "123456"}).wsgi_request
    assert request.sensitive_post_parameters == "__ALL__"


@pytest.mark.parametrize("name", ["confirm", "resend", "done"])
def test_pages_are_not_kept_or_framed_and_send_no_referrer_abroad(client: Client, name: str) -> None:
    response = client.get(reverse(f"cognito_confirm:{name}"))
    assert "no-store" in response["Cache-Control"]
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert "<script>" not in page(response)
    assert "style=" not in page(response)


def test_a_second_pool_has_pages_of_its_own(client: Client, pools: Pools, heard: Heard) -> None:
    pools("staff", CLIENT_ID="staffclient1example", USER_POOL_ID="eu-west-1_Staff")
    sign_up("alice", pool="staff")
    response = client.post("/staff/confirm/", {"username": "alice", "code": last_code()})
    assert response["Location"] == "/staff/confirm/done/"
    assert heard[0]["confirmation"].pool == "staff"


def test_a_get_for_a_stranger_asks_the_database_nothing(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        client.get("/confirm/")
