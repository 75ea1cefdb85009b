"""Where a request comes from, as far as the site can tell."""

from __future__ import annotations

import logging
import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Final

from .conf import get_option

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger(__name__)

IPV6_PREFIX: Final = 48
"""Bits of an IPv6 address that count: a customer is given that much, and the rest is theirs to choose."""

_WITH_PORT = re.compile(r"\[(?P<v6>[^\]]*)\](:\d+)?|(?P<v4>[\d.]+):\d+")


def get_client_ip(request: HttpRequest) -> str:
    """Return the visitor's address as ``CLIENT_IP`` tells it (by default ``REMOTE_ADDR``), ``""`` if that is none.

    Only what is an IPv4 or IPv6 address is returned: a port and an IPv6 zone are cut off, and an IPv4 address written
    as IPv6 becomes IPv4 again.
    """
    find = get_option("CLIENT_IP")
    told = str((find(request) if find else request.META.get("REMOTE_ADDR")) or "").strip()
    if not told:
        return ""
    address = _read(told)
    if address is None:
        # Not the text: whoever sends the request may have written it.
        logger.warning("CLIENT_IP tells something that is no IP address; nothing is counted by it.")
        return ""
    return str(address)


def get_network(address: str) -> str:
    """Return who is counted for ``address``: itself, or the /48 of an IPv6 address; ``""`` for ``""``."""
    if ":" not in address:
        return address
    return str(ip_network((address, IPV6_PREFIX), strict=False))


def _read(told: str) -> IPv4Address | IPv6Address | None:
    with_port = _WITH_PORT.fullmatch(told)
    bare = (with_port["v6"] or with_port["v4"]) if with_port else told
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
