"""What a subject says of their own devices and notices."""

from __future__ import annotations

import pytest

from sojourn.core.decisions import Decision
from sojourn.core.errors import InvalidInput
from sojourn.core.records import KnownDevice, Profile, Roster
from sojourn.core.wishes import (
    MUTABLE,
    decide_forget,
    decide_mute,
    decide_name_known,
    decide_trust,
    names_by_reference,
    reference,
)
from sojourn.notify import notices
from sojourn.testing.clock import START

DEVICES = {"laptop": KnownDevice(START, START, "Firefox"), "phone": KnownDevice(START, START, "Safari")}
ROSTER = Roster("ann", profile=Profile(devices=DEVICES, device_names={"laptop": "mine"}))
LAPTOP = reference("laptop")


def profile_of(decision: Decision[bool]) -> Profile:
    assert decision.outcome is True
    assert decision.profile is not None
    return decision.profile


def test_a_device_is_trusted_and_no_longer() -> None:
    trusting = profile_of(decide_trust(ROSTER, LAPTOP, trusted=True))
    assert {digest: device.trusted for digest, device in trusting.devices.items()} == {"laptop": True, "phone": False}
    again = profile_of(decide_trust(Roster("ann", profile=trusting), LAPTOP, trusted=False))
    assert not any(device.trusted for device in again.devices.values())


def test_a_known_device_is_named_without_a_session() -> None:
    named = profile_of(decide_name_known(ROSTER, LAPTOP, "the blue one"))
    assert named.device_names == {"laptop": "the blue one"}
    assert names_by_reference(named) == {LAPTOP: "the blue one"}
    assert profile_of(decide_name_known(ROSTER, LAPTOP, "")).device_names == {}


def test_a_device_is_forgotten_with_its_name() -> None:
    left = profile_of(decide_forget(ROSTER, LAPTOP))
    assert (list(left.devices), dict(left.device_names)) == (["phone"], {})


@pytest.mark.parametrize("device", ["", "laptop", "laptop"[:3], reference("tablet"), LAPTOP.upper()])
def test_no_device_is_found_by_anything_but_its_reference(device: str) -> None:
    assert decide_trust(ROSTER, device, trusted=True) == Decision(outcome=False)
    assert decide_name_known(ROSTER, device, "x") == Decision(outcome=False)
    assert decide_forget(ROSTER, device) == Decision(outcome=False)


def test_a_reference_does_not_tell_the_digest() -> None:
    assert "laptop" not in LAPTOP
    assert len({reference(str(number)) for number in range(1000)}) == 1000


def test_notices_are_muted_and_wanted_again() -> None:
    decision = decide_mute(ROSTER, ["evicted"])
    assert decision.profile is not None
    assert decision.profile.muted == decision.outcome == {"evicted"}
    again = decide_mute(Roster("ann", profile=decision.profile), [])
    assert again.profile is not None
    assert again.profile.muted == frozenset()


@pytest.mark.parametrize("kind", [*sorted(set(notices.Kind) - notices.MUTABLE), "", "no such kind"])
def test_what_must_be_told_cannot_be_muted(kind: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be muted"):
        decide_mute(ROSTER, ["evicted", kind])


def test_what_can_be_muted_is_what_notices_can_be_without() -> None:
    assert set(notices.MUTABLE) == MUTABLE
