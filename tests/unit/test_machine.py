"""The state machine, told to the memory store and a second one: it finds nothing there, and finds what is broken."""

from sojourn.stores.memory import MemoryStore
from sojourn.testing.conformance import MemoryReader, wanted
from sojourn.testing.machine import lockstep
from sojourn.testing.scripted import Candidate


def memory() -> list[Candidate]:
    store = MemoryStore(wanted=wanted)
    return [Candidate("a second memory store", store, MemoryReader(store))]


TestMemoryInLockStep = lockstep(memory, examples=40)
