"""SignUp."""

from __future__ import annotations

from ..pools import (
    ALIASES,
    BY_EMAIL,
    BY_PHONE_TOO,
    CASE_SENSITIVE,
    DISCREET,
    UserPool,
    new_email,
    new_name,
    new_number,
    refused,
)
from .rule import ERRORS, NAMES, SIGNING_UP, VERIFYING, api, rule

SIGN_UP = api("SignUp")
CASES = api("UsernameConfigurationType")


@rule("Whoever signs up is UNCONFIRMED", SIGNING_UP)
def newcomers_are_unconfirmed(pool: UserPool) -> None:
    ann = pool.sign_up()

    assert ann.reply["UserConfirmed"] is False
    assert pool.status(ann.name) == "UNCONFIRMED"


@rule("The reply has the `sub`, which the person keeps", SIGN_UP)
def the_reply_has_the_sub(pool: UserPool) -> None:
    ann = pool.sign_up()

    assert pool.attributes(ann.name)["sub"] == ann.sub


@rule("An address is not verified before the code came back", VERIFYING)
def an_address_is_not_verified_at_once(pool: UserPool) -> None:
    ann = pool.sign_up()

    assert not pool.is_verified(ann.name)


@rule("The code goes to the address, of which the reply tells no more than a mask", ERRORS)
def the_reply_masks_the_address(pool: UserPool) -> None:
    ann = pool.sign_up()
    details = ann.reply["CodeDeliveryDetails"]

    assert len(pool.codes(ann.email)) == 1
    assert (details["DeliveryMedium"], details["AttributeName"]) == ("EMAIL", "email")
    assert "***" in details["Destination"]
    assert details["Destination"] != ann.email


@rule("With an address and a number, the code goes to the number", VERIFYING, BY_PHONE_TOO)
def a_number_goes_before_an_address(pool: UserPool) -> None:
    number = new_number()
    details = pool.sign_up(phone_number=number).reply["CodeDeliveryDetails"]

    assert (details["DeliveryMedium"], details["AttributeName"]) == ("SMS", "phone_number")
    assert pool.codes(number)


@rule("A name is taken once", SIGN_UP)
def a_name_is_taken_once(pool: UserPool) -> None:
    ann = pool.sign_up()

    with refused("UsernameExistsException"):
        pool.sign_up(ann.name, email=new_email())


@rule("PreventUserExistenceErrors does not hide that a name is taken", ERRORS, DISCREET)
def a_taken_name_is_not_hidden(pool: UserPool) -> None:
    ann = pool.sign_up()

    with refused("UsernameExistsException"):
        pool.sign_up(ann.name, email=new_email())


@rule("Upper and lower case are one, where the pool is told so", CASES)
def case_can_be_of_no_matter(pool: UserPool) -> None:
    ann = pool.sign_up()

    with refused("UsernameExistsException"):
        pool.sign_up(ann.name.upper(), email=new_email())
    assert pool.attributes(ann.name.title())["sub"] == ann.sub


@rule("Upper and lower case are two, where the pool is not told otherwise", CASES, CASE_SENSITIVE)
def case_can_matter(pool: UserPool) -> None:
    ann = pool.sign_up()

    assert pool.sign_up(ann.name.upper(), email=new_email()).sub != ann.sub
    with refused("UserNotFoundException"):
        pool.look_up(ann.name.title())


@rule("A password of seven characters is too short", api("PasswordPolicyType"))
def a_password_may_be_too_short(pool: UserPool) -> None:
    name = new_name()

    with refused("InvalidPasswordException"):
        pool.sign_up(name, password="Short-7")
    with refused("UserNotFoundException"):
        pool.look_up(name)


@rule("Nobody may call their own address verified", NAMES)
def nobody_verifies_themselves(pool: UserPool) -> None:
    with refused("NotAuthorizedException"):
        pool.sign_up(email_verified="true")


@rule("An attribute that is in no schema is refused", NAMES)
def an_unknown_attribute_is_refused(pool: UserPool) -> None:
    with refused("InvalidParameterException"):
        pool.sign_up(favourite_colour="blue")


@rule("An address has an address's form", NAMES)
def an_address_has_a_form(pool: UserPool) -> None:
    with refused("InvalidParameterException"):
        pool.sign_up(email="nowhere")


@rule("A name holds no blank", SIGN_UP)
def a_name_holds_no_blank(pool: UserPool) -> None:
    with refused("InvalidParameterException"):
        pool.sign_up(f"{new_name()} miller", email=new_email())


@rule("An unknown app client is not found", SIGN_UP)
def an_unknown_client_is_not_found(pool: UserPool) -> None:
    with refused("ResourceNotFoundException"):
        pool.cognito.sign_up(ClientId="nosuchclient", Username=new_name(), Password="Correct-horse-7")


@rule("Where addresses are the names, the username proper is the `sub`", NAMES, BY_EMAIL)
def the_sub_is_the_username(pool: UserPool) -> None:
    ann = pool.sign_up_by_email()
    found = pool.look_up(ann.email)

    assert found["Username"] == ann.sub
    assert pool.attributes(ann.sub)["email"] == ann.email


@rule("Where addresses are the names, nothing else is one", NAMES, BY_EMAIL)
def a_name_is_an_address(pool: UserPool) -> None:
    with refused("InvalidParameterException"):
        pool.sign_up()


@rule("Where addresses are the names, an address is taken once", NAMES, BY_EMAIL)
def an_address_is_taken_once(pool: UserPool) -> None:
    ann = pool.sign_up_by_email()

    with refused("UsernameExistsException"):
        pool.sign_up_by_email(ann.email)


@rule("Where addresses are aliases, none is a username", NAMES, ALIASES)
def no_username_looks_like_an_alias(pool: UserPool) -> None:
    with refused("InvalidParameterException"):
        pool.sign_up(new_email(), email=new_email())
