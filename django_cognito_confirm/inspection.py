"""Looks at a live pool, and says where it and the settings disagree."""

from __future__ import annotations

import enum
import secrets
from collections.abc import Iterator
from typing import Final, NamedTuple

from . import cognito
from .cognito import ClientFacts, ConfirmSignUp, PoolFacts
from .conf import Pool
from .errors import (
    Blocked,
    ConfirmSignUpError,
    Misconfigured,
    OutcomeUnknown,
    Throttled,
    Unavailable,
    UserNotFound,
)


class Level(enum.Enum):
    """How much a finding matters."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


class Finding(NamedTuple):
    """What is so, and what to do about it."""

    level: Level
    what: str
    mend: str = ""


_NOT_ALLOWED: Final = frozenset({"NoCredentialsError", "AccessDeniedException", "AccessDenied"})


def inspect(pool: Pool) -> Iterator[Finding]:
    """Look at the pool, without changing anything: by one public call, and by two more where credentials allow them.

    The public one is a ConfirmSignUp for a name that nobody has.
    """
    yield from _knock(pool)
    try:
        client = cognito.describe_user_pool_client(pool)
        facts = cognito.describe_user_pool(pool)
    except ConfirmSignUpError as error:
        yield _not_described(pool, error)
        return
    yield from _compare_client(pool, client)
    yield from _compare_pool(pool, facts)


def _knock(pool: Pool) -> Iterator[Finding]:
    nobody = f"cognito-check-{secrets.token_hex(16)}"
    try:
        cognito.confirm_sign_up(pool, ConfirmSignUp(username=nobody, code="000000"))
    except ConfirmSignUpError as error:
        answer = error
    else:
        yield Finding(Level.ERROR, "ConfirmSignUp succeeds for a name that nobody has.", "This is not Cognito.")
        return
    where = pool.endpoint_url or f"region {pool.region}"
    if isinstance(answer, Blocked):
        yield Finding(Level.ERROR, "A firewall refuses our calls.", "Let this server through (AWS WAF of the pool).")
    elif isinstance(answer, Misconfigured):
        yield _misconfigured(pool, answer, where)
    elif isinstance(answer, Unavailable | OutcomeUnknown):
        yield Finding(
            Level.ERROR,
            f"Cognito does not answer at {where}, or not as Cognito does ({answer.code}).",
            'Let this server out to it, or set "REGION" or "ENDPOINT_URL".',
        )
    elif isinstance(answer, Throttled):
        yield Finding(Level.WARNING, "Cognito answers that there are too many calls.", "Try again in a minute.")
    else:
        yield Finding(Level.OK, f"Cognito answers at {where}, and takes CLIENT_ID and CLIENT_SECRET.")
        if isinstance(answer, UserNotFound) and answer.code == "UserNotFoundException":
            yield _TELLS_WHO_EXISTS


_TELLS_WHO_EXISTS = Finding(
    Level.WARNING,
    "The app client tells who has an account (PreventUserExistenceErrors is LEGACY).",
    "Set it to ENABLED. These pages do not tell, but whoever calls Cognito without them learns it.",
)


def _misconfigured(pool: Pool, answer: Misconfigured, where: str) -> Finding:
    if answer.code == "NotAuthorizedException":
        return Finding(
            Level.ERROR,
            'The app client does not take "CLIENT_SECRET".'
            if pool.client_secret
            else 'The app client has a secret, and "CLIENT_SECRET" is not set.',
            "Copy the secret from the app client's page in the AWS console, or leave it out if that shows none.",
        )
    if answer.code == "ResourceNotFoundException":
        return Finding(
            Level.ERROR,
            f"There is no such app client at {where}.",
            'Check "CLIENT_ID" and the region of "USER_POOL_ID".',
        )
    return Finding(Level.ERROR, f"The call is refused: {cognito.explain(answer)}.", "Check the settings of this pool.")


def _not_described(pool: Pool, error: ConfirmSignUpError) -> Finding:
    if error.code in _NOT_ALLOWED:
        return Finding(
            Level.NOTE,
            f"The pool's own settings were not looked at: {cognito.explain(error)}.",
            "Credentials that allow cognito-idp:DescribeUserPool and cognito-idp:DescribeUserPoolClient show more.",
        )
    if error.code == "ResourceNotFoundException":
        return Finding(
            Level.ERROR,
            'There is no pool "USER_POOL_ID" with the app client "CLIENT_ID" for these credentials.',
            "Check both, the region, and whose account the credentials belong to.",
        )
    return Finding(Level.ERROR, f"The pool cannot be described: {cognito.explain(error)}.", "Try again later.")


def _compare_client(pool: Pool, client: ClientFacts) -> Iterator[Finding]:
    if client.has_secret and not pool.client_secret:
        yield Finding(
            Level.ERROR,
            'The app client has a secret, and "CLIENT_SECRET" is not set.',
            "Set it; keep it out of the code.",
        )
    elif pool.client_secret and not client.has_secret:
        yield Finding(Level.ERROR, 'The app client has no secret, and "CLIENT_SECRET" is set.', "Leave it out.")
    elif not client.has_secret:
        yield Finding(
            Level.WARNING,
            "The app client has no secret: whoever knows its id can call Cognito without these pages and their limits.",
            "Use an app client with a secret; the id of one that runs on a server need not be known.",
        )
    if not client.hides_users:
        yield _TELLS_WHO_EXISTS
    flows = ", ".join(client.auth_flows) or "none"
    yield Finding(Level.OK, f"Auth flows of the app client: {flows}.")
    if client.auth_flows and "ALLOW_USER_AUTH" not in client.auth_flows:
        yield Finding(
            Level.NOTE,
            "SignUp returns no Session, so nobody can be signed in by the confirmation itself.",
            "If you want that, allow ALLOW_USER_AUTH.",
        )
    if pool.send_client_ip and not (client.takes_addresses and client.has_secret):
        yield Finding(
            Level.WARNING,
            '"SEND_CLIENT_IP" is on, and the app client does not take addresses.',
            "It needs a secret and EnablePropagateAdditionalUserContextData; or switch the setting off.",
        )


def _compare_pool(pool: Pool, facts: PoolFacts) -> Iterator[Finding]:
    if facts.case_sensitive != pool.case_sensitive:
        yield Finding(
            Level.ERROR,
            f"Usernames of this pool are {'' if facts.case_sensitive else 'not '}case-sensitive.",
            f'Set "CASE_SENSITIVE" to {facts.case_sensitive}, or the ledger takes one person for two, or two for one.',
        )
    if set(facts.username_attributes) != set(pool.username_attributes):
        yield Finding(
            Level.ERROR,
            f"People sign in with: {', '.join(facts.username_attributes) or 'a username'}.",
            f'Set "USERNAME_ATTRIBUTES" to {facts.username_attributes!r}.',
        )
    if facts.alias_attributes:
        yield Finding(
            Level.NOTE,
            f"Aliases of this pool: {', '.join(facts.alias_attributes)}. They find nobody who is not confirmed yet.",
            "Have people confirm by username, as remember_sign_up does.",
        )
