"""The demonstration's web server: Django's own threaded one, with the static files of all applications."""

import errno
from socketserver import TCPServer
from typing import cast

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application


class DemoServer(ThreadedWSGIServer):
    """A listening server; `serve_forever()` serves until it is interrupted."""

    @property
    def host(self) -> str:
        """The address it listens on."""
        return str(cast("TCPServer", self).server_address[0])

    @property
    def url(self) -> str:
        """Where its front page is, for a browser on this machine."""
        host, port = self.host, cast("TCPServer", self).server_address[1]
        shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104  # compared, not bound
        return f"http://{shown}:{port}/"


class _QuietHandler(WSGIRequestHandler):
    """Says nothing about requests that were answered, whatever the answer: the terminal shows the passwords."""

    disable_nagle_algorithm = True  # head and body are two writes: the second must not wait for the first's receipt

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name it has where it is declared
        """Log nothing."""


def bind(host: str, port: int) -> DemoServer:
    """Listen on `host` and `port` (0: any free one). Raises OSError if that cannot be; see `is_taken`."""
    made = DemoServer((host, port), _QuietHandler, ipv6=":" in host)
    made.set_app(StaticFilesHandler(get_wsgi_application()))
    return made


def is_taken(error: OSError) -> bool:
    """Whether `error` says that another program listens there."""
    return error.errno in {errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", errno.EADDRINUSE)}
