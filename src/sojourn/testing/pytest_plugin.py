"""Fixtures for a test suite that uses Sojourn's core: `pytest_plugins = ["sojourn.testing.pytest_plugin"]`.

Not loaded by itself, and free of Django. Nothing here waits: time passes when a test says so.
"""

from collections.abc import Callable

import pytest

from sojourn.control import SessionControl
from sojourn.core.policy import Policy
from sojourn.stores.memory import MemoryStore
from sojourn.testing.clock import FakeClock

MakeControl = Callable[[Policy], SessionControl]


@pytest.fixture
def sojourn_clock() -> FakeClock:
    """A clock that stands still until the test calls `advance(milliseconds)`."""
    return FakeClock()


@pytest.fixture
def sojourn_store() -> MemoryStore:
    """An empty store in memory; `events` lists what was recorded."""
    return MemoryStore()


@pytest.fixture
def sojourn_control(sojourn_store: MemoryStore, sojourn_clock: FakeClock) -> MakeControl:
    """Call it with a policy for session control over `sojourn_store`, on the time of `sojourn_clock`."""

    def control(policy: Policy) -> SessionControl:
        return SessionControl(sojourn_store, policy, clock=sojourn_clock)

    return control
