"""A session as the pages show it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.urls import NoReverseMatch, reverse

from sojourn.core.records import Session
from sojourn.core.timeouts import deadline


def moment(milliseconds: int) -> datetime:
    """An aware datetime, for templates to show in the viewer's zone."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


@dataclass(frozen=True, slots=True)
class SessionItem:
    """What a page may say of a session: public facts, in the words of the templates."""

    sid: str
    device_label: str
    device_class: str
    place: str
    address: str
    client: str
    started_at: datetime
    last_seen_at: datetime
    expires_at: datetime | None
    current: bool
    reason: str
    ended_at: datetime | None

    @property
    def end_url(self) -> str:
        """Where to end this session; "" if the site has no such page."""
        try:
            return reverse("sojourn:end", args=[self.sid])
        except NoReverseMatch:
            return ""

    @classmethod
    def of(cls, session: Session, current_sid: str = "") -> "SessionItem":
        """The item of `session`, marked if it is the viewer's own."""
        ends = deadline(session) if session.open else None
        return cls(
            sid=session.sid,
            device_label=session.device.label,
            device_class=str(session.device.kind),
            place=session.place,
            address=session.address,
            client=session.client,
            started_at=moment(session.created),
            last_seen_at=moment(session.last_seen),
            expires_at=moment(ends) if ends is not None else None,
            current=session.sid == current_sid,
            reason=str(session.end_reason or ""),
            ended_at=moment(session.ended) if session.ended is not None else None,
        )
