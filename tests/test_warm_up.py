"""The client that is built while a person reads the page, and what of botocore's data it reads."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import botocore
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointResolutionError, HTTPClientError
from botocore.loaders import JSONFileLoader
from django.test import Client

from django_cognito_confirm import cognito
from django_cognito_confirm.cognito import clients, warming
from django_cognito_confirm.cognito.loader import CognitoLoader
from tests.faults import FaultServer

Pools = Callable[..., None]
THREAD = "cognito-confirm-warm-up"


@pytest.fixture(autouse=True)
def _as_in_production(settings: Any) -> Iterator[None]:
    """Let pages warm clients up, and forget that they have."""
    settings.COGNITO_CONFIRM = {}
    warming._warmed_up.clear()
    yield
    wait_for_builders()
    warming._warmed_up.clear()


def builders() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == THREAD]


def wait_for_builders() -> None:
    for thread in builders():
        thread.join(30)


def is_built(url: str) -> bool:
    return any(url in key for key in clients._clients)


# --- the thread -------------------------------------------------------------------------------------------------------


def test_the_first_page_has_the_client_built_and_no_call_made(client: Client, server: FaultServer) -> None:
    assert client.get("/confirm/").status_code == 200
    wait_for_builders()
    assert is_built(server.url)
    assert server.connections == 0


@pytest.mark.django_db(transaction=True)
def test_what_was_rehearsed_is_not_repeated_for_those_who_call(client: Client, server: FaultServer) -> None:
    server.users.add("alice", code="123456")
    client.get("/confirm/")
    wait_for_builders()
    assert client.post("/confirm/", {"username": "alice", "code": "123456"}).status_code == 302
    assert client.post("/confirm/", {"username": "alice", "code": "654321"}).status_code == 200
    assert [call.operation for call in server.calls] == ["ConfirmSignUp", "ConfirmSignUp"]


def test_the_second_page_starts_no_thread(client: Client, server: FaultServer) -> None:
    client.get("/confirm/")
    wait_for_builders()
    clients._clients.clear()
    client.get("/confirm/")
    assert builders() == []


def test_the_sandbox_needs_no_thread(client: Client) -> None:
    client.get("/confirm/")
    assert builders() == []


def test_a_site_may_do_without(client: Client, server: FaultServer, settings: Any) -> None:
    settings.COGNITO_CONFIRM = {"WARM_UP": False}
    client.get("/confirm/")
    assert builders() == []
    assert not is_built(server.url)


def test_a_client_that_cannot_be_built_spoils_no_page(client: Client, pools: Pools) -> None:
    pools(SANDBOX=False, ENDPOINT_URL="no address")
    assert client.get("/confirm/").status_code == 200
    wait_for_builders()  # an exception in a thread would fail this test


def test_a_fork_waits_until_no_thread_is_importing(server: FaultServer) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def build() -> None:
        with clients._lock:
            begun.set()
            may_end.wait(30)
            ended.append(time.monotonic())

    ended: list[float] = []
    builder = threading.Thread(target=build)
    builder.start()
    begun.wait(30)
    threading.Timer(0.2, may_end.set).start()
    child = os.fork()
    if not child:
        os._exit(0)
    forked = time.monotonic()
    os.waitpid(child, 0)
    builder.join()
    assert ended[0] <= forked


def test_a_forked_process_warms_up_for_itself(server: FaultServer) -> None:
    cognito.warm_up()
    wait_for_builders()
    child = os.fork()
    if not child:
        cognito.warm_up()
        wait_for_builders()
        os._exit(0 if is_built(server.url) else 1)
    assert os.waitpid(child, 0)[1] == 0


# --- botocore's data --------------------------------------------------------------------------------------------------

REGIONS = sorted(
    region
    for partition in botocore.session.Session().get_available_partitions()
    for region in botocore.session.Session().get_available_regions("cognito-idp", partition)
)


class Sent(Exception):
    pass


def where(loader: Any, region: str, **options: bool) -> tuple[str, str, str]:
    """Return where a call goes, the partition and the client's own address, of a client that ``loader`` reads for."""
    session = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
    session.register_component("data_loader", loader)
    config = Config(signature_version=botocore.UNSIGNED, **options)  # type: ignore[arg-type]
    client: Any = session.create_client("cognito-idp", region_name=region, config=config)

    def send(request: Any, **kwargs: Any) -> None:
        raise Sent(request.url)

    client.meta.events.register("before-send", send)
    try:
        client.confirm_sign_up(ClientId="client1example", Username="alice", ConfirmationCode="123456")
    except (Sent, EndpointResolutionError, HTTPClientError) as error:
        # Dual stack has addresses in the endpoints that the rules, by which calls go, do without.
        legacy = "" if "use_dualstack_endpoint" in options else client.meta.endpoint_url
        return str(error), client.meta.partition, legacy
    raise AssertionError("nothing was sent")


@pytest.fixture(scope="module")
def whole() -> Any:
    """Botocore's own loader, which keeps what it has read."""
    return botocore.session.Session().get_component("data_loader")


@pytest.fixture(scope="module")
def lean() -> CognitoLoader:
    return CognitoLoader()


@pytest.mark.parametrize("options", [{}, {"use_fips_endpoint": True}, {"use_dualstack_endpoint": True}])
@pytest.mark.parametrize("region", [*REGIONS, "eu-nowhere-7"])
def test_a_client_goes_where_botocores_own_would(region: str, options: dict[str, bool], whole: Any, lean: Any) -> None:
    sent = where(lean, region, **options)
    assert sent == where(whole, region, **options)
    assert options or sent[0].startswith(f"https://cognito-idp.{region}.")


def test_no_more_is_read_than_what_a_client_of_cognito_needs(monkeypatch: pytest.MonkeyPatch, pools: Pools) -> None:
    read = []
    load = JSONFileLoader.load_file

    def load_file(self: JSONFileLoader, path: str) -> Any:
        if data := load(self, path):
            read.append(path.rpartition("/data/")[2])
        return data

    monkeypatch.setattr(JSONFileLoader, "load_file", load_file)
    pools(SANDBOX=False, REGION="eu-west-3")
    cognito.public_client()
    assert sorted(read) == [
        "cognito-idp/2016-04-18/endpoint-rule-set-1",
        "cognito-idp/2016-04-18/service-2",
        "partitions",
        "sdk-default-configuration",
    ]
