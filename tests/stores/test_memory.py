"""The memory store, the model of all others, keeps every promise; the deliberately broken one does not."""

from collections.abc import Iterator

import pytest

from sojourn.core.store import Store
from sojourn.stores.memory import MemoryStore
from sojourn.stores.wrappers import ThreadedStore
from sojourn.testing.broken import CheckThenActStore
from sojourn.testing.conformance import MemoryReader, Reader, StoreConformance, wanted
from sojourn.testing.waiting import WaitingStore


class TestMemoryStore(StoreConformance):
    def make_store(self) -> Store:
        self.memory = MemoryStore(wanted=wanted)
        return self.memory

    def make_reader(self) -> Reader:
        return MemoryReader(self.memory)


class TestMemoryStoreForCallersThatAwait(StoreConformance):
    """Both adapters, there and back: what an asynchronous store is tested through."""

    @pytest.fixture
    def store(self) -> Iterator[Store]:
        self.memory = MemoryStore(wanted=wanted)
        store = WaitingStore(ThreadedStore(self.memory))
        yield store
        store.close()

    def make_reader(self) -> Reader:
        return MemoryReader(self.memory)


def test_the_suite_finds_out_a_store_that_checks_and_then_acts() -> None:
    suite = StoreConformance()
    suite.test_a_sign_in_that_begins_while_another_decides_does_not_slip_past_the_limit(MemoryStore())
    with pytest.raises(AssertionError):
        suite.test_a_sign_in_that_begins_while_another_decides_does_not_slip_past_the_limit(
            CheckThenActStore(MemoryStore())
        )
