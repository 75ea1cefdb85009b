"""What Cognito's threat protection is told of a visitor: ``UserContextData``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from .addresses import get_client_ip
from .conf import DEFAULT_POOL_ALIAS, get_pool

if TYPE_CHECKING:
    from django.http import HttpRequest

MAX_ENCODED_DATA_LENGTH: Final = 131_072
"""Characters of ``EncodedData`` (botocore's model of UserContextDataType)."""

_VISIBLE_ASCII = re.compile(r"[!-~]+")


def get_user_context_data(
    request: HttpRequest, encoded_data: str = "", *, pool: str = DEFAULT_POOL_ALIAS
) -> dict[str, str]:
    """Return the address (``SEND_CLIENT_IP``) and what AWS's script made (``THREAT_PROTECTION``), as the pool is set.

    ``request`` is the visitor's, ``pool`` the alias. Anybody can write into ``encoded_data``: what AWS's script cannot
    have made, or longer than 131,072 characters, is left out. It is there to know a device again, and nobody's sign-up
    may fail over it.
    https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-viewing-threat-protection-app.html
    """
    settings = get_pool(pool)
    data = {}
    if settings.send_client_ip and (address := get_client_ip(request)):
        data["IpAddress"] = address
    fits = len(encoded_data) <= MAX_ENCODED_DATA_LENGTH and _VISIBLE_ASCII.fullmatch(encoded_data)
    if settings.threat_protection and fits:
        data["EncodedData"] = encoded_data
    return data
