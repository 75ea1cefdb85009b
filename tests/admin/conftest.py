"""Staff, who choose people in lists and press buttons."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.db.models import Model
from django.test import Client

from .engine import Engine

Pools = Callable[..., None]

EVERYTHING = ("view_user", "view_confirmation", "view_job", "confirm_sign_up")
CONFIRM = "confirm_in_cognito"
USERS = "auth/user"
GROUPS = "auth/group"
LEDGER = "django_cognito_confirm/confirmation"
JOBS = "django_cognito_confirm/job"


@pytest.fixture(autouse=True)
def _hosts_sites(settings: Any) -> Iterator[None]:
    settings.ROOT_URLCONF = "tests.admin.urls"
    settings.COGNITO_CONFIRM = {"ADMIN_RATE": 1e6}
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def engine(settings: Any) -> list[Any]:
    """A task backend that works in the background; return what it is given."""
    settings.TASKS = {"default": {"BACKEND": "tests.admin.engine.Engine"}}
    Engine.enqueued.clear()
    return Engine.enqueued


@pytest.fixture
def no_engine(settings: Any) -> None:
    settings.TASKS = {}


class Staff(Client):
    """The browser of a member of staff, who is signed in at ``site``."""

    def __init__(self, *permissions: str, site: str = "tenants", name: str = "sam", **facts: Any) -> None:
        super().__init__()
        self.site = site
        self.user = User.objects.create(username=name, is_staff=True, **facts)
        self.user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        self.force_login(self.user)

    def see(self, path: str) -> Any:
        """Open a page of the admin site."""
        return self.get(f"/{self.site}/{path}/")

    def choose(self, people: Iterable[Model], action: str = CONFIRM, path: str = USERS, query: str = "") -> Any:
        """Tick people in a list and press the button beside the action."""
        chosen = {"_selected_action": [str(person.pk) for person in people], "action": action, "index": "0"}
        return self.post(f"/{self.site}/{path}/{query}", chosen)

    def press(self, page: Any, **options: str) -> Any:
        """Press the button of a page that asks."""
        context = page.context
        return self.post(context["url"], {context["field"]: context["selection"], **options}, follow=True)


def text(response: Any) -> str:
    """Return what a page says, without its tags."""
    body = re.sub(r"<(script|style).*?</\1>", "", response.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def said(response: Any) -> list[str]:
    """Return the messages on a page."""
    return [str(message) for message in response.context["messages"]]


@pytest.fixture
def staff(db: None) -> Staff:
    """Somebody who may see and confirm everybody."""
    return Staff(*EVERYTHING, last_name="Acme")


def people(*names: str, tenant: str = "Acme") -> list[User]:
    return [User.objects.create(username=name, email=f"{name}@example.com", last_name=tenant) for name in names]
