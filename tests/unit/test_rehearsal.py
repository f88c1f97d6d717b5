"""Report-only: its numbers are those that the same story comes to where the policy is enforced."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from sojourn.control import SessionControl
from sojourn.core.counting import Finding, victims
from sojourn.core.events import WouldHave
from sojourn.core.outcomes import Admitted, Authenticated, ChoiceRequired, Ended, Refused
from sojourn.core.policy import Counts, Limit, Order, Overflow, PingPong, Policy, Scope
from sojourn.core.records import Arrival, Device, DeviceClass, EndReason, Session
from sojourn.core.timeouts import HOUR, MINUTE, Timeouts
from sojourn.stores.memory import MemoryStore
from sojourn.testing.clock import FakeClock

TIMEOUTS = Timeouts(inactivity=30 * MINUTE, absolute=3 * HOUR)
LASTING = Timeouts(inactivity=2 * HOUR, absolute=5 * HOUR)
KINDS = (DeviceClass.COMPUTER, DeviceClass.PHONE, DeviceClass.COMPUTER, DeviceClass.TABLET, DeviceClass.PHONE)


@dataclass
class World:
    """A site with browsers; what they hold, and what happened to them."""

    policy: Policy
    clock: FakeClock
    counts: Counter[str] = field(default_factory=Counter)
    held: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store = MemoryStore()
        self.control = SessionControl(self.store, self.policy, clock=self.clock)

    def arrival(self, browser: int, persistent: bool = False, replaces: str = "") -> Arrival:
        device = Device(KINDS[browser], digest=f"device {browser}")
        return Arrival("ann", device=device, persistent=persistent, replaces=replaces)

    def request(self, browser: int) -> Session | None:
        """The session in which the browser's next request is made; None if nobody is signed in to it."""
        if browser not in self.held:
            return None
        found = self.control.authenticate(self.held[browser])
        reason = found.session.end_reason if isinstance(found, Ended) else None
        if reason is not None and reason.expired:
            self.counts[str(reason)] += 1  # the browser is turned away, and told why
        if isinstance(found, Authenticated) and self.control.keep_up(
            found.session, self.control.policy_for(self.arrival(browser))
        ):
            return found.session
        del self.held[browser]
        return None

    def sign_in(self, browser: int, persistent: bool = False) -> None:
        before = self.request(browser)
        arrival = self.arrival(browser, persistent, before.sid if before is not None else "")
        outcome = self.control.start(arrival, browser="b")
        if isinstance(outcome, ChoiceRequired):
            self.counts["ask"] += 1
            chosen: list[str] = []
            ticket = outcome.ticket
            assert ticket is not None
            while isinstance(outcome, ChoiceRequired):
                # They choose those that end_existing would end.
                asked = Finding(
                    outcome.limit,
                    holds=True,
                    counted=outcome.open,
                    excess=outcome.end_at_least,
                    instead=Overflow.END_EXISTING,
                )
                chosen += [session.sid for _, mine in victims([asked], arrival) for session in mine]
                outcome = self.control.choose(ticket, chosen, browser="b")
        if isinstance(outcome, Refused):
            self.counts["refuse"] += 1
        assert isinstance(outcome, Admitted | Refused)
        if isinstance(outcome, Admitted):
            assert outcome.token is not None
            self.held[browser] = outcome.token.reveal()
            ended = [s for s in outcome.ended if s.sid != arrival.replaces]
            self.counts["evicted"] += sum(s.end_reason is EndReason.EVICTED for s in ended)
            self.counts["replaced"] += sum(s.end_reason is EndReason.REPLACED for s in ended)

    def sign_out(self, browser: int) -> None:
        session = self.request(browser)
        if session is not None:
            self.control.end("ann", [session.sid], EndReason.LOGOUT)
            del self.held[browser]

    def forget_cookie(self, browser: int) -> None:
        """The browser was closed: the session goes on, and nobody has it."""
        self.held.pop(browser, None)

    def reported(self) -> Counter[str]:
        """What the report's events come to."""
        counts: Counter[str] = Counter()
        for event in self.store.events:
            if isinstance(event, WouldHave):
                kind = "evicted" if event.outcome == "end_existing" else event.outcome
                if kind in {"refuse", "ask"}:
                    counts[kind] += 1
                counts["evicted" if kind == "ask" else kind] += len(event.ended)
        return counts


limits = st.builds(
    Limit,
    st.integers(1, 3),
    overflow=st.sampled_from([Overflow.END_EXISTING, Overflow.REFUSE]),
    order=st.sampled_from(Order),
    scope=st.sampled_from([frozenset(), frozenset({Scope.DEVICE_CLASS})]),
    counts=st.sampled_from(Counts),
    name=st.sampled_from(["", "a name"]),
)
asking = st.builds(Limit, st.integers(1, 3), overflow=st.just(Overflow.ASK), counts=st.sampled_from(Counts))
ping_pongs = st.sampled_from(
    [None, PingPong(2, HOUR), PingPong(2, HOUR, Overflow.REFUSE), PingPong(3, 2 * HOUR, Overflow.ASK)]
)
policies = st.builds(
    Policy,
    st.tuples(limits, asking) | st.tuples(limits) | st.tuples(asking, limits, limits) | st.tuples(asking),
    st.just(TIMEOUTS),
    st.sampled_from([None, LASTING]),
    st.booleans(),
    ping_pongs,
)
browsers = st.integers(0, len(KINDS) - 1)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("sign_in"), browsers, st.booleans()),
        st.tuples(st.sampled_from(["request", "sign_out", "forget_cookie"]), browsers),
        st.tuples(st.just("advance"), st.sampled_from([1, MINUTE, 20 * MINUTE, 31 * MINUTE, 3 * HOUR])),
    ),
    max_size=40,
)


@settings(max_examples=200)
@given(policies, steps)
def test_the_same_story_comes_to_the_same_numbers(policy: Policy, story: list[tuple[object, ...]]) -> None:
    clock = FakeClock()
    enforced = World(policy, clock)
    reporting = World(replace(policy, report_only=True), clock)
    for name, *arguments in story:
        clock.advance(1)  # sessions of the same moment end in the order of their sids, which are drawn
        if name == "advance":
            clock.advance(*arguments)  # type: ignore[arg-type]
            continue
        for world in (enforced, reporting):
            getattr(world, str(name))(*arguments)
    assert reporting.reported() == +enforced.counts


WORKDAY = Policy((Limit(1, Overflow.REFUSE),), TIMEOUTS)


def begun_unenforced() -> World:
    """A site that only reports, with a session of the browser 0."""
    world = World(replace(WORKDAY, report_only=True), FakeClock())
    world.sign_in(0)
    return world


def enforce(world: World) -> World:
    """The same site, with the policy enforced from now on."""
    world.control = SessionControl(world.store, WORKDAY, clock=world.clock)
    return world


def test_whoever_is_at_work_when_enforcement_begins_goes_on_and_is_held_to_it_from_then_on() -> None:
    world = begun_unenforced()
    for _ in range(10):
        world.clock.advance(20 * MINUTE)
        assert world.request(0) is not None
    enforce(world)
    assert world.request(0) is not None

    for _ in range(8):
        world.clock.advance(20 * MINUTE)
        assert world.request(0) is not None
    world.clock.advance(20 * MINUTE)
    assert world.request(0) is None, "three hours after enforcement began"
    assert +world.counts == {"absolute_timeout": 1}


def test_what_was_idle_for_too_long_when_enforcement_begins_is_over_at_its_next_request() -> None:
    world = begun_unenforced()
    world.clock.advance(31 * MINUTE)
    enforce(world)
    assert world.request(0) is None
    (ended,) = world.store.history("ann", 9)
    assert ended.end_reason is EndReason.INACTIVITY_TIMEOUT


def test_what_was_idle_for_too_long_when_enforcement_begins_takes_up_no_room() -> None:
    world = begun_unenforced()
    enforce(world).clock.advance(31 * MINUTE)
    world.sign_in(1)
    assert 1 in world.held
    (ended,) = world.store.history("ann", 9)
    assert ended.end_reason is EndReason.INACTIVITY_TIMEOUT


def test_what_is_in_use_when_enforcement_begins_does_take_up_room() -> None:
    world = begun_unenforced()
    enforce(world).clock.advance(29 * MINUTE)
    world.sign_in(1)
    assert +world.counts == {"refuse": 1}


def test_a_request_on_its_way_does_not_hide_that_another_found_the_session_idle() -> None:
    world = begun_unenforced()
    (idle,) = world.control.sessions("ann")
    world.clock.advance(31 * MINUTE)
    control = enforce(world).control
    control.touch(idle)
    (touched,) = control.sessions("ann")
    assert control.keep_up(touched, WORKDAY) is not None
    assert control.keep_up(idle, WORKDAY) is None
    assert control.sessions("ann") == []


def test_a_device_that_signs_in_again_and_again_would_have_replaced_one_session_each_time() -> None:
    world = begun_unenforced()
    for _ in range(3):
        world.forget_cookie(0)
        world.sign_in(0)
    assert world.reported() == {"replaced": 3}


def test_over_and_over_one_session_is_reported_once() -> None:
    world = begun_unenforced()
    for _ in range(3):
        world.clock.advance(HOUR)
        assert world.request(0) is not None
    world.sign_in(1)
    assert world.reported() == {"inactivity_timeout": 1}


def test_what_is_remembered_of_a_report_goes_with_the_sessions() -> None:
    world = begun_unenforced()
    for browser in (1, 2):
        world.sign_in(browser)
    assert len(world.store.roster("ann").profile.unenforced) == 3
    world.control.end("ann", None, EndReason.OPERATOR)
    world.sign_in(3)
    assert list(world.store.roster("ann").profile.unenforced.values()) == [""]


def test_a_session_with_timeouts_of_its_own_keeps_them() -> None:
    world = World(WORKDAY, FakeClock())
    world.sign_in(0)
    (session,) = world.control.sessions("ann")
    assert world.control.keep_up(session, WORKDAY) is session
