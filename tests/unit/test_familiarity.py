"""What is unusual about a sign-in, and what is learned from it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.control import SessionControl
from sojourn.core.errors import ConfigurationError
from sojourn.core.events import SessionStarted, payload
from sojourn.core.familiarity import distance_km, recognise, remembered, without_device
from sojourn.core.outcomes import Admitted, ChoiceRequired, Refused
from sojourn.core.policy import Familiarity, Limit, NewPlace, Overflow, Policy
from sojourn.core.records import (
    DEVICES_MAX,
    PLACES_MAX,
    Arrival,
    Device,
    DeviceClass,
    KnownDevice,
    Location,
    Profile,
    Session,
    SignIn,
)
from sojourn.core.timeouts import DAY, HOUR, MINUTE, SECOND, Timeouts
from sojourn.stores.memory import MemoryStore
from sojourn.testing.clock import START, FakeClock

LAPTOP = Device(DeviceClass.COMPUTER, "Firefox", "Windows", "laptop")
PHONE = Device(DeviceClass.PHONE, "Safari", "iOS", "phone")
NOBODY_KNOWS = Device(DeviceClass.OTHER, "curl")
ZURICH = Location("CH", "Zürich", "Zürich", 47.3769, 8.5417)
WINTERTHUR = Location("CH", "Zürich", "Winterthur", 47.4988, 8.7237)
GENEVA = Location("CH", "Genève", "Genève", 46.2044, 6.1432)
MILAN = Location("IT", "Lombardia", "Milano", 45.4642, 9.19)
SYDNEY = Location("AU", "New South Wales", "Sydney", -33.8688, 151.2093)
SOMEWHERE_IN_AUSTRALIA = Location("AU", latitude=-25.0, longitude=135.0)
BY_DISTANCE = Familiarity(NewPlace.DISTANCE, distance_km=150)


class Account:
    """One account, and what its sign-ins were told to be."""

    def __init__(self, rule: Familiarity | None = None, **policy: object) -> None:
        self.clock, self.store = FakeClock(), MemoryStore()
        plain = Policy(timeouts=Timeouts(30 * DAY), familiarity=rule or Familiarity())
        self.control = SessionControl(
            self.store,
            replace(plain, **policy),  # type: ignore[arg-type]  # fields of Policy
            clock=self.clock,
        )

    def sign_in(
        self, device: Device = LAPTOP, location: Location = ZURICH, *, after: int = DAY, **fields: object
    ) -> SessionStarted:
        self.clock.advance(after)
        arrival = Arrival("ann", device=device, location=location, **fields)  # type: ignore[arg-type]
        outcome = self.control.start(arrival, browser=device.digest)
        assert isinstance(outcome, Admitted)
        (event,) = (
            event
            for event in self.store.events
            if isinstance(event, SessionStarted) and event.session.sid == outcome.session.sid
        )
        return event

    @property
    def profile(self) -> Profile:
        return self.store.roster("ann").profile


def test_the_first_sign_in_ever_is_learned_in_silence() -> None:
    account = Account()
    event = account.sign_in()
    assert (event.first, event.unusual, event.previous) == (True, (), None)
    assert list(account.profile.devices) == ["laptop"]
    assert [place.location for place in account.profile.places] == [ZURICH]


def test_whoever_takes_over_an_account_that_nobody_has_used_for_long_is_told_of() -> None:
    account = Account()
    account.sign_in()
    account.clock.advance(900 * DAY)
    account.store.fade(account.clock() - 400 * DAY, 10)
    assert not account.profile.devices
    event = account.sign_in(PHONE, SYDNEY)
    assert (event.first, event.unusual) == (False, ("new_device",))


def test_a_known_device_in_a_known_place_is_not_unusual() -> None:
    account = Account()
    account.sign_in()
    event = account.sign_in()
    assert (event.first, event.unusual) == (False, ())


def test_a_device_is_new_once() -> None:
    account = Account()
    account.sign_in()
    assert account.sign_in(PHONE).unusual == ("new_device",)
    assert account.sign_in(PHONE).unusual == ()


def test_a_device_that_cannot_be_told_is_no_alarm_and_is_not_learned() -> None:
    account = Account()
    account.sign_in()
    assert account.sign_in(NOBODY_KNOWS).unusual == ()
    assert list(account.profile.devices) == ["laptop"]


def test_a_country_is_new_once() -> None:
    account = Account()
    account.sign_in()
    assert account.sign_in(location=MILAN).unusual == ("new_place",)
    assert account.sign_in(location=MILAN).unusual == ()
    assert account.sign_in(location=GENEVA).unusual == (), "another city of a known country"


def test_a_place_is_new_by_its_distance_where_the_policy_says_so() -> None:
    account = Account(BY_DISTANCE)
    account.sign_in()
    assert account.sign_in(location=WINTERTHUR).unusual == ()
    assert account.sign_in(location=GENEVA).unusual == ("new_place",)


def test_a_place_without_coordinates_is_judged_by_its_country_where_distance_cannot_be() -> None:
    account = Account(BY_DISTANCE)
    account.sign_in(location=Location("CH"))
    assert account.sign_in(location=ZURICH).unusual == ()
    assert account.sign_in(location=Location("IT")).unusual == ("new_place",)


def test_an_unknown_place_is_no_alarm_and_is_not_learned() -> None:
    account = Account()
    account.sign_in()
    assert account.sign_in(location=Location()).unusual == ()
    assert [place.location for place in account.profile.places] == [ZURICH]


def test_the_first_place_that_is_known_at_all_is_learned_in_silence() -> None:
    account = Account()
    account.sign_in(location=Location())
    assert account.sign_in(location=ZURICH).unusual == ()
    assert account.sign_in(location=MILAN).unusual == ("new_place",)


def test_faster_than_anybody_travels_is_far() -> None:
    account = Account()
    account.sign_in()
    assert account.sign_in(location=SYDNEY, after=HOUR).unusual == ("new_place", "far")


def test_whoever_had_the_time_to_fly_is_not_far() -> None:
    account = Account()
    account.sign_in()
    assert account.sign_in(location=SYDNEY, after=DAY).unusual == ("new_place",)


def test_what_is_near_is_never_far_however_quick() -> None:
    account = Account()
    account.sign_in()
    assert account.sign_in(location=MILAN, after=SECOND).unusual == ("new_place",)


def test_the_middle_of_a_country_is_no_place_to_measure_from() -> None:
    account = Account()
    account.sign_in()
    assert account.sign_in(location=SOMEWHERE_IN_AUSTRALIA, after=HOUR).unusual == ("new_place",)


def test_a_known_device_that_goes_by_turns_through_two_far_networks_is_not_unusual() -> None:
    account = Account()
    account.sign_in()
    account.sign_in(location=SYDNEY)
    assert account.sign_in(location=ZURICH, after=MINUTE).unusual == ()
    assert account.sign_in(PHONE, location=SYDNEY, after=MINUTE).unusual == ("new_device", "far")


def test_a_clock_that_went_back_is_no_error() -> None:
    profile = Profile(devices={"laptop": KnownDevice(START, START)}, last_sign_in=SignIn(START, location=ZURICH))
    arrival = Arrival("ann", device=LAPTOP, location=SYDNEY)
    assert recognise(profile, arrival, Familiarity(), START - HOUR).unusual == ("far",)


def test_the_sign_in_before_is_told() -> None:
    account = Account()
    first = account.sign_in(address="192.0.2.1", place="Zürich, Switzerland")
    event = account.sign_in(PHONE)
    assert event.previous == {
        "at": first.at,
        "device": "Firefox on Windows",
        "address": "192.0.2.1",
        "place": "Zürich, Switzerland",
        "refused": 0,
    }
    assert payload(event)["previous"] == event.previous


def test_what_is_told_and_kept_of_a_device_has_no_digest_in_it() -> None:
    account = Account()
    account.sign_in()
    assert "laptop" not in str(payload(account.sign_in()))
    assert "laptop" not in repr(account.profile)


def test_a_trusted_device_is_told_as_one() -> None:
    rule, now = Familiarity(), START + DAY
    profile = Profile(devices={"laptop": KnownDevice(START, START, trusted=True)}, last_sign_in=SignIn(START))
    arrival = Arrival("ann", device=LAPTOP)
    assert recognise(profile, arrival, rule, now).trusted
    assert not recognise(profile, replace(arrival, device=PHONE), rule, now).trusted
    assert remembered(profile, arrival, rule, now).devices["laptop"] == KnownDevice(
        START, now, "Firefox on Windows", trusted=True
    )


def test_a_device_that_has_not_been_used_for_too_long_is_a_new_one() -> None:
    account = Account(Familiarity(memory=30 * DAY))
    account.sign_in()
    account.sign_in(PHONE)
    account.sign_in(PHONE, after=30 * DAY - 1)
    assert list(account.profile.devices) == ["phone"]
    assert account.sign_in(LAPTOP).unusual == ("new_device",)


def test_a_forgotten_device_is_a_new_one_without_its_name() -> None:
    profile = Profile(devices={"laptop": KnownDevice(START, START)}, device_names={"laptop": "mine", "phone": "small"})
    left = without_device(profile, "laptop")
    assert (dict(left.devices), dict(left.device_names)) == ({}, {"phone": "small"})


def test_the_devices_of_sessions_from_before_anybody_looked_are_learned_with_the_first() -> None:
    account = Account()
    account.sign_in(PHONE)
    (session,) = account.store.roster("ann").sessions
    learned = remembered(Profile(), Arrival("ann", device=LAPTOP), Familiarity(), START + 9 * DAY, [session])
    assert learned.devices == {
        "phone": KnownDevice(session.last_seen, session.last_seen, "Safari on iOS"),
        "laptop": KnownDevice(START + 9 * DAY, START + 9 * DAY, "Firefox on Windows"),
    }


def test_whoever_acts_as_the_subject_teaches_nothing_and_alarms_nobody() -> None:
    account = Account()
    account.sign_in()
    before = account.profile
    event = account.sign_in(PHONE, MILAN, parent="00staff")
    assert (event.first, event.unusual) == (True, ())
    assert account.profile == before
    acting: Session = event.session
    assert dict(remembered(Profile(), Arrival("ann"), Familiarity(), START, [acting]).devices) == {}


def test_report_only_learns_and_tells_the_same() -> None:
    account = Account(limits=(Limit(1),), report_only=True)
    account.sign_in()
    event = account.sign_in(PHONE, MILAN)
    assert event.unusual == ("new_device", "new_place")
    assert set(account.profile.devices) == {"laptop", "phone"}


def test_refusals_are_counted_until_the_next_sign_in() -> None:
    account = Account(limits=(Limit(1, Overflow.REFUSE),))
    account.sign_in()
    for count in (1, 2):
        assert isinstance(account.control.start(Arrival("ann", device=PHONE)), Refused)
        assert account.profile.refused_since == count
    assert list(account.profile.devices) == ["laptop"], "whoever was turned away is not known"
    event = account.sign_in()
    assert event.previous is not None
    assert event.previous["refused"] == 2
    assert account.profile.refused_since == 0


def test_a_sign_in_that_waits_for_a_choice_is_learned_when_it_is_admitted() -> None:
    account = Account(limits=(Limit(1, Overflow.ASK),))
    first = account.sign_in()
    asked = account.control.start(Arrival("ann", device=PHONE), browser="phone")
    assert isinstance(asked, ChoiceRequired)
    assert asked.ticket is not None
    assert list(account.profile.devices) == ["laptop"]
    account.control.choose(asked.ticket, [first.session.sid], browser="phone")
    (event,) = (e for e in account.store.events if isinstance(e, SessionStarted) and e.session.device == PHONE)
    assert event.unusual == ("new_device",)
    assert set(account.profile.devices) == {"laptop", "phone"}


def test_what_is_remembered_is_bounded_and_the_oldest_goes_first() -> None:
    account = Account()
    for number in range(DEVICES_MAX + 5):
        place = Location("CH", "", f"town {number}")
        account.sign_in(Device(digest=f"device {number}"), place, after=MINUTE)
    account.sign_in(Device(digest="device 5"), Location("CH", "", f"town {DEVICES_MAX}"), after=MINUTE)
    assert len(account.profile.devices) == DEVICES_MAX
    assert next(iter(account.profile.devices)) == "device 6"
    assert list(account.profile.devices)[-1] == "device 5"
    assert len(account.profile.places) == PLACES_MAX
    assert account.profile.places[-1].location.city == f"town {DEVICES_MAX}"


def test_one_town_is_remembered_once() -> None:
    account = Account()
    account.sign_in()
    account.sign_in(location=WINTERTHUR)
    assert [place.location for place in account.profile.places] == [WINTERTHUR]


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [(ZURICH, ZURICH, 0), (ZURICH, MILAN, 218), (ZURICH, SYDNEY, 16_568), (SYDNEY, ZURICH, 16_568)],
)
def test_distances_are_those_of_an_atlas(one: Location, other: Location, km: int) -> None:
    assert distance_km(one, other) == pytest.approx(km, abs=10)


@given(*[st.floats(-90, 90), st.floats(-180, 180)] * 2)
def test_no_distance_is_longer_than_half_way_around(lat1: float, lon1: float, lat2: float, lon2: float) -> None:
    one, other = Location(latitude=lat1, longitude=lon1), Location(latitude=lat2, longitude=lon2)
    km = distance_km(one, other)
    assert km is not None
    assert 0 <= km <= 20_016
    assert km == pytest.approx(distance_km(other, one))


@pytest.mark.parametrize("name", ["distance_km", "travel_kmh", "memory"])
def test_what_cannot_be_meant_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        Familiarity(**{name: 0})
