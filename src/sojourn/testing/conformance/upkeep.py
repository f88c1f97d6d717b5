"""Promises about time: touching, finding what is overdue, forgetting."""

from dataclasses import replace
from typing import Any

import pytest

from sojourn.core.events import SessionStarted
from sojourn.core.store import Store
from sojourn.core.timeouts import HOUR, MINUTE
from sojourn.testing.clock import START
from sojourn.testing.conformance.setup import Reader, Setup, full_session, keep, names, open_sids, session, update
from sojourn.testing.samples import ANN, digest, ended, sid, ticket

BOUNDS = [
    pytest.param({"expires": START + 10}, id="absolute"),
    pytest.param({"inactivity_timeout": 10}, id="inactivity"),
    pytest.param({"carrier_expires": START + 10}, id="carrier"),
]


class Upkeep(Setup):
    """What `touch`, `visit`, `overdue` and `purge` promise."""

    # Activity

    def test_touch_records_activity_and_the_carriers_end(self, store: Store) -> None:
        keep(store, session("a"), session("b"))
        assert store.touch(session("a"), START + 5, START + 99) is True
        assert store.find(sid("a")) == session("a", last_seen=START + 5, carrier_expires=START + 99)
        assert store.find(sid("b")) == session("b")

    def test_touch_leaves_the_carriers_end_alone_unless_it_is_given(self, store: Store) -> None:
        before = session("a", carrier_expires=START + 50)
        keep(store, before)
        store.touch(before, START + 5, START + 99)
        assert store.touch(before, START + 6, None) is True
        assert store.find(sid("a")) == session("a", last_seen=START + 6, carrier_expires=START + 99)

    def test_touch_never_moves_the_last_activity_back(self, store: Store) -> None:
        keep(store, session("a", last_seen=START + 9))
        assert store.touch(session("a"), START + 5, None) is True
        assert store.find(sid("a")) == session("a", last_seen=START + 9)

    def test_touch_never_creates(self, store: Store) -> None:
        assert store.touch(session("ghost"), START, None) is False
        assert store.find(sid("ghost")) is None
        assert open_sids(store) == []

    def test_touch_never_revives(self, store: Store) -> None:
        keep(store, session("a"))
        over = ended(session("a"), START + 1)
        update(store, over)
        assert store.touch(session("a"), START + 5, START + 99) is False
        assert store.find(sid("a")) == over

    @pytest.mark.parametrize("bound", BOUNDS)
    def test_touch_comes_too_late_at_the_moment_that_ends_the_session(
        self, store: Store, bound: dict[str, Any]
    ) -> None:
        keep(store, session("a", **bound))
        assert store.touch(session("a", **bound), START + 10, START + 99) is False
        assert store.find(sid("a")) == session("a", **bound)

    @pytest.mark.parametrize("bound", BOUNDS)
    def test_touch_is_in_time_until_then(self, store: Store, bound: dict[str, Any]) -> None:
        keep(store, session("a", **bound))
        assert store.touch(session("a", **bound), START + 9, START + 99) is True

    def test_touch_with_an_old_copy_undoes_nothing(self, store: Store) -> None:
        keep(store, full_session("a"))
        later = replace(full_session("a"), digest=digest("new"), predecessor=digest("a"), acr="gold", generation=9)
        update(store, later)
        assert store.touch(full_session("a"), START + 50, None) is True
        assert store.find(sid("a")) == replace(later, last_seen=START + 50)

    # A look-up that is activity

    def test_a_visit_records_activity_and_gives_the_session_as_it_was(self, store: Store) -> None:
        keep(store, full_session("a"), session("b"))
        at = full_session("a").last_seen + MINUTE
        assert store.visit(digest("a"), ANN, at, None) == full_session("a")
        assert store.find(sid("a")) == replace(full_session("a"), last_seen=at)
        assert store.find(sid("b")) == session("b")

    @pytest.mark.parametrize(
        ("inactivity", "wished", "interval"),
        [
            pytest.param(None, None, MINUTE, id="a minute"),
            pytest.param(HOUR, None, MINUTE, id="a minute of an hour"),
            pytest.param(100, None, 10, id="a tenth"),
            pytest.param(5, None, 1, id="a tenth that would be none"),
            pytest.param(None, HOUR, HOUR, id="as wished"),
            pytest.param(HOUR, 7, 7, id="as wished, and shorter"),
            pytest.param(100, 99, 99, id="as wished, just before the end"),
            pytest.param(100, 100, 10, id="nobody would survive the wish"),
            pytest.param(100, HOUR, 10, id="nor a longer one"),
        ],
    )
    def test_visits_write_once_every_touch_interval(
        self, store: Store, inactivity: int | None, wished: int | None, interval: int
    ) -> None:
        before = session("a", inactivity_timeout=inactivity)
        keep(store, before)
        assert store.visit(digest("a"), ANN, START + interval - 1, wished) == before
        assert store.find(sid("a")) == before
        assert store.visit(digest("a"), ANN, START + interval, wished) == before
        seen = replace(before, last_seen=START + interval)
        assert store.visit(digest("a"), ANN, START + 2 * interval - 1, wished) == seen
        assert store.find(sid("a")) == seen
        assert store.visit(digest("a"), ANN, START + 2 * interval, wished) == seen
        assert store.find(sid("a")) == replace(before, last_seen=START + 2 * interval)

    def test_a_visit_never_moves_the_last_activity_back(self, store: Store) -> None:
        keep(store, session("a", last_seen=START + 9))
        assert store.visit(digest("a"), ANN, START + 5, 1) == session("a", last_seen=START + 9)
        assert store.find(sid("a")) == session("a", last_seen=START + 9)

    def test_a_visit_never_revives(self, store: Store) -> None:
        keep(store, session("a"))
        over = ended(session("a"), START + 1)
        update(store, over)
        assert store.visit(digest("a"), ANN, START + HOUR, None) == over
        assert store.find(sid("a")) == over

    @pytest.mark.parametrize("bound", BOUNDS)
    def test_a_visit_comes_too_late_at_the_moment_that_ends_the_session(
        self, store: Store, bound: dict[str, Any]
    ) -> None:
        keep(store, session("a", **bound))
        assert store.visit(digest("a"), ANN, START + 10, 1) == session("a", **bound)
        assert store.find(sid("a")) == session("a", **bound)

    @pytest.mark.parametrize("bound", BOUNDS)
    def test_a_visit_is_in_time_until_then(self, store: Store, bound: dict[str, Any]) -> None:
        keep(store, session("a", **bound))
        store.visit(digest("a"), ANN, START + 9, 1)
        assert store.find(sid("a")) == session("a", last_seen=START + 9, **bound)

    def test_a_visit_to_a_void_session_writes_nothing(self, store: Store) -> None:
        keep(store, session("a"))
        store.begin_epoch(START + 1)
        assert store.visit(digest("a"), ANN, START + HOUR, None) == session("a", voided=START + 1)
        assert store.find(sid("a")) == session("a", voided=START + 1)

    def test_a_visit_by_the_token_before_is_activity_while_that_is_accepted(self, store: Store) -> None:
        renewed = session("a", digest=digest("new"), predecessor=digest("a"), predecessor_until=START + MINUTE + 1)
        keep(store, renewed)
        assert store.visit(digest("a"), ANN, START + MINUTE, None) == renewed
        assert store.find(sid("a")) == replace(renewed, last_seen=START + MINUTE)

    def test_a_visit_by_the_token_before_is_none_from_the_end_of_its_grace_on(self, store: Store) -> None:
        renewed = session("a", digest=digest("new"), predecessor=digest("a"), predecessor_until=START + MINUTE)
        keep(store, renewed)
        assert store.visit(digest("a"), ANN, START + MINUTE, None) == renewed
        assert store.find(sid("a")) == renewed
        assert store.visit(digest("new"), ANN, START + MINUTE, None) == renewed
        assert store.find(sid("a")) == replace(renewed, last_seen=START + MINUTE)

    def test_a_visit_by_an_unknown_token_finds_nothing(self, store: Store) -> None:
        keep(store, session("a"), tickets=[ticket("t")])
        for unknown in (digest("b"), digest("t"), bytes(32), b""):
            assert store.visit(unknown, ANN, START + HOUR, None) is None
        assert store.find(sid("a")) == session("a")

    def test_a_visit_puts_off_being_overdue(self, store: Store) -> None:
        keep(store, session("a", inactivity_timeout=10))
        store.visit(digest("a"), ANN, START + 5, None)
        assert list(store.overdue(START + 14, 10)) == []
        assert names(store.overdue(START + 15, 10)) == ["a"]

    # What time has ended

    def test_overdue_finds_what_time_has_ended_the_longest_overdue_first(self, store: Store) -> None:
        keep(
            store,
            session("idle", inactivity_timeout=30),
            session("old", "bob", expires=START + 10),
            session("carried", carrier_expires=START + 20),
            session("fresh", inactivity_timeout=90, expires=START + 90, carrier_expires=START + 90),
            session("endless"),
        )
        assert names(store.overdue(START + 50, 10)) == ["old", "carried", "idle"]

    @pytest.mark.parametrize("bound", BOUNDS)
    def test_a_session_is_overdue_from_the_moment_of_its_end_on(self, store: Store, bound: dict[str, Any]) -> None:
        keep(store, session("a", **bound))
        assert list(store.overdue(START + 9, 10)) == []
        assert list(store.overdue(START + 10, 10)) == [session("a", **bound)]

    def test_overdue_is_bounded(self, store: Store) -> None:
        keep(store, *(session(name, expires=START + at) for at, name in enumerate("abcd")))
        assert names(store.overdue(START + 50, 2)) == ["a", "b"]

    def test_overdue_does_not_find_ended_sessions(self, store: Store) -> None:
        keep(store, session("a", expires=START))
        update(store, ended(session("a"), START))
        assert list(store.overdue(START + 50, 10)) == []

    def test_activity_puts_off_being_overdue(self, store: Store) -> None:
        keep(store, session("a", inactivity_timeout=10))
        store.touch(session("a"), START + 5, None)
        assert list(store.overdue(START + 14, 10)) == []
        assert names(store.overdue(START + 15, 10)) == ["a"]

    def test_an_update_that_moves_the_end_moves_being_overdue(self, store: Store) -> None:
        keep(store, session("a", expires=START + 10))
        update(store, session("a", expires=START + 20))
        assert list(store.overdue(START + 19, 10)) == []
        assert names(store.overdue(START + 20, 10)) == ["a"]

    # What is forgotten

    def test_purge_leaves_open_sessions_however_old(self, store: Store) -> None:
        keep(store, session("a", expires=START + 1))
        assert store.purge(START + 1000, 10) == 0
        assert open_sids(store) == ["a"]

    def test_purge_forgets_what_ended_before_and_leaves_what_ended_later(self, store: Store) -> None:
        keep(store, session("a"), session("b"), session("c"))
        update(store, ended(session("a"), START + 4), ended(session("b"), START + 5))
        assert store.purge(START + 5, 10) == 1
        assert store.find(sid("a")) is None
        assert store.lookup(digest("a"), ANN) is None
        assert names(store.history("ann", 10)) == ["b"]
        assert open_sids(store) == ["c"]

    def test_purge_forgets_tickets_that_expired_before(self, store: Store) -> None:
        keep(store, tickets=[ticket("t", expires=START + 4), ticket("u", expires=START + 5)])
        assert store.purge(START + 5, 10) == 1
        assert store.ticket(digest("t"), ANN) is None
        assert store.ticket(digest("u"), ANN) is not None

    def test_purge_forgets_events_from_before(self, store: Store, reader: Reader) -> None:
        events = [SessionStarted(subject="ann", at=START + at, session=session("a")) for at in (4, 5)]
        keep(store, events=events)
        assert store.purge(START + 5, 10) == 1
        assert [event["id"] for event in reader.events("ann")] == [events[1].id]

    def test_purge_works_in_batches_and_says_when_it_is_done(self, store: Store) -> None:
        keep(store, *(session(name) for name in "abcde"))
        update(store, *(ended(session(name), START + at) for at, name in enumerate("abcde")))
        gone = []
        while count := store.purge(START + 50, 2):
            gone.append(count)
        assert gone == [2, 2, 1]
        assert list(store.history("ann", 10)) == []

    def test_a_purged_session_stays_dead(self, store: Store) -> None:
        keep(store, session("a"))
        update(store, ended(session("a"), START))
        store.purge(START + 1, 10)
        update(store, session("a"))
        assert store.touch(session("a"), START + 1, None) is False
        assert store.find(sid("a")) is None
