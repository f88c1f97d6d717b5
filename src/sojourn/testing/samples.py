"""Records to test with: every field set, and easy to tell apart."""

import hashlib
from dataclasses import replace
from typing import Any

from sojourn.core.decisions import end_session
from sojourn.core.records import (
    Arrival,
    Device,
    DeviceClass,
    EndReason,
    Eviction,
    KnownDevice,
    KnownPlace,
    Location,
    Pause,
    Profile,
    Session,
    SignIn,
    Ticket,
)
from sojourn.core.timeouts import DAY, HOUR
from sojourn.core.tokens import route_of
from sojourn.testing.clock import START


def digest(name: str) -> bytes:
    """32 bytes that stand for the token called `name`."""
    return hashlib.sha256(name.encode()).digest()


ANN = route_of("ann")
"""The route of the subject whom most samples are about."""


def sid(name: str, subject: str = "ann") -> str:
    """A sid as the one minted for a session of `subject` is: it carries their route."""
    return f"{route_of(subject):02x}{name}"


def session(name: str, subject: str = "ann", **fields: Any) -> Session:
    """An open session without timeouts whose sid is `name` and whose token is called `name`."""
    values: dict[str, Any] = {"created": START, "authenticated": START, "last_seen": START, **fields}
    return Session(sid=name, subject=subject, digest=values.pop("digest", digest(name)), **values)


def full_session(name: str, subject: str = "ann", **fields: Any) -> Session:
    """An open session with every field set, each to a value of its own."""
    return session(
        name,
        subject,
        created=START + 1,
        authenticated=START + 2,
        last_seen=START + 3,
        inactivity_timeout=HOUR + 4,
        expires=START + DAY + 5,
        carrier_expires=START + DAY + 6,
        persistent=True,
        client="shop",
        device=Device(DeviceClass.TABLET, "Firefox", "Android", "device-digest"),
        address="2001:db8::7",
        place="Łódź, Poland",
        acr="urn:example:silver",
        amr=("pwd", "otp"),
        parent="00parent",
        credential="credential-digest",
        generation=8,
        predecessor=digest(f"{name} before"),
        predecessor_until=START + 9,
        **{"privileges": "privileges-digest", **fields},
    )


def ended(of: Session, at: int, reason: EndReason = EndReason.LOGOUT, by: str = "", note: str = "") -> Session:
    """`of`, ended at `at`."""
    return end_session(replace(of, inactivity_timeout=None, expires=None, carrier_expires=None), reason, by, at, note)


def full_arrival(subject: str = "ann") -> Arrival:
    """A sign-in with every field set, each to a value of its own."""
    return Arrival(
        subject=subject,
        client="shop",
        device=Device(DeviceClass.PHONE, "Safari", "iOS", "another-device"),
        address="192.0.2.44",
        place="Besançon",
        location=full_location(),
        persistent=True,
        groups=frozenset({"staff", "beta"}),
        credentials=("now", "before"),
        replaces="00replaced",
        carrier_expires=START + DAY,
        acr="urn:example:gold",
        amr=("hwk", "user"),
        parent="00another",
        privileges="other-privileges",
    )


def full_profile() -> Profile:
    """A profile with every field set."""
    return Profile(
        Pause(START, "an operator", "a stolen password", START + DAY),
        {"device-digest": "Zoë's “phone”", "another-device": "the laptop"},
        (Eviction(START + 1, "device-digest", "another-device"), Eviction(START + 2, "", "device-digest")),
        {"00one": "", "00another": "evicted"},
        devices={
            "another-device": KnownDevice(START - DAY, START - HOUR),
            "device-digest": KnownDevice(START, START + 1, "Firefox on Windows", trusted=True),
        },
        places=(KnownPlace(Location("FR"), START), KnownPlace(full_location(), START + 1)),
        last_sign_in=SignIn(START + 1, "Firefox on Windows", "192.0.2.7", "Zürich, Switzerland", full_location()),
        refused_since=3,
        muted=frozenset({"second_session"}),
        confirmed={"00one": START, "00another": START + 1},
        answered={"an-event": START + 2, "another-event": START + 3},
        credential_changed=START + 4,
    )


def full_location() -> Location:
    """A location with every field set."""
    return Location("CH", "Zürich", "Zürich", 47.3769, 8.5417, "AS64500 Example Networks")


def ticket(name: str, subject: str = "ann", **fields: Any) -> Ticket:
    """The ticket called `name` of a pending sign-in with every field set."""
    values: dict[str, Any] = {
        "created": START,
        "expires": START + HOUR,
        "browser": "browser-digest",
        "arrival": full_arrival(subject),
        "context": {"next": "/orders/?page=2", "backend": "model"},
        **fields,
    }
    return Ticket(digest=digest(name), subject=subject, **values)
