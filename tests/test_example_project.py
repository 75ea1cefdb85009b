"""The example site without a browser: what it does with Cognito's answers, and how it is set up."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import CommandError, call_command
from django.test import Client

from django_cognito_confirm.cognito import admin_client, public_client
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.pruning import prune
from django_cognito_confirm.sandbox.models import SandboxUser
from django_cognito_confirm.signals import sign_up_confirmed, signed_in

from .conftest import last_code

EXAMPLE = Path(__file__).parents[1] / "example_project"
sys.path.append(str(EXAMPLE))

from example.management.commands.demo import Command as Demo  # noqa: E402
from example.secret_key import read_or_make_key  # noqa: E402

PASSWORD = "Correct-horse-7"
Pools = Callable[..., None]


@pytest.fixture
def example_app(settings: Any, transactional_db: None) -> Iterator[None]:
    """The example's own app, which connects its receivers, and its table."""
    with patch.dict(admin.site._registry):  # it has an admin of users of its own
        settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "example"]
        call_command("migrate", "example", verbosity=0)
        yield
    call_command("migrate", "example", "zero", verbosity=0)
    sign_up_confirmed.disconnect(dispatch_uid="example.activate_user")
    signed_in.disconnect(dispatch_uid="example.log_in")


@pytest.fixture(autouse=True)
def example_site(settings: Any, example_app: None) -> Iterator[None]:
    """Serve the example's pages in the settings of this test run."""
    engine = settings.TEMPLATES[0]
    processors = [*engine["OPTIONS"]["context_processors"], "example.context_processors.pool"]
    settings.TEMPLATES = [
        {**engine, "DIRS": [EXAMPLE / "example" / "templates"], "OPTIONS": {"context_processors": processors}}
    ]
    settings.ROOT_URLCONF = "example.urls"
    # Django 6.1 warns whoever sends mail without this setting.
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    settings.EXAMPLE_SIGN_UPS_BY_ADDRESS = "20/hour"
    settings.COGNITO_CONFIRM = {"SIGN_UP_URL": "/sign-up/", "SIGN_IN_URL": "/sign-in/"}
    settings.LOGIN_REDIRECT_URL = "/"
    cache.clear()
    yield
    cache.clear()


def sign_up(client: Client, username: str = "ada", password: str = PASSWORD) -> Any:
    form = {"username": username, "email": f"{username}@example.com", "password": password}
    return client.post("/sign-up/", form)


def sign_in(client: Client, username: str = "ada", password: str = PASSWORD, **query: str) -> Any:
    return client.post("/sign-in/", {"username": username, "password": password, **query})


def sign_up_elsewhere(username: str) -> str:
    """Sign up and be confirmed without this site; return the ``sub``."""
    pool = get_pool()
    reply = public_client().sign_up(
        ClientId=pool.client_id,
        Username=username,
        Password=PASSWORD,
        UserAttributes=[{"Name": "email", "Value": "somebody@example.com"}],
    )
    admin_client().admin_confirm_sign_up(UserPoolId=pool.user_pool_id, Username=username)
    return reply["UserSub"]


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_a_sign_up_makes_an_inactive_user_tied_to_it(client: Client) -> None:
    response = sign_up(client)
    user = User.objects.get(username="ada")
    confirmation = Confirmation.objects.get(username="ada")
    assert response["Location"] == "/confirm/"
    assert not user.is_active
    assert not user.has_usable_password()
    assert confirmation.user == user
    assert confirmation.sub == SandboxUser.objects.get().sub


def test_the_right_code_activates_the_user(client: Client) -> None:
    sign_up(client)
    client.post("/confirm/", {"code": last_code()})
    assert User.objects.get(username="ada").is_active


def test_activating_changes_nothing_else_and_nobody_else(client: Client) -> None:
    sign_up(client)
    namesake = User.objects.create_user("ADA", is_active=False)
    User.objects.filter(username="ada").update(first_name="Ada")
    client.post("/confirm/", {"code": last_code()})
    namesake.refresh_from_db()
    assert not namesake.is_active
    assert User.objects.get(username="ada").first_name == "Ada"


def test_a_confirmation_without_a_sign_up_here_activates_nobody(client: Client) -> None:
    namesake = User.objects.create_user("ada", is_active=False)
    public_client().sign_up(
        ClientId=get_pool().client_id,
        Username="ada",
        Password=PASSWORD,
        UserAttributes=[{"Name": "email", "Value": "ada@example.com"}],
    )
    response = client.post("/confirm/", {"username": "ada", "code": last_code()})
    namesake.refresh_from_db()
    assert response["Location"] == "/confirm/done/"
    assert not namesake.is_active


def test_a_pool_that_confirms_at_once_skips_the_code(client: Client, pools: Pools) -> None:
    pools(SANDBOX={"AUTO_CONFIRM": True})
    assert sign_up(client)["Location"] == "/confirm/done/"
    assert User.objects.get(username="ada").is_active


def test_an_app_client_with_a_secret_works(client: Client, pools: Pools) -> None:
    pools(CLIENT_SECRET="secret-of-the-app-client")
    sign_up(client)
    client.post("/confirm/", {"code": last_code()})
    sign_in(client)
    assert is_signed_in(client)


def test_a_name_that_is_taken_here_is_not_sent_to_cognito(client: Client) -> None:
    User.objects.create_user("Ada")
    assert "This username is taken." in sign_up(client).content.decode()
    assert not SandboxUser.objects.exists()


def test_a_name_that_is_taken_in_cognito_is_told(client: Client) -> None:
    sign_up_elsewhere("ada")
    assert "This username is taken." in sign_up(client).content.decode()
    assert not User.objects.exists()


def test_a_weak_password_is_told_and_not_shown_again(client: Client) -> None:
    page = sign_up(client, password="weak").content.decode()
    assert "This password does not meet the rules below." in page
    assert 'value="weak"' not in page
    assert not User.objects.exists()


@pytest.mark.parametrize("username", ["", " ", "a b", "a\u200bb", "x" * 129, "a\x00b"])
def test_an_impossible_username_is_a_form_error(client: Client, username: str) -> None:
    response = client.post("/sign-up/", {"username": username, "email": "a@example.com", "password": PASSWORD})
    assert response.status_code == 200
    assert b'aria-invalid="true"' in response.content
    assert not SandboxUser.objects.exists()


def test_an_account_whose_code_was_not_sent_leads_to_the_confirm_page(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> int:
        raise ConnectionRefusedError

    monkeypatch.setattr(EmailBackend, "send_messages", fail)
    response = sign_up(client)
    page = client.get(response["Location"]).content.decode()
    assert response["Location"] == "/confirm/"
    assert 'value="ada"' in page
    assert "The code could not be sent." in page


def test_cognito_being_down_is_told(client: Client, pools: Pools, unused_tcp_port: int) -> None:
    pools(SANDBOX=False, ENDPOINT_URL=f"http://127.0.0.1:{unused_tcp_port}")
    response = sign_up(client)
    assert response.status_code == 503
    assert "Cognito cannot be reached just now." in response.content.decode()
    assert "Cognito cannot be reached just now." in sign_in(client).content.decode()


@pytest.fixture
def unused_tcp_port() -> Iterator[int]:
    """A port that refuses connections: bound, and not listened at."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_sign_ups_are_limited_by_address(client: Client, settings: Any) -> None:
    settings.EXAMPLE_SIGN_UPS_BY_ADDRESS = "1/hour"
    sign_up(client, "ada")
    response = sign_up(client, "grace")
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 3601
    assert not User.objects.filter(username="grace").exists()


def test_the_front_end_of_its_own_signs_up_in_json(client: Client) -> None:
    form = {"username": "ada", "email": "ada@example.com", "password": PASSWORD}
    refused = client.post("/spa/sign-up/", {**form, "password": "weak"})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["password"])
    assert client.post("/spa/sign-up/", form).json() == {"next": "/confirm/"}
    told = client.get("/confirm/", headers={"Accept": "application/json"}).json()
    assert (told["pending"], told["username"]) == (True, "ada")


def test_a_front_end_of_its_own_is_limited_by_address_too(client: Client, settings: Any) -> None:
    settings.EXAMPLE_SIGN_UPS_BY_ADDRESS = "0/hour"
    response = client.post("/spa/sign-up/", {"username": "ada"})
    assert (response.status_code, response["Retry-After"]) == (429, "3600")
    assert "Too many sign-ups" in response.json()["errors"]["__all__"][0]["message"]


def test_signing_in_leads_where_the_person_wanted_to_go(client: Client) -> None:
    sign_up(client)
    client.post("/confirm/", {"code": last_code()})
    assert sign_in(client, next="/mailbox/")["Location"] == "/mailbox/"
    assert sign_in(client, next="https://elsewhere.example/")["Location"] == "/"


def test_people_can_sign_in_when_the_ledger_has_forgotten_them(client: Client) -> None:
    sign_up(client)
    client.post("/confirm/", {"code": last_code()})
    assert prune(timedelta(0)).stripped == 1
    assert Confirmation.objects.get().user is None
    sign_in(client)
    assert client.session["_auth_user_id"] == str(User.objects.get(username="ada").pk)


def test_the_case_of_the_name_does_not_matter_at_sign_in(client: Client) -> None:
    sign_up(client)
    client.post("/confirm/", {"code": last_code()})
    sign_in(client, "ADA")
    assert is_signed_in(client)


def test_a_cognito_user_with_the_superusers_name_does_not_become_the_superuser(client: Client) -> None:
    User.objects.create_superuser("admin")
    sign_up_elsewhere("admin")
    assert "was not signed up here" in sign_in(client, "admin").content.decode()
    assert not is_signed_in(client)


def test_the_right_code_signs_the_owner_in(client: Client, pools: Pools) -> None:
    pools(AUTO_SIGN_IN=True)
    sign_up(client)
    assert client.post("/confirm/", {"code": last_code()})["Location"] == "/"
    assert client.session["_auth_user_id"] == str(User.objects.get(username="ada").pk)


def test_the_right_code_does_not_sign_in_whom_this_site_keeps_out(client: Client, pools: Pools) -> None:
    def ban(**kwargs: Any) -> None:
        User.objects.update(is_active=False)

    pools(AUTO_SIGN_IN=True)
    sign_up(client)
    sign_up_confirmed.connect(ban)
    response = client.post("/confirm/", {"code": last_code()})
    sign_up_confirmed.disconnect(ban)
    assert response["Location"] == "/confirm/done/"
    assert not is_signed_in(client)


def test_a_token_that_does_not_hold_signs_nobody_in(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_up(client)
    client.post("/confirm/", {"code": last_code()})
    monkeypatch.setattr("django_cognito_confirm.sandbox.tokens.VALID_FOR", -3600)
    assert "Cognito cannot be reached just now." in sign_in(client).content.decode()
    assert not is_signed_in(client)


def test_a_user_who_was_made_inactive_here_stays_out(client: Client) -> None:
    sign_up(client)
    client.post("/confirm/", {"code": last_code()})
    User.objects.update(is_active=False)
    assert "is not active" in sign_in(client).content.decode()
    assert not is_signed_in(client)


def test_the_home_page_tells_other_clients_the_way(client: Client) -> None:
    page = client.get("/", headers={"host": "localhost"}).content.decode()
    assert 'data-endpoint="http://localhost/cognito/"' in page
    assert f'data-pool-id="{get_pool().user_pool_id}"' in page
    assert f'data-client-id="{get_pool().client_id}"' in page


def test_the_demo_does_not_make_somebody_who_signed_up_a_superuser() -> None:
    User.objects.create_user("admin")
    with pytest.raises(CommandError, match="no superuser"):
        call_command(Demo())


def test_the_secret_key_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    assert read_or_make_key(path) == read_or_make_key(path)
    assert path.stat().st_mode & 0o777 == 0o600


def environment(tmp_path: Path, **variables: str) -> dict[str, str]:
    """Return the environment of a process that has the example's own settings."""
    known = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return {
        **known,
        "DJANGO_SETTINGS_MODULE": "example.settings",
        "EXAMPLE_VAR_DIR": str(tmp_path),
        "PYTHONPATH": f"{EXAMPLE}{os.pathsep}{EXAMPLE.parent}",
        **variables,
    }


def run(program: str, env: dict[str, str]) -> Any:
    """Run a program in a process of its own and return the JSON that it prints."""
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, check=True, capture_output=True, text=True, timeout=60
    )
    return json.loads(done.stdout)


def test_the_demos_worker_ends_with_the_site_however_that_ends(tmp_path: Path) -> None:
    demo = subprocess.Popen(
        [sys.executable, EXAMPLE / "manage.py", "demo", "--port", "0"],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert demo.stdout
    in_vain = threading.Timer(60, demo.kill)
    in_vain.start()
    assert any("Starting worker" in line for line in demo.stdout)
    in_vain.cancel()
    demo.kill()
    # Its standard output, which the worker shares, comes to an end.
    demo.communicate(timeout=30)


@pytest.mark.parametrize(("without", "expected"), [("", [True, True]), ("django_tasks_db", [False, False])])
def test_the_site_works_in_the_background_where_an_engine_is_installed(
    tmp_path: Path, without: str, expected: list[bool]
) -> None:
    program = f"""
import sys; sys.modules[{without!r}] = None
import django, json
django.setup()
from django.apps import apps
from django_cognito_confirm import tasks
print(json.dumps([apps.is_installed("django_tasks_db"), tasks.can_run_in_background()]))
"""
    assert run(program, environment(tmp_path)) == expected


def test_with_a_pool_in_the_environment_the_site_talks_to_aws(tmp_path: Path) -> None:
    program = """
import django, json
django.setup()
from django.conf import settings
from django.urls import resolve, Resolver404
def served(path):
    try: return bool(resolve(path))
    except Resolver404: return False
paths = ("/", "/mailbox/", "/cognito/")
print(json.dumps([settings.COGNITO_POOLS["default"]["USER_POOL_ID"], [served(path) for path in paths]]))
"""
    env = environment(tmp_path, COGNITO_USER_POOL_ID="eu-west-1_AbCdEf123", COGNITO_CLIENT_ID="1example23456789")
    assert run(program, env) == ["eu-west-1_AbCdEf123", [True, False, False]]
