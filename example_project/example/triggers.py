from __future__ import annotations

import os
from typing import Any

from .lambda_function import lambda_handler


def post_confirmation(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Run the code of the pool's Lambda in its place, in a process that knows the site's address: `demo` tells it."""
    return lambda_handler(event, context) if "WEBHOOK_URL" in os.environ else event
