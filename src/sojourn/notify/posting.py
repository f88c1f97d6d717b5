"""One POST to one checked address: bounded in time and in size, without redirects, proxies or a second look-up.

By the standard library's http.client, on a socket that is connected here: what is connected to is what was checked,
and TLS is asked for the host's name all the same.
"""

import io
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any, cast
from urllib.parse import SplitResult

from sojourn.notify.sinks import DeliveryFailed

LONGEST_ANSWER = 32 * 1024
"""Bytes of an answer that are read at most. Only its status is of interest; its body is never read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The status of an answer, and its Retry-After as it stands there (RFC 9110 section 10.2.3); "" if it has none."""

    status: int
    retry_after: str = ""


class _Incoming(io.RawIOBase):
    """What comes back on a socket: until a moment, and up to a size, however slowly it trickles."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._socket, self._until, self._left = sock, until, LONGEST_ANSWER

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # typing has no name for a buffer before Python 3.12
        if self._left <= 0:
            raise DeliveryFailed("Its answer is too long.")
        self._socket.settimeout(_remaining(self._until))
        count = self._socket.recv_into(memoryview(buffer)[: self._left])
        self._left -= count
        return count


class _Wire:
    """As much of a socket as http.client uses, with one moment by which everything must be done."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._socket, self._until = sock, until

    def sendall(self, data: bytes) -> None:
        self._socket.settimeout(_remaining(self._until))
        self._socket.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:  # noqa: ARG002  # http.client only ever reads by it
        return io.BufferedReader(_Incoming(self._socket, self._until))

    def close(self) -> None:
        self._socket.close()


def _remaining(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def post(
    url: SplitResult,
    addresses: Sequence[str],
    headers: Mapping[str, str],
    body: bytes,
    *,
    until: float,
    tls: ssl.SSLContext | None,
) -> Answer:
    """Send `body` to the first of `addresses` that takes a connection, and return what it answers.

    `until`: by time.monotonic(), when all must be done. `tls`: for https; None for http. Raises DeliveryFailed, whose
    text names no address.
    """
    host, port = str(url.hostname), url.port or (443 if tls else 80)
    try:
        with _connected(addresses, port, until) as plain:
            plain.settimeout(_remaining(until))
            sock = tls.wrap_socket(plain, server_hostname=host) if tls else plain
            with sock:
                connection = HTTPConnection(host, port)
                connection.sock = cast("socket.socket", _Wire(sock, until))
                target = (url.path or "/") + (f"?{url.query}" if url.query else "")
                connection.request("POST", target, body, {"Host": url.netloc, **headers, "Connection": "close"})
                response = connection.getresponse()
                return Answer(response.status, response.getheader("Retry-After", ""))
    except ssl.SSLCertVerificationError as error:
        raise DeliveryFailed(f"Its certificate cannot be trusted (code {error.verify_code}).") from None
    except TimeoutError:
        raise DeliveryFailed("It did not answer in time.") from None
    except (OSError, HTTPException) as error:
        raise DeliveryFailed(f"The connection failed: {type(error).__name__}.") from None


def _connected(addresses: Sequence[str], port: int, until: float) -> socket.socket:
    failed: OSError = OSError("no address")
    for number, address in enumerate(addresses):
        try:
            # An address that swallows what is sent leaves time for those after it.
            return socket.create_connection((address, port), timeout=_remaining(until) / (len(addresses) - number))
        except OSError as error:
            failed = error
    raise failed
