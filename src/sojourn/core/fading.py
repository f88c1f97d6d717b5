"""What is forgotten of somebody when it has not been of use for long: pure, for every store to forget the same."""

from collections.abc import Mapping
from dataclasses import replace

from sojourn.core.events import Event, uncontacted
from sojourn.core.records import Profile, Session, SignIn


def last_use(profile: Profile) -> int | None:
    """When the oldest of what `faded` forgets was last of use; None if there is nothing of the kind."""
    moments = [device.last for device in profile.devices.values()] + [place.last for place in profile.places]
    last = profile.last_sign_in
    if last is not None and last != SignIn(last.at):
        moments.append(last.at)
    return min(moments, default=None)


def faded(profile: Profile, before: int) -> Profile:
    """The profile without the devices, with their names, and the places from before `before`.

    Of a last sign-in from before it, only its moment stays: that there was one. A subject of whom nothing is known is
    learned silently, and the account that nobody has used for long is the one that a thief would like to be.
    """
    gone = {digest for digest, device in profile.devices.items() if device.last < before}
    last = profile.last_sign_in
    return replace(
        profile,
        devices={digest: device for digest, device in profile.devices.items() if digest not in gone},
        device_names={digest: name for digest, name in profile.device_names.items() if digest not in gone},
        places=tuple(place for place in profile.places if place.last >= before),
        last_sign_in=last if last is None or last.at >= before else SignIn(last.at),
        answered={event: at for event, at in profile.answered.items() if at >= before},
    )


def without_address(profile: Profile, before: int) -> Profile:
    """The profile without the address of the last sign-in, if that was before `before`; its place stays."""
    last = profile.last_sign_in
    if last is None or not last.address or last.at >= before:
        return profile
    return replace(profile, last_sign_in=replace(last, address=""))


def bare(body: Mapping[str, object]) -> dict[str, object]:
    """What an event told (`sojourn.core.events.payload`), without the addresses in it."""
    parts = {name: part for name in ("session", "arrival", "previous") if isinstance(part := body.get(name), Mapping)}
    return {**uncontacted(body), **{name: {**part, "address": ""} for name, part in parts.items() if "address" in part}}


def bare_event(event: Event) -> Event:
    """The event without the addresses in it."""
    changes: dict[str, object] = {"contact": ""}
    for name in ("session", "arrival", "previous"):
        part = getattr(event, name, None)
        if isinstance(part, Session):
            changes[name] = replace(part, address="")
        elif isinstance(part, Mapping) and "address" in part:
            changes[name] = {**part, "address": ""}
    return replace(event, **changes)  # type: ignore[arg-type]  # fields that were just read
