"""What ``manage.py check`` says of the addresses that each pool's pages have."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from django.core.checks import CheckMessage, Tags, run_checks
from django.urls import include, path, reverse

PAGES = "django_cognito_confirm.urls"
STAFF = {"pool": "staff"}


@pytest.fixture(autouse=True)
def two_pools(settings: Any) -> None:
    default = settings.COGNITO_POOLS["default"]
    settings.COGNITO_POOLS = {"default": default, "staff": {**default, "CLIENT_ID": "staffclient1example"}}


def found(settings: Any, *urlpatterns: Any) -> list[CheckMessage]:
    """Return what is said of a site with these addresses."""
    module = ModuleType("urls_of_a_site")
    module.urlpatterns = list(urlpatterns)  # type: ignore[attr-defined]
    settings.ROOT_URLCONF = module
    messages = run_checks(tags=[Tags.urls])
    return [message for message in messages if (message.id or "").startswith("django_cognito_confirm.")]


def ids(settings: Any, *urlpatterns: Any) -> list[str]:
    return [(message.id or "").partition(".")[2] for message in found(settings, *urlpatterns)]


def test_pages_as_the_manual_has_them_are_fine(settings: Any) -> None:
    staff = path("staff/", include(PAGES, namespace="staff"), STAFF)
    assert ids(settings, path("confirm/", include(PAGES)), staff) == []
    assert ids(settings, staff, path("confirm/", include(PAGES, namespace="default"))) == []


def test_a_site_without_pages_is_fine(settings: Any) -> None:
    assert ids(settings) == []


@pytest.mark.parametrize("others", [[], [path("confirm/", include(PAGES))]])
def test_what_is_no_pattern_is_left_to_djangos_own_check(settings: Any, others: list[Any]) -> None:
    assert ids(settings, *others, 5) == []
    assert "urls.E004" in [message.id for message in run_checks(tags=[Tags.urls])]


def test_the_only_pages_may_have_any_namespace(settings: Any) -> None:
    assert ids(settings, path("", include(PAGES), STAFF)) == []
    assert ids(settings, path("", include(PAGES, namespace="employees"), STAFF)) == []
    assert reverse("cognito_confirm:confirm", current_app="staff") == "/"


def test_a_namespace_that_leads_to_another_pool_is_warned_of(settings: Any) -> None:
    staff = path("staff/", include(PAGES, namespace="employees"), STAFF)
    [message] = found(settings, path("confirm/", include(PAGES)), staff)
    assert (message.id, "'staff/'" in message.msg, "'employees'" in message.msg) == (
        "django_cognito_confirm.W017",
        True,
        True,
    )
    assert reverse("cognito_confirm:confirm", current_app="staff") == "/confirm/"


def test_namespaces_that_are_mixed_up_are_warned_of_both(settings: Any) -> None:
    default = path("confirm/", include(PAGES, namespace="staff"))
    assert ids(settings, default, path("staff/", include(PAGES, namespace="default"), STAFF)) == ["W017", "W017"]


def test_pages_in_the_place_of_the_apps_own_are_looked_at(settings: Any) -> None:
    own = path("staff/", include(([], "cognito_confirm"), namespace="employees"), STAFF)
    assert ids(settings, path("confirm/", include(PAGES)), own) == ["W017"]


@pytest.mark.parametrize("pool", ["stuff", None, 5])
def test_a_pool_that_does_not_exist_is_an_error(settings: Any, pool: Any) -> None:
    [message] = found(settings, path("staff/", include(PAGES, namespace="staff"), {"pool": pool}))
    assert message.id == "django_cognito_confirm.E020"
    assert repr(pool) in message.msg
    assert '"default"' in str(message.hint)


def test_a_pool_may_be_given_further_out(settings: Any) -> None:
    inner = [path("confirm/", include(PAGES, namespace="staff"))]
    assert ids(settings, path("confirm/", include(PAGES)), path("staff/", include(inner), STAFF)) == []
    assert ids(settings, path("staff/", include(inner), {"pool": "stuff"})) == ["E020"]


@pytest.mark.parametrize("pools", [None, {}, 5, "default"])
def test_what_other_checks_say_is_not_said_twice(settings: Any, pools: Any) -> None:
    settings.COGNITO_POOLS = pools
    assert ids(settings, path("confirm/", include(PAGES))) == []
