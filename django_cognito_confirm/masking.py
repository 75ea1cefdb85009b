"""Keeps codes and sessions out of what is shown by accident."""

from __future__ import annotations


class SecretStr(str):
    """A string that ``repr`` does not show: in logs, shells and the local variables of error reports it is masked."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'********'"
