"""Staff verify an address only where nobody loses it by that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from django_cognito_confirm import cognito
from django_cognito_confirm.conf import get_pool
from django_cognito_confirm.errors import AliasConflict, Misconfigured, Unavailable, UserNotFound
from django_cognito_confirm.sandbox.models import SandboxUser
from django_cognito_confirm.verifying import AccountDiffers, AddressDiffers, verify_email
from tests.conftest import last_code, sign_up
from tests.faults import FaultServer, operations
from tests.faults.behaviours import error

pytestmark = pytest.mark.django_db

Pools = Callable[..., None]
ADDRESS = "alice@example.com"
UPDATE = "AdminUpdateUserAttributes"


@pytest.fixture
def alias_pool(pools: Pools) -> None:
    pools(SANDBOX={"ALIAS_ATTRIBUTES": ["email"]})


def confirm(username: str) -> None:
    """Confirm whoever signed up last, which verifies the address."""
    cognito.confirm_sign_up(get_pool(), cognito.ConfirmSignUp(username=username, code=last_code()))


def verified() -> list[str]:
    """Return whose address the sandbox has as verified."""
    return list(SandboxUser.objects.filter(email_verified=True).order_by("pk").values_list("username", flat=True))


def add(server: FaultServer, username: str, email: str = ADDRESS, **attributes: str) -> None:
    server.users.add(username, status="CONFIRMED", attributes={"email": email, **attributes})


# --- what is verified -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("alias_pool")
def test_a_person_signs_in_with_the_address_that_staff_verified() -> None:
    sign_up("alice")

    assert verify_email("alice", ADDRESS)
    assert verified() == ["alice"]
    assert cognito.admin_get_user(get_pool(), ADDRESS).username == "alice"


def test_an_address_that_is_verified_is_left_alone(server: FaultServer) -> None:
    add(server, "alice", email_verified="true")

    assert not verify_email("alice", ADDRESS)
    assert server.called(UPDATE) == []


def test_it_stays_verified_whoever_takes_the_same_address_later(server: FaultServer) -> None:
    add(server, "alice", email_verified="true")
    add(server, "mallory")

    assert not verify_email("alice", ADDRESS)


def test_nothing_but_the_verification_is_changed(server: FaultServer) -> None:
    add(server, "Alice", "Alice@example.com")

    verify_email("alice", ADDRESS)

    [body] = server.called(UPDATE)
    assert body["Username"] == "Alice"
    assert body["UserAttributes"] == [
        {"Name": "email", "Value": "Alice@example.com"},
        {"Name": "email_verified", "Value": "true"},
    ]


def test_an_address_that_the_person_has_changed_to_meanwhile_is_not_verified(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(server, "mallory", ADDRESS)
    update = operations.OPERATIONS[UPDATE]

    def change_first(users: Any, body: dict[str, Any]) -> Any:
        users.get("mallory").attributes["email"] = "bob@example.com"
        return update(users, body)

    monkeypatch.setitem(operations.OPERATIONS, UPDATE, change_first)
    verify_email("mallory", ADDRESS)

    attributes = cognito.admin_get_user(get_pool(), "mallory").attributes
    assert (attributes["email"], attributes["email_verified"]) == (ADDRESS, "true")


@pytest.mark.parametrize(
    ("here", "in_the_pool"),
    [
        ("Alice@Example.com", ADDRESS),
        (ADDRESS, "Alice@Example.com"),
        ("alice@example.COM", "ALICE@example.com"),
    ],
)
def test_the_case_of_an_address_makes_no_difference(here: str, in_the_pool: str) -> None:
    sign_up("alice", email=in_the_pool)

    assert verify_email("alice", here)
    assert verified() == ["alice"]


def test_the_case_of_a_name_makes_none_either() -> None:
    sign_up("alice")

    assert verify_email("ALICE", ADDRESS)


def test_a_quote_in_an_address_is_part_of_it(server: FaultServer) -> None:
    address = '"al\\"ice"@example.com'
    add(server, "alice", address)
    add(server, "mallory", "mallory@example.com")

    assert verify_email("alice", address)
    assert server.called("ListUsers")[0]["Filter"] == r'email = "\"al\\\"ice\"@example.com"'


def test_an_address_too_long_for_a_filter_is_found_by_its_beginning() -> None:
    address = f"alice@{'example.' * 30}com"
    sign_up("alice", email=address)
    sign_up("bob", email=address.replace("com", "org"))

    assert verify_email("alice", address)


# --- what is not ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("alias_pool")
def test_nobody_loses_an_alias() -> None:
    sign_up("alice")
    confirm("alice")
    sign_up("mallory", email=ADDRESS)

    with pytest.raises(AliasConflict):
        verify_email("mallory", ADDRESS)
    assert verified() == ["alice"]


@pytest.mark.usefixtures("alias_pool")
def test_an_alias_in_another_case_is_the_same_alias() -> None:
    sign_up("alice", email="ALICE@Example.com")
    confirm("alice")
    sign_up("mallory", email=ADDRESS)

    with pytest.raises(AliasConflict):
        verify_email("mallory", ADDRESS)
    assert verified() == ["alice"]


@pytest.mark.parametrize(
    ("hers", "here", "in_the_pool"),
    [
        (ADDRESS, ADDRESS, ADDRESS),
        (ADDRESS, "Alice@example.com", "Alice@example.com"),
        ("Alice@example.com", "Alice@example.com", ADDRESS),
        ("Alice@example.com", ADDRESS, "Alice@example.com"),
    ],
)
def test_an_address_that_two_carry_is_neithers(hers: str, here: str, in_the_pool: str) -> None:
    sign_up("alice", email=hers)
    sign_up("mallory", email=in_the_pool)

    with pytest.raises(AliasConflict):
        verify_email("mallory", here)
    assert verified() == []


def test_an_address_that_is_anothers_username_is_theirs() -> None:
    sign_up("alice@example.com", email="alice@example.org")
    sign_up("mallory", email=ADDRESS)

    with pytest.raises(AliasConflict):
        verify_email("mallory", ADDRESS)


def test_the_second_who_carries_it_may_be_on_another_page(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "PAGE", 1)
    add(server, "alice")
    add(server, "mallory")

    with pytest.raises(AliasConflict):
        verify_email("alice", ADDRESS)
    assert server.called(UPDATE) == []


@pytest.mark.parametrize("here", ["alice@example.org", "", "alice@example.com ", 'x" or email ^= "alice'])
def test_an_address_that_the_account_has_not_is_not_verified(here: str) -> None:
    sign_up("alice")
    sign_up("bob", email="alice@example.org")

    with pytest.raises(AddressDiffers):
        verify_email("alice", here)
    assert verified() == []


def test_an_account_that_is_not_the_one_known_is_left_alone() -> None:
    former = sign_up("alice")["UserSub"]
    SandboxUser.objects.all().delete()
    sub = sign_up("alice")["UserSub"]

    with pytest.raises(AccountDiffers):
        verify_email("alice", ADDRESS, sub=former)
    assert verified() == []
    assert verify_email("alice", ADDRESS, sub=sub)


def test_an_account_without_an_address_has_another_one() -> None:
    sign_up("alice", email="", phone_number="+15551234567")

    with pytest.raises(AddressDiffers):
        verify_email("alice", ADDRESS)


def test_without_an_address_here_nothing_is_asked(server: FaultServer) -> None:
    server.users.add("alice")

    with pytest.raises(AddressDiffers):
        verify_email("alice", "")
    assert server.calls == []


def test_staff_are_told_what_to_do_about_two_addresses() -> None:
    assert "Ask the person" in str(AddressDiffers().message)
    assert AddressDiffers().kind == "address_differs"


def test_a_name_that_the_pool_does_not_have_is_not_found() -> None:
    sign_up("bob", email=ADDRESS)

    with pytest.raises(UserNotFound):
        verify_email("alice", ADDRESS)
    assert verified() == []


@pytest.mark.usefixtures("alias_pool")
def test_an_alias_is_not_a_name() -> None:
    sign_up("alice")
    verify_email("alice", ADDRESS)

    with pytest.raises(UserNotFound):
        verify_email(ADDRESS, "bob@example.com")


def test_names_in_another_case_are_others_where_the_pool_says_so(pools: Pools) -> None:
    pools(CASE_SENSITIVE=True)
    sign_up("Alice", email=ADDRESS)

    with pytest.raises(UserNotFound):
        verify_email("alice", ADDRESS)


# --- pools where people sign in with an address or number -------------------------------------------------------------


@pytest.mark.parametrize("by_sub", [False, True])
def test_where_the_address_is_the_name_either_is_understood(pools: Pools, by_sub: bool) -> None:
    pools(USERNAME_ATTRIBUTES=["email"])
    sub = sign_up(ADDRESS, email="")["UserSub"]

    assert verify_email(sub if by_sub else "Alice@example.com", ADDRESS)
    assert verified() == [sub]


@pytest.mark.parametrize("name", [ADDRESS, "+15551234567"])
def test_where_numbers_are_names_too_the_only_one_who_carries_the_address_is_meant(pools: Pools, name: str) -> None:
    pools(USERNAME_ATTRIBUTES=["email", "phone_number"])
    sub = sign_up(name, email=ADDRESS, phone_number="+15551234567")["UserSub"]

    assert verify_email(name, ADDRESS)
    assert verified() == [sub]


def test_where_numbers_are_names_too_an_address_of_two_is_neithers(pools: Pools) -> None:
    pools(USERNAME_ATTRIBUTES=["email", "phone_number"])
    sign_up(ADDRESS, email="")
    sign_up("+15551234567", email=ADDRESS)

    with pytest.raises(AliasConflict):
        verify_email(ADDRESS, ADDRESS)
    assert verified() == []


def test_a_name_that_somebody_else_has_verified_is_theirs(pools: Pools) -> None:
    pools(USERNAME_ATTRIBUTES=["email", "phone_number"])
    sign_up("+15551234567", email=ADDRESS)
    sub = sign_up(ADDRESS, email="")["UserSub"]
    confirm(ADDRESS)

    assert not verify_email(ADDRESS, ADDRESS)
    assert verified() == [sub]


# --- faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["ListUsers", "AdminGetUser", UPDATE])
def test_the_iam_action_that_is_missing_is_named(server: FaultServer, operation: str) -> None:
    add(server, "alice")
    server.default(operation, "access_denied")

    with pytest.raises(Misconfigured) as caught:
        verify_email("alice", ADDRESS)
    assert f"cognito-idp:{operation}" in cognito.explain(caught.value)


def test_what_cognito_itself_says_of_another_account_is_believed(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(server, "alice")
    conflict = error("AliasExistsException", "An account with the email already exists.")
    monkeypatch.setitem(operations.OPERATIONS, UPDATE, lambda *_: conflict)

    with pytest.raises(AliasConflict):
        verify_email("alice", ADDRESS)


def test_after_a_lost_answer_it_is_tried_again(server: FaultServer) -> None:
    add(server, "alice")
    server.script(UPDATE, "drop_after")

    assert verify_email("alice", ADDRESS)
    assert len(server.called(UPDATE)) == 2


@pytest.mark.parametrize(("fault", "expected"), [("unknown_code", Unavailable), ("lambda_error", Misconfigured)])
def test_an_answer_that_is_neither_yes_nor_no_is_not_taken_for_one(
    server: FaultServer, fault: str, expected: type[Exception]
) -> None:
    add(server, "alice")
    server.script(UPDATE, fault)

    with pytest.raises(expected):
        verify_email("alice", ADDRESS)


def test_a_pool_of_another_alias_is_looked_at(pools: Pools) -> None:
    pools("staff", USER_POOL_ID="eu-west-1_Staff0001", CLIENT_ID="staffclient1example")
    sign_up("alice", pool="staff")

    with pytest.raises(UserNotFound):
        verify_email("alice", ADDRESS)
    assert verify_email("alice", ADDRESS, pool="staff")


def test_a_listing_that_says_nothing_is_no_proof_that_nobody_is_there(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(server, "alice")
    empty: dict[str, Any] = {}
    monkeypatch.setitem(operations.OPERATIONS, "ListUsers", lambda *_: empty)

    with pytest.raises(Unavailable):
        verify_email("alice", ADDRESS)
    assert server.called(UPDATE) == []
