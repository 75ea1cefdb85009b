"""AdminConfirmSignUp, AdminGetUser and AdminUpdateUserAttributes."""

from __future__ import annotations

from ..pools import ALIASES, UserPool, new_name, refused
from .rule import NAMES, SIGNING_UP, api, rule

CONFIRM = api("AdminConfirmSignUp")
LOOK = api("AdminGetUser")


@rule("Staff confirm without a code", CONFIRM)
def staff_confirm_without_a_code(pool: UserPool) -> None:
    ann = pool.sign_up()
    pool.confirm_as_staff(ann.name)

    assert pool.status(ann.name) == "CONFIRMED"


@rule("Staff's word verifies no address", SIGNING_UP)
def staff_verify_no_address(pool: UserPool) -> None:
    ann = pool.sign_up()
    pool.confirm_as_staff(ann.name)

    assert pool.status(ann.name) == "CONFIRMED"
    assert not pool.is_verified(ann.name)


@rule("Staff confirm nobody twice, and are told what the person is", CONFIRM)
def staff_confirm_nobody_twice(pool: UserPool) -> None:
    ann = pool.sign_up()
    pool.confirm_as_staff(ann.name)

    with refused("NotAuthorizedException", because="status is CONFIRMED"):
        pool.confirm_as_staff(ann.name)


@rule("Staff are told that somebody is unknown", CONFIRM)
def staff_are_told_of_the_unknown(pool: UserPool) -> None:
    with refused("UserNotFoundException"):
        pool.confirm_as_staff(new_name())
    with refused("UserNotFoundException"):
        pool.look_up(new_name())


@rule("An unknown user pool is not found", LOOK)
def an_unknown_pool_is_not_found(pool: UserPool) -> None:
    region = pool.pool_id.partition("_")[0]

    with refused("ResourceNotFoundException"):
        pool.cognito.admin_get_user(UserPoolId=f"{region}_Nowhere11", Username=new_name())


@rule("Staff see status, dates and attributes, which are strings", LOOK)
def staff_see_a_person(pool: UserPool) -> None:
    ann = pool.sign_up()
    found = pool.look_up(ann.name)

    assert found["Username"] == ann.name
    assert found["Enabled"] is True
    assert found["UserCreateDate"] <= found["UserLastModifiedDate"]
    assert {item["Name"]: item["Value"] for item in found["UserAttributes"]}["email"] == ann.email


@rule("Staff can verify an address, which is an alias from then on", NAMES, ALIASES)
def staff_can_verify_an_address(pool: UserPool) -> None:
    ann = pool.sign_up()
    pool.confirm_as_staff(ann.name)
    with refused("UserNotFoundException"):
        pool.look_up(ann.email)

    pool.cognito.admin_update_user_attributes(
        UserPoolId=pool.pool_id, Username=ann.name, UserAttributes=[{"Name": "email_verified", "Value": "true"}]
    )
    assert pool.look_up(ann.email)["Username"] == ann.name
