"""What a subject says of their own devices and notices. Each is a decision on their profile, and no more.

Pages name a device by a reference that is made of its digest and leads to nothing else (`reference`).
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from sojourn.core.decisions import Decision
from sojourn.core.errors import InvalidInput
from sojourn.core.familiarity import without_device
from sojourn.core.records import Profile, Roster, clean_text
from sojourn.core.tokens import keyed_digest

MUTABLE = frozenset({"second_session", "evicted"})
"""The kinds of notices that a subject may silence. What an attack would be is always told."""


def reference(digest: str) -> str:
    """What a device is called where its subject names it from outside: short, and not its digest."""
    return keyed_digest(digest, "device reference")[:24]


def device_called(profile: Profile, device: str) -> str | None:
    """The digest of the known device whose reference is `device`; None if the subject knows no such device."""
    return next((digest for digest in profile.devices if reference(digest) == device), None)


def decide_trust(roster: Roster, device: str, *, trusted: bool) -> Decision[bool]:
    """The subject trusts the known device called `device`, or no longer does. Whether there is such a device."""
    digest = device_called(roster.profile, device)
    if digest is None:
        return Decision(outcome=False)
    known = roster.profile.devices
    devices = {**known, digest: replace(known[digest], trusted=trusted)}
    return Decision(outcome=True, profile=replace(roster.profile, devices=devices))


def decide_name_known(roster: Roster, device: str, name: str) -> Decision[bool]:
    """Call the known device `device` by this name; an empty one takes its name away. Whether there is such a device."""
    digest = device_called(roster.profile, device)
    if digest is None:
        return Decision(outcome=False)
    names = {known: text for known, text in roster.profile.device_names.items() if known != digest}
    return Decision(outcome=True, profile=replace(roster.profile, device_names={**names, digest: name}))


def decide_forget(roster: Roster, device: str) -> Decision[bool]:
    """Forget the known device called `device` with its name; its sessions go on. Whether there was such a device."""
    digest = device_called(roster.profile, device)
    if digest is None:
        return Decision(outcome=False)
    return Decision(outcome=True, profile=without_device(roster.profile, digest))


def decide_mute(roster: Roster, kinds: Collection[str]) -> Decision[frozenset[str]]:
    """The subject wants no notice of these kinds, and one of all others. Raises InvalidInput for what must be told."""
    wished = frozenset(kinds)
    if not wished <= MUTABLE:
        unknown = ", ".join(clean_text(kind, 40) for kind in sorted(wished - MUTABLE))
        raise InvalidInput(f"These notices cannot be muted: {unknown}. Possible: {', '.join(sorted(MUTABLE))}.")
    return Decision(wished, profile=replace(roster.profile, muted=wished))


def names_by_reference(profile: Profile) -> Mapping[str, str]:
    """What the subject calls their devices, by the devices' references."""
    return {reference(digest): name for digest, name in profile.device_names.items()}
