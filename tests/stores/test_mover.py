"""A move that is interrupted anywhere is finished by going on: nobody is signed out, and nothing that ended lives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sojourn.core.decisions import Decision, decide_end
from sojourn.core.errors import StoreUnconfirmed
from sojourn.core.records import EndReason
from sojourn.stores.memory import MemoryStore
from sojourn.stores.movable import DONE
from sojourn.stores.mover import MoveRefused, begin, finish, left, sweep
from sojourn.stores.moving import MovingStore
from sojourn.stores.wrappers import FaultyStore
from sojourn.testing.clock import START
from sojourn.testing.conformance import wanted
from sojourn.testing.conformance.letters import claim, happen, ids_of
from sojourn.testing.conformance.setup import keep, names, open_sids, session
from sojourn.testing.samples import ANN, digest, ended, full_profile, sid, ticket


class Killed(Exception):  # no error: it stands for kill -9
    pass


@pytest.fixture
def store() -> MovingStore:
    return MovingStore(MemoryStore(wanted=wanted), MemoryStore(wanted=wanted))


def run(store: MovingStore) -> bool:
    begin(store)
    for _ in sweep(store):
        pass
    return finish(store)


def end_all(store: MovingStore) -> None:
    store.transact("ann", lambda roster: decide_end(roster, None, EndReason.LOGOUT, "", START + 1))


def fill(store: MovingStore) -> list[str]:
    keep(store, session("a"), ended(session("b"), START), session("c", "bob"), tickets=[ticket("t")])
    store.transact("ann", lambda _: Decision(None, profile=full_profile()))
    return ids_of(happen(store, "ann", START, START + 1))


@pytest.mark.parametrize("step", ["pack", "bring_in", "erase", "finish_move"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_move_that_is_killed_at_any_step_is_finished_by_the_next(
    store: MovingStore, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    events = fill(store)
    owner: Any = {"pack": store.old.moves, "erase": store.old}.get(step, store.new.moves)
    right = getattr(owner, step)

    def killed(*args: object) -> None:
        if when == "after":
            right(*args)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(owner, step, killed)
        with pytest.raises(Killed):
            run(store)
    for name, subject in (("a", "ann"), ("c", "bob")):
        found = store.lookup(digest(name), ANN)
        assert found is not None
        assert found.open
        assert open_sids(store, subject) == [name]
    assert run(store)
    assert left(store.old, 9) == 0
    assert names(store.new.roster("ann").sessions) == ["a"]
    assert store.new.roster("ann").profile == full_profile()
    assert names(store.new.history("ann", 9)) == ["b"]
    assert store.new.ticket(digest("t"), ANN) == ticket("t")
    assert [letter.id for letter in claim(store, "ann", now=START + 9, until=START + 10).letters] == events


def test_what_an_interruption_leaves_behind_does_not_live_again(
    store: MovingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(store, session("a"))
    begin(store)
    with monkeypatch.context() as patch:
        patch.setattr(store.old, "erase", lambda _: 0)
        store.move("ann")
    assert open_sids(store.old) == ["a"], "it is in both"
    end_all(store)
    store.purge(START + 99, 9)
    assert store.new.lookup(digest("a"), ANN) is None
    assert store.lookup(digest("a"), ANN) is None
    assert store.find(sid("a")) is None
    assert open_sids(store) == []
    assert not store.touch(session("a"), START + 2, None)


def test_a_copy_that_comes_late_revives_nothing(store: MovingStore) -> None:
    keep(store, session("a"))
    move = begin(store)
    copy = store.old.moves.pack("ann")
    end_all(store)
    store.new.moves.bring_in(copy, move)
    assert open_sids(store) == []
    assert finish(store)
    store.new.moves.bring_in(copy, move)
    assert open_sids(store) == []
    store.new.moves.forget_moves()
    assert not store.new.moves.bring_in(copy, move)
    assert open_sids(store) == []


def test_whoever_decides_while_the_move_begins_decides_where_the_subject_is_then(store: MovingStore) -> None:
    begun: list[str] = []

    def decide(_: object) -> Decision[None]:
        if not begun:
            begun.append(begin(store))  # when the old store has been asked already
        return Decision(None, insert=session("a"))

    store.transact("ann", decide)
    for _ in sweep(store):
        pass
    assert open_sids(store.new) == ["a"]
    assert finish(store)


def test_who_is_new_while_the_move_goes_on_begins_in_the_new_store(store: MovingStore) -> None:
    begin(store)
    keep(store, session("a"))
    assert open_sids(store.new) == ["a"]
    assert left(store.old, 9) == 0


def test_sessions_that_an_epoch_has_made_void_stay_void(store: MovingStore) -> None:
    keep(store, session("a"))
    store.begin_epoch(START + 1)
    assert run(store)
    found = store.lookup(digest("a"), ANN)
    assert found is not None
    assert found.voided == store.new.epoch() == START + 1


def test_a_worker_in_the_middle_of_telling_goes_on_where_the_subject_is(store: MovingStore) -> None:
    _, second = happen(store, "ann", START, START)
    batch = claim(store)
    assert run(store)
    assert store.claim("another", START + 1, START + 2) is None, "the lease has moved, too"
    done = replace(batch.letters[0], due=None)
    assert store.settle(batch.lease, [done], {}, until=START + 3) is not None
    store.settle(batch.lease, [], {}, until=None)
    assert [letter.id for letter in claim(store, now=START + 4, until=START + 5).letters] == [second.id]


def test_back_and_forth_leaves_nothing_that_a_later_move_would_believe(store: MovingStore) -> None:
    keep(store, session("a"))
    back = MovingStore(store.new, store.old)
    for each in (store, back, store):
        assert run(each)
        assert open_sids(each.new) == ["a"]
        assert each.old.moves.whereabouts("ann").move in ("", DONE)
        assert store.lookup(digest("a"), ANN) is not None


def test_a_new_store_that_is_not_empty_is_refused(store: MovingStore) -> None:
    keep(store.new, session("a"))
    with pytest.raises(MoveRefused, match="not empty"):
        begin(store)


def test_what_was_written_to_the_old_store_after_the_move_is_refused_rather_than_moved(store: MovingStore) -> None:
    assert run(store)
    keep(store.old, session("a"))
    with pytest.raises(MoveRefused, match="not told"):
        begin(store)


# What a store carries out and cannot confirm --------------------------------------------------------------------


class Unsure(FaultyStore):
    """A memory store that subjects move from and to, and that is faulty when a test says so."""

    def __init__(self) -> None:
        kept = MemoryStore(wanted=wanted)
        super().__init__(kept)
        self.moves = kept.moves


@pytest.fixture
def unsure() -> MovingStore:
    return MovingStore(Unsure(), Unsure())


@pytest.mark.parametrize("which", ["old", "new"])
def test_an_erasure_that_one_store_cannot_confirm_takes_place_in_both(unsure: MovingStore, which: str) -> None:
    fill(unsure)
    begin(unsure)
    getattr(unsure, which).fail_to_confirm("erase")
    with pytest.raises(StoreUnconfirmed) as told:
        unsure.erase("ann")
    assert told.value.outcome >= 5
    for store in (unsure.old, unsure.new):
        assert not store.roster("ann").sessions
        assert not store.history("ann", 9)


def test_an_epoch_that_the_new_store_cannot_confirm_begins_in_both(unsure: MovingStore) -> None:
    fill(unsure)
    begin(unsure)
    unsure.new.fail_to_confirm("begin_epoch")  # type: ignore[attr-defined]  # that of `Unsure`
    with pytest.raises(StoreUnconfirmed):
        unsure.begin_epoch(START + 9)
    assert unsure.old.epoch() == unsure.new.epoch() == START + 9


def test_whoever_has_arrived_need_not_wait_until_their_leaving_is_confirmed(unsure: MovingStore) -> None:
    fill(unsure)
    begin(unsure)
    unsure.old.fail_to_confirm("erase")  # type: ignore[attr-defined]  # that of `Unsure`
    assert unsure.move("ann")
    assert open_sids(unsure) == ["a"]
