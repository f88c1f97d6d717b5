"""Promises about delivery: who may tell of whom, in which order, and that nothing is lost on the way."""

import threading
from collections import Counter
from dataclasses import replace

import pytest

from sojourn.core.events import SessionRotated
from sojourn.core.outbox import BATCH_MAX, Lease, Progress
from sojourn.core.store import Store
from sojourn.testing.clock import START
from sojourn.testing.conformance.letters import DONE, LATER, claim, happen, ids, ids_of, settle
from sojourn.testing.conformance.setup import Reader, Setup, keep, session


class Delivering(Setup):
    """What `claim`, `more` and the lease promise."""

    # Which events, and whose

    def test_a_wanted_event_is_due_from_the_moment_that_it_happened(self, store: Store) -> None:
        (event,) = happen(store, "ann", START)
        assert store.claim("a worker", START - 1, LATER) is None
        batch = claim(store)
        assert batch.lease == Lease("ann", "a worker", LATER, {})
        (letter,) = batch.letters
        assert (letter.id, letter.subject, letter.type, letter.at) == (event.id, "ann", "session.started", START)
        assert (letter.due, letter.progress) == (START, {})

    def test_a_letter_is_the_event_as_it_was_recorded(self, store: Store, reader: Reader) -> None:
        happen(store, "ann", START)
        assert [dict(letter.event) for letter in claim(store).letters] == [dict(one) for one in reader.events("ann")]

    def test_an_event_that_nobody_wants_is_recorded_and_never_claimed(self, store: Store, reader: Reader) -> None:
        keep(store, events=[SessionRotated(subject="ann", at=START, session=session("a"))])
        assert store.claim("a worker", LATER, LATER) is None
        assert len(reader.events("ann")) == 1
        happen(store, "ann", START)
        assert [letter.type for letter in claim(store).letters] == ["session.started"]

    def test_nothing_is_claimed_where_nothing_happened(self, store: Store) -> None:
        assert store.claim("a worker", START, LATER) is None
        assert store.claim("a worker", START, LATER, "nobody") is None

    @pytest.mark.parametrize("nonsense", ["\x00", "\ud800", "x" * 1000])
    def test_a_subject_that_cannot_be_has_nothing_to_claim(self, store: Store, nonsense: str) -> None:
        assert store.claim("a worker", START, LATER, nonsense) is None
        assert list(store.more(nonsense, nonsense)) == []
        assert list(store.dead_letters(5, nonsense)) == []
        assert store.revive([nonsense], START) == 0

    def test_whose_letter_has_been_due_longest_comes_first(self, store: Store) -> None:
        happen(store, "ann", START + 3)
        happen(store, "bob", START + 1, START + 9)
        happen(store, "cem", START + 2)
        claimed = [claim(store, now=START + 9).lease.subject for _ in range(3)]
        assert claimed == ["bob", "cem", "ann"]
        assert store.claim("a worker", START + 9, LATER) is None

    def test_a_subject_can_be_asked_for(self, store: Store) -> None:
        happen(store, "ann", START)
        happen(store, "bob", START + 1)
        assert claim(store, "bob", now=START + 1).lease.subject == "bob"
        assert store.claim("a worker", START + 1, LATER, "bob") is None
        assert store.claim("a worker", START + 1, LATER, "cem") is None
        assert claim(store, "ann").lease.subject == "ann"

    def test_subjects_that_look_alike_are_not_mixed_up(self, store: Store) -> None:
        for number, subject in enumerate(["zoe", "Zoe", "zoe ", "Zoë"]):
            happen(store, subject, START + number)
        batches = [claim(store, now=LATER, until=LATER + 1) for _ in range(4)]
        assert [[letter.subject for letter in batch.letters] for batch in batches] == [
            ["zoe"],
            ["Zoe"],
            ["zoe "],
            ["Zoë"],
        ]

    # In which order

    def test_letters_come_in_the_order_of_recording_whatever_their_time(self, store: Store) -> None:
        events = [*happen(store, "ann", START + 5, START + 1), *happen(store, "ann", START + 3)]
        assert ids(claim(store, now=LATER).letters) == ids_of(events)

    def test_what_is_due_later_is_read_along_in_its_place(self, store: Store) -> None:
        first, second, third = happen(store, "ann", START, START + 50, START)
        letters = claim(store).letters
        assert [(letter.id, letter.due) for letter in letters] == [
            (first.id, START),
            (second.id, START + 50),
            (third.id, START),
        ]

    def test_a_batch_is_the_oldest_and_what_is_beyond_it_can_be_read(self, store: Store) -> None:
        events = happen(store, "ann", *([START] * (2 * BATCH_MAX + 3)))
        pages = [claim(store).letters]
        while len(pages[-1]) == BATCH_MAX:
            pages.append(tuple(store.more("ann", pages[-1][-1].id)))
        assert list(map(len, pages)) == [BATCH_MAX, BATCH_MAX, 3]
        assert ids([letter for page in pages for letter in page]) == ids_of(events)

    def test_what_is_beyond_a_batch_is_due_though_nothing_in_it_is(self, store: Store) -> None:
        """Else a hundred letters that cannot be delivered would hold up the one after them."""
        happen(store, "ann", *([START] * BATCH_MAX))
        batch = claim(store)
        store.settle(batch.lease, [replace(each, due=LATER) for each in batch.letters], {}, until=None)
        happen(store, "bob", START + 2)
        (late,) = happen(store, "ann", START + 1)
        batch = claim(store, now=START + 3)
        assert batch.lease.subject == "ann"
        assert ids(store.more("ann", batch.letters[-1].id)) == [late.id]
        assert claim(store, now=START + 3).lease.subject == "bob"

    def test_what_is_done_is_not_read_again(self, store: Store) -> None:
        first, second, third = happen(store, "ann", START, START, START)
        batch = claim(store)
        settle(store, batch, [replace(batch.letters[1], due=None, progress={"mail": DONE})])
        assert ids(claim(store).letters) == [first.id, third.id]
        assert ids(store.more("ann", second.id)) == [third.id]
        assert list(store.more("bob", second.id)) == []

    def test_there_is_nothing_after_a_letter_that_is_not_recorded(self, store: Store) -> None:
        happen(store, "ann", START)
        assert list(store.more("ann", "no such letter")) == []

    # The lease

    def test_nobody_else_gets_a_subject_while_the_lease_lasts(self, store: Store) -> None:
        happen(store, "ann", START)
        claim(store)
        assert store.claim("another", LATER - 1, LATER) is None
        assert store.claim("another", LATER - 1, LATER, "ann") is None
        happen(store, "ann", START + 1)
        assert store.claim("another", LATER - 1, LATER) is None, "not by what happens meanwhile either"

    def test_the_same_worker_does_not_get_it_twice(self, store: Store) -> None:
        happen(store, "ann", START)
        claim(store)
        assert store.claim("a worker", START, LATER) is None

    def test_a_lease_that_is_over_can_be_taken_with_all_that_was_written(self, store: Store) -> None:
        happen(store, "ann", START, START)
        batch = claim(store)
        begun = replace(batch.letters[0], progress={"mail": Progress(attempts=1, message="a message")})
        store.settle(batch.lease, [begun], {"mail": START}, until=LATER)
        taken = claim(store, worker="another", now=LATER, until=LATER + 5)
        assert taken.lease == Lease("ann", "another", LATER + 5, {"mail": START})
        assert taken.letters == (begun, batch.letters[1])

    def test_a_lease_that_is_given_up_can_be_taken_at_once(self, store: Store) -> None:
        happen(store, "ann", START)
        batch = claim(store)
        assert store.settle(batch.lease, [], {}, until=None) is None
        assert claim(store, worker="another").lease.worker == "another"

    def test_a_worker_whose_clock_is_ahead_holds_nobody_up(self, store: Store) -> None:
        happen(store, "ann", START)
        batch = claim(store)
        store.settle(batch.lease, [], {"mail": LATER + 5000}, until=None)
        assert claim(store, worker="another").lease.told == {"mail": LATER + 5000}

    def test_a_lease_goes_on_for_whoever_has_it(self, store: Store) -> None:
        happen(store, "ann", START)
        batch = claim(store)
        on = store.settle(batch.lease, [], {"mail": START + 1, "hook": START}, until=LATER + 9)
        assert on == Lease("ann", "a worker", LATER + 9, {"mail": START + 1, "hook": START})
        assert store.claim("another", LATER + 8, LATER + 99) is None
        assert claim(store, worker="another", now=LATER + 9, until=LATER + 99).lease.told == on.told

    def test_whoever_has_lost_the_lease_writes_nothing(self, store: Store) -> None:
        (event,) = happen(store, "ann", START)
        slow = claim(store)
        quick = claim(store, worker="another", now=LATER, until=LATER + 9)
        done = replace(slow.letters[0], due=None, progress={"mail": DONE})
        assert store.settle(slow.lease, [done], {"mail": 1}, until=LATER + 50) is None
        assert store.settle(slow.lease, [done], {"mail": 1}, until=None) is None
        on = store.settle(quick.lease, [], {}, until=LATER + 10)
        assert on is not None, "the other goes on"
        assert on.told == {}
        assert claim(store, worker="a third", now=LATER + 10, until=LATER + 99).letters == slow.letters
        assert slow.letters[0].id == event.id

    def test_a_lease_that_is_over_still_counts_if_nobody_took_it(self, store: Store) -> None:
        happen(store, "ann", START)
        batch = claim(store)
        assert store.settle(batch.lease, [], {}, until=LATER + 900) is not None

    def test_whoever_never_had_the_lease_writes_nothing(self, store: Store) -> None:
        happen(store, "ann", START)
        batch = claim(store)
        assert store.settle(replace(batch.lease, worker="another"), [], {}, until=LATER) is None
        store.settle(batch.lease, [], {}, until=None)
        assert store.settle(batch.lease, [], {}, until=LATER) is None, "nor whoever has given it up"

    def test_each_of_many_threads_gets_subjects_of_its_own_and_all_are_had(self, store: Store) -> None:
        subjects = [f"person {number}" for number in range(30)]
        for number, subject in enumerate(subjects):
            happen(store, subject, START + number % 3)
        had: list[str] = []
        begin = threading.Barrier(6)

        def work(name: str) -> None:
            try:
                begin.wait(30)
                idle = 0
                while idle < 3:
                    batch = store.claim(name, START + 5, LATER)
                    idle = idle + 1 if batch is None else 0
                    if batch is not None:
                        had.append(batch.lease.subject)
            finally:
                self.leave_thread()

        threads = [threading.Thread(target=work, args=(f"worker {number}",)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert Counter(had) == Counter(subjects)
