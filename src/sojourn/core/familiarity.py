"""What is unusual about a sign-in, and what is learned from it: devices and places that a subject has used before.

A signal for notices, never a reason to turn somebody away. What cannot be told (a device without a cookie, an address
of which nothing is known) is a value of its own: it alarms nobody, and nothing is learned from it.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sojourn.core.policy import Familiarity, NewPlace
from sojourn.core.records import Arrival, Device, KnownDevice, KnownPlace, Location, Profile, Session, SignIn
from sojourn.core.timeouts import HOUR

NEW_DEVICE, NEW_PLACE, FAR = "new_device", "new_place", "far"

_EARTH_KM = 6371.0
"""The mean radius of the Earth."""
_ONE_TOWN_KM = 50.0
"""Two places that are no farther apart are remembered as one: a database of addresses knows no better."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """What `sojourn.core.events.SessionStarted` tells of a sign-in: see there."""

    unusual: tuple[str, ...] = ()
    first: bool = False
    trusted: bool = False
    previous: Mapping[str, object] | None = None


def recognise(profile: Profile, arrival: Arrival, rule: Familiarity, now: int) -> Recognition:
    """What is unusual about `arrival`, by all that was known before it; `now` in milliseconds.

    Nothing is, where there is nothing to compare with: for a subject of whom nothing is known, so that a site that
    has just begun to look alarms nobody, and for whoever acts as the subject.
    """
    last = profile.last_sign_in
    if arrival.parent or (last is None and not profile.devices):
        return Recognition(first=True)
    known = _devices(profile, rule, now).get(arrival.device.digest)
    places = [place.location for place in _places(profile, rule, now)]
    unusual = []
    if known is None and arrival.device.digest:
        unusual.append(NEW_DEVICE)
    if _is_new(arrival.location, places, rule):
        unusual.append(NEW_PLACE)
    # Whoever goes by turns through two networks, far apart, is known at both ends: by the place and by the device.
    usual = known is not None and any(_one_place(arrival.location, place) for place in places)
    if last is not None and not usual and _too_fast(last, arrival.location, rule, now):
        unusual.append(FAR)
    return Recognition(
        tuple(unusual),
        trusted=known is not None and known.trusted,
        previous=None if last is None else {**_facts(last), "refused": profile.refused_since},
    )


def _facts(last: SignIn) -> dict[str, object]:
    return {"at": last.at, "device": last.device, "address": last.address, "place": last.place}


def remembered(
    profile: Profile, arrival: Arrival, rule: Familiarity, now: int, open_sessions: Iterable[Session] = ()
) -> Profile:
    """The profile after `arrival` was admitted, without what has not been used for longer than `rule` remembers.

    Where no device was known yet, those of `open_sessions` are learned as well: they signed in before anybody looked.
    Whoever acts as the subject teaches nothing.
    """
    if arrival.parent:
        return profile
    learned = profile
    if not profile.devices:
        for session in open_sessions:
            if not session.parent:
                learned = _with_device(learned, session.device, session.last_seen)
    learned = replace(
        _with_device(learned, arrival.device, now),
        places=_with_place(_places(profile, rule, now), arrival.location, now),
        last_sign_in=SignIn(now, arrival.device.label, arrival.address, arrival.place, arrival.location),
        refused_since=0,
    )
    return replace(learned, devices=_devices(learned, rule, now))


def adopted(profile: Profile, arrival: Arrival, now: int) -> Profile:
    """The profile with a session that was open before anybody looked: learned, but no sign-in of now."""
    learned = _with_device(profile, arrival.device, now)
    return replace(learned, places=_with_place(profile.places, arrival.location, now))


def refused(profile: Profile, arrival: Arrival) -> Profile:
    """The profile after a limit has refused `arrival`: its owner is told at their next sign-in."""
    return profile if arrival.parent else replace(profile, refused_since=profile.refused_since + 1)


def without_device(profile: Profile, digest: str) -> Profile:
    """The profile as if this device had never been there: the next sign-in on it is one on a new device."""
    devices = {known: device for known, device in profile.devices.items() if known != digest}
    names = {known: name for known, name in profile.device_names.items() if known != digest}
    return replace(profile, devices=devices, device_names=names)


def distance_km(one: Location, other: Location) -> float | None:
    """How far apart two places are, in kilometres along the surface; None where one of them is not known so exactly.

    By the haversine formula, which is exact enough on a sphere for any two points. Coordinates of a place of which
    the country is known, but no city, are those of the middle of the country: no distance is measured from there.
    """
    if not (_exact(one) and _exact(other)):
        return None
    lat1, lon1, lat2, lon2 = (
        math.radians(degrees or 0.0) for degrees in (one.latitude, one.longitude, other.latitude, other.longitude)
    )
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(1.0, half)))


def _exact(location: Location) -> bool:
    return location.latitude is not None and bool(location.city or not location.country)


def _is_new(location: Location, places: Iterable[Location], rule: Familiarity) -> bool:
    """Whether all that is known lies elsewhere. Not if nothing known can be compared with it."""
    far = [km > rule.distance_km for place in places if (km := distance_km(location, place)) is not None]
    foreign = [location.country != place.country for place in places if location.country and place.country]
    first, second = (far, foreign) if rule.new_place is NewPlace.DISTANCE else (foreign, far)
    apart = first or second
    return bool(apart) and all(apart)


def _too_fast(last: SignIn, location: Location, rule: Familiarity, now: int) -> bool:
    """Whether nobody travels from the sign-in before to this one in the time between. Never within `distance_km`."""
    km = distance_km(last.location, location)
    reach = max(0, now - last.at) / HOUR * rule.travel_kmh
    return km is not None and km > max(rule.distance_km, reach)


def _one_place(one: Location, other: Location) -> bool:
    km = distance_km(one, other)
    if km is not None:
        return km <= _ONE_TOWN_KM
    return (one.country, one.region, one.city) == (other.country, other.region, other.city)


def _devices(profile: Profile, rule: Familiarity, now: int) -> dict[str, KnownDevice]:
    return {digest: device for digest, device in profile.devices.items() if device.last > now - rule.memory}


def _places(profile: Profile, rule: Familiarity, now: int) -> tuple[KnownPlace, ...]:
    return tuple(place for place in profile.places if place.last > now - rule.memory)


def _with_device(profile: Profile, device: Device, now: int) -> Profile:
    """With this device as the one that was used last."""
    if not device.digest:
        return profile
    known = profile.devices.get(device.digest)
    since, trusted = (known.since, known.trusted) if known is not None else (now, False)
    others = {digest: other for digest, other in profile.devices.items() if digest != device.digest}
    return replace(profile, devices={**others, device.digest: KnownDevice(since, now, device.label, trusted=trusted)})


def _with_place(places: Iterable[KnownPlace], location: Location, now: int) -> tuple[KnownPlace, ...]:
    """With this place, if anything is known of it, as the one that was used last."""
    if not location.known:
        return tuple(places)
    others = [place for place in places if not _one_place(place.location, location)]
    return (*others, KnownPlace(location, now))
