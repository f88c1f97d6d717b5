"""Session control for callers that wait. Prepare (pure), one store call, conclude (pure)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress

from sojourn.control.rules import Options, Rules, T, secret_of, system_clock, token_of
from sojourn.core import decisions, disowning, pausing, rehearsal, wishes
from sojourn.core.decisions import Decision
from sojourn.core.disowning import Answer, Question, Standing
from sojourn.core.errors import RecordFormatError, StoreUnconfirmed
from sojourn.core.explain import Explanation, explain
from sojourn.core.outcomes import Authenticated, Authentication, StartOutcome, Unknown
from sojourn.core.policy import Policy, PolicyResolver
from sojourn.core.privileges import decide_note_privileges, decide_privileges_changed, differ
from sojourn.core.records import Arrival, EndReason, Pause, Session, Ticket
from sojourn.core.search import Census, Page, SessionQuery
from sojourn.core.store import Decide, Store
from sojourn.core.timeouts import judge
from sojourn.core.tokens import TicketSecret, Token, check_subject, secret_route

_SWEEP = 500  # sessions read at a time


class SessionControl(Rules):
    """Session control over a `Store`, for callers that wait. Thread-safe if the store is.

    `policy` is one policy for all, or a resolver that picks one for each sign-in. Every method raises
    StoreUnavailable when the store cannot be reached; whoever catches it must treat the request as not signed in.
    """

    def __init__(
        self,
        store: Store,
        policy: Policy | PolicyResolver,
        *,
        clock: Callable[[], int] = system_clock,
        options: Options | None = None,
    ) -> None:
        super().__init__(policy, clock=clock, options=options)
        self.store = store

    def start(self, arrival: Arrival, *, browser: str = "", context: Mapping[str, str] | None = None) -> StartOutcome:
        """Ask for a session for a subject who has just proved who they are.

        Comes to Admitted, Refused, ChoiceRequired or Paused. `browser` recognises the browser, as a digest, if it may
        have to choose; `context` comes back with the choice.
        Atomic: the limit holds however many sign-ins race. Raises InvalidSubject, StoreContention.
        """
        attempt = self.begin(arrival, browser, context or {})
        outcome, confirmed = self.carry_out(arrival.subject, attempt)
        return attempt.conclude(outcome, confirmed=confirmed)

    def carry_out(self, subject: str, decide: Decide[T], ticket: bytes | None = None) -> tuple[T, bool]:
        """Run a decision as `Store.transact` does; return what it came to, and False if replicas have not confirmed it.

        For what begins, such as the attempt of `begin`: were it lost, its user would sign in again, and that is all.
        What ends goes to `Store.transact` itself, so that whoever asked for it is told, by StoreUnconfirmed.
        """
        try:
            return self.store.transact(subject, decide, ticket), True
        except StoreUnconfirmed as error:
            outcome: T = error.outcome
            return outcome, False

    def pending(self, ticket: TicketSecret | str, *, browser: str) -> Ticket:
        """The pending sign-in of this ticket, for its own browser. Raises InvalidTicket."""
        secret = secret_of(ticket)
        return self.check(self.store.ticket(secret.digest(), secret_route(secret)), browser, self.clock())

    def choose(
        self, ticket: TicketSecret | str, end: Collection[str], *, browser: str, arrival: Arrival | None = None
    ) -> StartOutcome:
        """Answer a pending sign-in: run the admission again, with the sessions `end` (sids) to end.

        `arrival` is the sign-in as it stands now: give it wherever groups or the password may have changed since. By
        default it is as it began.
        Atomic; the ticket is used up if it admits, and nothing ends otherwise. Raises InvalidTicket, StoreContention.
        """
        secret = secret_of(ticket)
        arrival = arrival or self.pending(secret, browser=browser).arrival
        attempt = self.begin_choice(arrival, browser, end, secret)
        outcome, confirmed = self.carry_out(arrival.subject, attempt, secret.digest())
        return attempt.conclude(outcome, confirmed=confirmed)

    def abandon(self, ticket: TicketSecret | str, *, browser: str) -> None:
        """Give a pending sign-in up: its ticket is used up and nothing else happens. Raises InvalidTicket."""
        pending = self.pending(ticket, browser=browser)
        self.store.transact(pending.subject, lambda _: Decision(None, redeem=pending.digest))

    def authenticate(self, token: Token | str, *, passive: bool = False) -> Authentication:
        """Whose token is this: Authenticated, Ended (with the reason) or Unknown?

        One read; one write more at most once every touch interval, unless `passive` (a request that is no activity
        of its user). Anything that is not a token is Unknown.
        """
        parsed = token_of(token)
        if parsed is None:
            return Unknown()
        digest, route, now = parsed.digest(), secret_route(parsed), self.clock()
        if passive:
            found = self.store.lookup(digest, route)
        else:
            found = self.store.visit(digest, route, now, self.options.touch_interval)
        return self.judge(found, parsed, now)

    def recognise(self, token: Token, session: Session | None, *, passive: bool = False) -> Authentication:
        """What `authenticate` makes of the record that a look-up found for `token`, with the same write if it is due.

        For a shell that looks the record up itself, because its store can read something else along with it.
        """
        now = self.clock()
        found = self.judge(session, token, now)
        if isinstance(found, Authenticated) and not passive and self.touch_due(found.session, now):
            self.touch(found.session)
        return found

    def touch(self, session: Session, carrier_expires: int | None = None) -> bool:
        """Record activity now and, if given, when the token's carrier ends. Returns whether the session was live."""
        return self.store.touch(session, self.clock(), carrier_expires)

    def settle(self, session: Session, arrival: Arrival) -> Session | None:
        """Fit a new session to what its sign-in turned out to be: persistent or not, and for how long carried.

        `arrival` is the sign-in with those two facts as they are now. None if the session is over.
        """
        policy, now = self.policy_for(arrival), self.clock()
        return self.store.transact(
            session.subject,
            lambda roster: decisions.decide_settle(
                roster,
                session.sid,
                policy,
                now,
                persistent=arrival.persistent,
                carrier_expires=arrival.carrier_expires,
            ),
        )

    def keep_up(self, session: Session, policy: Policy) -> Session | None:
        """Hold a session without timeouts, as `authenticate` found it, to what its policy says now.

        If the policy is enforced, a session that began while it was not comes under its timeouts: None if it has been
        idle for too long, and it ends with that. If it is report-only, what time would have done is recorded once.
        A session that has timeouts, or acts for another, is returned as it is. Writes only if there is something new.
        """
        now = self.clock()
        if not rehearsal.due(session, policy, now):
            return session
        if not policy.report_only:
            return self.store.transact(
                session.subject, lambda roster: decisions.decide_enforce(roster, session, policy, now)
            )
        if (self.store.roster(session.subject)).profile.unenforced.get(session.sid) == "":
            self.store.transact(session.subject, lambda roster: decisions.decide_note(roster, session, policy, now))
        return session

    def rotate(self, session: Session, *, privileges: str = "") -> tuple[Session, Token] | None:
        """Renew a session's token; the old one is accepted for `rotation_grace` more. None if the session is over.

        `privileges`, if given, is a digest of what the subject may do now, and is noted.
        """
        token, now = self.renew(session.subject), self.clock()
        rotated, _ = self.carry_out(
            session.subject,
            lambda roster: decisions.decide_rotate(
                roster, session.sid, token.digest(), self.options.rotation_grace, now, privileges=privileges
            ),
        )
        return None if rotated is None else (rotated, token)

    def note_privileges(self, session: Session, privileges: str, *, renew: bool = True) -> tuple[Session, Token] | None:
        """Note in a session what its subject may do now; renew its token if that has changed since it was noted.

        Atomic, so that of several requests at once one renews it. None if this is not the one, nothing has changed,
        nothing was noted before, the session is over, or `renew` is False.
        """
        if not differ(session, privileges):
            return None
        token, now = self.renew(session.subject), self.clock()
        renewed, _ = self.carry_out(
            session.subject,
            lambda roster: decide_note_privileges(
                roster, session.sid, privileges, token.digest(), self.options.rotation_grace, now, renew=renew
            ),
        )
        return None if renewed is None else (renewed, token)

    def privileges_changed(self, subject: str) -> Sequence[Session]:
        """What the subject may do has changed: their tokens are renewed when each of their sessions next comes by.

        That is when `note_privileges` is called for it. Atomic; returns the sessions that it concerns.
        """
        now = self.clock()
        return self.store.transact(subject, lambda roster: decide_privileges_changed(roster, now))

    def elevate(self, session: Session, *, acr: str = "", amr: Sequence[str] = ()) -> Session | None:
        """The subject proved again who they are; both timeouts start anew. None if the session is over."""
        now = self.clock()
        return self.store.transact(
            session.subject, lambda roster: decisions.decide_elevate(roster, session.sid, acr, tuple(amr), now)
        )

    def end(
        self,
        subject: str,
        sids: Collection[str] | None,
        reason: EndReason,
        *,
        by: str = "",
        note: str = "",
        spare: str = "",
    ) -> Sequence[Session]:
        """End a subject's sessions `sids` (None: all) except `spare`; return those that ended. Atomic and durable.

        A sid that is another subject's, or over already, changes nothing. `by` is the sid of the session that ended
        them, or who did; `note` is why, for operators.
        """
        now = self.clock()
        return self.store.transact(
            subject, lambda roster: decisions.decide_end(roster, sids, reason, by, now, spare=spare, note=note)
        )

    def credential_changed(self, subject: str, credentials: Collection[str], *, spare: str = "") -> Sequence[Session]:
        """The subject's password is now the first of `credentials`: end sessions begun with another, except `spare`."""
        now = self.clock()
        return self.store.transact(subject, lambda roster: decisions.decide_credential(roster, credentials, spare, now))

    def expire(self, subject: str, *, by: str = "", note: str = "") -> Sequence[Session]:
        """End those of the subject's sessions that are past their time, so that their events are recorded.

        `by` and `note` are written to those that an epoch made void.
        """
        now = self.clock()
        return self.store.transact(subject, lambda roster: decisions.decide_expire(roster, now, by=by, note=note))

    def sessions(self, subject: str) -> Sequence[Session]:
        """The subject's live sessions, last used first."""
        now = self.clock()
        live = [s for s in self.store.roster(subject).sessions if judge(s, now).live]
        return sorted(live, key=lambda s: (-s.last_seen, s.sid))

    def explain(self, arrival: Arrival) -> Explanation:
        """What a sign-in like `arrival` would come to now, and which rule says so. Writes nothing."""
        return explain(self.store.roster(arrival.subject), arrival, self.policy_for(arrival), self.clock())

    def sweep(self, limit: int = 1000) -> int:
        """End up to `limit` sessions that time has ended, so that their notices go out. Returns how many."""
        subjects = {session.subject for session in self.store.overdue(self.clock(), limit)}
        ended = 0
        for subject in sorted(subjects):
            with suppress(RecordFormatError):
                ended += len(self.expire(subject))
        return ended

    def purge(self, limit: int = 1000) -> int:
        """Forget what ended longer ago than the retention, in batches of `limit`. Returns how many records went."""
        total, before = 0, self.clock() - self.options.retention
        while gone := self.store.purge(before, limit):
            total += gone
        self.fade(limit)
        return total

    def fade(self, limit: int = 1000) -> tuple[int, int]:
        """Forget of what stays what is old enough: addresses, and devices and places of who does not come back.

        In batches of `limit`; `purge` does so, too. Returns of how many sessions, and of how many subjects.
        """
        now, addresses, subjects = self.clock(), 0, 0
        if self.options.address_retention is not None:
            addresses = self.store.forget_addresses(now - self.options.address_retention)
        while found := self.store.fade(now - self.options.memory, limit):
            subjects += found
        return addresses, subjects

    def end_all(self, *, by: str, note: str = "", progress: Callable[[int], object] | None = None) -> int:
        """End every session there is, such as after restoring a backup; returns how many ended.

        All are dead with the first write (a new epoch). Their ends are then recorded subject by subject, and `progress`
        is told how many so far; if that is interrupted, `sweep` records the rest, without `by` and `note`.
        """
        self.store.begin_epoch(self.clock())
        ended = 0
        while overdue := self.store.overdue(self.clock(), _SWEEP):
            before = ended
            for subject in sorted({session.subject for session in overdue}):
                with suppress(RecordFormatError):  # one damaged record must not stop all others
                    ended += len(self.expire(subject, by=by, note=note))
                if progress is not None:
                    progress(ended)
            if ended == before:
                break
        return ended

    def name_device(self, subject: str, sid: str, name: str) -> bool:
        """Name the device of a subject's open session; an empty name takes the name away.

        False, and nothing changes, if there is no such session or its device is not known.
        """
        return self.store.transact(subject, lambda roster: decisions.decide_name_device(roster, sid, name))

    def trust_device(self, subject: str, device: str, *, trusted: bool = True) -> bool:
        """The subject trusts a device that they know, or no longer does; a sign-in on it is then no second session.

        `device` is its reference: `sojourn.core.wishes.reference`. Atomic. False if the subject knows no such device.
        """
        return self.store.transact(subject, lambda roster: wishes.decide_trust(roster, device, trusted=trusted))

    def name_known_device(self, subject: str, device: str, name: str) -> bool:
        """Name a device that the subject knows, open session or not; an empty name takes the name away.

        `device` is its reference. Atomic. False if the subject knows no such device.
        """
        return self.store.transact(subject, lambda roster: wishes.decide_name_known(roster, device, name))

    def forget_device(self, subject: str, device: str) -> bool:
        """Forget a device that the subject knows, and its name: the next sign-in on it is one on a new device.

        `device` is its reference. Its sessions go on. Atomic. False if the subject knows no such device.
        """
        return self.store.transact(subject, lambda roster: wishes.decide_forget(roster, device))

    def mute(self, subject: str, kinds: Collection[str]) -> frozenset[str]:
        """The subject wants no notices of these kinds (and of all others). Atomic; returns what is muted now.

        Raises InvalidInput for a kind that must be told: see `sojourn.core.wishes.MUTABLE`.
        """
        return self.store.transact(check_subject(subject), lambda roster: wishes.decide_mute(roster, kinds))

    def search(self, query: SessionQuery) -> Page:
        """A page of the sessions that `query` asks for, as they stand now."""
        return self.store.search(query, self.clock())

    def count(self, query: SessionQuery, at_most: int) -> int:
        """How many sessions `query` asks for, at most `at_most`."""
        return self.store.count(query, self.clock(), at_most)

    def census(self) -> Census:
        """What is live now, counted."""
        return self.store.census(self.clock())

    def pause(self, subject: str, *, by: str, note: str = "", until: int | None = None) -> Pause:
        """Let a subject sign in no more until `until` (milliseconds; None: until somebody resumes); return the pause.

        Their open sessions go on, and who is acting as them is not stopped. `by` is who answers for it, `note` why, for
        operators. A pause that is there already gives way to this one. Atomic: no sign-in slips in after it. Raises
        InvalidSubject, InvalidInput for no `by` or a moment that is past.
        """
        pause = Pause(self.clock(), by, note, until)
        return self.store.transact(check_subject(subject), lambda roster: pausing.decide_pause(roster, pause))

    def resume(self, subject: str, *, by: str) -> bool:
        """Let a subject whose sign-ins are paused sign in again. Whether they were. Atomic."""
        now = self.clock()
        return self.store.transact(subject, lambda roster: pausing.decide_resume(roster, by, now))

    def question(self, subject: str, question: Question) -> Standing:
        """How a question stands that a message asked of the subject: what is live of it, whether it is answered."""
        found = self.store.find(question.sid) if question.sid else None
        return disowning.standing(self.store.roster(subject), question, found, self.clock())

    def answer(self, subject: str, question: Question, *, everything: bool = False) -> Answer:
        """The subject's answer to a message: it was not them. End what it is about, or `everything` of theirs.

        Whoever calls this has made sure that the question is one of the subject's. Atomic and durable; answered once,
        after which nothing ends. The sessions on the disputed device end as DISOWNED, others as REVOKED.
        """
        found, now = self.store.find(question.sid) if question.sid else None, self.clock()
        return self.store.transact(
            subject, lambda roster: disowning.decide_answer(roster, question, found, now, everything=everything)
        )

    def unanswered(self, session: Session) -> Sequence[Session]:
        """Sessions begun after this one of which its owner is to be asked whether it was them, the oldest first."""
        return disowning.unanswered(self.store.roster(session.subject), session.sid, self.clock())

    def confirm(self, session: Session, sid: str) -> bool:
        """The owner of `session` says that `sid`, begun after it, was them too. False, and nothing changes, if it may
        not be said from there: that is only for another live session of theirs, on another device. Atomic.
        """
        now = self.clock()
        return self.store.transact(
            session.subject, lambda roster: disowning.decide_confirm(roster, session.sid, sid, now)
        )

    def disown(self, session: Session, sid: str, *, contact: str = "") -> Sequence[Session]:
        """The owner of `session` says that `sid`, begun after it, was not them: what is open on that device ends.

        Returns what ended; nothing, if it may not be said from there (see `confirm`). Atomic and durable. `contact` is
        where the owner is written to now, who is told.
        """
        now = self.clock()
        return self.store.transact(
            session.subject,
            lambda roster: self.addressed(disowning.decide_disown(roster, session.sid, sid, now), contact),
        )
