"""The whole flow against a Cognito that nobody here wrote: MiniStack, a third party's emulator, over HTTP.

It is pinned to one release and lives in an environment of its own. ``make ministack`` makes that environment; without
it these tests skip.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from pytest_django import Settings

from django_cognito_confirm import ledger
from django_cognito_confirm.cognito import admin_client, public_client, secret_hash
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.errors import AlreadyConfirmed, InvalidCode, UserNotFound
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.services import admin_confirm_sign_up, confirm_sign_up, resend_code
from django_cognito_confirm.signals import sign_up_confirmed
from django_cognito_confirm.sync import sync

PROGRAM = Path(__file__).parents[2] / ".venv-ministack/bin/ministack"
REGION = "eu-west-1"
PATIENCE = 60.0  # seconds for the emulator to start

pytestmark = [
    pytest.mark.ministack,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not PROGRAM.exists(), reason="needs MiniStack in an environment of its own: make ministack"),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def fetch(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as reply:
        return json.load(reply)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the emulator and yield its address."""
    folder = tmp_path_factory.mktemp("ministack")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "AUTH": "true",  # without it any code is accepted
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{folder}/none",  # nothing of the host's containers is its business
    }
    log = folder / "log"
    with log.open("w") as output, subprocess.Popen([PROGRAM], env=environment, stdout=output, stderr=output) as process:
        try:
            deadline = time.monotonic() + PATIENCE
            while not is_ready(url):
                if process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"The emulator did not start:\n{log.read_text()}")
                time.sleep(0.1)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


def is_ready(url: str) -> bool:
    try:
        return bool(fetch(f"{url}/_ministack/ready")["status"] == "completed")
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@pytest.fixture(scope="module")
def user_pool(emulator: str) -> dict[str, Any]:
    """Make a user pool whose app client has a secret, and return its entry for ``COGNITO_POOLS``."""
    maker = boto3.client(
        "cognito-idp",
        region_name=REGION,
        endpoint_url=emulator,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    pool_id = maker.create_user_pool(
        PoolName="people", AutoVerifiedAttributes=["email"], UsernameConfiguration={"CaseSensitive": False}
    )["UserPool"]["Id"]
    client = maker.create_user_pool_client(UserPoolId=pool_id, ClientName="site", GenerateSecret=True)["UserPoolClient"]
    maker.close()
    return {
        "USER_POOL_ID": pool_id,
        "CLIENT_ID": client["ClientId"],
        "CLIENT_SECRET": client["ClientSecret"],
        "ENDPOINT_URL": emulator,
    }


@pytest.fixture(autouse=True)
def site(user_pool: dict[str, Any], settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the site at the emulator, with credentials as an operator would give them."""
    settings.COGNITO_POOLS = {"default": user_pool}
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.fixture
def confirmed() -> Iterator[list[Confirmation]]:
    """Collect what ``sign_up_confirmed`` is sent with."""
    seen: list[Confirmation] = []

    def remember(confirmation: Confirmation, **_: object) -> None:
        seen.append(confirmation)

    sign_up_confirmed.connect(remember)
    yield seen
    sign_up_confirmed.disconnect(remember)


def sign_up(username: str) -> str:
    """Sign somebody up as a host project would, and return the sub."""
    pool = get_pool()
    reply = public_client().sign_up(
        ClientId=pool.client_id,
        SecretHash=secret_hash(username) or "",
        Username=username,
        Password="Correct-horse-7",
        UserAttributes=[{"Name": "email", "Value": f"{username}@example.com"}],
    )
    assert not reply["UserConfirmed"]
    return reply["UserSub"]


def mails_to(emulator: str, username: str) -> list[str]:
    messages = fetch(f"{emulator}/_ministack/ses/messages")["messages"]
    return [
        mail["BodyText"] for account in messages.values() for mail in account if f"{username}@example.com" in mail["To"]
    ]


def mailed_code(emulator: str, username: str) -> str:
    found = re.search(r"\d{6}", mails_to(emulator, username)[-1])
    assert found
    return found[0]


def wrong(code: str) -> str:
    return "000000" if code != "000000" else "000001"


def status_in_pool(username: str) -> str:
    return admin_client().admin_get_user(UserPoolId=get_pool().user_pool_id, Username=username)["UserStatus"]


@pytest.fixture(autouse=True, scope="module")
def canary(emulator: str, user_pool: dict[str, Any]) -> None:
    """Make sure, with nothing of ours, that this emulator looks at codes at all: an older one takes any."""
    client = boto3.client(
        "cognito-idp",
        region_name=REGION,
        endpoint_url=emulator,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    app = client.create_user_pool_client(UserPoolId=user_pool["USER_POOL_ID"], ClientName="canary")["UserPoolClient"]
    client.sign_up(
        ClientId=app["ClientId"],
        Username="canary",
        Password="Correct-horse-7",
        UserAttributes=[{"Name": "email", "Value": "canary@example.com"}],
    )
    code = wrong(mailed_code(emulator, "canary"))
    with pytest.raises(ClientError) as refused:
        client.confirm_sign_up(ClientId=app["ClientId"], Username="canary", ConfirmationCode=code)
    client.close()
    assert refused.value.response["Error"]["Code"] == "CodeMismatchException"


def test_the_mailed_code_confirms_and_a_wrong_one_does_not(emulator: str, confirmed: list[Confirmation]) -> None:
    sign_up("ann")
    code = mailed_code(emulator, "ann")

    with pytest.raises(InvalidCode):
        confirm_sign_up("ann", wrong(code))
    assert (status_in_pool("ann"), confirmed) == ("UNCONFIRMED", [])

    confirm_sign_up("ann", f" {code[:3]} {code[3:]} ")

    assert status_in_pool("ann") == "CONFIRMED"
    assert [confirmation.username for confirmation in confirmed] == ["ann"]
    assert Confirmation.objects.get().status == "delivered"


def test_a_second_confirmation_is_told_as_such(emulator: str, confirmed: list[Confirmation]) -> None:
    sign_up("bea")
    code = mailed_code(emulator, "bea")
    confirm_sign_up("bea", code)

    with pytest.raises(AlreadyConfirmed):
        confirm_sign_up("bea", code)

    assert len(confirmed) == 1


def test_nobody_is_told_from_somebody(confirmed: list[Confirmation]) -> None:
    with pytest.raises(UserNotFound):
        confirm_sign_up("nobody", "123456")

    assert Confirmation.objects.get().status == "rejected"


def test_a_new_code_arrives_and_confirms(emulator: str, confirmed: list[Confirmation]) -> None:
    sign_up("cleo")

    delivery = resend_code("cleo")

    assert delivery is not None
    assert (delivery.medium, delivery.attribute) == ("EMAIL", "email")
    assert delivery.destination.startswith("c***")
    assert len(mails_to(emulator, "cleo")) == 2
    confirm_sign_up("cleo", mailed_code(emulator, "cleo"))
    assert len(confirmed) == 1


def test_staff_confirm_without_a_code(confirmed: list[Confirmation]) -> None:
    sign_up("dora")

    admin_confirm_sign_up("dora")

    assert status_in_pool("dora") == "CONFIRMED"
    assert [confirmation.username for confirmation in confirmed] == ["dora"]


@pytest.mark.parametrize("sub_is_known", [True, False])
def test_sync_delivers_what_a_process_left_behind(
    emulator: str, confirmed: list[Confirmation], sub_is_known: bool
) -> None:
    name = "Eve" if sub_is_known else "Fay"
    sub = sign_up(name)
    attempt = ledger.begin(get_pool(), name, source="service", sub=sub if sub_is_known else "")
    public_client().confirm_sign_up(
        ClientId=get_pool().client_id,
        SecretHash=secret_hash(name) or "",
        Username=name,
        ConfirmationCode=mailed_code(emulator, name),
    )
    ledger.leave_open(attempt, "ReadTimeoutError")

    report = sync()

    assert (report.confirmed, report.delivered, report.problems) == (1, 1, set())
    assert [(confirmation.username, confirmation.sub) for confirmation in confirmed] == [(name, sub)]
    assert Confirmation.objects.get().status == "delivered"


def test_sync_leaves_the_unconfirmed_alone(confirmed: list[Confirmation]) -> None:
    sub = sign_up("gil")
    attempt = ledger.begin(get_pool(), "gil", source="service", sub=sub)
    ledger.leave_open(attempt, "ReadTimeoutError")

    report = sync()

    assert (report.waiting, confirmed) == (1, [])
    assert Confirmation.objects.get().status == "unknown"
