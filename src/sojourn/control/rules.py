"""What the twins of session control share: everything that is not a store call."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from sojourn.core import admission, decisions, timeouts
from sojourn.core.admission import Minted
from sojourn.core.decisions import Decision
from sojourn.core.errors import ConfigurationError, InvalidToken
from sojourn.core.events import Event
from sojourn.core.outcomes import (
    Admitted,
    Authenticated,
    Authentication,
    ChoiceRequired,
    Ended,
    StartOutcome,
    Unknown,
)
from sojourn.core.policy import Policy, PolicyResolver
from sojourn.core.records import Arrival, EndReason, Roster, Session, Ticket
from sojourn.core.store import Decide
from sojourn.core.timeouts import DAY, MINUTE, SECOND, judge
from sojourn.core.tokens import (
    TicketSecret,
    Token,
    check_subject,
    mint_sid,
    mint_ticket,
    mint_token,
    parse_ticket,
    parse_token,
    route_of,
)

T = TypeVar("T")


def nobody(_: Event) -> bool:
    """Whether a subject is told of an event where nobody tells them anything."""
    return False


def system_clock() -> int:
    """The time now, in integer milliseconds since 1970 (UTC)."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Options:
    """How session control behaves beside its policy; all durations in milliseconds.

    `touch_interval`: how often activity is written at most (None, or not less than a session's inactivity timeout: a
    minute, or a tenth of that timeout if it is less). `ticket_lifetime`: how long a pending sign-in waits for its
    choice. `rotation_grace`: how long a renewed token's predecessor is still accepted. `retention`: how long ended
    sessions are remembered. `address_retention`: how long their addresses are, if that is shorter. `memory`: how long
    devices and places of somebody who does not come back are. `tells`: whether the subject is told of an event, so that
    where they are written to at its moment is kept with it until they are; quick, and it never raises.
    """

    touch_interval: int | None = None
    ticket_lifetime: int = 5 * MINUTE
    rotation_grace: int = 10 * SECOND
    retention: int = 30 * DAY
    address_retention: int | None = None
    memory: int = 365 * DAY
    tells: Callable[[Event], bool] = nobody

    def __post_init__(self) -> None:
        for name in ("ticket_lifetime", "retention", "address_retention", "memory"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigurationError(f"{name} must be longer than zero.")
        if self.rotation_grace < 0 or (self.touch_interval is not None and self.touch_interval <= 0):
            raise ConfigurationError("rotation_grace must not be negative, and touch_interval longer than zero.")


@dataclass(slots=True)
class Attempt:
    """One sign-in on its way: its secrets, and the decision last made (a store may ask more than once)."""

    token: Token
    secret: TicketSecret
    decide: Decide[StartOutcome]
    decision: Decision[StartOutcome] | None = None

    def __call__(self, roster: Roster) -> Decision[StartOutcome]:
        self.decision = self.decide(roster)
        return self.decision

    def conclude(self, outcome: StartOutcome, *, confirmed: bool = True) -> StartOutcome:
        """The outcome with the secret that belongs to it. `confirmed`: as `SessionControl.carry_out` returns it."""
        if isinstance(outcome, Admitted):
            return replace(outcome, token=self.token, confirmed=confirmed)
        if isinstance(outcome, ChoiceRequired):
            return replace(outcome, ticket=self.secret)
        return outcome


class Rules:
    """What the twins share: everything that is not a store call."""

    def __init__(
        self,
        policy: Policy | PolicyResolver,
        *,
        clock: Callable[[], int] = system_clock,
        options: Options | None = None,
    ) -> None:
        self._policy = policy
        self.clock = clock
        self.options = options or Options()

    @property
    def one_policy(self) -> Policy | None:
        """The policy that holds for everybody; None if a resolver picks one for each sign-in."""
        return self._policy if isinstance(self._policy, Policy) else None

    def policy_for(self, arrival: Arrival) -> Policy:
        """The policy that holds for `arrival`."""
        return self._policy if isinstance(self._policy, Policy) else self._policy(arrival)

    def mint(self, subject: str, now: int) -> tuple[Minted, Token, TicketSecret]:
        """Fresh identifiers and secrets for a sign-in of `subject`. Raises InvalidSubject."""
        route = route_of(check_subject(subject))
        token, secret = self.renew(subject), mint_ticket(route)
        minted = Minted(mint_sid(route), token.digest(), secret.digest(), now + self.options.ticket_lifetime)
        return minted, token, secret

    def renew(self, subject: str) -> Token:
        """A fresh token for a session of `subject`."""
        return mint_token(route_of(subject))

    def begin(self, arrival: Arrival, browser: str, context: Mapping[str, str]) -> Attempt:
        """Prepare a sign-in.

        For a shell whose own transaction may be rolled back: what `transact` returns for the attempt goes to
        `Attempt.conclude`, and `Attempt.decision` to `Store.restore` afterwards.
        """
        now, policy = self.clock(), self.policy_for(arrival)
        minted, token, secret = self.mint(arrival.subject, now)

        def decide(roster: Roster) -> Decision[StartOutcome]:
            decision = admission.decide_start(roster, arrival, policy, minted, now)
            offered = admission.offer(decision, arrival, minted, browser, dict(context), now)
            return self.addressed(offered, arrival.contact)

        return Attempt(token, secret, decide)

    def begin_choice(self, arrival: Arrival, browser: str, end: Collection[str], secret: TicketSecret) -> Attempt:
        """Prepare the admission of a sign-in whose user has chosen."""
        now, policy = self.clock(), self.policy_for(arrival)
        minted, token, _ = self.mint(arrival.subject, now)

        def decide(roster: Roster) -> Decision[StartOutcome]:
            decision = admission.decide_choice(roster, arrival, browser, end, policy, minted, now)
            return self.addressed(decision, arrival.contact)

        return Attempt(token, secret, decide)

    def addressed(self, decision: Decision[T], contact: str) -> Decision[T]:
        """The decision, with `contact` in those of its events that the subject is told of."""
        if not contact:
            return decision
        tells = self.options.tells
        events = tuple(replace(event, contact=contact) if tells(event) else event for event in decision.events)
        return replace(decision, events=events)

    def judge(self, session: Session | None, token: Token, now: int) -> Authentication:
        """What a look-up that found `session` for `token` comes to."""
        if session is None:
            return Unknown()
        verdict = judge(session, now)
        if not verdict.live:
            ended = decisions.end_session(session, EndReason.ABSOLUTE_TIMEOUT, "", now) if session.open else session
            return Ended(ended)
        renewed = token.digest() != session.digest
        if renewed and session.predecessor_until <= now:
            return Unknown()
        return Authenticated(session, renewed)

    def touch_due(self, session: Session, now: int) -> bool:
        """Whether activity now is to be written."""
        interval = timeouts.touch_interval(session.inactivity_timeout, self.options.touch_interval)
        return timeouts.touch_due(session, now, interval)

    def check(self, ticket: Ticket | None, browser: str, now: int) -> Ticket:
        """The ticket, if this browser may still use it. Raises InvalidTicket."""
        began_with = ticket.arrival.credentials if ticket is not None else ()
        return admission.check_ticket(ticket, browser, began_with, now)


def token_of(token: Token | str) -> Token | None:
    """The token in a value from outside; None for anything that is not one."""
    try:
        return token if isinstance(token, Token) else parse_token(token)
    except InvalidToken:
        return None


def secret_of(ticket: TicketSecret | str) -> TicketSecret:
    """The ticket in a value from outside. Raises InvalidTicket."""
    return ticket if isinstance(ticket, TicketSecret) else parse_ticket(ticket)
