"""A state machine (Hypothesis) that tries long stories, with every store in lock-step with the memory store.

    TestMyStore = lockstep(lambda: [Candidate("mine", MyStore(...), MyReader(...))])

Every step is made with the same identifiers in all stores; then all that can be looked up is compared, and what must
hold in every story is checked: an enforced start never leaves more open than its limit; an ended session never
authenticates; a session has one live token, and its predecessor for a moment; the last activity never goes back; the
absolute timeout beats activity; dead sessions never take up room; a refusal changes nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from unittest import TestCase

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sojourn.control import Options, SessionControl
from sojourn.core.errors import InvalidTicket
from sojourn.core.outcomes import Admitted, Authenticated, ChoiceRequired, Ended, Refused, StartOutcome
from sojourn.core.records import Arrival, EndReason, Session
from sojourn.core.timeouts import DAY, HOUR, MINUTE, SECOND
from sojourn.core.tokens import TicketSecret, Token, mint_token, route_of
from sojourn.testing.clock import FakeClock
from sojourn.testing.oracle import alive, binds, taken
from sojourn.testing.scripted import Candidate, Ensemble
from sojourn.testing.stories import CLIENTS, DEVICES, POLICIES, SUBJECTS

MakeStores = Callable[[], Sequence[Candidate]]
PICK = st.integers(0, 11)
STEPS = [0, 1, SECOND, 11 * SECOND, MINUTE, 6 * MINUTE, 29 * MINUTE, HOUR, 11 * HOUR, DAY, 40 * DAY]


@dataclass(slots=True)
class Holder:
    """A browser that was given a session: its tokens, the newest last, and the latest that is known of it."""

    session: Session
    tokens: list[Token]


@dataclass(slots=True)
class Pending:
    """A browser that may choose: its ticket, and what it was offered."""

    secret: TicketSecret
    arrival: Arrival
    browser: str
    offered: tuple[str, ...]
    used: bool = False


@dataclass(slots=True)
class Memories:
    """What the machine has seen, whatever a store may say later."""

    over: set[str] = field(default_factory=set)
    last_seen: dict[str, int] = field(default_factory=dict)
    expires: dict[str, int | None] = field(default_factory=dict)


class Stories(RuleBasedStateMachine):
    """The rules and invariants; `lockstep` binds them to stores."""

    make_stores: MakeStores

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.policy = POLICIES[0]
        self.password = dict.fromkeys(SUBJECTS, 0)
        self.all = Ensemble(type(self).make_stores(), lambda _: self.policy, self.clock, Options(retention=30 * DAY))
        self.holders: list[Holder] = []
        self.waiting: list[Pending] = []
        self.seen = Memories()

    def teardown(self) -> None:
        """Let go of the stores."""
        self.all.close()

    # What happens -----------------------------------------------------------------------------------------------

    @rule(
        subject=st.sampled_from(SUBJECTS),
        client=st.sampled_from(CLIENTS),
        device=st.sampled_from(DEVICES),
        staff=st.booleans(),
        persistent=st.booleans(),
        knows_password=st.booleans(),
        carried=st.sampled_from([None, None, 10 * MINUTE, 14 * DAY]),
        replaces=st.one_of(st.none(), st.none(), PICK),
        browser=st.sampled_from(["one browser", "another browser"]),
    )
    def start(
        self,
        subject: str,
        client: str,
        device: Any,
        staff: bool,
        persistent: bool,
        knows_password: bool,
        carried: int | None,
        replaces: int | None,
        browser: str,
    ) -> None:
        """Somebody signs in."""
        arrival = Arrival(
            subject,
            client=client,
            device=device,
            groups=frozenset({"staff"} if staff else ()),
            persistent=persistent,
            credentials=self.credentials(subject) if knows_password else (),
            carrier_expires=None if carried is None else self.clock() + carried,
            replaces="" if replaces is None or not self.holders else self.pick(self.holders, replaces).session.sid,
        )
        before = self.all.model.roster(subject).sessions
        outcome = self.all.call(lambda control: control.start(arrival, browser=browser, context={"next": "/"}))
        self.check_start(outcome, arrival, before)
        if isinstance(outcome, ChoiceRequired):
            assert outcome.ticket is not None
            offered = tuple(session.sid for session in outcome.open)
            self.waiting.append(Pending(outcome.ticket, arrival, browser, offered))

    @precondition(lambda self: self.waiting)
    @rule(which=PICK, choice=st.lists(PICK, max_size=4), everything=st.booleans(), own_browser=st.integers(0, 9))
    def choose(self, which: int, choice: list[int], everything: bool, own_browser: int) -> None:
        """Somebody who was asked chooses what to end: nothing, something or everything."""
        pending = self.pick(self.waiting, which)
        end = pending.offered if everything else tuple(self.pick(pending.offered, at) for at in choice)
        subject = pending.arrival.subject
        began_with = pending.arrival.credentials
        arrival = replace(pending.arrival, credentials=self.credentials(subject) if began_with else ())
        browser = pending.browser if own_browser else "a third browser"
        before = self.all.model.roster(subject).sessions
        kept = self.all.model.ticket(pending.secret.digest())
        try:
            outcome = self.all.call(lambda c: c.choose(pending.secret, end, browser=browser, arrival=arrival))
        except InvalidTicket:
            good = kept is not None and kept.expires > self.clock() and browser == pending.browser
            assert not good or arrival.credentials != began_with, "a good ticket is not refused"
            assert self.all.model.roster(subject).sessions == before, "a refused ticket changes nothing"
            return
        assert not pending.used, "a ticket admits once"
        assert browser == pending.browser, "another browser's ticket admits nobody"
        pending.used = isinstance(outcome, Admitted)
        self.check_start(outcome, arrival, before)
        if isinstance(outcome, Admitted):
            still = {session.sid for session in self.all.model.roster(subject).sessions}
            assert not still & set(end), "what was chosen has ended"

    @precondition(lambda self: self.waiting)
    @rule(which=PICK)
    def abandon(self, which: int) -> None:
        """Somebody who was asked goes away."""
        pending = self.pick(self.waiting, which)
        try:
            self.all.call(lambda control: control.abandon(pending.secret, browser=pending.browser))
        except InvalidTicket:
            return
        assert not pending.used
        pending.used = True

    @precondition(lambda self: self.holders)
    @rule(which=PICK, age=st.integers(0, 2), passive=st.booleans())
    def authenticate(self, which: int, age: int, passive: bool) -> None:
        """A request comes with a token, the newest or an older one."""
        holder = self.pick(self.holders, which)
        token = holder.tokens[max(0, len(holder.tokens) - 1 - age)]
        found = self.all.call(lambda control: control.authenticate(token, passive=passive))
        if isinstance(found, Authenticated):
            holder.session = found.session

    @rule(subject=st.sampled_from(SUBJECTS))
    def authenticate_with_a_token_that_nobody_was_given(self, subject: str) -> None:
        """A request comes with a token that looks right and is not."""
        token = mint_token(route_of(subject))
        assert not isinstance(self.all.call(lambda control: control.authenticate(token)), Authenticated | Ended)

    @precondition(lambda self: self.holders)
    @rule(which=PICK, carried=st.sampled_from([None, 10 * MINUTE, 14 * DAY]))
    def touch(self, which: int, carried: int | None) -> None:
        """Activity is recorded by somebody who looked the session up some time ago."""
        session = self.pick(self.holders, which).session
        until = None if carried is None else self.clock() + carried
        was_alive = self.is_alive(session.sid)
        assert self.all.call(lambda control: control.touch(session, until)) == was_alive

    @rule(milliseconds=st.sampled_from(STEPS))
    def advance(self, milliseconds: int) -> None:
        """Time goes by."""
        self.clock.advance(milliseconds)

    @precondition(lambda self: self.holders)
    @rule(which=PICK)
    def rotate(self, which: int) -> None:
        """A token is renewed."""
        holder = self.pick(self.holders, which)
        was_alive = self.is_alive(holder.session.sid)
        renewed = self.all.call(lambda control: control.rotate(holder.session))
        assert (renewed is not None) == was_alive
        if renewed is not None:
            holder.session = renewed[0]
            holder.tokens.append(renewed[1])

    @precondition(lambda self: self.holders)
    @rule(which=PICK)
    def elevate(self, which: int) -> None:
        """Somebody proves again who they are."""
        session = self.pick(self.holders, which).session
        was_alive = self.is_alive(session.sid)
        elevated = self.all.call(lambda control: control.elevate(session, acr="gold", amr=("otp",)))
        assert (elevated is not None) == was_alive
        if elevated is not None:
            self.seen.expires[session.sid] = elevated.expires

    @precondition(lambda self: self.holders)
    @rule(which=PICK, reason=st.sampled_from(EndReason), wrong_subject=st.integers(0, 4))
    def end(self, which: int, reason: EndReason, wrong_subject: int) -> None:
        """A session is ended, or somebody tries to end one that is not theirs."""
        session = self.pick(self.holders, which).session
        subject = session.subject if wrong_subject else next(s for s in SUBJECTS if s != session.subject)
        was_open = session.sid in {s.sid for s in self.all.model.roster(subject).sessions}
        gone = self.all.call(lambda control: control.end(subject, [session.sid], reason, by="somebody"))
        assert [one.sid for one in gone] == ([session.sid] if was_open else [])
        self.seen.over |= {one.sid for one in gone}

    @precondition(lambda self: self.holders)
    @rule(which=PICK)
    def end_others(self, which: int) -> None:
        """Somebody ends all sessions but their own."""
        mine = self.pick(self.holders, which).session
        self.all.call(lambda c: c.end(mine.subject, None, EndReason.REVOKED, by=mine.sid, spare=mine.sid))
        assert {one.sid for one in self.all.model.roster(mine.subject).sessions} <= {mine.sid}

    @rule(subject=st.sampled_from(SUBJECTS), spared=st.one_of(st.none(), PICK))
    def change_password(self, subject: str, spared: int | None) -> None:
        """A password changes, in one of the sessions or elsewhere."""
        spare = "" if spared is None or not self.holders else self.pick(self.holders, spared).session.sid
        self.password[subject] += 1
        self.all.call(lambda control: control.credential_changed(subject, self.credentials(subject), spare=spare))
        assert {one.sid for one in self.all.model.roster(subject).sessions} <= {spare}

    @rule(policy=st.sampled_from(POLICIES))
    def change_policy(self, policy: Any) -> None:
        """The site's owner changes the rules."""
        self.policy = policy

    @rule()
    def sweep(self) -> None:
        """What time has ended is found early."""
        self.all.call(lambda control: control.sweep())
        assert list(self.all.model.overdue(self.clock(), 9)) == []

    @rule()
    def purge(self) -> None:
        """What ended long ago is forgotten."""
        self.all.call(lambda control: control.purge())

    # What must hold ---------------------------------------------------------------------------------------------

    @invariant()
    def all_stores_agree(self) -> None:
        """Lock-step."""
        sids = [holder.session.sid for holder in self.holders[-12:]]
        self.all.compare(SUBJECTS, sids, [one.secret.digest() for one in self.waiting[-6:]], self.clock())

    @invariant()
    def sessions_stay_dead_and_time_goes_forward(self) -> None:
        """What was over is over; the last activity never goes back; only proving oneself again moves the end."""
        for subject in SUBJECTS:
            for session in (*self.all.model.roster(subject).sessions, *self.all.model.history(subject, 50)):
                assert session.last_seen >= self.seen.last_seen.get(session.sid, 0)
                assert session.expires == self.seen.expires.setdefault(session.sid, session.expires)
                assert not (session.sid in self.seen.over and session.open and alive(session, self.clock()))
                self.seen.last_seen[session.sid] = session.last_seen
                if not alive(session, self.clock()):
                    self.seen.over.add(session.sid)

    @invariant()
    def a_session_has_one_live_token(self) -> None:
        """The newest token opens a live session, its predecessor for a moment too, any other opens nothing."""
        for holder in self.holders[-12:]:
            lives = self.is_alive(holder.session.sid)
            for age, token in enumerate(reversed(holder.tokens)):
                found = self.all.call(partial(SessionControl.authenticate, token=token, passive=True))
                if isinstance(found, Authenticated):
                    assert lives, "an ended session never authenticates"
                    assert found.session.sid == holder.session.sid
                    assert age == int(found.renewed), "no token but the newest and the one before"
                else:
                    assert not lives or age > 0, "the newest token opens a live session"

    # How it is worked out ---------------------------------------------------------------------------------------

    def check_start(self, outcome: StartOutcome, arrival: Arrival, before: Sequence[Session]) -> None:
        """What every sign-in must come to, worked out apart from the rules."""
        now, after = self.clock(), self.all.model.roster(arrival.subject).sessions
        if isinstance(outcome, Admitted):
            assert outcome.token is not None
            self.holders.append(Holder(outcome.session, [outcome.token]))
            assert all(alive(session, now) for session in after), "a start clears away what is dead"
            assert outcome.session in after
            self.seen.over |= {session.sid for session in outcome.ended}
            for limit in self.policy.limits:
                if not self.policy.report_only and binds(limit, arrival):
                    assert taken(limit, after, arrival) <= limit.max_sessions, "an enforced start keeps its limit"
        else:
            assert after == before, "a refusal or a question changes nothing"
            assert not self.policy.report_only, "report-only refuses nobody"
            live = [session for session in before if alive(session, now) and session.sid != arrival.replaces]
            wanted = taken(outcome.limit, live, arrival, newcomer=True)
            assert wanted > outcome.limit.max_sessions, "dead sessions never take up room"
            assert not isinstance(outcome, Refused) or outcome.free_at is None or outcome.free_at > now

    def credentials(self, subject: str) -> tuple[str, ...]:
        """The digest of the subject's present password."""
        return (f"password {self.password[subject]}",)

    def is_alive(self, sid: str) -> bool:
        """Whether the session lives, as the model has it."""
        session = self.all.model.find(sid)
        return session is not None and alive(session, self.clock())

    @staticmethod
    def pick(items: Sequence[Any], which: int) -> Any:
        """One of `items`, counted from the newest."""
        return items[-1 - which % len(items)]


def lockstep(make_stores: MakeStores, *, examples: int = 60, steps: int = 30) -> type[TestCase]:
    """A test case that tells `examples` stories of up to `steps` steps to the memory store and all of `make_stores`.

    `make_stores` is called for each story and returns empty stores. The defaults take about ten seconds with one
    SQLite store.
    """
    bound: type[Stories] = type("LockStep", (Stories,), {"make_stores": staticmethod(make_stores)})
    case: type[TestCase] = bound.TestCase
    bounds = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
    )
    return type("LockStep", (case,), {"settings": bounds})
