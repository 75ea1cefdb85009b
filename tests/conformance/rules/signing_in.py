"""InitiateAuth, and who may call what."""

from __future__ import annotations

from ..pools import ALIASES, DISCREET, UserPool, new_name, refused
from .rule import ERRORS, NAMES, api, guide, rule

SIGN_IN = api("InitiateAuth")
UNSIGNED = ("MissingAuthenticationToken", "MissingAuthenticationTokenException", "UnrecognizedClientException")


@rule("Name and password sign in whoever is confirmed", SIGN_IN)
def a_password_signs_in(pool: UserPool) -> None:
    ann = pool.confirmed()
    tokens = pool.sign_in(ann.name)["AuthenticationResult"]

    assert tokens["AccessToken"] != tokens["IdToken"]
    assert tokens["RefreshToken"]


@rule("A wrong password signs nobody in", SIGN_IN)
def a_wrong_password_signs_nobody_in(pool: UserPool) -> None:
    ann = pool.confirmed()

    with refused("NotAuthorizedException"):
        pool.sign_in(ann.name, "Wrong-horse-8")


@rule("Nobody signs in before they are confirmed", SIGN_IN)
def the_unconfirmed_do_not_sign_in(pool: UserPool) -> None:
    ann = pool.sign_up()

    with refused("UserNotConfirmedException"):
        pool.sign_in(ann.name)


@rule("Somebody unknown is told so at sign-in", ERRORS)
def the_unknown_are_told_at_sign_in(pool: UserPool) -> None:
    with refused("UserNotFoundException"):
        pool.sign_in(new_name())


@rule("With PreventUserExistenceErrors, somebody unknown has a wrong password", ERRORS, DISCREET)
def the_unknown_have_a_wrong_password(pool: UserPool) -> None:
    ann = pool.confirmed()
    for name in (ann.name, new_name()):
        with refused("NotAuthorizedException", because="Incorrect username or password"):
            pool.sign_in(name, "Wrong-horse-8")


@rule("A verified alias signs in", NAMES, ALIASES)
def a_verified_alias_signs_in(pool: UserPool) -> None:
    ann = pool.confirmed()

    assert pool.sign_in(ann.email)["AuthenticationResult"]


@rule("Staff's calls want a signature", guide("API requests", "authentication-flows-public-server-side"))
def staff_sign_their_calls(pool: UserPool) -> None:
    ann = pool.sign_up()

    with refused(*UNSIGNED):
        pool.stranger.admin_confirm_sign_up(UserPoolId=pool.pool_id, Username=ann.name)
    assert pool.status(ann.name) == "UNCONFIRMED"
