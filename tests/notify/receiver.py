"""A webhook's receiver as its author would write it: the convention's reference library over a real HTTP server."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

Behaviour = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Receiver:
    """What came, what of it was accepted, and what is answered to the next that is accepted."""

    secret: str
    port: int = 0
    scheme: str = "http"
    answers: list[int | Behaviour] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    accepted: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    known: set[str] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.port}/hooks?site=shop"

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """The status for a request: 204 if it is accepted, 401 if it is not; a copy is accepted and not taken again."""
        try:
            found = Webhook(self.secret).verify(body, headers)
        except WebhookVerificationError as error:
            self.rejected.append(str(error))
            return 401
        if headers["webhook-id"] not in self.known:
            self.known.add(headers["webhook-id"])
            self.accepted.append(found)
        return 204


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.receiver.requests.append((self.path, headers, body))
        status = self.receiver.take(headers, body)
        answer = self.receiver.answers.pop(0) if self.receiver.answers else status
        if callable(answer):
            answer(self)
            return
        self.send_response(answer)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self.receiver.requests.append((self.path, {}, b""))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Nothing: the test looks at what came."""


@contextmanager
def receiving(secret: str, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver that listens on a free port of the loopback interface."""
    receiver = Receiver(secret, scheme="https" if tls else "http")
    server = ThreadingHTTPServer((host, 0), type("Handler", (_Handler,), {"receiver": receiver}))
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
