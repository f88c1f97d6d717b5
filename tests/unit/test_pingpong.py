"""Two devices that keep ending each other's sessions are noticed, told, and by policy refused or asked."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.control import SessionControl
from sojourn.core.errors import ConfigurationError
from sojourn.core.events import EvictionsRepeated, WouldHave, payload
from sojourn.core.outcomes import Admitted, ChoiceRequired, Refused
from sojourn.core.policy import Limit, Overflow, PingPong, Policy
from sojourn.core.records import EVICTIONS_MAX, Arrival, Device, DeviceClass, EndReason
from sojourn.core.timeouts import HOUR, MINUTE, SECOND, Timeouts
from sojourn.stores.memory import MemoryStore
from sojourn.testing.clock import FakeClock

WITHIN = 10 * MINUTE
LAPTOP = Device(DeviceClass.COMPUTER, "Firefox", "Windows", "laptop")
PHONE = Device(DeviceClass.PHONE, "Safari", "iOS", "phone")
TABLET = Device(DeviceClass.TABLET, "Chrome", "Android", "tablet")
ONE = Limit(1, name="one")


class Account:
    """One account and the devices that sign in to it, one after the other."""

    def __init__(self, then: Overflow | None = None, *, times: int = 3, **policy: object) -> None:
        self.clock, self.store = FakeClock(), MemoryStore()
        rule = Policy((ONE,), Timeouts(HOUR), ping_pong=PingPong(times, WITHIN, then))
        self.control = SessionControl(self.store, replace(rule, **policy), clock=self.clock)  # type: ignore[arg-type]

    def sign_in(self, device: Device, after: int = SECOND) -> Admitted | Refused | ChoiceRequired:
        self.clock.advance(after)
        outcome = self.control.start(Arrival("ann", device=device), browser=device.digest)
        assert isinstance(outcome, Admitted | Refused | ChoiceRequired)
        return outcome

    def take_turns(
        self, *devices: Device, times: int, after: int = SECOND
    ) -> list[Admitted | Refused | ChoiceRequired]:
        return [self.sign_in(device, after) for device in itertools.islice(itertools.cycle(devices), times)]

    @property
    def told(self) -> list[str]:
        return [event.outcome for event in self.store.events if isinstance(event, EvictionsRepeated)]


def noticed(outcomes: list[Admitted | Refused | ChoiceRequired]) -> list[bool]:
    return [bool(outcome.rivals) for outcome in outcomes]


def test_devices_that_end_each_other_three_times_are_told_and_nothing_else() -> None:
    account = Account()
    outcomes = account.take_turns(LAPTOP, PHONE, times=5)
    assert all(isinstance(outcome, Admitted) for outcome in outcomes)
    assert noticed(outcomes) == [False, False, False, True, True]
    last = outcomes[3]
    assert isinstance(last, Admitted)
    assert [session.device for session in last.rivals] == [LAPTOP]
    assert set(last.rivals) <= set(last.ended)
    assert account.told == ["end_existing", "end_existing"]


def test_the_event_names_both_sides_and_no_digest() -> None:
    account = Account()
    account.take_turns(LAPTOP, PHONE, times=4)
    (event,) = [event for event in account.store.events if isinstance(event, EvictionsRepeated)]
    body = payload(event)
    assert body["type"] == "evictions.repeated"
    assert event.arrival["device"] == "Safari on iOS"
    assert len(event.against) == 1
    assert "laptop" not in str(body)


def test_refuse_keeps_what_is_open_until_the_devices_have_been_calm() -> None:
    account = Account(Overflow.REFUSE)
    outcomes = account.take_turns(LAPTOP, PHONE, times=4)
    refused = outcomes[3]
    assert isinstance(refused, Refused)
    assert [session.device for session in refused.rivals] == [LAPTOP]
    assert [session.device for session in account.control.sessions("ann")] == [LAPTOP]
    assert account.told == ["refuse"]
    assert refused.free_at is not None
    account.clock.advance(refused.free_at - account.clock() - 1)
    assert isinstance(account.sign_in(PHONE, after=0), Refused)
    assert isinstance(account.sign_in(PHONE, after=1), Admitted)


def test_ask_lets_the_user_end_the_other_one_and_tells_them_what_goes_on() -> None:
    account = Account(Overflow.ASK)
    asked = account.take_turns(LAPTOP, PHONE, times=4)[3]
    assert isinstance(asked, ChoiceRequired)
    assert asked.ticket is not None
    (rival,) = asked.rivals
    assert account.told == ["ask"]
    again = account.control.choose(asked.ticket, [], browser="phone")
    assert isinstance(again, ChoiceRequired), "a choice of nothing leaves no room"
    chosen = account.control.choose(asked.ticket, [rival.sid], browser="phone")
    assert isinstance(chosen, Admitted)
    assert [session.sid for session in chosen.rivals] == [rival.sid]


def test_a_limit_that_refuses_by_itself_says_nothing_of_ping_pong() -> None:
    account = Account(Overflow.REFUSE)
    account.take_turns(LAPTOP, PHONE, times=3)
    strict = Policy((ONE, Limit(1, Overflow.REFUSE, name="strict")), Timeouts(HOUR), ping_pong=PingPong(3, WITHIN))
    outcome = SessionControl(account.store, strict, clock=account.clock).start(Arrival("ann", device=PHONE))
    assert isinstance(outcome, Refused)
    assert (outcome.limit.name, outcome.rivals) == ("strict", ())
    assert account.told == []


def test_a_third_device_between_them_hides_nothing_and_is_not_accused() -> None:
    account = Account(limits=(Limit(2, name="two"),))
    for device in (LAPTOP, TABLET, PHONE, TABLET, LAPTOP, TABLET, PHONE):
        outcome = account.sign_in(device)
    assert [session.device for session in outcome.rivals] == [LAPTOP]
    assert not account.sign_in(TABLET).rivals


def test_a_device_that_always_wins_is_no_rival() -> None:
    account = Account()
    for _ in range(6):
        account.control.end("ann", None, EndReason.LOGOUT)
        account.take_turns(LAPTOP, PHONE, times=2)
    assert account.told == [], "the laptop signs in where there is room, and is ended each time"


@pytest.mark.parametrize("other", [replace(PHONE, digest=""), LAPTOP])
def test_devices_that_cannot_be_told_apart_are_not_accused(other: Device) -> None:
    account = Account(replace_same_device=False)
    assert not any(noticed(account.take_turns(LAPTOP, other, times=8)))
    assert account.store.roster("ann").profile.evictions == ()


def test_nobody_looks_where_the_policy_does_not_ask_for_it() -> None:
    account = Account(ping_pong=None)
    assert not any(noticed(account.take_turns(LAPTOP, PHONE, times=8)))
    assert account.store.roster("ann").profile.evictions == ()


@pytest.mark.parametrize(
    ("then", "reported"),
    [(None, ["end_existing"] * 5), (Overflow.ASK, ["end_existing"] * 2 + ["ask"] * 3)],
)
def test_report_only_records_what_it_would_have_come_to_and_tells_nobody(
    then: Overflow | None, reported: list[str]
) -> None:
    account = Account(then, report_only=True)
    assert not any(noticed(account.take_turns(LAPTOP, PHONE, times=6)))
    assert account.told == []
    assert [event.outcome for event in account.store.events if isinstance(event, WouldHave)] == reported


def test_report_only_counts_a_refusal_as_often_as_it_would_have_been_made() -> None:
    real, report = Account(Overflow.REFUSE), Account(Overflow.REFUSE, report_only=True)
    refusals = [isinstance(one, Refused) for one in real.take_turns(LAPTOP, PHONE, times=9, after=90 * SECOND)]
    report.take_turns(LAPTOP, PHONE, times=9, after=90 * SECOND)
    would_have = [event.outcome for event in report.store.events if isinstance(event, WouldHave)]
    assert would_have.count("refuse") == refusals.count(True) > 0


def test_explain_says_that_they_keep_ending_each_other() -> None:
    account = Account(Overflow.ASK)
    account.take_turns(LAPTOP, PHONE, times=3)
    lines = account.control.explain(Arrival("ann", device=PHONE)).lines
    assert lines[0] == (
        "Limit “one”: 1 open of at most 1 sessions; 1 too many with this sign-in, so ask, because this device and that "
        "of Firefox on Windows keep ending each other's sessions."
    )


@pytest.mark.parametrize(
    ("times", "within", "then"),
    [(1, WITHIN, None), (EVICTIONS_MAX + 1, WITHIN, None), (3, 0, None), (3, WITHIN, Overflow.END_EXISTING)],
)
def test_a_rule_that_cannot_be_meant_is_an_error(times: int, within: int, then: Overflow | None) -> None:
    with pytest.raises(ConfigurationError):
        PingPong(times, within, then)


SIGN_INS = st.lists(
    st.tuples(st.sampled_from([LAPTOP, PHONE, TABLET, Device()]), st.integers(0, 4 * MINUTE)), max_size=40
)
RULES = st.builds(PingPong, st.integers(2, 5), st.just(WITHIN), st.sampled_from([None, Overflow.REFUSE, Overflow.ASK]))


@given(SIGN_INS, RULES, st.integers(1, 2))
def test_what_is_remembered_is_bounded_and_holds_known_devices_of_late_only(
    sign_ins: list[tuple[Device, int]], rule: PingPong, room: int
) -> None:
    account = Account(limits=(Limit(room),), ping_pong=rule)
    for device, after in sign_ins:
        before = account.store.roster("ann").profile.evictions
        account.sign_in(device, after)
        now, evictions = account.clock(), account.store.roster("ann").profile.evictions
        assert len(evictions) <= EVICTIONS_MAX
        if evictions != before:
            assert all(eviction.at > now - WITHIN for eviction in evictions)
            assert all(
                eviction.loser and eviction.winner and eviction.loser != eviction.winner for eviction in evictions
            )


@given(RULES, st.lists(st.integers(0, HOUR), min_size=1, max_size=30))
def test_somebody_who_changes_slowly_between_two_devices_of_their_own_is_not_accused(
    rule: PingPong, whiles: list[int]
) -> None:
    slow = -(-WITHIN // (rule.times - 1))
    account = Account(ping_pong=rule)
    for device, after in zip(itertools.cycle([LAPTOP, PHONE]), whiles, strict=False):
        assert not account.sign_in(device, slow + after).rivals


@given(st.integers(2, 6), st.lists(st.integers(0, WITHIN // 12), min_size=8, max_size=12))
def test_two_devices_at_war_are_noticed_every_time_from_the_one_that_makes_the_number_full(
    times: int, whiles: list[int]
) -> None:
    account = Account(ping_pong=PingPong(times, WITHIN))
    turns = zip(itertools.cycle([LAPTOP, PHONE]), whiles, strict=False)
    assert noticed([account.sign_in(device, after) for device, after in turns]) == [
        number >= times for number in range(len(whiles))
    ]
