"""Promises about writing: one decision, whole or not at all, for one subject at a time."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from sojourn.core.admission import Minted, decide_start
from sojourn.core.decisions import Decision
from sojourn.core.errors import InvalidTicket
from sojourn.core.events import SessionEnded, SessionStarted, StartRefused, payload
from sojourn.core.outcomes import StartOutcome
from sojourn.core.policy import Limit, Policy
from sojourn.core.records import Arrival, EndReason, Roster, Ticket
from sojourn.core.store import Store
from sojourn.testing.clock import START
from sojourn.testing.conformance.setup import (
    Reader,
    Setup,
    full_session,
    keep,
    names,
    open_sids,
    session,
    update,
    write,
)
from sojourn.testing.samples import ANN, digest, ended, sid, ticket

ONE = Policy((Limit(1),))


class Writing(Setup):
    """What `transact` and `restore` promise."""

    def test_the_outcome_of_the_decision_comes_back(self, store: Store) -> None:
        outcome = object()
        assert store.transact("ann", lambda _: Decision(outcome)) is outcome

    def test_a_decision_sees_the_roster_as_it_is(self, store: Store) -> None:
        keep(store, full_session("a"), session("b", "bob"))
        seen = store.transact("ann", Decision)
        assert seen == Roster("ann", (full_session("a"),))

    def test_a_decision_may_write_nothing(self, store: Store, reader: Reader) -> None:
        store.transact("ann", lambda _: Decision(None))
        assert reader.session_rows("ann") == []
        assert reader.events("ann") == []

    def test_all_of_a_decision_is_written(self, store: Store) -> None:
        keep(store, session("a"), session("b"), tickets=[ticket("old")])
        over = ended(session("a"), START + 1, EndReason.EVICTED, by="c")
        later = replace(session("b"), acr="gold")
        decision = Decision(None, session("c"), (over, later), ticket("new"), digest("old"))
        store.transact("ann", lambda _: decision, digest("old"))
        assert open_sids(store) == ["b", "c"]
        assert store.find(sid("a")) == over
        assert store.find(sid("b")) == later
        assert store.ticket(digest("new"), ANN) == ticket("new")
        assert store.ticket(digest("old"), ANN) is None

    def test_when_the_decision_raises_the_error_comes_through_and_nothing_is_written(self, store: Store) -> None:
        keep(store, session("a"), tickets=[ticket("t")])

        def decide(roster: Roster) -> Decision[None]:
            assert roster.sessions, "the session written before is on the roster"
            raise InvalidTicket

        with pytest.raises(InvalidTicket):
            store.transact("ann", decide, digest("t"))
        assert store.find(sid("a")) == session("a")
        assert store.ticket(digest("t"), ANN) == ticket("t")

    def test_a_decision_that_raised_does_not_block_the_next(self, store: Store) -> None:
        def decide(_: Roster) -> Decision[None]:
            raise InvalidTicket

        with pytest.raises(InvalidTicket):
            store.transact("new", decide)
        keep(store, session("a", "new"))
        assert open_sids(store, "new") == ["a"]

    def test_an_update_never_creates(self, store: Store) -> None:
        keep(store, session("a"))
        update(store, session("ghost"), replace(session("a"), acr="gold"))
        assert store.find(sid("ghost")) is None
        assert store.lookup(digest("ghost"), ANN) is None
        assert open_sids(store) == ["a"]

    def test_an_update_never_revives(self, store: Store) -> None:
        keep(store, session("a"))
        over = ended(session("a"), START + 1)
        update(store, over)
        update(store, replace(session("a"), last_seen=START + 9, digest=digest("fresh")))
        assert store.find(sid("a")) == over
        assert store.lookup(digest("fresh"), ANN) is None
        assert open_sids(store) == []

    def test_a_session_ends_once_and_keeps_its_first_reason(self, store: Store) -> None:
        keep(store, session("a"))
        first = ended(session("a"), START + 1, EndReason.REVOKED, by="b")
        update(store, first)
        update(store, ended(session("a"), START + 2, EndReason.EVICTED, by="c"))
        assert store.find(sid("a")) == first

    def test_an_update_never_moves_the_last_activity_back(self, store: Store) -> None:
        keep(store, session("a", last_seen=START + 9))
        update(store, session("a", last_seen=START + 4, acr="gold"))
        assert store.find(sid("a")) == session("a", last_seen=START + 9, acr="gold")

    def test_an_update_changes_no_other_session(self, store: Store) -> None:
        keep(store, session("a"), session("b"), session("c", "bob"))
        update(store, ended(session("a"), START))
        assert store.find(sid("b")) == session("b")
        assert store.find(sid("c", "bob")) == session("c", "bob")

    def test_a_ticket_comes_with_the_roster_if_it_is_asked_for(self, store: Store) -> None:
        keep(store, session("a"), tickets=[ticket("t")])
        assert self._given(store, "ann", digest("t")) == ticket("t")
        assert self._given(store, "ann", None) is None
        assert self._given(store, "ann", digest("other")) is None

    def test_another_subjects_ticket_is_not_given(self, store: Store) -> None:
        keep(store, tickets=[ticket("t", "bob")])
        assert self._given(store, "ann", digest("t")) is None
        assert self._given(store, "bob", digest("t")) == ticket("t", "bob")

    def test_a_ticket_is_used_once(self, store: Store) -> None:
        keep(store, tickets=[ticket("t"), ticket("u")])
        store.transact("ann", lambda _: Decision(None, redeem=digest("t")), digest("t"))
        assert store.ticket(digest("t"), ANN) is None
        assert self._given(store, "ann", digest("t")) is None
        assert store.ticket(digest("u"), ANN) == ticket("u")

    def test_redeeming_a_ticket_that_is_gone_changes_nothing(self, store: Store) -> None:
        keep(store, tickets=[ticket("u")])
        write(store, Decision(None, redeem=digest("t")))
        assert store.ticket(digest("u"), ANN) == ticket("u")

    def test_a_decision_made_again_because_its_answer_was_lost_is_written_once(
        self, store: Store, reader: Reader
    ) -> None:
        event = StartRefused(subject="ann", at=START, arrival={}, limit="1")
        for _ in range(2):
            write(store, Decision(None, issue=ticket("t"), events=(event,)))
        assert store.ticket(digest("t"), ANN) == ticket("t")
        assert reader.events("ann") == [payload(event)]

    def test_events_are_recorded_with_the_decision_and_in_its_order(self, store: Store, reader: Reader) -> None:
        over = ended(session("a"), START + 1)
        events = (
            SessionEnded(subject="ann", at=START, session=over),
            StartRefused(subject="ann", at=START, arrival={"place": "Łódź"}, limit="1", open=("a", "b")),
            SessionStarted(subject="ann", at=START, session=session("b"), also_open=("x",)),
        )
        keep(store, session("b"), events=events)
        assert reader.events("ann") == [payload(event) for event in events]
        assert reader.events("bob") == []

    def test_events_of_later_decisions_come_later(self, store: Store, reader: Reader) -> None:
        ids = []
        for at in (START, START - 5, START + 5):
            event = SessionStarted(subject="ann", at=at, session=session("a"))
            keep(store, events=[event])
            ids.append(event.id)
        assert [event["id"] for event in reader.events("ann")] == ids

    def test_what_is_stored_holds_open_and_ended_sessions_once_each(self, store: Store, reader: Reader) -> None:
        keep(store, session("a"), session("b"))
        update(store, ended(session("a"), START), replace(session("b"), digest=digest("again")))
        assert sorted(row["sid"] for row in reader.session_rows("ann")) == [sid("a"), sid("b")]

    def test_restore_writes_the_ticket_and_the_events_that_a_rollback_took_away(
        self, store: Store, reader: Reader
    ) -> None:
        event = StartRefused(subject="ann", at=START, arrival={}, limit="1")
        store.restore(Decision(None, issue=ticket("t"), events=(event,)))
        assert store.ticket(digest("t"), ANN) == ticket("t")
        assert reader.events("ann") == [payload(event)]

    def test_restore_changes_nothing_where_everything_is_there(self, store: Store, reader: Reader) -> None:
        event = StartRefused(subject="ann", at=START, arrival={}, limit="1")
        decision: Decision[Any] = Decision(None, issue=ticket("t"), events=(event,))
        store.transact("ann", lambda _: decision)
        store.restore(decision)
        store.restore(decision)
        assert store.ticket(digest("t"), ANN) == ticket("t")
        assert reader.events("ann") == [payload(event)]

    def test_restore_brings_back_no_session(self, store: Store) -> None:
        keep(store, session("a"))
        store.restore(Decision(None, insert=session("b"), update=(ended(session("a"), START),)))
        assert open_sids(store) == ["a"]
        assert store.lookup(digest("b"), ANN) is None

    def test_a_sign_in_that_begins_while_another_decides_does_not_slip_past_the_limit(self, store: Store) -> None:
        """A second thread signs the same subject in while the first one decides: one of them must come after."""
        second = threading.Thread(target=self._start, args=(store, "second"))

        def decide(roster: Roster) -> Decision[StartOutcome]:
            if second.ident is None:
                second.start()
                second.join(0.3)  # a store that locks lets it wait; one that compares lets it win, and asks again
            return decide_start(roster, Arrival("ann"), ONE, _minted("first"), START)

        store.transact("ann", decide)
        second.join(30)
        assert not second.is_alive()
        assert len(open_sids(store)) == 1
        assert set(names(store.history("ann", 9))) | set(open_sids(store)) == {"first", "second"}

    def _start(self, store: Store, name: str) -> None:
        try:
            store.transact("ann", lambda roster: decide_start(roster, Arrival("ann"), ONE, _minted(name), START + 1))
        finally:
            self.leave_thread()

    @staticmethod
    def _given(store: Store, subject: str, wanted: bytes | None) -> Ticket | None:
        return store.transact(subject, lambda roster: Decision(roster.ticket), wanted)


def _minted(name: str) -> Minted:
    return Minted(sid(name), digest(name), digest(f"{name} ticket"), START)
