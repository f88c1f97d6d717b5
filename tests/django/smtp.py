"""A real mail server for tests, which receives, refuses, breaks off or says nothing at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class Post:
    """What the server does, and what it has received. A test may change how it answers while it runs."""

    host: str = "127.0.0.1"
    port: int = 0
    at_recipient: str = "250 OK"
    answers: dict[str, str] = field(default_factory=dict)
    """How it answers to some recipients."""
    at_message: str = "250 OK"
    hangs_up_after_message: bool = False
    tried: threading.Event = field(default_factory=threading.Event)
    """Somebody has named a recipient."""
    caller: Callable[[], bool] | None = None
    """Waits for somebody who connects to a server that says nothing."""
    received: list[bytes] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802  # aiosmtpd's name
        self.tried.set()
        answer = self.answers.get(address, self.at_recipient)
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        if self.hangs_up_after_message:
            self.received.append(envelope.content)
            server.transport.abort()
        elif self.at_message.startswith("2"):
            self.received.append(envelope.content)
            self.recipients.append(list(envelope.rcpt_tos))
        return self.at_message

    def messages(self) -> list[EmailMessage]:
        """What was received, parsed by the standard library's strict modern policy."""
        return [message_from_bytes(raw, policy=policy.default) for raw in self.received]


@contextmanager
def post_office(**how: Any) -> Iterator[Post]:
    """A server on a free port of this machine."""
    post = Post(port=free_port(), **how)
    controller = Controller(post, hostname=post.host, port=post.port, ready_timeout=60)
    controller.start()
    yield post
    controller.stop()


@contextmanager
def silent_office() -> Iterator[Post]:
    """A server to which everybody can connect, and which then says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(60)

        def called() -> bool:
            listening.accept()[0].close()
            return True

        yield Post(port=listening.getsockname()[1], caller=called)


@contextmanager
def chattering_office(chatter: bytes, *, greets: bool) -> Iterator[Post]:
    """A server that goes on with its answer as long as anybody listens: with the greeting, or with the one after it."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def chat() -> None:
            with suppress(OSError), listening.accept()[0] as caller:
                if greets:
                    caller.sendall(b"220 welcome\r\n")
                    caller.recv(100)
                while not over.wait(0.02):
                    caller.sendall(chatter)

        talking = threading.Thread(target=chat)
        talking.start()
        yield Post(port=listening.getsockname()[1])
        over.set()
        talking.join()


def free_port() -> int:
    """A port on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
