"""A local Cognito for development and tests: an optional Django app, label ``cognito_sandbox``, refused in production.

Two ways in. ``attach`` answers a boto3 client's calls inside the process, without a socket. The URLconf
``django_cognito_confirm.sandbox.urls`` speaks Cognito's JSON 1.1 over HTTP, to loopback only, for other clients such as
``aws cognito-idp … --endpoint-url http://127.0.0.1:8000/cognito/``.

State is kept in the site's database, keyed on the id of the user pool. Rules come from Amazon's guide and API model;
where those are silent, a comment beside the rule says so. What it has not: signatures are not checked, there are no
quotas of the account, one Lambda trigger alone (post confirmation), and listings never lag behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.client import BaseClient

__all__ = ["attach", "key_set"]


def attach(client: BaseClient, pool_alias: str = "default") -> None:
    """Let the sandbox answer every call of ``client`` (boto3, ``cognito-idp``) for the pool ``pool_alias``.

    The pool's settings are read at each call, in the thread and on the database connection of the caller. A second
    ``attach`` on the same client changes nothing. Raises ``ImproperlyConfigured`` when ``DEBUG`` is off and Django's
    test environment is not set up.
    """
    # The models behind these cannot be imported before Django is ready, nor may this package import botocore.
    from .in_process import register

    register(client, pool_alias)


def key_set(user_pool_id: str) -> dict[str, Any]:
    """Return the public keys that check the tokens of a pool, as its ``jwks.json`` has them."""
    from . import safety, tokens

    safety.refuse_production()
    return tokens.key_set(user_pool_id)
