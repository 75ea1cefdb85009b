"""App clients with a secret."""

from __future__ import annotations

from ..pools import SECRET, UserPool, new_name, refused
from .rule import SIGNING_UP, api, rule

WRONG = {"SecretHash": "d3JvbmcgYnV0IG9mIHRoZSByaWdodCBsZW5ndGggISE="}


@rule("With a secret, SignUp wants its hash", SIGNING_UP, SECRET)
def signing_up_wants_the_hash(pool: UserPool) -> None:
    name = new_name()

    with refused("NotAuthorizedException"):
        pool.cognito.sign_up(ClientId=pool.client_id, Username=name, Password="Correct-horse-7")
    with refused("UserNotFoundException"):
        pool.look_up(name)


@rule("With a secret, ConfirmSignUp wants its hash, and the right one", SIGNING_UP, SECRET)
def confirming_wants_the_hash(pool: UserPool) -> None:
    ann = pool.sign_up()
    code = pool.code(ann.email)

    with refused("NotAuthorizedException"):
        pool.cognito.confirm_sign_up(ClientId=pool.client_id, Username=ann.name, ConfirmationCode=code)
    with refused("NotAuthorizedException"):
        pool.confirm(ann.name, code, **WRONG)
    assert pool.status(ann.name) == "UNCONFIRMED"
    pool.confirm(ann.name, code)


@rule("With a secret, ResendConfirmationCode wants its hash", SIGNING_UP, SECRET)
def resending_wants_the_hash(pool: UserPool) -> None:
    ann = pool.sign_up()

    with refused("NotAuthorizedException"):
        pool.cognito.resend_confirmation_code(ClientId=pool.client_id, Username=ann.name)
    assert len(pool.codes(ann.email)) == 1


@rule("The hash is made from the name of the same request, so one of another name is refused", SIGNING_UP, SECRET)
def the_hash_is_of_the_name(pool: UserPool) -> None:
    ann, bob = pool.sign_up(), pool.sign_up()

    with refused("NotAuthorizedException"):
        pool.confirm(ann.name, pool.code(ann.email), **pool.secret_hash(bob.name))


@rule("With a secret, InitiateAuth wants its hash", api("InitiateAuth"), SECRET)
def signing_in_wants_the_hash(pool: UserPool) -> None:
    ann = pool.confirmed()

    with refused("NotAuthorizedException"):
        pool.cognito.initiate_auth(
            ClientId=pool.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": ann.name, "PASSWORD": "Correct-horse-7"},
        )
    assert pool.sign_in(ann.name)["AuthenticationResult"]
