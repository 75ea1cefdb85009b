r"""The regular expressions of Cognito's API model, which are Java's, matched in Python.

``re`` has no ``\p{L}``; ``unicodedata`` knows the categories. Java's ``\w`` and ``\S`` are about ASCII alone.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_CATEGORY = re.compile(r"\\p\{(\w)\}")
_ONE_CLASS = re.compile(r"\[([^\]]*)\]\+")


def matches(pattern: str, text: str) -> bool:
    """Return whether the whole of ``text`` matches ``pattern``, as Cognito's service would say."""
    return _matcher(pattern)(text)


@lru_cache
def _matcher(pattern: str) -> Callable[[str], bool]:
    categories = frozenset(_CATEGORY.findall(pattern))
    if not categories:
        expression = re.compile(pattern, re.ASCII)
        return lambda text: expression.fullmatch(text) is not None
    found = _ONE_CLASS.fullmatch(_CATEGORY.sub("", pattern))
    if found is None:
        raise NotImplementedError(f"Pattern {pattern!r} is more than one class of characters.")
    others = re.compile(f"[{found[1]}]", re.ASCII) if found[1] else None

    def every_character_fits(text: str) -> bool:
        return bool(text) and all(
            unicodedata.category(character)[0] in categories
            or (others is not None and others.match(character) is not None)
            for character in text
        )

    return every_character_fits
