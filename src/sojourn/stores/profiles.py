"""Profiles to text and back: pure. What comes back is checked as strictly as any other record."""

import json
from typing import Any

from sojourn.core.errors import RecordFormatError
from sojourn.core.records import Eviction, KnownDevice, KnownPlace, Location, Pause, Profile, SignIn
from sojourn.stores.damage import DAMAGE, each, flag, known_format, texts

LAST_ADDRESS = "last_address"
"""The key of the last sign-in's address. Apart from the rest of it, so that a statement finds those that have one."""
_NOTHING = Profile()
_KEYS = ("format", "pause", "device_names", "evictions", "unenforced")
_LATER: dict[str, Any] = {
    "devices": {},
    "places": [],
    "last_sign_in": None,
    LAST_ADDRESS: "",
    "refused_since": 0,
    "muted": [],
    "confirmed": {},
    "answered": {},
    "credential_changed": None,
}
"""What the first version did not write, and what is not there is taken for."""


def profile_text(profile: Profile) -> str | None:
    """What the column `profile` holds; None if there is nothing to remember."""
    if profile == _NOTHING:
        return None
    pause, last = profile.pause, profile.last_sign_in
    facts = {
        "format": profile.format,
        "pause": None if pause is None else [pause.since, pause.by, pause.note, pause.until],
        "device_names": dict(profile.device_names),
        "evictions": [[one.at, one.loser, one.winner] for one in profile.evictions],
        "unenforced": dict(profile.unenforced),
        "devices": {digest: [one.since, one.last, one.label, one.trusted] for digest, one in profile.devices.items()},
        "places": [[location_facts(one.location), one.last] for one in profile.places],
        "last_sign_in": None if last is None else [last.at, last.device, "", last.place, location_facts(last.location)],
        LAST_ADDRESS: "" if last is None else last.address,
        "refused_since": profile.refused_since,
        "muted": sorted(profile.muted),
        "confirmed": dict(profile.confirmed),
        "answered": dict(profile.answered),
        "credential_changed": profile.credential_changed,
    }
    return json.dumps({name: value for name, value in facts.items() if name in _KEYS or value != _LATER[name]})


def profile_of(value: object) -> Profile:
    """The profile in a value of the column `profile`. Raises RecordFormatError, and nothing else."""
    if value is None:
        return _NOTHING
    try:
        facts = json.loads(value.decode() if isinstance(value, bytes) else value)  # type: ignore[arg-type]  # TypeError if neither
        version, pause, names, evictions, unenforced = map(facts.pop, _KEYS)
        known_format(version)
        each(str, (*names.keys(), *names.values(), *unenforced.keys(), *unenforced.values()))
        later = {name: facts.pop(name, nothing) for name, nothing in _LATER.items()}
        if facts:
            raise ValueError
        each(int, (later["refused_since"], *later["answered"].values(), *later["confirmed"].values()))
        each(int, (later["credential_changed"],), type(None))
        return Profile(
            pause=None if pause is None else _pause(*pause),
            device_names=names,
            evictions=tuple(_eviction(*one) for one in evictions),
            unenforced=unenforced,
            devices={digest: _device(*one) for digest, one in later["devices"].items()},
            places=tuple(_place(*one) for one in later["places"]),
            last_sign_in=_last_sign_in(later["last_sign_in"], later[LAST_ADDRESS]),
            refused_since=later["refused_since"],
            muted=frozenset(texts(later["muted"])),
            confirmed=later["confirmed"],
            answered=later["answered"],
            credential_changed=later["credential_changed"],
            format=version,
        )
    except DAMAGE:
        raise RecordFormatError from None


def location_facts(location: Location) -> list[object]:
    """A location, ready for JSON."""
    return [
        *(location.country, location.region, location.city),
        *(location.latitude, location.longitude, location.network),
    ]


def location_of(facts: Any) -> Location:
    """The location in what `location_facts` made. Raises one of DAMAGE."""
    country, region, city, latitude, longitude, network = facts
    each(str, (country, region, city, network))
    each(float, (latitude, longitude), int, type(None))
    return Location(country, region, city, latitude, longitude, network)


def _pause(since: Any, by: Any, note: Any, until: Any) -> Pause:
    each(int, (since,) if until is None else (since, until))
    each(str, (by, note))
    return Pause(since, by, note, until)


def _eviction(at: Any, loser: Any, winner: Any) -> Eviction:
    each(int, (at,))
    each(str, (loser, winner))
    return Eviction(at, loser, winner)


def _device(since: Any, last: Any, label: Any, trusted: Any) -> KnownDevice:
    each(int, (since, last))
    each(str, (label,))
    return KnownDevice(since, last, label, flag(trusted))


def _place(location: Any, last: Any) -> KnownPlace:
    each(int, (last,))
    return KnownPlace(location_of(location), last)


def _last_sign_in(facts: Any, last_address: Any) -> SignIn | None:
    each(str, (last_address,))
    if facts is None:
        return None
    at, device, address, place, location = facts  # the first version had the address here
    each(int, (at,))
    each(str, (device, address, place))
    return SignIn(at, device, last_address or address, place, location_of(location))
