"""What every store must do: subclass `StoreConformance` and say how to make the store.

    class TestMyStore(StoreConformance):
        def make_store(self):
            return MyStore(..., wanted=wanted)

A store that needs fixtures overrides the fixture `store` (and `reader`) instead. An `AsyncStore` is wrapped in
`sojourn.testing.waiting.WaitingStore`. Each test is one promise of `sojourn.core.store`.
"""

from sojourn.testing.conformance.asserts import MODULES
from sojourn.testing.conformance.delivering import Delivering
from sojourn.testing.conformance.fading import Fading
from sojourn.testing.conformance.operating import Operating
from sojourn.testing.conformance.reading import Reading
from sojourn.testing.conformance.searching import Searching
from sojourn.testing.conformance.settling import Settling
from sojourn.testing.conformance.setup import MemoryReader, Reader, Setup, wanted
from sojourn.testing.conformance.texts import Texts
from sojourn.testing.conformance.upkeep import Upkeep
from sojourn.testing.conformance.writing import Writing

__all__ = ["MODULES", "MemoryReader", "Reader", "Setup", "StoreConformance", "wanted"]


class StoreConformance(Reading, Writing, Texts, Upkeep, Operating, Searching, Delivering, Settling, Fading):
    """The whole suite. Give `make_store` and, where records can be read past the store, `make_reader`."""
