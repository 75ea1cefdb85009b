from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from django_cognito_confirm.sandbox.models import SandboxUser

from . import people
from .people import POOL_ID, refused

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

    from .conftest import SetPool

SHARED = "shared@example.org"


@pytest.fixture
def alias_pool(set_pool: SetPool) -> None:
    set_pool(SANDBOX={"ALIAS_ATTRIBUTES": ["email", "phone_number"], "PREVENT_USER_EXISTENCE_ERRORS": False})


@pytest.fixture
def email_pool(set_pool: SetPool) -> None:
    set_pool(USERNAME_ATTRIBUTES=("email",))


@pytest.mark.usefixtures("alias_pool")
class TestAliasPools:
    def test_an_unconfirmed_user_is_not_found_by_email(self, cognito: CognitoIdentityProviderClient) -> None:
        people.sign_up(cognito, "ann", email=SHARED)

        with refused("UserNotFoundException", "Username/client id combination not found."):
            people.confirm(cognito, SHARED)
        with refused("UserNotFoundException"):
            people.resend(cognito, SHARED)

    def test_a_verified_email_finds_the_user_in_any_case(self, cognito: CognitoIdentityProviderClient) -> None:
        people.sign_up(cognito, "ann", email=SHARED)
        people.confirm(cognito, "ann")

        assert people.sign_in(cognito, SHARED.upper())["AuthenticationResult"]
        assert cognito.admin_get_user(UserPoolId=POOL_ID, Username=SHARED)["Username"] == "ann"

    def test_an_email_that_staff_confirmed_is_no_alias(self, cognito: CognitoIdentityProviderClient) -> None:
        people.sign_up(cognito, "ann", email=SHARED)
        cognito.admin_confirm_sign_up(UserPoolId=POOL_ID, Username="ann")

        with refused("UserNotFoundException", "User does not exist."):
            people.sign_in(cognito, SHARED)

    def test_an_email_typed_for_a_new_account_speaks_of_its_confirmed_owner(
        self, cognito: CognitoIdentityProviderClient
    ) -> None:
        people.sign_up(cognito, "ann", email=SHARED)
        people.confirm(cognito, "ann")
        people.sign_up(cognito, "bob", email=SHARED)

        with refused("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED"):
            people.confirm(cognito, SHARED)

    def test_a_taken_alias_is_told_after_the_right_code_only(self, cognito: CognitoIdentityProviderClient) -> None:
        people.sign_up(cognito, "ann", email=SHARED)
        people.confirm(cognito, "ann")
        people.sign_up(cognito, "bob", email=SHARED)

        with refused("CodeMismatchException"):
            people.confirm(cognito, "bob", code=people.wrong_code())
        with refused("AliasExistsException", "An account with the email already exists."):
            people.confirm(cognito, "bob")
        assert people.user("bob").status == "UNCONFIRMED"

    def test_force_alias_creation_moves_the_alias_and_the_code_is_still_good(
        self, cognito: CognitoIdentityProviderClient
    ) -> None:
        people.sign_up(cognito, "ann", email=SHARED)
        people.confirm(cognito, "ann")
        people.sign_up(cognito, "bob", email=SHARED)
        with refused("AliasExistsException"):
            people.confirm(cognito, "bob")
        people.confirm(cognito, "bob", ForceAliasCreation=True)

        assert cognito.admin_get_user(UserPoolId=POOL_ID, Username=SHARED)["Username"] == "bob"
        assert people.attributes(cognito, "bob")["email_verified"] == "true"
        assert people.attributes(cognito, "ann")["email_verified"] == "false"
        assert people.user("ann").status == "CONFIRMED"

    @pytest.mark.parametrize(("name", "kind"), [("a@example.org", "email"), ("+15551234567", "phone number")])
    def test_a_username_of_an_aliass_form_is_refused(
        self, cognito: CognitoIdentityProviderClient, name: str, kind: str
    ) -> None:
        message = f"Username cannot be of {kind} format, since user pool is configured for {kind} alias."
        with refused("InvalidParameterException", message):
            people.sign_up(cognito, name)


@pytest.mark.usefixtures("email_pool")
class TestUsernameAttributes:
    def test_the_username_is_the_sub_and_the_email_is_kept_as_typed(
        self, cognito: CognitoIdentityProviderClient
    ) -> None:
        sub = people.sign_up(cognito, "Ann@example.org", name="Ann")["UserSub"]
        reply = cognito.admin_get_user(UserPoolId=POOL_ID, Username="ann@example.org")

        assert reply["Username"] == sub
        assert people.attributes(cognito, sub)["email"] == "Ann@example.org"

    @pytest.mark.parametrize("by_sub", [True, False])
    def test_an_unconfirmed_user_is_found_by_email_and_by_sub(
        self, cognito: CognitoIdentityProviderClient, *, by_sub: bool
    ) -> None:
        sub = people.sign_up(cognito, "ann@example.org")["UserSub"]
        people.confirm(cognito, sub if by_sub else "ANN@example.org")

        assert people.user(sub).status == "CONFIRMED"
        assert people.user(sub).email_verified

    def test_an_email_that_exists_is_refused(self, cognito: CognitoIdentityProviderClient) -> None:
        people.sign_up(cognito, "ann@example.org")

        with refused("UsernameExistsException", "An account with the given email already exists."):
            people.sign_up(cognito, "ann@EXAMPLE.org")
        assert SandboxUser.objects.count() == 1

    @pytest.mark.parametrize(
        ("attributes", "expected"),
        [
            (("email",), "an email"),
            (("phone_number",), "a phone number"),
            (("phone_number", "email"), "either an email or a phone number"),
        ],
    )
    def test_a_name_of_another_form_is_refused(
        self, cognito: CognitoIdentityProviderClient, set_pool: SetPool, attributes: tuple[str, ...], expected: str
    ) -> None:
        set_pool(USERNAME_ATTRIBUTES=attributes)

        with refused("InvalidParameterException", f"Username should be {expected}."):
            people.sign_up(cognito, "ann")

    def test_a_second_sign_in_name_works_once_it_is_verified(
        self, cognito: CognitoIdentityProviderClient, set_pool: SetPool
    ) -> None:
        set_pool(USERNAME_ATTRIBUTES=("email", "phone_number"))
        people.sign_up(cognito, "ann@example.org", phone_number="+15551234567")
        with refused("CodeMismatchException"):
            people.confirm(cognito, "+15551234567")
        people.confirm(cognito, "ann@example.org")

        assert people.sign_in(cognito, "+15551234567")["AuthenticationResult"]
