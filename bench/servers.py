"""The site as gunicorn and uvicorn serve it: ``bench.servers:wsgi()``, ``--factory bench.servers:asgi``."""

from __future__ import annotations

import asyncio
import os
from typing import Any


def wsgi() -> Any:
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


def asgi() -> Any:
    """Return the application, with no more requests at once than ``BENCH_THREADS``; the others wait.

    Django gives each request a thread of its own. Two hundred at once would rather measure how a machine shares two
    cores among so many.
    """
    from django.core.asgi import get_asgi_application

    application = get_asgi_application()
    free = asyncio.Semaphore(int(os.environ["BENCH_THREADS"]))

    async def limited(scope: Any, receive: Any, send: Any) -> None:
        async with free:
            await application(scope, receive, send)

    return limited
