"""Reads of botocore's data no more than a client of Cognito needs.

A client's first one in a process reads the endpoints of all of AWS's services and looks into hundreds of folders:
two thirds of the time and of the memory that it takes. The addresses of Cognito are in its own rules all the same.
"""

from __future__ import annotations

from typing import Any, Final

from botocore.loaders import Loader

SERVICE: Final = "cognito-idp"

_HOSTNAME: Final = "{service}.{region}.{dnsSuffix}"
_FIPS_HOSTNAME: Final = "{service}-fips.{region}.{dnsSuffix}"


class CognitoLoader(Loader):
    """A loader for clients of Cognito without credentials, which may come by way of other services."""

    def list_available_services(self, type_name: str) -> list[str]:
        """Name the one service there is to ask for."""
        return [SERVICE]

    def load_data_with_path(self, name: str) -> tuple[Any, str]:
        """Load ``name``; of the endpoints, AWS's partitions without the services in them."""
        if name != "endpoints":
            data, path = super().load_data_with_path(name)
            return data, path
        known, path = super().load_data_with_path("partitions")
        return {"version": 3, "partitions": [_partition(partition) for partition in known["partitions"]]}, path


def _partition(known: dict[str, Any]) -> dict[str, Any]:
    """Return a partition as ``endpoints`` has it, from what ``partitions`` says of it."""
    suffix, dual = known["outputs"]["dnsSuffix"], known["outputs"]["dualStackDnsSuffix"]
    return {
        "partition": known["id"],
        "dnsSuffix": suffix,
        "regionRegex": known["regionRegex"],
        "regions": known["regions"],
        "services": {},
        "defaults": {
            "hostname": _HOSTNAME,
            "protocols": ["https"],
            "signatureVersions": ["v4"],
            "variants": [
                {"tags": ["fips"], "hostname": _FIPS_HOSTNAME, "dnsSuffix": suffix},
                {"tags": ["dualstack"], "hostname": _HOSTNAME, "dnsSuffix": dual},
                {"tags": ["dualstack", "fips"], "hostname": _FIPS_HOSTNAME, "dnsSuffix": dual},
            ],
        },
    }
