"""Reads what programs send."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from ..masking import SecretStr
from ..reports import HIDDEN_FIELDS


class CodeParser(BaseParser):
    """JSON of the size that Django takes, whatever it is; what reports must not show is masked from the start.

    DRF's own parser keeps the body with the request, where error reporters look.
    """

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        limit: Any = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(-1 if limit is None else limit + 1)
        if limit is not None and len(body) > limit:
            raise ParseError("The body is too long.")
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            data = None
        else:
            return _mask(data)
        raise ParseError("The body is not JSON.")


def _mask(data: Any) -> Any:
    if not isinstance(data, dict):
        return data
    return {
        name: SecretStr(value) if name in HIDDEN_FIELDS and isinstance(value, str) else value
        for name, value in data.items()
    }
