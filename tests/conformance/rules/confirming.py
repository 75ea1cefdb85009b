"""ConfirmSignUp."""

from __future__ import annotations

from ..pools import ALIASES, BY_EMAIL, BY_PHONE_TOO, DISCREET, SESSIONS, Person, UserPool, new_name, new_number, refused
from .rule import ERRORS, NAMES, QUOTAS, SIGNING_UP, VERIFYING, api, rule, seen

CONFIRM = api("ConfirmSignUp")
A_DEAD_CODE = ("CodeMismatchException", "ExpiredCodeException")


@rule("The right code confirms", CONFIRM)
def the_right_code_confirms(pool: UserPool) -> None:
    ann = pool.confirmed()

    assert pool.status(ann.name) == "CONFIRMED"


@rule("The right code verifies the address that it was sent to", VERIFYING)
def the_right_code_verifies(pool: UserPool) -> None:
    ann = pool.confirmed()

    assert pool.is_verified(ann.name)


@rule("Of an address and a number, the right code verifies the one that it was sent to", VERIFYING, BY_PHONE_TOO)
def the_right_code_verifies_one_of_two(pool: UserPool) -> None:
    number = new_number()
    ann = pool.sign_up(phone_number=number)
    pool.confirm(ann.name, pool.code(number))

    assert pool.is_verified(ann.name, "phone_number")
    assert not pool.is_verified(ann.name, "email")


@rule("A wrong code is refused, and confirms nobody", CONFIRM)
def a_wrong_code_confirms_nobody(pool: UserPool) -> None:
    ann = pool.sign_up()

    with refused("CodeMismatchException"):
        pool.confirm(ann.name, pool.wrong_code(ann.email))
    assert pool.status(ann.name) == "UNCONFIRMED"


@rule("After a wrong code, the right one is still good", CONFIRM)
def a_wrong_code_spoils_nothing(pool: UserPool) -> None:
    ann = pool.sign_up()
    with refused("CodeMismatchException"):
        pool.confirm(ann.name, pool.wrong_code(ann.email))

    pool.confirm(ann.name, pool.code(ann.email))
    assert pool.status(ann.name) == "CONFIRMED"


@rule("Nobody is confirmed twice, and the refusal says what they are", seen("aws-amplify/amplify-ui", 219))
def nobody_is_confirmed_twice(pool: UserPool) -> None:
    ann = pool.confirmed()

    with refused("NotAuthorizedException", because="status is CONFIRMED"):
        pool.confirm(ann.name, pool.code(ann.email))


@rule("Of those who are confirmed, the code is not looked at", seen("aws-amplify/amplify-ui", 219))
def the_code_of_the_confirmed_is_not_looked_at(pool: UserPool) -> None:
    ann = pool.confirmed()

    with refused("NotAuthorizedException", because="status is CONFIRMED"):
        pool.confirm(ann.name, pool.wrong_code(ann.email))


@rule("Somebody unknown is not found", ERRORS)
def somebody_unknown_is_not_found(pool: UserPool) -> None:
    with refused("UserNotFoundException"):
        pool.confirm(new_name(), "123456")


@rule("With PreventUserExistenceErrors, somebody unknown has a wrong code", ERRORS, DISCREET)
def somebody_unknown_has_a_wrong_code(pool: UserPool) -> None:
    with refused(*A_DEAD_CODE, "NotAuthorizedException"):
        pool.confirm(new_name(), "123456")


@rule("PreventUserExistenceErrors does not hide who is confirmed", ERRORS, DISCREET)
def the_confirmed_are_not_hidden(pool: UserPool) -> None:
    ann = pool.confirmed()

    with refused("NotAuthorizedException", because="status is CONFIRMED"):
        pool.confirm(ann.name, pool.wrong_code(ann.email))


@rule("The sixteenth attempt within an hour is refused, with the right code too", QUOTAS)
def fifteen_attempts_an_hour(pool: UserPool) -> None:
    ann = pool.sign_up()
    for _ in range(15):
        with refused("CodeMismatchException"):
            pool.confirm(ann.name, pool.wrong_code(ann.email))

    with refused("LimitExceededException"):
        pool.confirm(ann.name, pool.code(ann.email))
    assert pool.status(ann.name) == "UNCONFIRMED"


@rule("A code holds no blank", CONFIRM)
def a_code_holds_no_blank(pool: UserPool) -> None:
    ann = pool.sign_up()

    with refused("InvalidParameterException"):
        pool.confirm(ann.name, "12 34 56")


@rule("A code has 2,048 characters at most", CONFIRM)
def a_code_may_be_too_long(pool: UserPool) -> None:
    ann = pool.sign_up()

    with refused("InvalidParameterException"):
        pool.confirm(ann.name, "1" * 2049)


@rule("ClientMetadata is taken", CONFIRM)
def client_metadata_is_taken(pool: UserPool) -> None:
    ann = pool.sign_up()

    pool.confirm(ann.name, pool.code(ann.email), ClientMetadata={"language": "en"})
    assert pool.status(ann.name) == "CONFIRMED"


@rule("Where addresses are the names, one is good at once, and the `sub` as well", NAMES, BY_EMAIL)
def an_address_is_good_at_once(pool: UserPool) -> None:
    ann, bob = pool.sign_up_by_email(), pool.sign_up_by_email()
    pool.confirm(ann.email, pool.code(ann.email))
    pool.confirm(bob.sub, pool.code(bob.email))

    assert (pool.status(ann.sub), pool.status(bob.sub)) == ("CONFIRMED", "CONFIRMED")


@rule("An alias finds nobody before it is verified", seen("amazon-archives/amazon-cognito-identity-js", 277), ALIASES)
def an_unverified_alias_finds_nobody(pool: UserPool) -> None:
    ann = pool.sign_up()

    with refused("UserNotFoundException"):
        pool.confirm(ann.email, pool.code(ann.email))


@rule("A verified alias finds its owner", NAMES, ALIASES)
def a_verified_alias_finds_its_owner(pool: UserPool) -> None:
    ann = pool.confirmed()

    assert pool.look_up(ann.email)["Username"] == ann.name


def _two_with_one_address(pool: UserPool) -> tuple[Person, Person]:
    """Somebody confirmed, and somebody who has just signed up with the same address."""
    owner = pool.confirmed()
    return owner, pool.sign_up(email=owner.email)


@rule("An alias that somebody has is not given to another", CONFIRM, ALIASES)
def an_alias_stays_with_its_owner(pool: UserPool) -> None:
    owner, bob = _two_with_one_address(pool)

    with refused("AliasExistsException"):
        pool.confirm(bob.name, pool.code(bob.email))
    assert (pool.status(bob.name), pool.is_verified(owner.name)) == ("UNCONFIRMED", True)


@rule("That an alias is taken is told to the right code alone", ERRORS, ALIASES)
def a_wrong_code_does_not_tell_of_an_alias(pool: UserPool) -> None:
    _owner, bob = _two_with_one_address(pool)

    with refused("CodeMismatchException"):
        pool.confirm(bob.name, pool.wrong_code(bob.email))


@rule("ForceAliasCreation moves an alias, which is no longer verified for its owner", CONFIRM, ALIASES)
def an_alias_can_be_taken_over(pool: UserPool) -> None:
    owner, bob = _two_with_one_address(pool)
    pool.confirm(bob.name, pool.code(bob.email), ForceAliasCreation=True)

    assert pool.look_up(bob.email)["Username"] == bob.name
    assert (pool.is_verified(bob.name), pool.is_verified(owner.name)) == (True, False)


@rule("SignUp's Session, confirmed by the code, signs in without a password", SIGNING_UP, SESSIONS)
def a_session_signs_in(pool: UserPool) -> None:
    ann = pool.sign_up()
    session = pool.confirm(ann.name, pool.code(ann.email), Session=ann.session)["Session"]
    reply = pool.cognito.initiate_auth(
        ClientId=pool.client_id, AuthFlow="USER_AUTH", Session=session, AuthParameters={"USERNAME": ann.name}
    )

    assert reply["AuthenticationResult"]["AccessToken"]


@rule("App clients without ALLOW_USER_AUTH are given no Session", seen("aws/aws-sdk-js-v3", 6724))
def not_every_client_is_given_a_session(pool: UserPool) -> None:
    assert "Session" not in pool.sign_up().reply


@rule("After a wrong code, the Session is still good", seen("aws-amplify/amplify-android", 3136), SESSIONS)
def a_wrong_code_does_not_spoil_the_session(pool: UserPool) -> None:
    ann = pool.sign_up()
    with refused("CodeMismatchException"):
        pool.confirm(ann.name, pool.wrong_code(ann.email), Session=ann.session)

    assert pool.confirm(ann.name, pool.code(ann.email), Session=ann.session)["Session"]
