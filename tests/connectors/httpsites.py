"""Small HTTP servers on loopback that note who connected and what was asked."""

from __future__ import annotations

import contextlib
import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpcore

#: Status, headers, body; or a function of the request that writes its own answer or gives such a triple.
Answer = tuple[int, Mapping[str, str], bytes]
Route = Answer | Callable[["Handler"], Answer | None]


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers from the server's table of routes."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Site

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.headers.append(dict(self.headers.items()))
        route = self.server.routes.get(self.path, (404, {}, b"nothing here"))
        answer = route(self) if callable(route) else route
        if answer is None:
            return
        status, headers, body = answer
        self.server.statuses.append(status)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def do_PROPFIND(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Site(http.server.ThreadingHTTPServer):
    """A server with a table of routes; ``asked`` are the paths in order, ``connections`` those that were made."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, routes: dict[str, Route], context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.routes = routes
        self.asked: list[str] = []
        self.statuses: list[int] = []
        self.headers: list[dict[str, str]] = []
        self.connections = 0
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def get_request(self) -> tuple[socket.socket, Any]:
        self.connections += 1
        return super().get_request()

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def serving(routes: dict[str, Route], context: ssl.SSLContext | None = None) -> Iterator[Site]:
    """A server in a thread, until the block is left."""
    site = Site(routes, context)
    thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.shutdown()
        thread.join()
        site.server_close()


class Detour(httpcore.SyncBackend):
    """Takes every connection, wherever it should go, to one port here; ``went`` are the addresses that were asked for."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.went: list[tuple[str, int]] = []

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None, socket_options: Any = None
    ) -> httpcore.NetworkStream:
        self.went.append((host, port))
        return super().connect_tcp("127.0.0.1", self.port, timeout)
