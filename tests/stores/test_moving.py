"""A site moves from one store to another while it is in use: every promise of a store holds all the time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import pytest

from sojourn.core.decisions import Decision
from sojourn.core.store import Decide, Store
from sojourn.stores.memory import MemoryStore
from sojourn.stores.movable import Movable
from sojourn.stores.moving import MovingStore
from sojourn.testing.conformance import Reader, StoreConformance, wanted

T = TypeVar("T")


class MoveOnTheWay(MovingStore):
    """Somebody begins the move once so many decisions were made; from then on whoever is decided about moves."""

    def __init__(self, old: Movable, new: Movable, after: int) -> None:
        super().__init__(old, new)
        self.left = after

    def transact(self, subject: str, decide: Decide[T], ticket: bytes | None = None) -> T:
        outcome = super().transact(subject, decide, ticket)
        self.left -= 1
        if not self.left:
            self.new.moves.begin_move("this")
        return outcome


class MemoryPairReader:
    """Reads both stores: what is where counts together."""

    def __init__(self, *stores: MemoryStore) -> None:
        self.stores = stores

    def session_rows(self, subject: str) -> list[dict[str, Any]]:
        found = [session for store in self.stores for session in store.moves.pack(subject).sessions]
        return [{"sid": session.sid, "state": str(session.state)} for session in found]

    def events(self, subject: str) -> list[Mapping[str, Any]]:
        return [letter.event for store in self.stores for letter in store.moves.pack(subject).letters]

    def remains(self, subject: str) -> list[Any]:
        return [each for store in self.stores for each in store.remains(subject)]


class TestTheSuiteWhileASiteMoves(StoreConformance):
    """After how many decisions the move begins: never (0), from the start, in the middle of what a test does, once it
    is over."""

    @pytest.fixture(params=[0, 1, 2, 3, 5, "begun", "over"])
    def store(self, request: pytest.FixtureRequest) -> Store:
        self.old, self.new = MemoryStore(wanted=wanted), MemoryStore(wanted=wanted)
        if request.param in ("begun", "over"):
            self.new.moves.begin_move("this")
        if request.param == "over":
            self.new.moves.finish_move()
        return MoveOnTheWay(self.old, self.new, request.param if isinstance(request.param, int) else 0)

    def make_reader(self) -> Reader:
        return MemoryPairReader(self.old, self.new)


def _nothing() -> Decision[None]:
    return Decision(None)
