"""The sandbox's user pools, one of each kind."""

from __future__ import annotations

from typing import Any

import boto3
import botocore
from botocore.config import Config

from .pools import KINDS, Kind, UserPool

REGION = "eu-west-1"
CALLS = Config(retries={"total_max_attempts": 1, "mode": "standard"}, connect_timeout=5, read_timeout=20)


def options(kind: Kind) -> dict[str, Any]:
    """Return the entry of ``COGNITO_POOLS`` that makes the sandbox a pool of this kind."""
    number = KINDS.index(kind)
    return {
        "USER_POOL_ID": f"{REGION}_Rules{number:04}",
        "CLIENT_ID": f"rules{number:04}client",
        "CLIENT_SECRET": "a secret of the sandbox" if kind.has_secret else None,
        "CASE_SENSITIVE": kind.is_case_sensitive,
        "USERNAME_ATTRIBUTES": kind.username_attributes,
        "SANDBOX": {
            "ALIAS_ATTRIBUTES": kind.alias_attributes,
            "PREVENT_USER_EXISTENCE_ERRORS": kind.hides_unknown_users,
        },
    }


COGNITO_POOLS = {kind.name: options(kind) for kind in KINDS}


def make_client(*, signs: bool = True, **facts: Any) -> Any:
    """Return boto3's client, with made-up credentials."""
    return boto3.session.Session().client(
        "cognito-idp",
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=CALLS if signs else CALLS.merge(Config(signature_version=botocore.UNSIGNED)),
        **facts,
    )


def pool_of(kind: Kind, cognito: Any, stranger: Any) -> UserPool:
    """Return the sandbox's pool of this kind, to be reached by these clients."""
    entry = options(kind)
    return UserPool(
        cognito, stranger, entry["USER_POOL_ID"], entry["CLIENT_ID"], entry["CLIENT_SECRET"] or "", codes_sent_to
    )


def codes_sent_to(destination: str) -> list[str]:
    """Look into the sandbox's mailbox."""
    from django_cognito_confirm.sandbox.models import Message

    return list(Message.objects.filter(destination=destination).order_by("pk").values_list("code", flat=True))
