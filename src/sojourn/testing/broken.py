"""A store that is deliberately broken, so that the tests of every other store can prove that they would notice."""

from dataclasses import replace
from typing import TypeVar

from sojourn.core.store import Decide
from sojourn.core.tokens import route_of
from sojourn.stores.wrappers import AroundStore

T = TypeVar("T")


class CheckThenActStore(AroundStore):
    """Never use this one. It reads the roster, decides, and only then writes: two steps where one is promised.

    It is what counting the rows before inserting one comes to: two sign-ins that arrive together both see room. All
    else it leaves to the store it wraps. The races, and the conformance suite's test of a sign-in that begins while
    another decides, must fail with it.
    """

    def transact(self, subject: str, decide: Decide[T], ticket: bytes | None = None) -> T:
        """Check, then act: what `Store.transact` must never do."""
        kept = self.store.ticket(ticket, route_of(subject)) if ticket is not None else None
        mine = kept if kept is not None and kept.subject == subject else None
        decision = decide(replace(self.store.roster(subject), ticket=mine))
        return self.store.transact(subject, lambda _: decision)
