"""Handing mails over to Django's mail framework, and what its answers mean. No server is waited for without an end.

Each answer of a mail server has its timeout; a conversation has a dozen of them, and each byte of an answer may come
just in time. So the conversation as a whole has a bound, too, after which its connection is shut from here.
"""

import smtplib
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from django.core.mail import EmailMultiAlternatives, get_connection

from sojourn.notify.sinks import DeliveryFailed, DeliveryRefused

TIMEOUT = 10
"""Seconds that the mail server has for each answer, where EMAIL_TIMEOUT does not say otherwise."""
TIMEOUT_MAX = 15
"""EMAIL_TIMEOUT counts for no more here: a worker must not sit longer with one message than it may."""
TOTAL = 30
"""Seconds for the mails of one message, all together: half of a lease, for a connection may take two timeouts more."""
_AGAIN = 0.2


def send_each(mails: Sequence[EmailMultiAlternatives]) -> bool:
    """Hand over all of them, though one be refused, within TOTAL. Whether there was any.

    Raises DeliveryFailed if one of them may be taken later, DeliveryRefused if none of them ever will be.
    """
    failures, until = [], time.monotonic() + TOTAL
    for mail in mails:
        try:
            send(mail, until)
        except DeliveryFailed as error:
            failures.append(error)
    for failure in failures:
        if not isinstance(failure, DeliveryRefused) or len(failures) == len(mails):
            raise failure
    return bool(mails)


def send(mail: EmailMultiAlternatives, until: float) -> None:
    """Hand the message over, before `until` by the monotonic clock.

    Raises DeliveryRefused if the server will never take it, DeliveryFailed if not now. Once it has taken the message,
    whatever happens while saying good-bye changes nothing.
    """
    left = until - time.monotonic()
    if left <= 0:
        raise DeliveryFailed("There was no time left for it.")
    connection: Any = get_connection()
    allowed = getattr(connection, "timeout", TIMEOUT)
    with suppress(AttributeError):  # a way of sending without a network has none
        connection.timeout = min(allowed or TIMEOUT, TIMEOUT_MAX, left)
    try:
        with _shut_after(connection, left):
            connection.open()
            try:
                connection.send_messages([mail])
            finally:
                with suppress(Exception):
                    connection.close()
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise _failure("the recipient", codes, final=all(500 <= code < 600 for code in codes)) from None
    except smtplib.SMTPDataError as error:
        raise _failure("the message", [error.smtp_code], final=500 <= error.smtp_code < 600) from None
    except smtplib.SMTPResponseException as error:  # the sender or our password: the site's to put right
        raise _failure("us", [error.smtp_code], final=False) from None
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryFailed(f"The mail server could not be spoken to ({type(error).__name__}).") from None


@contextmanager
def _shut_after(connection: Any, seconds: float) -> Iterator[None]:
    """Shut the connection if the block is not over by then; whoever waits for its server then finds it closed.

    Only one of `smtplib`, as Django's is: another way of sending has to see to itself.
    """
    over, clients = threading.Event(), _clients_of(connection)

    def watch() -> None:
        wait = seconds
        while not over.wait(wait):
            # Again and again: it may be about to be made, or to be replaced by an encrypted one.
            for client in clients:
                with suppress(AttributeError, OSError):
                    client.sock.shutdown(socket.SHUT_RDWR)
            wait = _AGAIN

    watcher = threading.Thread(target=watch, name="sojourn-mail", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _clients_of(connection: Any) -> list[Any]:
    """Where each SMTP client that the connection makes is put, before it connects: it does so as it is made."""
    clients: list[Any] = []
    made: Any = getattr(connection, "connection_class", None)
    if isinstance(made, type) and issubclass(made, smtplib.SMTP):

        def begin(client: Any, *args: Any, **named: Any) -> None:
            clients.append(client)
            made.__init__(client, *args, **named)

        seen = type(made.__name__, (made,), {"__init__": begin})
        kind = type(connection)
        connection.__class__ = type(kind.__name__, (kind,), {"connection_class": seen})
    return clients


def _failure(what: str, codes: Sequence[int], *, final: bool) -> DeliveryFailed:
    # Only the code: what a server says of it names the address, or worse.
    text = f"The mail server refused {what} ({', '.join(str(code) for code in codes)})."
    return DeliveryRefused(text) if final else DeliveryFailed(text)
