"""Promises about how far delivery is: what is written down, given up, begun anew and forgotten."""

from dataclasses import replace

from sojourn.core.decisions import Decision
from sojourn.core.events import SessionRotated, payload
from sojourn.core.outbox import Failing, Fate, Progress
from sojourn.core.search import EventQuery
from sojourn.core.store import Store
from sojourn.testing.clock import START
from sojourn.testing.conformance.letters import DONE, LATER, claim, give_up, happen, ids, ids_of, settle, started
from sojourn.testing.conformance.setup import Reader, Setup, keep, session


class Settling(Setup):
    """What `settle`, `revive`, `shed`, `note_failing` promise, and of letters `purge`, `erase` and `restore`."""

    # What is written down

    def test_every_field_of_progress_comes_back(self, store: Store) -> None:
        happen(store, "ann", START)
        batch = claim(store)
        progress = {
            "mail": Progress(Fate.WAITING, 3, START + 9, "a message", "“Zeit” überschritten"),
            "a webhook": Progress(Fate.DONE, 1),
            "another": Progress(Fate.DEAD, 9, 0, "", "refused"),
        }
        settle(store, batch, [replace(batch.letters[0], due=START + 9, progress=progress)])
        assert store.claim("a worker", START + 8, LATER) is None
        (letter,) = claim(store, now=START + 9).letters
        assert (letter.due, letter.progress) == (START + 9, progress)

    def test_all_letters_of_a_settlement_are_written(self, store: Store) -> None:
        events = happen(store, "ann", START, START, START)
        batch = claim(store)
        settle(store, batch, [replace(each, due=None, progress={"mail": DONE}) for each in batch.letters[:2]])
        assert ids(claim(store).letters) == [events[2].id]
        assert store.census(START).outbox == 1

    def test_a_letter_that_is_gone_is_passed_over(self, store: Store) -> None:
        happen(store, "ann", START, START)
        batch = claim(store)
        assert store.shed(1, 5) == 1
        done = [replace(each, due=None, progress={"mail": DONE}) for each in batch.letters]
        assert store.settle(batch.lease, done, {}, until=LATER) is not None
        assert store.census(START).outbox == 0

    def test_where_somebody_was_written_to_is_kept_until_nobody_waits_and_then_forgotten(self, store: Store) -> None:
        event = replace(started("ann", START), contact="ann@example.org")
        keep(store, events=[event])
        batch = claim(store)
        (letter,) = batch.letters
        assert letter.contact == "ann@example.org"
        settle(store, batch, [replace(letter, due=START + 1, progress={"mail": Progress(attempts=1)})])
        batch = claim(store, now=START + 1)
        assert batch.letters[0].contact == "ann@example.org"
        settle(store, batch, [replace(batch.letters[0], due=None, progress={"mail": DONE})])
        (left,) = store.journal(EventQuery("ann"))
        assert left == payload(replace(event, contact=""))

    def test_of_what_was_given_up_it_is_kept_for_whoever_sends_it_again(self, store: Store) -> None:
        keep(store, events=[replace(started("ann", START), contact="ann@example.org")])
        batch = claim(store)
        give_up(store, batch, batch.letters)
        (dead,) = store.dead_letters(9)
        assert dead.contact == "ann@example.org"
        store.revive([dead.id], LATER)
        batch = claim(store, now=LATER, until=LATER + 9)
        settle(store, batch, [replace(batch.letters[0], due=None, progress={"mail": DONE})])
        assert "example.org" not in str(store.journal(EventQuery("ann")))

    # What was given up

    def test_dead_letters_are_listed_in_their_order_page_by_page(self, store: Store) -> None:
        anns = happen(store, "ann", START, START)
        bobs = happen(store, "bob", START, START)
        for _ in range(2):
            batch = claim(store)
            give_up(store, batch, batch.letters)
        listed = list(store.dead_letters(9))
        assert ids(listed) == ids_of([*anns, *bobs])
        assert all(letter.dead and letter.due is None for letter in listed)
        assert ids(store.dead_letters(3)) == ids_of([*anns, bobs[0]])
        assert ids(store.dead_letters(3, bobs[0].id)) == [bobs[1].id]
        assert ids(store.dead_letters(3, bobs[1].id)) == []
        assert list(store.dead_letters(3, "no such letter")) == []
        assert store.census(START).dead == 4

    def test_a_letter_that_one_sink_gave_up_still_waits_for_another(self, store: Store) -> None:
        happen(store, "ann", START)
        batch = claim(store)
        given_up = {"mail": Progress(Fate.DEAD, 5), "hook": Progress(Fate.WAITING, 1, START + 7)}
        settle(store, batch, [replace(batch.letters[0], due=START + 7, progress=given_up)])
        assert len(store.dead_letters(5)) == 1
        (letter,) = claim(store, now=START + 7).letters
        assert letter.progress == given_up

    def test_a_revived_letter_is_due_as_if_never_tried(self, store: Store) -> None:
        first, second = happen(store, "ann", START, START)
        batch = claim(store)
        give_up(store, batch, batch.letters)
        assert store.claim("a worker", LATER, LATER) is None
        assert store.revive([second.id, "no such letter"], LATER) == 1
        (letter,) = claim(store, now=LATER, until=LATER + 5).letters
        assert (letter.id, letter.due, letter.progress["mail"]) == (second.id, LATER, Progress())
        assert letter.progress["hook"] == DONE, "what was delivered is not delivered again"
        assert ids(store.dead_letters(5)) == [first.id]

    def test_only_what_one_sink_gave_up_can_be_revived(self, store: Store) -> None:
        (event,) = happen(store, "ann", START)
        batch = claim(store)
        dead = {"mail": Progress(Fate.DEAD, 5), "hook": Progress(Fate.DEAD, 6, 0, "a message")}
        settle(store, batch, [replace(batch.letters[0], due=None, progress=dead)])
        assert store.revive([event.id], LATER, "no such sink") == 0
        assert store.revive([event.id], LATER, "hook") == 1
        (letter,) = claim(store, now=LATER, until=LATER + 5).letters
        assert letter.progress == {**dead, "hook": Progress()}
        assert store.revive([event.id], LATER, "hook") == 0

    def test_a_letter_that_nobody_gave_up_is_not_revived(self, store: Store) -> None:
        waiting, done = happen(store, "ann", START, START)
        batch = claim(store)
        settle(store, batch, [replace(batch.letters[1], due=None, progress={"mail": DONE})])
        assert store.revive([waiting.id, done.id], LATER) == 0
        assert ids(claim(store).letters) == [waiting.id]

    def test_whoever_works_on_a_subject_does_not_undo_a_revival(self, store: Store) -> None:
        dead, _ = happen(store, "ann", START, START)
        batch = claim(store)
        give_up(store, batch, batch.letters[:1])
        working = claim(store)
        stale = replace(batch.letters[0], due=None, progress={"mail": Progress(Fate.DEAD, 5), "hook": DONE})
        assert store.revive([dead.id], LATER) == 1
        assert store.settle(working.lease, [stale], {}, until=LATER + 9) is None
        assert len(claim(store, worker="another", now=LATER, until=LATER + 9).letters) == 2

    # What is forgotten

    def test_purge_forgets_letters_and_leases_uncounted(self, store: Store) -> None:
        happen(store, "ann", START, START + 9)
        batch = claim(store, now=START + 2, until=START + 4)
        store.settle(batch.lease, [], {"mail": START + 2}, until=None)
        assert store.purge(START + 4, 10) == 1
        assert claim(store, now=START + 9, until=START + 20).lease.told == {"mail": START + 2}
        assert store.purge(START + 9, 10) == 0
        assert store.claim("another", START + 19, LATER) is None, "a lease that lasts is not forgotten"
        store.purge(START + 21, 10)
        happen(store, "ann", START + 30)
        assert claim(store, worker="another", now=START + 30).lease.told == {}

    def test_erase_forgets_letters_and_takes_the_lease_away(self, store: Store, reader: Reader) -> None:
        happen(store, "ann", START)
        happen(store, "bob", START)
        batch = claim(store, "ann")
        done = replace(batch.letters[0], due=None, progress={"mail": DONE})
        store.erase("ann")
        assert store.settle(batch.lease, [done], {"mail": START}, until=LATER) is None
        assert reader.remains("ann") == []
        assert claim(store).lease.subject == "bob"
        happen(store, "ann", START + 1)
        assert claim(store, now=START + 1).lease.told == {}

    def test_shedding_forgets_the_oldest_and_keeps_as_many_as_asked(self, store: Store) -> None:
        events = [event for number in range(8) for event in happen(store, f"person {number % 2}", START + number)]
        assert store.shed(8, 5) == 0
        assert store.shed(100, 5) == 0
        assert store.shed(3, 4) == 4
        assert store.shed(3, 4) == 1
        assert store.shed(3, 4) == 0
        left = [claim(store, now=LATER, until=LATER + 1).letters for _ in range(2)]
        assert sorted(ids([letter for page in left for letter in page])) == sorted(ids_of(events[5:]))
        assert store.shed(0, 9) == 3
        assert store.shed(0, 9) == 0

    # A caller's transaction that was taken back

    def test_restored_events_are_due(self, store: Store) -> None:
        event = started("ann", START)
        decision = Decision(None, events=(event, SessionRotated(subject="ann", at=START, session=session("a"))))
        store.restore(decision)
        store.restore(decision)
        assert ids(claim(store).letters) == [event.id]

    def test_restoring_what_is_there_undoes_no_progress(self, store: Store) -> None:
        event = started("ann", START)
        keep(store, events=[event])
        batch = claim(store)
        settle(store, batch, [replace(batch.letters[0], due=None, progress={"mail": DONE})])
        store.restore(Decision(None, events=(event,)))
        assert store.claim("a worker", LATER, LATER) is None

    # Sinks that fail

    def test_sinks_that_fail_are_remembered_until_they_do_not(self, store: Store) -> None:
        assert dict(store.failing()) == {}
        store.note_failing("mail", Failing(START, "überlastet"))
        store.note_failing("hook", Failing(START + 1, "410", START + 2))
        assert dict(store.failing()) == {
            "mail": Failing(START, "überlastet"),
            "hook": Failing(START + 1, "410", START + 2),
        }
        store.note_failing("mail", Failing(START, "still", START + 9))
        assert store.failing()["mail"] == Failing(START, "still", START + 9)
        store.note_failing("mail", None)
        store.note_failing("no such sink", None)
        assert list(store.failing()) == ["hook"]
