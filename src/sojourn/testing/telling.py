"""How a story is told to all stores and checked: what the rules of the state machine stand on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine, invariant

from sojourn.control import Options, SessionControl
from sojourn.core.errors import InvalidTicket
from sojourn.core.outcomes import Admitted, Authenticated, ChoiceRequired, Paused, Refused, StartOutcome
from sojourn.core.policy import Overflow
from sojourn.core.records import Arrival, EndReason, Roster, Session
from sojourn.core.timeouts import DAY, SECOND
from sojourn.core.tokens import TicketSecret, Token, secret_route
from sojourn.testing.clock import FakeClock
from sojourn.testing.oracle import alive, binds, taken
from sojourn.testing.scripted import Candidate, Ensemble
from sojourn.testing.stories import POLICIES, SUBJECTS

MakeStores = Callable[[], Sequence[Candidate]]
GRACE = 10 * SECOND
OPTIONS = Options(rotation_grace=GRACE, retention=30 * DAY)


@dataclass(slots=True)
class Holder:
    """A browser that was given a session: its tokens, the newest last, and the latest that is known of it."""

    session: Session
    tokens: list[Token]
    renewed: int = 0
    """When the newest token was given."""


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


class Telling(RuleBasedStateMachine):
    """One story: who holds what, who waits, what was seen, and what must hold after every step."""

    make_stores: MakeStores

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.policy = POLICIES[0]
        self.password = dict.fromkeys(SUBJECTS, 0)
        self.all = Ensemble(type(self).make_stores(), lambda _: self.policy, self.clock, OPTIONS)
        self.holders: list[Holder] = []
        self.waiting: list[Pending] = []
        self.seen = Memories()
        self.paused: dict[str, int | None] = {}

    def teardown(self) -> None:
        """Let go of the stores."""
        self.all.close()

    def try_start(self, arrival: Arrival, browser: str) -> None:
        """One sign-in, checked."""
        before = self.all.model.roster(arrival.subject)
        outcome = self.all.call(lambda control: control.start(arrival, browser=browser, context={"next": "/"}))
        self.check_start(outcome, arrival, before, ())
        if isinstance(outcome, ChoiceRequired):
            assert outcome.ticket is not None
            offered = tuple(session.sid for session in outcome.open)
            self.waiting.append(Pending(outcome.ticket, arrival, browser, offered))

    def try_choice(self, pending: Pending, end: tuple[str, ...], browser: str) -> None:
        """One choice, checked."""
        subject = pending.arrival.subject
        began_with = pending.arrival.credentials
        arrival = replace(pending.arrival, credentials=self.credentials(subject) if began_with else ())
        before = self.all.model.roster(subject)
        kept = self.all.model.ticket(pending.secret.digest(), secret_route(pending.secret))
        try:
            outcome = self.all.call(lambda c: c.choose(pending.secret, end, browser=browser, arrival=arrival))
        except InvalidTicket:
            good = kept is not None and kept.expires > self.clock() and browser == pending.browser
            assert not good or arrival.credentials != began_with, "a good ticket is not refused"
            assert self.all.model.roster(subject) == before, "a refused ticket changes nothing"
            return
        assert not pending.used, "a ticket admits once"
        assert browser == pending.browser, "another browser's ticket admits nobody"
        assert arrival.credentials == began_with, "a ticket from before a change of the password admits nobody"
        pending.used = isinstance(outcome, Admitted)
        self.check_start(outcome, arrival, before, end)
        if isinstance(outcome, Admitted) and not self.policy.report_only:
            still = {session.sid for session in self.all.model.roster(subject).sessions}
            assert not still & set(end), "what was chosen has ended"

    def check_start(self, outcome: StartOutcome, arrival: Arrival, roster: Roster, chosen: Sequence[str]) -> None:
        """What every sign-in must come to, worked out apart from the rules."""
        now, before, after = self.clock(), roster.sessions, self.all.model.roster(arrival.subject).sessions
        assert isinstance(outcome, Paused) == self.is_held(arrival), "a pause holds whoever signs in, and nobody else"
        if isinstance(outcome, Paused):
            assert after == before, "who is held changes nothing"
            assert outcome.until == self.paused[arrival.subject]
            return
        if not isinstance(outcome, Admitted):
            live = [one for one in before if alive(one, now) and one.sid not in (arrival.replaces, *chosen)]
            assert after == before, "a refusal or a question changes nothing"
            assert binds(outcome.limit, arrival), "a limit that does not hold somebody refuses them nothing"
            assert not self.policy.report_only, "report-only refuses nobody"
            assert taken(outcome.limit, live, arrival, newcomer=True) > outcome.limit.max_sessions, "dead take no room"
            assert not isinstance(outcome, Refused) or outcome.free_at is None or outcome.free_at > now
            return
        assert outcome.token is not None
        assert outcome.session in after
        assert all(alive(one, now) for one in after), "a start clears away what is dead"
        assert all(one.credential in ("", *arrival.credentials) for one in after if arrival.credentials)
        self.holders.append(Holder(outcome.session, [outcome.token]))
        self.seen.over |= {one.sid for one in outcome.ended}
        died = {one.sid for one in before if not alive(self.enforced(one, roster), now)}
        for one in outcome.ended:
            assert one.end_reason is not None
            by_itself = one.end_reason.expired or one.end_reason is EndReason.EPOCH
            assert (one.sid in died) == by_itself, "who comes later does not change why it was over"
        evicted = [one for one in outcome.ended if one.end_reason is EndReason.EVICTED and one.sid not in chosen]
        limits = [limit for limit in self.policy.limits if binds(limit, arrival) and not self.policy.report_only]
        full = [limit for limit in limits if taken(limit, (*after, *evicted), arrival) > limit.max_sessions]
        assert all(limit.overflow is Overflow.END_EXISTING for limit in full), "no limit that refuses or asks is passed"
        assert full or not evicted, "nobody is evicted where there is room"
        for limit in limits:
            assert taken(limit, after, arrival) <= limit.max_sessions, "an enforced start keeps its limit"

    def enforced(self, session: Session, roster: Roster) -> Session:
        """The session with the inactivity timeout that it comes under now, if it began while none was enforced."""
        if session.sid not in roster.profile.unenforced or self.policy.report_only:
            return session
        return replace(session, inactivity_timeout=self.policy.timeouts_for(session.persistent).inactivity)

    def credentials(self, subject: str) -> tuple[str, ...]:
        """The digest of the subject's present password."""
        return (f"password {self.password[subject]}",)

    def is_held(self, arrival: Arrival) -> bool:
        """Whether an operator keeps this sign-in out; whoever acts as the subject is not kept."""
        if arrival.subject not in self.paused or arrival.parent:
            return False
        until = self.paused[arrival.subject]
        return until is None or self.clock() < until

    def is_alive(self, sid: str) -> bool:
        """Whether the session lives, as the model has it."""
        session = self.all.model.find(sid)
        return session is not None and alive(session, self.clock())

    @staticmethod
    def pick(items: Sequence[Any], which: int) -> Any:
        """One of `items`, counted from the newest."""
        return items[-1 - which % len(items)]

    @invariant()
    def all_stores_agree(self) -> None:
        """Lock-step."""
        sids = [holder.session.sid for holder in self.holders[-12:]]
        self.all.compare(SUBJECTS, sids, [one.secret for one in self.waiting[-6:]], self.clock())

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
                    assert age == 0 or self.clock() < holder.renewed + GRACE, "the one before for a moment only"
                else:
                    assert not lives or age > 0, "the newest token opens a live session"
