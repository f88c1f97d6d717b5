"""The life of sessions as log records: one for each event, which names nobody and holds no secret.

Sessions and subjects appear as correlation ids: the lines of one session can be joined, and only whoever has the key
can tell whose they are (ASVS 16.2.5). Every value from outside is encoded (ASVS 16.4.1).
"""

import hashlib
import hmac
import logging
from collections.abc import Mapping

from sojourn.core.errors import StoreError
from sojourn.core.events import Event
from sojourn.core.records import Session
from sojourn.core.tokens import is_sid
from sojourn.stores.observed import Observer, Rejection

LOGGER = "sojourn.sessions"
_DIGITS = 24  # 96 bits: too many to meet by chance
_LONGEST = 255

LINES: dict[str, tuple[int, str]] = {
    "session.started": (logging.INFO, "Session %(session)s of %(subject)s started"),
    "session.ended": (logging.INFO, "Session %(session)s of %(subject)s ended: %(reason)s"),
    "session.rotated": (logging.INFO, "Session %(session)s of %(subject)s has a new token"),
    "session.elevated": (logging.INFO, "Session %(session)s of %(subject)s was authenticated again"),
    "start.refused": (logging.WARNING, "A sign-in of %(subject)s was refused: %(limit)s"),
    "start.paused": (logging.WARNING, "A sign-in of %(subject)s was stopped: an operator has paused theirs"),
    "choice.offered": (logging.INFO, "A sign-in of %(subject)s waits for a choice: %(limit)s"),
    "sign_ins.paused": (logging.WARNING, "The sign-ins of %(subject)s were paused by %(by)s"),
    "sign_ins.resumed": (logging.WARNING, "The sign-ins of %(subject)s were resumed by %(by)s"),
    "evictions.repeated": (logging.WARNING, "Devices of %(subject)s keep ending each other's sessions: %(outcome)s"),
    "report.would_have": (logging.INFO, "Enforced, %(session)s of %(subject)s would have met: %(outcome)s"),
    "token.unknown": (logging.WARNING, "A token was presented that no session has"),
    "token.ended": (logging.INFO, "The token of session %(session)s was presented, which has ended: %(reason)s"),
    "token.superseded": (logging.WARNING, "An old token of session %(session)s was presented, long since renewed"),
    "delivery.failed": (logging.WARNING, "A message could not be delivered by %(sink)s: %(code)s"),
    "delivery.given_up": (logging.ERROR, "A message could not be delivered by %(sink)s, and is given up: %(code)s"),
    "store.failed": (logging.ERROR, "The session store failed at %(call)s: %(code)s"),
}
"""Every line there is, by its event: how urgent it is, and what it says."""
_OTHER = (logging.INFO, "%(event)s of %(subject)s")
_ARRIVAL = ("client", "device", "device_class", "address")
"""What is told of where a sign-in comes from."""
_WAYS = ("admin", "command")
"""How operators come to end a session or to pause a subject: what stands before their name in the records."""


def encoded(value: str) -> str:
    """`value` as it may stand in a log: on one line, with nothing in it that is not seen, and not too long.

    What cannot be printed is written as `\\x0a` or `\\u202e`, a backslash as two, so that nobody can forge a line, turn
    one around, or pass one thing off as another (ASVS 16.4.1).
    """
    shown = "".join(
        "\\\\" if c == "\\" else c if c.isprintable() else c.encode("unicode_escape").decode()
        for c in value[: _LONGEST + 1]
    )
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."


class Correlation:
    """Makes the ids that stand for sessions and subjects in logs: HMAC-SHA256 under `key`, cut to 96 bits.

    The same for the same one as long as the key is the same. Masked in `repr`, since whoever has the key can find out
    by trying which id is whose.
    """

    __slots__ = ("__key",)

    def __init__(self, key: bytes) -> None:
        """`key`: at least 32 random bytes, used for nothing else."""
        self.__key = key

    def session(self, sid: str) -> str:
        """What stands for the session `sid`."""
        return self._digest(f"session:{sid}")

    def subject(self, subject: str) -> str:
        """What stands for `subject`."""
        return self._digest(f"subject:{subject}")

    def _digest(self, text: str) -> str:
        return hmac.new(self.__key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:_DIGITS]

    def __repr__(self) -> str:
        return "<Correlation ...>"


class SessionLog(Observer):
    """Writes the records. Each has `event`, and what LINES shows, and more as fields of its own (`extra`)."""

    def __init__(self, correlation: Correlation, logger: logging.Logger | None = None) -> None:
        self._ids = correlation
        self._logger = logger or logging.getLogger(LOGGER)

    def happened(self, event: Event) -> None:
        """See `Observer.happened`."""
        if self._wanted(event.type):
            facts = {"event_id": event.id, "subject": self._ids.subject(event.subject), **self._facts(event)}
            self._write(event.type, facts)

    def rejected(self, why: Rejection, session: Session | None) -> None:
        """See `Observer.rejected`. Of the token itself nothing is written."""
        name = f"token.{why}"
        if self._wanted(name):
            self._write(name, {} if session is None else self._about(session))

    def undelivered(self, sink: str, code: str, *, given_up: bool) -> None:
        """See `Observer.undelivered`."""
        name = "delivery.given_up" if given_up else "delivery.failed"
        if self._wanted(name):
            self._write(name, {"sink": sink, "code": code})

    def failed(self, call: str, error: StoreError) -> None:
        """See `Observer.failed`."""
        if self._wanted("store.failed"):
            self._write("store.failed", {"call": call, "code": error.code})

    def _wanted(self, name: str) -> bool:
        return self._logger.isEnabledFor(LINES.get(name, _OTHER)[0])

    def _write(self, name: str, facts: Mapping[str, object]) -> None:
        level, text = LINES.get(name, _OTHER)
        shown = {key: encoded(value) if isinstance(value, str) else value for key, value in facts.items()}
        fields = {"event": name, **shown}
        self._logger.log(level, text, fields, extra=fields)

    def _facts(self, event: Event) -> dict[str, object]:
        """What is worth knowing about an event, without naming anybody."""
        facts: dict[str, object] = {}
        for name in type(event).__slots__:
            value = getattr(event, name)
            if isinstance(value, Session):
                facts |= self._about(value)
            elif isinstance(value, Mapping):
                facts |= {key: text for key, text in value.items() if key in _ARRIVAL and text}
            elif isinstance(value, tuple):
                facts[name] = len(value)  # sids: how many is enough
            elif name == "sid":
                facts["session"] = self._ids.session(value)
            elif name == "by":
                facts[name] = self._who(value)
            elif name in ("limit", "outcome"):
                facts[name] = value
        return facts

    def _about(self, session: Session) -> dict[str, object]:
        facts: dict[str, object] = {
            "session": self._ids.session(session.sid),
            "subject": self._ids.subject(session.subject),
            "client": session.client,
            "device": session.device.label,
            "device_class": str(session.device.kind),
            "address": session.address,
            "acr": session.acr,
            "acts_from": self._ids.session(session.parent) if session.parent else "",
            "reason": str(session.end_reason or ""),
            "by": self._who(session.ended_by),
        }
        return {key: value for key, value in facts.items() if value}

    def _who(self, by: str) -> str:
        """Who did it: the id of another session, or of whoever it was, with the way they took if that is known."""
        if not by:
            return ""
        if is_sid(by):
            return self._ids.session(by)
        way = by.partition(":")[0]
        return f"{way}:{self._ids.subject(by)}" if way in _WAYS else self._ids.subject(by)
