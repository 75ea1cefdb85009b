"""docs/several-pools.md: each pool has its settings, its pages and its people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import include, path

from django_cognito_confirm.conf import get_pool, get_pool_aliases
from django_cognito_confirm.errors import Refused
from django_cognito_confirm.models import Confirmation
from django_cognito_confirm.pending import remember_sign_up
from django_cognito_confirm.services import confirm_sign_up
from tests.conftest import last_code, sign_up
from tests.docs.pasting import paste
from tests.docs.samples import Site
from tests.urls import page

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "several-pools.md"
Pools = Callable[..., None]


@pytest.fixture
def staff_pool(pools: Pools) -> None:
    pools("staff", CLIENT_ID="staffclient1example", USER_POOL_ID="eu-west-1_Staff")


@pytest.fixture
def browser() -> HttpRequest:
    request = RequestFactory().post("/")
    request.session = SessionStore()
    request.user = AnonymousUser()
    return request


def serve(site: Site, urlpatterns: list[Any]) -> None:
    """Serve these and nothing else of this app."""
    site.urlpatterns = []
    site.route([*urlpatterns, path("sign-in/", page), path("sign-up/", page)])


def test_each_pool_is_read_from_variables_of_its_own(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for prefix, name in (("COGNITO_", "Customers"), ("COGNITO_STAFF_", "Staff")):
        monkeypatch.setenv(f"{prefix}USER_POOL_ID", f"eu-west-1_{name}")
        monkeypatch.setenv(f"{prefix}CLIENT_ID", "1example23456789")
    paste(site, PAGE, "# settings.py")
    ids = {alias: get_pool(alias).user_pool_id for alias in get_pool_aliases()}
    assert ids == {"default": "eu-west-1_Customers", "staff": "eu-west-1_Staff"}


@pytest.mark.usefixtures("staff_pool")
def test_a_sign_up_leads_to_the_pages_of_its_pool(site: Site, browser: HttpRequest, client: Client) -> None:
    serve(site, paste(site, PAGE, "# urls.py")["urlpatterns"])
    url = remember_sign_up(browser, sign_up("alice", pool="staff"), username="alice", pool="staff")
    assert url == "/staff/confirm/"
    assert remember_sign_up(browser, sign_up("bob"), username="bob") == "/confirm/"
    assert client.get(url).context["pool"] == "staff"


@pytest.mark.usefixtures("staff_pool")
def test_a_namespace_that_is_not_the_alias_leads_to_another_pool(site: Site, browser: HttpRequest) -> None:
    [of_customers, _] = paste(site, PAGE, "# urls.py")["urlpatterns"]
    pages = include("django_cognito_confirm.urls", namespace="employees")
    serve(site, [of_customers, path("staff/confirm/", pages, {"pool": "staff"})])
    url = remember_sign_up(browser, sign_up("alice", pool="staff"), username="alice", pool="staff")
    assert url == "/confirm/"


@pytest.mark.usefixtures("staff_pool")
def test_a_second_sign_up_makes_the_first_a_strangers(browser: HttpRequest) -> None:
    remember_sign_up(browser, sign_up("alice"), username="alice")
    remember_sign_up(browser, sign_up("al", pool="staff"), username="al", pool="staff")
    with pytest.raises(Refused):
        confirm_sign_up("alice", "000000", request=browser)


@pytest.mark.usefixtures("staff_pool")
@pytest.mark.parametrize(("pool", "is_active"), [("default", True), ("staff", False)])
def test_the_receiver_tells_the_pools_apart(site: Site, browser: HttpRequest, pool: str, is_active: bool) -> None:
    paste(site, PAGE, "# receivers.py")
    user = get_user_model().objects.create(username="alice", is_active=False)
    remember_sign_up(browser, sign_up("alice", pool=pool), username="alice", user=user, pool=pool)
    confirm_sign_up("alice", last_code(), pool=pool)
    user.refresh_from_db()
    assert (user.is_active, Confirmation.objects.get().status) == (is_active, "delivered")


@pytest.mark.usefixtures("staff_pool")
def test_a_pool_can_have_pages_of_its_own(site: Site, settings: Any, client: Client) -> None:
    [of_customers, _] = paste(site, PAGE, "# urls.py")["urlpatterns"]
    paste(site, PAGE, "staff_urls.py")["StaffConfirmView"].template_name = "django_cognito_confirm/confirm.html"
    serve(site, [of_customers, path("staff/confirm/", include("staff_urls", namespace="staff"), {"pool": "staff"})])
    settings.COGNITO_CONFIRM = {"SIGN_UP_URL": "/sign-up/"}
    for name in ("", "resend/", "done/"):
        response = client.get(f"/staff/confirm/{name}")
        assert response.context["sign_in_url"] == "/staff/sign-in/"
        assert response.context["sign_up_url"] is None
    assert client.get("/confirm/").context["sign_in_url"] == "/sign-in/"


def test_each_tenant_has_a_pool_and_pages(
    site: Site, browser: HttpRequest, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENANTS", "acme,globex")
    for tenant in ("ACME", "GLOBEX"):
        monkeypatch.setenv(f"COGNITO_{tenant}_USER_POOL_ID", f"eu-west-1_{tenant}")
        monkeypatch.setenv(f"COGNITO_{tenant}_CLIENT_ID", f"{tenant.lower()}client1example")
        monkeypatch.setenv(f"COGNITO_{tenant}_SANDBOX", "true")
    site.settings.TENANTS = paste(site, PAGE, "# settings.py, a pool for each tenant")["TENANTS"]
    serve(site, paste(site, PAGE, "# urls.py, pages for each tenant")["urlpatterns"])
    url = remember_sign_up(browser, sign_up("alice", pool="globex"), username="alice", pool="globex")
    assert url == "/globex/confirm/"
    data = {"username": "alice", "code": last_code()}
    assert "Location" not in client.post("/acme/confirm/", data)
    assert client.post(url, data)["Location"] == "/globex/confirm/done/"
    assert set(Confirmation.objects.values_list("pool", "status")) == {("acme", "rejected"), ("globex", "delivered")}
