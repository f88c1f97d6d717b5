"""Every error Sojourn raises: one tree, and a stable `code` for each.

An outcome of a rule (a refused sign-in, an ended session) is data, not an error. Errors are for what
could not be judged at all: bad input, a bad configuration, a store that cannot be reached.
"""

import inspect
from typing import Any


class SojournError(Exception):
    """Something in Sojourn went wrong."""

    code = "error"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or inspect.cleandoc(type(self).__doc__ or ""))


class ConfigurationError(SojournError):
    """The configuration is contradictory or incomplete; the message says what to write."""

    code = "configuration"


class InvalidInput(SojournError):
    """A value from outside does not have the form it must have; nothing was changed."""

    code = "invalid-input"


class InvalidToken(InvalidInput):
    """The token is not one that Sojourn mints; treat the request as anonymous."""

    code = "invalid-token"


class InvalidTicket(InvalidInput):
    """The ticket is unknown, used, expired or belongs to another browser; begin the sign-in again."""

    code = "invalid-ticket"


class InvalidSubject(InvalidInput):
    """A subject is 1 to 255 bytes of UTF-8 without control characters."""

    code = "invalid-subject"


class StoreError(SojournError):
    """The session store could not do what was asked; nothing was changed."""

    code = "store"
    retry_after = 1  # seconds


class StoreUnavailable(StoreError):
    """The session store cannot be reached; try again in a few seconds."""

    code = "store-unavailable"
    retry_after = 5


class StoreContention(StoreError):
    """Too many sign-ins of one subject at the same moment; try again."""

    code = "store-contention"


class StoreUnconfirmed(StoreError):
    """The change was made, but not every replica has confirmed it: a failover may undo it. Repeating it is harmless."""

    code = "store-unconfirmed"

    def __init__(self, message: str | None = None, *, outcome: Any = None) -> None:
        super().__init__(message)
        self.outcome = outcome
        """What the change came to."""


class RecordFormatError(StoreError):
    """A stored record is damaged or from a newer version of Sojourn; upgrade this process."""

    code = "record-format"
