"""The rules, by what people do."""

from __future__ import annotations

from importlib import import_module

from .rule import RULES, Rule, Source

__all__ = ["RULES", "Rule", "Source"]

for _module in ("signing_up", "confirming", "resending", "secret_hashes", "staff", "listing", "signing_in"):
    import_module(f"{__name__}.{_module}")
