"""Session control for callers that await: the twin of `sojourn.control.sync`, held equal to it by a test."""

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
from sojourn.core.store import AsyncStore, Decide
from sojourn.core.timeouts import judge
from sojourn.core.tokens import TicketSecret, Token, check_subject, secret_route

_SWEEP = 500  # sessions read at a time


class AsyncSessionControl(Rules):
    """Session control over an `AsyncStore`; each method has the contract of its twin in `SessionControl`."""

    def __init__(
        self,
        store: AsyncStore,
        policy: Policy | PolicyResolver,
        *,
        clock: Callable[[], int] = system_clock,
        options: Options | None = None,
    ) -> None:
        super().__init__(policy, clock=clock, options=options)
        self.store = store

    async def start(
        self, arrival: Arrival, *, browser: str = "", context: Mapping[str, str] | None = None
    ) -> StartOutcome:
        """See `SessionControl.start`."""
        attempt = self.begin(arrival, browser, context or {})
        outcome, confirmed = await self.carry_out(arrival.subject, attempt)
        return attempt.conclude(outcome, confirmed=confirmed)

    async def carry_out(self, subject: str, decide: Decide[T], ticket: bytes | None = None) -> tuple[T, bool]:
        """See `SessionControl.carry_out`."""
        try:
            return await self.store.transact(subject, decide, ticket), True
        except StoreUnconfirmed as error:
            outcome: T = error.outcome
            return outcome, False

    async def pending(self, ticket: TicketSecret | str, *, browser: str) -> Ticket:
        """See `SessionControl.pending`."""
        secret = secret_of(ticket)
        return self.check(await self.store.ticket(secret.digest(), secret_route(secret)), browser, self.clock())

    async def choose(
        self, ticket: TicketSecret | str, end: Collection[str], *, browser: str, arrival: Arrival | None = None
    ) -> StartOutcome:
        """See `SessionControl.choose`."""
        secret = secret_of(ticket)
        arrival = arrival or (await self.pending(secret, browser=browser)).arrival
        attempt = self.begin_choice(arrival, browser, end, secret)
        outcome, confirmed = await self.carry_out(arrival.subject, attempt, secret.digest())
        return attempt.conclude(outcome, confirmed=confirmed)

    async def abandon(self, ticket: TicketSecret | str, *, browser: str) -> None:
        """See `SessionControl.abandon`."""
        pending = await self.pending(ticket, browser=browser)
        await self.store.transact(pending.subject, lambda _: Decision(None, redeem=pending.digest))

    async def authenticate(self, token: Token | str, *, passive: bool = False) -> Authentication:
        """See `SessionControl.authenticate`."""
        parsed = token_of(token)
        if parsed is None:
            return Unknown()
        digest, route, now = parsed.digest(), secret_route(parsed), self.clock()
        if passive:
            found = await self.store.lookup(digest, route)
        else:
            found = await self.store.visit(digest, route, now, self.options.touch_interval)
        return self.judge(found, parsed, now)

    async def recognise(self, token: Token, session: Session | None, *, passive: bool = False) -> Authentication:
        """See `SessionControl.recognise`."""
        now = self.clock()
        found = self.judge(session, token, now)
        if isinstance(found, Authenticated) and not passive and self.touch_due(found.session, now):
            await self.touch(found.session)
        return found

    async def touch(self, session: Session, carrier_expires: int | None = None) -> bool:
        """See `SessionControl.touch`."""
        return await self.store.touch(session, self.clock(), carrier_expires)

    async def settle(self, session: Session, arrival: Arrival) -> Session | None:
        """See `SessionControl.settle`."""
        policy, now = self.policy_for(arrival), self.clock()
        return await self.store.transact(
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

    async def keep_up(self, session: Session, policy: Policy) -> Session | None:
        """Hold a session without timeouts, as `authenticate` found it, to what its policy says now.

        If the policy is enforced, a session that began while it was not comes under its timeouts: None if it has been
        idle for too long, and it ends with that. If it is report-only, what time would have done is recorded once.
        A session that has timeouts, or acts for another, is returned as it is. Writes only if there is something new.
        """
        now = self.clock()
        if not rehearsal.due(session, policy, now):
            return session
        if not policy.report_only:
            return await self.store.transact(
                session.subject, lambda roster: decisions.decide_enforce(roster, session, policy, now)
            )
        if (await self.store.roster(session.subject)).profile.unenforced.get(session.sid) == "":
            await self.store.transact(
                session.subject, lambda roster: decisions.decide_note(roster, session, policy, now)
            )
        return session

    async def rotate(self, session: Session, *, privileges: str = "") -> tuple[Session, Token] | None:
        """See `SessionControl.rotate`."""
        token, now = self.renew(session.subject), self.clock()
        rotated, _ = await self.carry_out(
            session.subject,
            lambda roster: decisions.decide_rotate(
                roster, session.sid, token.digest(), self.options.rotation_grace, now, privileges=privileges
            ),
        )
        return None if rotated is None else (rotated, token)

    async def note_privileges(
        self, session: Session, privileges: str, *, renew: bool = True
    ) -> tuple[Session, Token] | None:
        """See `SessionControl.note_privileges`."""
        if not differ(session, privileges):
            return None
        token, now = self.renew(session.subject), self.clock()
        renewed, _ = await self.carry_out(
            session.subject,
            lambda roster: decide_note_privileges(
                roster, session.sid, privileges, token.digest(), self.options.rotation_grace, now, renew=renew
            ),
        )
        return None if renewed is None else (renewed, token)

    async def privileges_changed(self, subject: str) -> Sequence[Session]:
        """See `SessionControl.privileges_changed`."""
        now = self.clock()
        return await self.store.transact(subject, lambda roster: decide_privileges_changed(roster, now))

    async def elevate(self, session: Session, *, acr: str = "", amr: Sequence[str] = ()) -> Session | None:
        """See `SessionControl.elevate`."""
        now = self.clock()
        return await self.store.transact(
            session.subject, lambda roster: decisions.decide_elevate(roster, session.sid, acr, tuple(amr), now)
        )

    async def end(
        self,
        subject: str,
        sids: Collection[str] | None,
        reason: EndReason,
        *,
        by: str = "",
        note: str = "",
        spare: str = "",
    ) -> Sequence[Session]:
        """See `SessionControl.end`."""
        now = self.clock()
        return await self.store.transact(
            subject, lambda roster: decisions.decide_end(roster, sids, reason, by, now, spare=spare, note=note)
        )

    async def credential_changed(
        self, subject: str, credentials: Collection[str], *, spare: str = ""
    ) -> Sequence[Session]:
        """See `SessionControl.credential_changed`."""
        now = self.clock()
        return await self.store.transact(
            subject, lambda roster: decisions.decide_credential(roster, credentials, spare, now)
        )

    async def expire(self, subject: str, *, by: str = "", note: str = "") -> Sequence[Session]:
        """See `SessionControl.expire`."""
        now = self.clock()
        return await self.store.transact(subject, lambda roster: decisions.decide_expire(roster, now, by=by, note=note))

    async def sessions(self, subject: str) -> Sequence[Session]:
        """See `SessionControl.sessions`."""
        now = self.clock()
        live = [s for s in (await self.store.roster(subject)).sessions if judge(s, now).live]
        return sorted(live, key=lambda s: (-s.last_seen, s.sid))

    async def explain(self, arrival: Arrival) -> Explanation:
        """See `SessionControl.explain`."""
        return explain(await self.store.roster(arrival.subject), arrival, self.policy_for(arrival), self.clock())

    async def sweep(self, limit: int = 1000) -> int:
        """See `SessionControl.sweep`."""
        subjects = {session.subject for session in await self.store.overdue(self.clock(), limit)}
        ended = 0
        for subject in sorted(subjects):
            with suppress(RecordFormatError):
                ended += len(await self.expire(subject))
        return ended

    async def purge(self, limit: int = 1000) -> int:
        """See `SessionControl.purge`."""
        total, before = 0, self.clock() - self.options.retention
        while gone := await self.store.purge(before, limit):
            total += gone
        await self.fade(limit)
        return total

    async def fade(self, limit: int = 1000) -> tuple[int, int]:
        """See `SessionControl.fade`."""
        now, addresses, subjects = self.clock(), 0, 0
        if self.options.address_retention is not None:
            addresses = await self.store.forget_addresses(now - self.options.address_retention)
        while found := await self.store.fade(now - self.options.memory, limit):
            subjects += found
        return addresses, subjects

    async def end_all(self, *, by: str, note: str = "", progress: Callable[[int], object] | None = None) -> int:
        """See `SessionControl.end_all`."""
        await self.store.begin_epoch(self.clock())
        ended = 0
        while overdue := await self.store.overdue(self.clock(), _SWEEP):
            before = ended
            for subject in sorted({session.subject for session in overdue}):
                with suppress(RecordFormatError):  # one damaged record must not stop all others
                    ended += len(await self.expire(subject, by=by, note=note))
                if progress is not None:
                    progress(ended)
            if ended == before:
                break
        return ended

    async def name_device(self, subject: str, sid: str, name: str) -> bool:
        """See `SessionControl.name_device`."""
        return await self.store.transact(subject, lambda roster: decisions.decide_name_device(roster, sid, name))

    async def trust_device(self, subject: str, device: str, *, trusted: bool = True) -> bool:
        """See `SessionControl.trust_device`."""
        return await self.store.transact(subject, lambda roster: wishes.decide_trust(roster, device, trusted=trusted))

    async def name_known_device(self, subject: str, device: str, name: str) -> bool:
        """See `SessionControl.name_known_device`."""
        return await self.store.transact(subject, lambda roster: wishes.decide_name_known(roster, device, name))

    async def forget_device(self, subject: str, device: str) -> bool:
        """See `SessionControl.forget_device`."""
        return await self.store.transact(subject, lambda roster: wishes.decide_forget(roster, device))

    async def mute(self, subject: str, kinds: Collection[str]) -> frozenset[str]:
        """See `SessionControl.mute`."""
        return await self.store.transact(check_subject(subject), lambda roster: wishes.decide_mute(roster, kinds))

    async def search(self, query: SessionQuery) -> Page:
        """See `SessionControl.search`."""
        return await self.store.search(query, self.clock())

    async def count(self, query: SessionQuery, at_most: int) -> int:
        """See `SessionControl.count`."""
        return await self.store.count(query, self.clock(), at_most)

    async def census(self) -> Census:
        """See `SessionControl.census`."""
        return await self.store.census(self.clock())

    async def pause(self, subject: str, *, by: str, note: str = "", until: int | None = None) -> Pause:
        """See `SessionControl.pause`."""
        pause = Pause(self.clock(), by, note, until)
        return await self.store.transact(check_subject(subject), lambda roster: pausing.decide_pause(roster, pause))

    async def resume(self, subject: str, *, by: str) -> bool:
        """See `SessionControl.resume`."""
        now = self.clock()
        return await self.store.transact(subject, lambda roster: pausing.decide_resume(roster, by, now))

    async def question(self, subject: str, question: Question) -> Standing:
        """See `SessionControl.question`."""
        found = await self.store.find(question.sid) if question.sid else None
        return disowning.standing(await self.store.roster(subject), question, found, self.clock())

    async def answer(self, subject: str, question: Question, *, everything: bool = False) -> Answer:
        """See `SessionControl.answer`."""
        found, now = await self.store.find(question.sid) if question.sid else None, self.clock()
        return await self.store.transact(
            subject, lambda roster: disowning.decide_answer(roster, question, found, now, everything=everything)
        )

    async def unanswered(self, session: Session) -> Sequence[Session]:
        """See `SessionControl.unanswered`."""
        return disowning.unanswered(await self.store.roster(session.subject), session.sid, self.clock())

    async def confirm(self, session: Session, sid: str) -> bool:
        """See `SessionControl.confirm`."""
        now = self.clock()
        return await self.store.transact(
            session.subject, lambda roster: disowning.decide_confirm(roster, session.sid, sid, now)
        )

    async def disown(self, session: Session, sid: str, *, contact: str = "") -> Sequence[Session]:
        """See `SessionControl.disown`."""
        now = self.clock()
        return await self.store.transact(
            session.subject,
            lambda roster: self.addressed(disowning.decide_disown(roster, session.sid, sid, now), contact),
        )
