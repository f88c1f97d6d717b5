"""Applications that are no good company: they hang, drip, send without end, or what is no HTTP."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer

PIECE = b"<p>more</p>" * 1_000


class Guest:
    """One request: what it asked for, and ways to answer that nobody should use."""

    def __init__(self, handler: StreamRequestHandler, line: bytes, ended: threading.Event) -> None:
        self.method, self.path = line.decode("latin-1").split(" ")[:2]
        self._handler, self._ended = handler, ended

    def say(self, raw: bytes) -> None:
        self._handler.wfile.write(raw)

    def answer(self, body: bytes, status: str = "200 OK", *headers: bytes) -> None:
        more = b"".join(each + b"\r\n" for each in headers)
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n".encode()
        self.say(head + more + b"\r\n" + body)

    def hang(self) -> None:
        self._ended.wait()

    def drip(self, first: bytes) -> None:
        """One byte after the other, for ever; slowly, but faster than any single read is waited for."""
        self.say(first)
        while not self._ended.wait(0.02):
            self.say(b"x")

    def send_without_end(self) -> None:
        self.say(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n")
        while not self._ended.is_set():
            self.say(PIECE)

    def reset(self) -> None:
        self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._handler.connection.close()


FORM = b"<form method=post action=/login><input name=user><input type=password name=pw><button>Log in</button></form>"
BOMB = gzip.compress(b"<b>" * 30_000_000, 9)


def at_the_login(worse: Callable[[Guest], None]) -> Callable[[Guest], None]:
    """An application that shows a form to everybody, and does its worst when it is sent."""

    def application(guest: Guest) -> None:
        if guest.method == "POST":
            worse(guest)
        else:
            guest.answer(FORM)

    return application


ALWAYS: dict[str, Callable[[Guest], None]] = {
    "hangs": Guest.hang,
    "drips its headers": lambda guest: guest.drip(b"HTTP/1.1 200 OK\r\nX-"),
    "drips its body": lambda guest: guest.drip(b"HTTP/1.1 200 OK\r\n\r\n"),
    "sends without end": Guest.send_without_end,
    "sends headers without end": lambda guest: guest.say(b"HTTP/1.1 200 OK\r\n" + b"X-Much: much\r\n" * 100_000),
    "redirects for ever": lambda guest: guest.answer(b"", "302 Found", b"Location: /" + b"x" * len(guest.path)),
    "redirects to itself": lambda guest: guest.answer(b"", "307 Again", b"Location: " + guest.path.encode()),
    "redirects to no address": lambda guest: guest.answer(b"", "302 Found", b"Location: http://[nowhere:x/"),
    "redirects elsewhere": lambda guest: guest.answer(b"", "302 Found", b"Location: http://elsewhere.invalid/"),
    "answers 500": lambda guest: guest.answer(b"oops", "500 Oops"),
    "resets connections": Guest.reset,
    "speaks no HTTP": lambda guest: guest.say(b"220 mail.example ESMTP\r\n" * 50),
    "sends headers that are none": lambda guest: guest.say(b"HTTP/1.1 200 OK\r\n\x00\xff: \x01\r\n:::\r\n\r\n"),
    "says nothing": lambda guest: guest.answer(b""),
    "sends a bomb": lambda guest: guest.answer(BOMB, "200 OK", b"Content-Encoding: gzip", b"Content-Type: text/html"),
    "packs what is not packed": lambda guest: guest.answer(FORM, "200 OK", b"Content-Encoding: gzip"),
    "has markup without end": lambda guest: guest.answer(b"<div><form><a href='http://[x'>" * 20_000),
    "has markup that is broken": lambda guest: guest.answer(b"<a <input <form action='" * 20_000 + b"<!--" * 20_000),
}
"""Whatever is asked for."""
AT_THE_LOGIN: dict[str, Callable[[Guest], None]] = {
    name: at_the_login(ALWAYS[name])
    for name in (
        "hangs",
        "sends without end",
        "redirects to itself",
        "redirects elsewhere",
        "answers 500",
        "sends a bomb",
    )
} | {
    "is in another encoding": at_the_login(
        lambda guest: guest.answer(b"\xff\xfe\x00\xd8", "200 OK", b"Content-Type: text/html; charset=zip")
    ),
    "sets giant cookies": at_the_login(
        lambda guest: guest.answer(b"", "200 OK", *[b"Set-Cookie: c%d=" % n + b"x" * 20_000 for n in range(4)])
    ),
    "sets cookies of control characters": at_the_login(
        lambda guest: guest.answer(b"", "200 OK", b"Set-Cookie: a=\xe9\x80\x7f", b"Set-Cookie: b=\xe9; Max-Age=1e9999")
    ),
}
"""Once a password is sent."""


@contextmanager
def hostile(application: Callable[[Guest], None]) -> Iterator[str]:
    """Serve it on a free port; its address."""
    ended = threading.Event()

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            try:
                line = self.rfile.readline()
                while self.rfile.readline().strip():
                    pass
                if line:
                    application(Guest(self, line, ended))
            except OSError:
                pass  # the probe has had enough

        def finish(self) -> None:
            with suppress(OSError, ValueError):
                super().finish()

    class Server(ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            ended.set()
            server.shutdown()
            thread.join()
