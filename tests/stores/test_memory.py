"""The memory store, the model of all others, keeps every promise; the deliberately broken one does not."""

from sojourn.core.store import Store
from sojourn.stores.memory import MemoryStore
from sojourn.testing.conformance import MemoryReader, Reader, StoreConformance


class TestMemoryStore(StoreConformance):
    def make_store(self) -> Store:
        self.memory = MemoryStore()
        return self.memory

    def make_reader(self) -> Reader:
        return MemoryReader(self.memory)
