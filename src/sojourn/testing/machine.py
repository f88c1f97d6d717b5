"""A state machine (Hypothesis) that tries long stories, with every store in lock-step with the memory store.

    TestMyStore = lockstep(lambda: [Candidate("mine", MyStore(..., wanted=wanted), MyReader(...))])

Every step is made with the same identifiers in all stores; then all that can be looked up is compared, and what must
hold in every story is checked: an enforced start never leaves more open than its limit; an ended session never
authenticates; a session has one live token, and its predecessor for a moment; the last activity never goes back; the
absolute timeout beats activity; dead sessions never take up room; a refusal changes nothing; who is paused does not
get in; what began before an epoch is over; who was erased is unknown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from unittest import TestCase

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from sojourn.control import SessionControl
from sojourn.core.errors import InvalidTicket
from sojourn.core.outcomes import Authenticated
from sojourn.core.policy import Policy
from sojourn.core.records import Arrival, Device, EndReason
from sojourn.core.search import EventQuery, SessionQuery, Standing
from sojourn.core.timeouts import DAY, HOUR, MINUTE, SECOND
from sojourn.testing.posting import Posting
from sojourn.testing.stories import CLIENTS, DEVICES, POLICIES, SUBJECTS
from sojourn.testing.telling import MakeStores

PICK = st.integers(0, 11)
SOMEBODY = st.sampled_from([SUBJECTS[0], SUBJECTS[0], *SUBJECTS])
LATER = st.sampled_from([0, 0, MINUTE, 31 * MINUTE, 13 * HOUR])
WHILES = [1, SECOND, 9 * SECOND, MINUTE, 4 * MINUTE, 29 * MINUTE, 31 * MINUTE, HOUR, 11 * HOUR, DAY, 40 * DAY]


class Stories(Posting):
    """What may happen; `lockstep` binds it to stores."""

    @initialize(policy=st.sampled_from(POLICIES), times=st.integers(1, 3))
    def begin(self, policy: Policy, times: int) -> None:
        """A site begins with one of the policies, and somebody signs in."""
        self.policy = policy
        self.sign_in_one_after_another(SUBJECTS[0], times, later=0, remembered=False)

    @rule(subject=SOMEBODY, times=st.integers(1, 3), later=LATER, remembered=st.booleans())
    def sign_in_one_after_another(self, subject: str, times: int, later: int, remembered: bool) -> None:
        """Somebody comes after a while and signs in with browsers that nothing is known of."""
        self.clock.advance(later)
        credentials = self.credentials(subject)
        for _ in range(times):
            self.try_start(Arrival(subject, client="web", persistent=remembered, credentials=credentials), "a browser")

    @rule(subject=SOMEBODY, client=st.sampled_from(CLIENTS), device=st.sampled_from(DEVICES), later=LATER)
    def sign_in_with_a_device(self, subject: str, client: str, device: Device, later: int) -> None:
        """Somebody signs in from one of a few devices, perhaps again."""
        self.clock.advance(later)
        self.try_start(Arrival(subject, client=client, device=device), "a browser")

    @rule(
        subject=SOMEBODY,
        client=st.sampled_from(CLIENTS),
        device=st.sampled_from(DEVICES),
        staff=st.booleans(),
        persistent=st.booleans(),
        proof=st.sampled_from(["unknown", "present", "changed"]),
        carried=st.sampled_from([None, None, 10 * MINUTE, 14 * DAY]),
        replaces=st.one_of(st.none(), st.none(), PICK),
        browser=st.sampled_from(["one browser", "another browser"]),
    )
    def sign_in_from_somewhere(
        self,
        subject: str,
        client: str,
        device: Device,
        staff: bool,
        persistent: bool,
        proof: str,
        carried: int | None,
        replaces: int | None,
        browser: str,
    ) -> None:
        """Somebody signs in with all that may be known of a sign-in; the password may have changed unnoticed."""
        self.password[subject] += proof == "changed"
        arrival = Arrival(
            subject,
            client=client,
            device=device,
            groups=frozenset({"staff"} if staff else ()),
            persistent=persistent,
            credentials=self.credentials(subject) if proof != "unknown" else (),
            carrier_expires=None if carried is None else self.clock() + carried,
            replaces="" if replaces is None or not self.holders else self.pick(self.holders, replaces).session.sid,
        )
        self.try_start(arrival, browser)

    @precondition(lambda self: self.holders)
    @rule(which=PICK, device=st.sampled_from(DEVICES))
    def impersonate(self, which: int, device: Device) -> None:
        """Somebody acts as the other subject."""
        mine = self.pick(self.holders, which).session
        other = next(subject for subject in SUBJECTS if subject != mine.subject)
        self.try_start(Arrival(other, client="web", device=device, parent=mine.sid), "a browser")

    @precondition(lambda self: self.holders)
    @rule(which=PICK, persistent=st.booleans(), carried=st.sampled_from([None, 10 * MINUTE, 14 * DAY]))
    def settle(self, which: int, persistent: bool, carried: int | None) -> None:
        """A sign-in turns out to be persistent, or not."""
        session = self.pick(self.holders, which).session
        until = None if carried is None else self.clock() + carried
        arrival = Arrival(session.subject, persistent=persistent, carrier_expires=until)
        was_alive = self.is_alive(session.sid)
        settled = self.all.call(lambda control: control.settle(session, arrival))
        assert (settled is not None) == was_alive, "what is over is not called back by settling it"
        if settled is not None:
            assert (settled.persistent, settled.carrier_expires) == (persistent, until)
            self.seen.expires[session.sid] = settled.expires

    @precondition(lambda self: self.waiting)
    @rule(which=PICK, choice=st.lists(PICK, max_size=3), stranger=st.sampled_from([False, False, False, True]))
    def choose(self, which: int, choice: list[int], stranger: bool) -> None:
        """Somebody who was asked chooses what to end: nothing, or something; or somebody else has the ticket."""
        pending = self.pick(self.waiting, which)
        end = tuple(self.pick(pending.offered, at) for at in choice)
        self.try_choice(pending, end, "a stranger's browser" if stranger else pending.browser)

    @rule(subject=SOMEBODY, times=st.integers(1, 3))
    def everybody_chooses_the_same(self, subject: str, times: int) -> None:
        """Several sign in; those who are asked choose to end the same session, and answer twice."""
        self.sign_in_one_after_another(subject, times, later=0, remembered=False)
        asked = [pending for pending in self.waiting if pending.arrival.subject == subject][-times:]
        for pending in (*asked, *asked):
            self.try_choice(pending, asked[0].offered[:1], pending.browser)

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

    @precondition(lambda self: self.holders)
    @rule(which=PICK, carried=st.sampled_from([None, 10 * MINUTE, 14 * DAY]))
    def touch(self, which: int, carried: int | None) -> None:
        """Activity is recorded by somebody who looked the session up some time ago."""
        session = self.pick(self.holders, which).session
        until = None if carried is None else self.clock() + carried
        was_alive = self.is_alive(session.sid)
        assert self.all.call(lambda control: control.touch(session, until)) == was_alive

    @rule(milliseconds=st.sampled_from(WHILES))
    def time_goes_by(self, milliseconds: int) -> None:
        """Time goes by, a moment or enough for some timeout."""
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
            holder.renewed = self.clock()

    @precondition(lambda self: self.holders)
    @rule(which=PICK)
    def elevate(self, which: int) -> None:
        """Somebody proves again who they are."""
        session = self.pick(self.holders, which).session
        before, was_alive = self.all.model.find(session.sid), self.is_alive(session.sid)
        elevated = self.all.call(lambda control: control.elevate(session, acr="gold", amr=("otp",)))
        assert (elevated is not None) == was_alive
        if elevated is not None and before is not None:
            rest = None if before.expires is None else before.expires - before.authenticated
            assert elevated.expires == (None if rest is None else self.clock() + rest), "both timeouts start anew"
            assert elevated.last_seen == elevated.authenticated == self.clock()
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
        lived = self.is_alive(mine.sid)
        self.all.call(lambda c: c.end(mine.subject, None, EndReason.REVOKED, by=mine.sid, spare=mine.sid))
        assert {one.sid for one in self.all.model.roster(mine.subject).sessions} <= {mine.sid}
        assert self.is_alive(mine.sid) == lived, "the one that is spared goes on"

    @rule(subject=SOMEBODY, spared=st.one_of(st.none(), PICK))
    def change_password(self, subject: str, spared: int | None) -> None:
        """A password changes, in one of the sessions or elsewhere."""
        spare = "" if spared is None or not self.holders else self.pick(self.holders, spared).session.sid
        self.password[subject] += 1
        self.all.call(lambda control: control.credential_changed(subject, self.credentials(subject), spare=spare))
        left = self.all.model.roster(subject).sessions
        assert all(one.sid == spare and one.credential in self.credentials(subject) for one in left)

    @precondition(lambda self: self.holders)
    @rule(which=PICK, privileges=st.sampled_from(["", "user", "staff"]), marked=st.booleans())
    def privileges_change(self, which: int, privileges: str, marked: bool) -> None:
        """What somebody may do is looked at, perhaps after it has changed."""
        holder = self.pick(self.holders, which)
        if marked:
            self.all.call(lambda control: control.privileges_changed(holder.session.subject))
        known = self.all.model.find(holder.session.sid) or holder.session
        due = self.is_alive(known.sid) and privileges != "" and known.privileges not in ("", privileges)
        renewed = self.all.call(lambda control: control.note_privileges(known, privileges))
        assert (renewed is not None) == due, "renewed once for each change, and only for one"
        if renewed is not None:
            holder.session = renewed[0]
            holder.tokens.append(renewed[1])
            holder.renewed = self.clock()

    @rule(policy=st.sampled_from(POLICIES))
    def change_policy(self, policy: Policy) -> None:
        """The site's owner changes the rules."""
        self.policy = policy

    @rule(forget=st.booleans())
    def clean_up(self, forget: bool) -> None:
        """What time has ended is found early; what ended long ago is forgotten."""
        self.all.call(lambda control: control.sweep())
        assert list(self.all.model.overdue(self.clock(), 9)) == []
        if forget:
            self.all.call(lambda control: control.purge())

    @rule(subject=SOMEBODY, lasting=st.sampled_from([None, MINUTE, 12 * HOUR]))
    def pause(self, subject: str, lasting: int | None) -> None:
        """An operator keeps somebody from signing in."""
        until = None if lasting is None else self.clock() + lasting
        self.all.call(lambda control: control.pause(subject, by="an operator", note="a stolen password", until=until))
        self.paused[subject] = until

    @rule(subject=SOMEBODY)
    def resume(self, subject: str) -> None:
        """An operator lets somebody sign in again."""
        held = self.is_held(Arrival(subject))
        assert self.all.call(lambda control: control.resume(subject, by="an operator")) == held
        self.paused.pop(subject, None)

    @precondition(lambda self: self.holders)
    @rule(which=PICK, name=st.sampled_from(["", "my phone", "Zoë's “phone”"]))
    def name_device(self, which: int, name: str) -> None:
        """Somebody names the device of a session, or takes its name away."""
        session = self.pick(self.holders, which).session
        open_here = session.sid in {one.sid for one in self.all.model.roster(session.subject).sessions}
        named = self.all.call(lambda control: control.name_device(session.subject, session.sid, name))
        assert named == (open_here and session.device.digest != "")
        if named:
            names = self.all.model.roster(session.subject).profile.device_names
            assert names.get(session.device.digest, "") == name

    @rule(before=st.sampled_from([0, 0, MINUTE, 12 * HOUR]))
    def begin_epoch(self, before: int) -> None:
        """An operator ends everything that began some time ago; nobody has noticed yet."""
        at = self.clock() - before
        self.all.call(lambda control: control.store.begin_epoch(at))
        for subject in SUBJECTS:
            live = [one for one in self.all.model.roster(subject).sessions if self.is_alive(one.sid)]
            assert all(one.created >= at for one in live), "what began before an epoch is over"

    @rule()
    def end_all(self) -> None:
        """An operator ends everything, and it is all recorded."""
        now = self.clock()
        self.all.call(lambda control: control.end_all(by="an operator", note="restored"))
        left = [one for subject in SUBJECTS for one in self.all.model.roster(subject).sessions]
        assert all(one.created == now for one in left), "only who came at this very moment is left"

    @rule(subject=SOMEBODY)
    def erase(self, subject: str) -> None:
        """Somebody is forgotten."""
        self.all.call(lambda control: control.store.erase(subject))
        self.paused.pop(subject, None)
        for one in self.all.members:
            assert one.reader is None or one.reader.remains(subject) == [], "who was erased is unknown"

    @rule(
        standing=st.sampled_from(Standing),
        subjects=st.sampled_from([None, None, SUBJECTS[:1], SUBJECTS]),
        client=st.sampled_from([None, None, *CLIENTS]),
        device=st.sampled_from(["", "", "s", "FIREFOX"]),
        reason=st.sampled_from([None, None, *EndReason]),
        oldest_first=st.booleans(),
        limit=st.integers(1, 5),
        since=st.sampled_from(WHILES),
    )
    def look(self, since: int, **fields: Any) -> None:
        """An operator looks at what there is, page by page, and counts it."""
        query, now = SessionQuery(**fields, since=self.clock() - since), self.clock()
        visited: list[str] = []
        while True:
            page = self.all.call(partial(SessionControl.search, query=query))
            visited += [one.sid for one in page.sessions]
            if page.cursor is None:
                break
            query = replace(query, after=page.cursor)
        assert (
            len(set(visited)) == len(visited) == self.all.call(partial(SessionControl.count, query=query, at_most=1000))
        )
        self.all.call(SessionControl.census)
        self.all.call(lambda control: control.store.tally(now - DAY, HOUR, 25))
        self.all.call(lambda control: _told(control.store.journal(EventQuery(since=now - since))))


def _told(events: Sequence[Mapping[str, object]]) -> list[str]:
    """What the events tell, in an order that is the same whatever their ids, which are not."""
    return sorted(repr(sorted({**event, "id": ""}.items())) for event in events)


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
