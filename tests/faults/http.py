"""HTTP on loopback, in threads, that ends at once when its ``with`` block does; and a server that only counts."""

from __future__ import annotations

import socket
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.faults.behaviours import AMZ_JSON, Reply

if TYPE_CHECKING:
    from typing_extensions import Self


class Server(ThreadingHTTPServer):
    """A server on loopback, in threads of its own, that ends at once with everything it holds open."""

    daemon_threads = False  # so that closing waits for the handlers
    request_queue_size = 1024

    def __init__(self, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", port), handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.connections = 0
        self.closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._thread: threading.Thread | None = None

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a caller that has gone."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self.closing.set()
        self.shutdown()
        for connection in [*self._open]:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self.server_close()
        if self._thread:
            self._thread.join()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Keep the test run's output quiet."""

    def send(self, reply: Reply, *, share: float = 1.0) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        if reply.content_type == AMZ_JSON:
            self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        self.end_headers()
        self.wfile.write(reply.body[: int(len(reply.body) * share)])
        self.close_connection = self.close_connection or share < 1

    def read(self) -> bytes:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionAbortedError("the client went away in the middle of its request")
        return body


class CountingServer(Server):
    """Answers 404 and counts: ``requests`` are the paths asked for. Stands in for a metadata service."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(port, _CountingHandler)
        self.requests: list[str] = []


class _CountingHandler(Handler):
    server: CountingServer

    def count(self) -> None:
        self.read()
        self.server.requests.append(self.path)
        self.send(Reply(404, b"", "text/plain"))

    do_GET = do_POST = do_PUT = count
