"""The demonstration's mails: kept as files, and shown on a page instead of being sent to anybody."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from time import time_ns

from django.conf import settings
from django.core.mail import EmailMessage as Outgoing
from django.core.mail.backends.base import BaseEmailBackend

KEPT = 50
"""How many of the latest mails are shown and kept."""
_NAME = re.compile(r"\d{1,20}")


class EmailBackend(BaseEmailBackend):
    """Keeps what a site sends: name it in EMAIL_BACKEND."""

    def send_messages(self, email_messages: Sequence[Outgoing]) -> int:
        """Write each message to a file of its own, whole or not at all; returns how many there were."""
        for message in email_messages:
            name = str(time_ns())
            draft = _folder() / f"{name}.new"
            draft.write_bytes(message.message().as_bytes())
            draft.rename(_folder() / f"{name}.eml")
        for name in _names()[KEPT:]:
            (_folder() / f"{name}.eml").unlink(missing_ok=True)
        return len(email_messages)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that was kept."""

    name: str
    to: str
    subject: str
    date: str
    text: str
    html: str

    @classmethod
    def of(cls, name: str, message: EmailMessage) -> "Mail":
        """The mail of this name."""
        parts = {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}
        to, subject, date = (str(message[header]) for header in ("To", "Subject", "Date"))
        return cls(name, to, subject, date, parts.get("text/plain", ""), parts.get("text/html", ""))


def mails() -> Iterator[Mail]:
    """The mails that were kept, the latest first."""
    return (found for name in _names()[:KEPT] if (found := mail(name)) is not None)


def mail(name: str) -> Mail | None:
    """The mail of this name, if there is one."""
    if not _NAME.fullmatch(name):
        return None
    try:
        raw = (_folder() / f"{name}.eml").read_bytes()
    except OSError:
        return None
    return Mail.of(name, message_from_bytes(raw, policy=policy.default))


def _names() -> list[str]:
    return sorted((path.stem for path in _folder().glob("*.eml")), key=int, reverse=True)


def _folder() -> Path:
    folder = Path(settings.EMAIL_FILE_PATH)  # type: ignore[misc]  # the demonstration's setting, not the tests'
    folder.mkdir(exist_ok=True, mode=0o700)
    return folder
