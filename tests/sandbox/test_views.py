from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.core.handlers.base import BaseHandler
from django.test import Client

from django_cognito_confirm.sandbox.models import Attempt, SandboxUser

from . import people
from .conftest import make_client
from .people import CLIENT_ID, POOL_ID, refused

if TYPE_CHECKING:
    from django.http import HttpResponse
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from pytest_django import Settings
    from pytest_django.live_server_helper import LiveServer

    from .conftest import SetPool

pytestmark = pytest.mark.urls("tests.sandbox.urls")

TARGET = "AWSCognitoIdentityProviderService."
JSON = "application/x-amz-json-1.1"


def post(operation: str = "ListUsers", body: Any = None, *, content_type: str = JSON, **meta: Any) -> Any:
    body = {"UserPoolId": POOL_ID} if body is None else body
    data = body if isinstance(body, (bytes, str)) else json.dumps(body)
    options = {"headers": {"X-Amz-Target": TARGET + operation}, **meta}
    return Client(enforce_csrf_checks=True).post("/cognito/", data, content_type=content_type, **options)


def why_forbidden(response: HttpResponse) -> str:
    assert response.status_code == 403
    message: str = json.loads(response.content)["message"]
    return message


@pytest.fixture
def over_http(live_server: LiveServer) -> CognitoIdentityProviderClient:
    return make_client(endpoint_url=f"{live_server.url}/cognito/")


class TestOverASocket:
    def test_somebody_signs_up_confirms_and_signs_in(self, over_http: CognitoIdentityProviderClient) -> None:
        people.sign_up(over_http)
        people.confirm(over_http)

        assert people.sign_in(over_http)["AuthenticationResult"]
        assert over_http.list_users(UserPoolId=POOL_ID)["Users"][0]["UserStatus"] == "CONFIRMED"

    def test_errors_arrive_as_errors(self, over_http: CognitoIdentityProviderClient) -> None:
        people.sign_up(over_http)

        with refused("CodeMismatchException", "Invalid verification code provided, please try again."):
            people.confirm(over_http, code=people.wrong_code())

    def test_an_attempt_stays_counted_where_requests_are_atomic(
        self, over_http: CognitoIdentityProviderClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from django.db import connections

        people.sign_up(over_http)
        monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
        with refused("CodeMismatchException"):
            people.confirm(over_http, code=people.wrong_code())

        assert Attempt.objects.count() == 1


def test_the_view_is_not_made_atomic(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connections

    from django_cognito_confirm.sandbox.views import endpoint

    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)

    assert BaseHandler().make_view_atomic(endpoint) is endpoint


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_answered(address: str) -> None:
    assert post(REMOTE_ADDR=address).status_code == 200


@pytest.mark.parametrize("address", ["192.0.2.1", "10.0.0.1", "::ffff:192.0.2.1", "2001:db8::1", "", "unix:"])
def test_other_machines_are_refused(address: str) -> None:
    assert "this machine only" in why_forbidden(post(REMOTE_ADDR=address))


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_what_a_proxy_passes_on_is_refused(header: str) -> None:
    headers = {"X-Amz-Target": TARGET + "ListUsers", header: "127.0.0.1"}
    assert "this machine only" in why_forbidden(post(headers=headers))


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "text/plain", "application/x-www-form-urlencoded", "application/x-amz-json-1.0"],
)
def test_other_content_types_are_refused(content_type: str) -> None:
    assert JSON in why_forbidden(post(content_type=content_type))


@pytest.mark.parametrize("method", ["get", "put", "options", "head"])
def test_other_methods_are_refused(method: str) -> None:
    assert getattr(Client(), method)("/cognito/", content_type=JSON).status_code == 403


def test_another_host_name_is_refused(settings: Settings) -> None:
    settings.MIDDLEWARE = []  # else CommonMiddleware is quicker
    assert "ALLOWED_HOSTS" in why_forbidden(post(HTTP_HOST="rebound.example"))


def test_production_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.test.utils import _TestState

    settings.DEBUG = False
    monkeypatch.delattr(_TestState, "saved_data")

    assert "production" in why_forbidden(post())


@pytest.mark.django_db
def test_a_charset_is_no_other_content_type() -> None:
    assert post(content_type=f"{JSON}; charset=utf-8").status_code == 200


def test_a_site_behind_a_login_lets_it_through(settings: Settings, db: None) -> None:
    settings.MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    assert post().status_code == 200


def test_every_sandbox_pool_is_served_and_no_other(settings: Settings, db: None) -> None:
    def pool(name: str, *, sandbox: bool) -> dict[str, Any]:
        return {"USER_POOL_ID": f"eu-west-1_{name}", "CLIENT_ID": name, "SANDBOX": sandbox}

    settings.COGNITO_POOLS = {
        "default": pool("First", sandbox=True),
        "staff": pool("Second", sandbox=True),
        "real": pool("Third", sandbox=False),
    }
    statuses = [post(body={"UserPoolId": f"eu-west-1_{name}"}).status_code for name in ("First", "Second", "Third")]
    body = {"ClientId": "Second", "Username": "ann", "Password": people.PASSWORD}

    assert statuses == [200, 200, 400]
    assert post("SignUp", body).status_code == 200
    assert SandboxUser.objects.get().user_pool_id == "eu-west-1_Second"


def test_without_pools_no_client_exists(settings: Settings) -> None:
    settings.COGNITO_POOLS = {}
    response = post("ResendConfirmationCode", {"ClientId": CLIENT_ID, "Username": "ann"})

    assert json.loads(response.content)["__type"] == "ResourceNotFoundException"


def test_a_body_over_djangos_limit_is_refused(set_pool: SetPool) -> None:
    response = post(body=b'{"UserPoolId": "' + b"x" * 3_000_000 + b'"}')

    assert response.status_code == 400
    assert json.loads(response.content)["__type"] == "RequestEntityTooLargeException"
