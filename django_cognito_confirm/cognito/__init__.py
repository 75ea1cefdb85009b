"""Calls Cognito by boto3: cached clients for each pool, built when they are needed, the secret hash, the operations.

boto3 is imported when it is first needed, never with a module: it costs a process 175 ms and 34 MB.
"""

from .calls import explain
from .clients import MAX_CONNECTIONS, PUBLIC, admin_client, get_client, get_clients, public_client
from .keys import fetch_keys
from .messages import ClientFacts, ConfirmSignUp, Delivery, KeySet, ListedUser, PoolFacts, Tokens
from .operations import (
    admin_confirm_sign_up,
    admin_get_user,
    admin_verify_email,
    confirm_sign_up,
    describe_user_pool,
    describe_user_pool_client,
    list_user_pages,
    list_users,
    resend_confirmation_code,
    secret_hash,
    sign_in_with_session,
)
from .warming import warm_up

__all__ = [
    "MAX_CONNECTIONS",
    "PUBLIC",
    "ClientFacts",
    "ConfirmSignUp",
    "Delivery",
    "KeySet",
    "ListedUser",
    "PoolFacts",
    "Tokens",
    "admin_client",
    "admin_confirm_sign_up",
    "admin_get_user",
    "admin_verify_email",
    "confirm_sign_up",
    "describe_user_pool",
    "describe_user_pool_client",
    "explain",
    "fetch_keys",
    "get_client",
    "get_clients",
    "list_user_pages",
    "list_users",
    "public_client",
    "resend_confirmation_code",
    "secret_hash",
    "sign_in_with_session",
    "warm_up",
]
