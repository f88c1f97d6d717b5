"""Delivery as a part of the state machine's stories: workers that come and go, told to all stores alike."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import rule

from sojourn.control import SessionControl
from sojourn.core.outbox import Batch, Fate, Letter, Progress
from sojourn.core.store import Store
from sojourn.core.timeouts import DAY, MINUTE
from sojourn.testing.stories import SUBJECTS
from sojourn.testing.telling import Telling

WORKERS = ("one worker", "another worker")
FATES = ("dead", "done", "killed", "later")


class Posting(Telling):
    """What workers may do. Ids of events differ among stores, so letters are settled by their place."""

    @rule(
        worker=st.sampled_from(WORKERS),
        subject=st.sampled_from([None, None, *SUBJECTS]),
        fates=st.lists(st.sampled_from(FATES), min_size=1, max_size=4),
        keeps=st.booleans(),
    )
    def deliver(self, worker: str, subject: str | None, fates: list[str], keeps: bool) -> None:
        """A worker claims a subject, and is done with some of its letters, or is killed before it says so."""
        now = self.clock()
        self.all.call(lambda control: _delivered(control.store, worker, now, subject, fates, keeps))

    @rule(limit=st.integers(1, 3))
    def send_again(self, limit: int) -> None:
        """An operator lets what was given up be sent again."""
        now = self.clock()
        self.all.call(lambda control: _revived(control.store, limit, now))

    @rule(keep=st.integers(0, 30))
    def shed(self, keep: int) -> None:
        """The outbox is kept within its bound."""
        self.all.call(partial(_shed, keep=keep))


def _shed(control: SessionControl, keep: int) -> int:
    return control.store.shed(keep, 5)


def _revived(store: Store, limit: int, now: int) -> object:
    dead = store.dead_letters(limit)
    return _told(dead), store.revive([letter.id for letter in dead], now)


def _delivered(
    store: Store, worker: str, now: int, subject: str | None, fates: list[str], keeps: bool
) -> tuple[object, ...] | None:
    batch = store.claim(worker, now, now + MINUTE, subject)
    if batch is None:
        return None
    told = {**batch.lease.told, "mail": now}
    if "killed" not in fates:
        settled = [_after(letter, fate, now) for letter, fate in zip(batch.letters, fates, strict=False)]
        store.settle(batch.lease, settled, told, until=now + DAY if keeps else None)
    return _seen(batch)


def _after(letter: Letter, fate: str, now: int) -> Letter:
    if fate == "later":
        return replace(letter, due=now + MINUTE, progress={"mail": Progress(Fate.WAITING, 1, now + MINUTE)})
    return replace(letter, due=None, progress={"mail": Progress(Fate(fate), 1)})


def _seen(batch: Batch) -> tuple[object, ...]:
    lease = batch.lease
    return lease.subject, lease.worker, lease.until, sorted(lease.told.items()), _told(batch.letters)


def _told(letters: Sequence[Letter]) -> list[tuple[object, ...]]:
    """What there is to tell of letters, but for their ids."""
    return [(one.subject, one.type, one.at, one.due, sorted(one.progress)) for one in letters]
