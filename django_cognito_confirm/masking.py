"""Keeps codes, sessions and names out of what is shown by accident."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from django.utils.crypto import salted_hmac

T = TypeVar("T")

MASK: Final = "********"


class SecretStr(str):
    """A string that ``repr`` does not show: in logs, shells and the local variables of error reports it is masked."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"'{MASK}'"


@dataclass(frozen=True, slots=True, repr=False)
class Masked(Generic[T]):
    """Holds a ``value`` that error reports must not show, such as a dictionary with a code in it."""

    value: T

    def __repr__(self) -> str:
        return MASK


def keyed_hash(username: str) -> str:
    """Return what stands for ``username`` in logs: 12 hexadecimal digits, keyed with the site's ``SECRET_KEY``.

    Equal names give equal digits, and without the key nobody can try names out.
    """
    name = username.encode(errors="surrogatepass")
    return salted_hmac("django_cognito_confirm", name, algorithm="sha256").hexdigest()[:12]
