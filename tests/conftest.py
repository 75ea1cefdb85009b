"""What most tests need: people in the sandbox's pool, and a note of what the signals said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import caches
from django.db import connections
from django.test import Client, RequestFactory

from django_cognito_confirm.cognito import clients, public_client
from django_cognito_confirm.conf import DEFAULT_LIMITS, get_pool
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.pending import remember_sign_up
from django_cognito_confirm.signals import sign_up_confirmed
from tests.faults import FaultServer

pytest_plugins = ["tests.builds", "tests.caches", "tests.ci", "django_cognito_confirm.pytest_plugin"]

PASSWORD = "correct-horse-1"


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    """Let each test begin with every limit untouched."""
    yield
    caches["default"].clear()


@pytest.fixture
def pools(settings: Any) -> Callable[..., None]:
    """Change options of the default pool: ``pools(CLIENT_SECRET="…")``."""

    def change(alias: str = "default", **options: Any) -> None:
        known = django_settings.COGNITO_POOLS
        base = known.get(alias, known["default"])
        settings.COGNITO_POOLS = {**known, alias: {**base, **options}}

    return change


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Made-up AWS credentials, so that nothing looks for others."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def server(pools: Callable[..., None], credentials: None) -> Iterator[FaultServer]:
    """A server in Cognito's place that goes wrong when told to; the default pool is there."""
    with FaultServer() as server:
        pools(SANDBOX=False, ENDPOINT_URL=server.url)
        yield server
    for key in [key for key in clients._clients if server.url in key]:
        clients._clients.pop(key).close()  # nobody comes back to this address, and a client takes megabytes


def sign_up(username: str = "alice", *, pool: str = "default", **attributes: str) -> dict[str, Any]:
    """Sign somebody up in the sandbox; return SignUp's reply."""
    attributes.setdefault("email", f"{username.lower()}@example.com")
    reply: dict[str, Any] = public_client(pool).sign_up(  # type: ignore[assignment]
        ClientId=get_pool(pool).client_id,
        Username=username,
        Password=PASSWORD,
        UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
    )
    return reply


@pytest.fixture
def unlimited(settings: Any) -> None:
    """Switch every limit off."""
    settings.COGNITO_CONFIRM = {"LIMITS": dict.fromkeys(DEFAULT_LIMITS)}


def browser_of(username: str, user: AbstractBaseUser | None = None) -> Client:
    """Return the browser in which ``username``, here ``user``, has just signed up."""
    request = RequestFactory().post("/")
    request.session = SessionStore()
    request.user = AnonymousUser()
    remember_sign_up(request, sign_up(username), username=username, user=user)
    request.session.save()
    client = Client()
    client.cookies["sessionid"] = str(request.session.session_key)
    return client


def close_connections() -> None:
    """Close the connections of this thread, which is about to end; Django leaves those to a database in memory open."""
    for connection in connections.all(initialized_only=True):
        connection.close()
        if connection.connection is not None:
            connection.connection.close()


def last_code() -> str:
    """Return the code in the newest message that the sandbox has sent."""
    from django_cognito_confirm.sandbox.models import Message

    code: str = Message.objects.latest("pk").code
    return code


def wrong_code() -> str:
    """Return six digits that are not the newest code."""
    return "000001" if last_code() == "000000" else "000000"


class Heard(list[dict[str, Any]]):
    """What receivers of ``sign_up_confirmed`` were told, in order."""

    @property
    def usernames(self) -> list[str]:
        return [told["confirmation"].username for told in self]


@pytest.fixture
def heard() -> Iterator[Heard]:
    told = Heard()

    def receiver(sender: type[Confirmation], **kwargs: Any) -> None:
        told.append(kwargs)

    sign_up_confirmed.connect(receiver)
    yield told
    sign_up_confirmed.disconnect(receiver)
