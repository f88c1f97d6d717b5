"""The account's mailbox, read and never written to: a Maildir, an mbox file, or a server by IMAP over TLS."""

import email
import imaplib
import mailbox
import os
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from pathlib import Path
from typing import Any, Protocol

from sojourn.probe.errors import Unreachable, WrongProfile
from sojourn.probe.profiles.profile import Profile
from sojourn.probe.profiles.secret import Secret

WITHIN = 60.0
"""Seconds in which a message has to arrive, where the profile does not say."""
_KEYS = {"maildir", "mbox", "imap", "port", "user", "password_env", "folder", "within"}


class Mailbox(Protocol):
    """Somewhere messages arrive. Everything may raise Unreachable."""

    def names(self) -> set[str]:
        """What the messages are called that are there."""
        ...

    def read(self, name: str) -> str:
        """What can be read of one: its subject in the first line, then every text in it. "" if it is gone."""
        ...


def mailbox_of(profile: Profile) -> tuple[Mailbox, float]:
    """How to read the mailbox of `[mailbox]`, and for how many seconds to wait for a message. Raises WrongProfile."""
    table = profile.extra.get("mailbox")
    if not isinstance(table, Mapping) or not table.keys() <= _KEYS:
        raise WrongProfile(f"[mailbox] has {', '.join(sorted(_KEYS))}, and nothing else")
    kinds = [each for each in ("maildir", "mbox", "imap") if each in table]
    if len(kinds) != 1 or not all(isinstance(table.get(each, ""), str) for each in _KEYS - {"port", "within"}):
        raise WrongProfile("[mailbox] has one of maildir, mbox (a path) and imap (a host)")
    within, port = table.get("within", WITHIN), table.get("port", 993)
    if isinstance(within, bool) or not isinstance(within, int | float) or within <= 0 or type(port) is not int:
        raise WrongProfile("within in [mailbox] is a number of seconds, port a number")
    (kind,) = kinds
    if kind == "imap":
        variable = str(table.get("password_env", ""))
        if not table.get("user") or variable not in os.environ:
            raise WrongProfile("[mailbox] by imap needs user, and password_env that names a variable with the password")
        texts = {each: str(table[each]) for each in ("imap", "user")}
        password, folder = Secret(os.environ[variable]), str(table.get("folder", "INBOX"))
        return Imap(texts["imap"], port, texts["user"], password, folder, profile.ca, profile.answer_time), within
    path = Path(str(table[kind]))
    if not path.exists():
        raise WrongProfile(f"{kind} in [mailbox]: there is no {path}")
    return Files(lambda: (mailbox.Maildir if kind == "maildir" else mailbox.mbox)(path, create=False)), within


@dataclass(frozen=True)
class Files:
    """Messages in files, opened anew at each look."""

    open: Callable[[], mailbox.Mailbox[Any]]

    def names(self) -> set[str]:
        """The keys of the messages."""
        with closing(self.open()) as box:
            return {str(key) for key in box.iterkeys()}

    def read(self, name: str) -> str:
        """The message of that key."""
        with closing(self.open()) as box:
            return next((text(message) for key, message in box.iteritems() if str(key) == name), "")


@dataclass(frozen=True)
class Imap:
    """A folder on a server, opened to be read only; no message is marked as read."""

    host: str
    port: int
    user: str
    password: Secret
    folder: str
    ca: str
    seconds: float
    """For how long an answer is waited for."""

    def names(self) -> set[str]:
        """The UIDs of the messages."""
        with self._open() as server:
            return {uid.decode() for uid in server.uid("search", "ALL")[1][0].split()}

    def read(self, name: str) -> str:
        """The message of that UID."""
        with self._open() as server:
            try:
                raw = server.uid("fetch", name, "(BODY.PEEK[])")[1][0][1]
            except (TypeError, IndexError):
                return ""
            return text(email.message_from_bytes(raw))

    @contextmanager
    def _open(self) -> Iterator[imaplib.IMAP4_SSL]:
        context = ssl.create_default_context(cafile=self.ca or None)
        try:
            with imaplib.IMAP4_SSL(self.host, self.port, ssl_context=context, timeout=self.seconds) as server:
                server.login(self.user, self.password.reveal())
                server.select(self.folder, readonly=True)
                yield server
        except (OSError, imaplib.IMAP4.error) as error:  # its text may show the password
            raise Unreachable(f"The mailbox at {self.host} cannot be read: {type(error).__name__}") from None


def text(message: Message) -> str:
    """A message as its reader sees it: the subject in the first line, then every text in it."""
    parts = [" ".join(_subject(str(message.get("subject", ""))).split())]
    for part in message.walk():
        content = part.get_payload(decode=True) if part.get_content_maintype() == "text" else None
        if isinstance(content, bytes):
            parts.append(_decoded(content, part.get_content_charset()))
    return "\n".join(parts)


def _subject(said: str) -> str:
    """The subject as it is meant; as it stands where that is not well formed."""
    try:
        parts = decode_header(said)
    except HeaderParseError:
        return said
    return "".join(
        each if isinstance(each, str) else _decoded(each, charset or "raw-unicode-escape") for each, charset in parts
    )


def _decoded(raw: bytes, charset: str | None) -> str:
    """Text in a charset that is named; what nobody knows is read as UTF-8, which most of it is."""
    try:
        return raw.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return raw.decode("utf-8", "replace")
