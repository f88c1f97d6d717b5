"""Serves a patient to the probe as it would be served to people: over TLS, with a plain port beside it."""

from __future__ import annotations

import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import trustme

from sojourn.probe.profiles.profile import Account, Profile
from sojourn.probe.profiles.secret import Secret
from tests.patients.plain import PASSWORD, USER


@dataclass(frozen=True)
class Site:
    """Where a patient is served."""

    url: str
    """Over TLS."""
    http: str
    """The same application without."""
    ca: str = ""
    """The file of the authority to trust."""

    def profile(self, **more: Any) -> Profile:
        """What an operator says of it, who knows the password."""
        said: dict[str, Any] = {
            "hosts": frozenset({"localhost"}),
            "ca": self.ca,
            "extra": {
                "transport": {"http": self.http},
                "slow": {"url": "/slow"},
                "passive": {"urls": ["/state"]},
                "half": {"a password reset": [{"url": "/reset", "fields": {"name": "{user}"}}]},
            },
        }
        return Profile(self.url, Account(USER, Secret(PASSWORD)), **{**said, **more})


@contextmanager
def serving(application: Callable) -> Iterator[Site]:
    """Serve a WSGI application on two free ports, in threads."""
    ca, context = certificates()
    with ExitStack() as stack:
        secure, plain = (stack.enter_context(_running(application, each)) for each in (context, None))
        yield Site(f"https://localhost:{secure}", f"http://localhost:{plain}", ca)


@cache
def certificates() -> tuple[str, ssl.SSLContext]:
    """An authority's file and a server's context, made once: the folder goes with the process."""
    authority, folder = trustme.CA(), tempfile.TemporaryDirectory(prefix="patients-")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    context.folder = folder  # type: ignore[attr-defined]  # lives as long as what is cached here
    path = Path(folder.name, "ca.pem")
    authority.cert_pem.write_to_path(str(path))
    return str(path), context


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    context: ssl.SSLContext | None = None

    def get_request(self) -> Any:
        connection, address = super().get_request()
        if self.context is not None:  # the handshake is left to the thread that reads, so that it holds nobody up
            connection = self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def setup_environ(self) -> None:
        super().setup_environ()
        if self.context is not None:
            self.base_environ["HTTPS"] = "on"

    def server_bind(self) -> None:
        super().server_bind()
        self.server_name = "localhost"  # and not whatever the machine's resolver says


class _Quiet(WSGIRequestHandler):
    disable_nagle_algorithm = True  # head and body are two writes

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _running(application: Callable, context: ssl.SSLContext | None) -> Iterator[int]:
    with _Server(("localhost", 0), _Quiet, bind_and_activate=False) as server:
        server.context = context
        server.server_bind()
        server.server_activate()
        server.set_app(application)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
