"""What people type, made fit for Cognito or refused before it costs a call: the code and the username."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from .masking import SecretStr

MAX_CODE_LENGTH: Final = 2048
"""Characters of ``ConfirmationCode`` (botocore's model of ConfirmSignUp)."""

MAX_USERNAME_LENGTH: Final = 128
"""Characters of ``Username`` (botocore's model of ConfirmSignUp)."""

# Cognito takes any code without white space. Those it sends are digits; other visible ASCII is let through, since AWS
# does not promise digits. Whatever else is left after the clean-up is a slip, and would burn an attempt.
_CODE = re.compile(r"[!-~]+")
_HYPHENS = "-\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_ZERO_WIDTH = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_DROPPED = str.maketrans("", "", _HYPHENS + _ZERO_WIDTH)

# [\p{L}\p{M}\p{S}\p{N}\p{P}]+ in botocore's model: no white space, no control characters, no surrogates.
_USERNAME_CATEGORIES = frozenset("LMSNP")


def clean_code(raw: str) -> SecretStr:
    """Return the code in ``raw`` as Cognito wants it, 1 to 2048 visible ASCII characters.

    White space, zero-width characters and hyphens are dropped; full-width and other decimal digits become ASCII.
    Raises ``ValueError``, without the value, when no code is left or ``raw`` is longer than 2048 characters. The length
    is looked at first: NFKC takes quadratic time on combining marks.
    """
    if len(raw) > MAX_CODE_LENGTH:
        raise ValueError("The code is too long.")
    text = unicodedata.normalize("NFKC", raw).translate(_DROPPED)
    code = "".join(str(unicodedata.decimal(character, character)) for character in text if not character.isspace())
    if len(code) > MAX_CODE_LENGTH or not _CODE.fullmatch(code):
        raise ValueError("This is not a code.")
    return SecretStr(code)


def clean_username(raw: str) -> str:
    """Return ``raw`` without the white space around it: 1 to 128 characters that Cognito allows in a username.

    Nothing else is changed: the secret hash is made from exactly the bytes that are sent. Raises ``ValueError``,
    without the value, for a longer one and for one with spaces, control characters or surrogates.
    """
    username = raw.strip()
    if len(username) > MAX_USERNAME_LENGTH:
        raise ValueError("The username is too long.")
    if not username or any(unicodedata.category(character)[0] not in _USERNAME_CATEGORIES for character in username):
        raise ValueError("This is not a username.")
    return username
