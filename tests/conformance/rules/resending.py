"""ResendConfirmationCode."""

from __future__ import annotations

from ..pools import DISCREET, UserPool, answered_or_refused, new_name, refused
from .confirming import A_DEAD_CODE
from .rule import ERRORS, QUOTAS, api, rule, seen

RESEND = api("ResendConfirmationCode")


@rule("A new code arrives, and confirms", RESEND)
def a_new_code_confirms(pool: UserPool) -> None:
    ann = pool.sign_up()
    pool.resend(ann.name)
    assert len(pool.codes(ann.email)) == 2

    pool.confirm(ann.name, pool.code(ann.email))
    assert pool.status(ann.name) == "CONFIRMED"


@rule("A new code kills the one before", seen("aws-amplify/amplify-ui", 6678))
def a_new_code_kills_the_old_one(pool: UserPool) -> None:
    ann = pool.sign_up()
    old = pool.code(ann.email)
    for _ in range(2):  # chance may send the same code again, once
        pool.resend(ann.name)
    assert pool.code(ann.email) != old

    with refused(*A_DEAD_CODE):
        pool.confirm(ann.name, old)


@rule("The reply says where the code went, and no more than a mask", ERRORS)
def the_reply_to_a_resend_masks_the_address(pool: UserPool) -> None:
    ann = pool.sign_up()
    details = pool.resend(ann.name)["CodeDeliveryDetails"]

    assert (details["DeliveryMedium"], details["AttributeName"]) == ("EMAIL", "email")
    assert "***" in details["Destination"]
    assert details["Destination"] != ann.email


@rule("Those who are confirmed get no code", seen("aws-amplify/amplify-ui", 219))
def the_confirmed_get_no_code(pool: UserPool) -> None:
    ann = pool.sign_up()
    pool.confirm_as_staff(ann.name)

    with refused("InvalidParameterException", because="already confirmed"):
        pool.resend(ann.name)
    assert len(pool.codes(ann.email)) == 1


@rule("Somebody unknown is not found, and gets no code", ERRORS)
def nobody_unknown_gets_a_code(pool: UserPool) -> None:
    with refused("UserNotFoundException"):
        pool.resend(new_name())


@rule("With PreventUserExistenceErrors, somebody unknown is answered as if they were there", ERRORS, DISCREET)
def somebody_unknown_seems_to_get_a_code(pool: UserPool) -> None:
    with answered_or_refused("InvalidParameterException"):  # it does the one and the other
        assert "***" in pool.resend(new_name())["CodeDeliveryDetails"]["Destination"]


@rule("The sixth request within an hour is refused", QUOTAS)
def five_new_codes_an_hour(pool: UserPool) -> None:
    ann = pool.sign_up()
    for _ in range(5):
        pool.resend(ann.name)

    with refused("LimitExceededException"):
        pool.resend(ann.name)
    assert len(pool.codes(ann.email)) == 6


@rule("Without an address or number there is nowhere to send a code", RESEND)
def a_code_needs_somewhere_to_go(pool: UserPool) -> None:
    ann = pool.sign_up(email="")

    with refused("InvalidParameterException", "NotAuthorizedException"):
        pool.resend(ann.name)
