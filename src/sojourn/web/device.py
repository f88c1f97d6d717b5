"""The device cookie: 256 random bits that say "this browser again", and nothing about who uses it."""

import re
import secrets

from sojourn.core.tokens import keyed_digest

_FORM = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
"""256 bits as base64url: 43 characters, of which the last holds only four bits."""


class DeviceId:
    """A device's random identifier, from its cookie or new. Masked in `repr`; stores keep digests of it only."""

    __slots__ = ("__text", "new")

    def __init__(self, text: object = None) -> None:
        """Take `text` if it is an identifier of ours; otherwise draw a new one, and `new` is True."""
        self.new = not (isinstance(text, str) and _FORM.fullmatch(text))
        self.__text = secrets.token_urlsafe(32) if self.new else str(text)

    def reveal(self) -> str:
        """The identifier, for the device's own cookie and nothing else."""
        return self.__text

    def for_subject(self, subject: str) -> str:
        """What recognises the device among one subject's sessions; tells nothing about any other subject's."""
        return keyed_digest(self.__text, f"device:{subject}")

    def for_ticket(self) -> str:
        """What binds a pending sign-in to this browser."""
        return keyed_digest(self.__text, "ticket")

    def __repr__(self) -> str:
        return "<DeviceId ...>"
