"""`SessionControl` and `AsyncSessionControl` are twins: the same methods, the same signatures, the same behaviour."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from sojourn.control import AsyncSessionControl, SessionControl
from sojourn.control.rules import Rules
from sojourn.core.errors import SojournError
from sojourn.core.events import payload
from sojourn.core.store import AsyncStore, Store
from sojourn.stores.memory import MemoryStore
from sojourn.stores.wrappers import ThreadedStore
from sojourn.testing.clock import FakeClock
from sojourn.testing.scripted import ScriptedControl
from sojourn.testing.waiting import WaitingStore

from .scenario import OPTIONS, POLICY, ScriptedAsyncControl, story

METHODS = sorted(name for name in vars(SessionControl) if not name.startswith("_"))


def own_methods(twin: type) -> dict[str, Callable[..., Any]]:
    return {name: value for name, value in vars(twin).items() if inspect.isfunction(value) and name[0] != "_"}


def signature(method: Callable[..., Any]) -> list[tuple[str, object, object, object]]:
    parameters = inspect.signature(method).parameters.values()
    return [(p.name, p.kind, p.default, str(p.annotation).replace("AsyncStore", "Store")) for p in parameters]


def test_the_twins_have_the_same_methods() -> None:
    assert own_methods(SessionControl).keys() == own_methods(AsyncSessionControl).keys()
    assert not set(METHODS) & set(vars(Rules)), "what waits for a store is in the twins, the rest in Rules"


@pytest.mark.parametrize("name", ["__init__", *METHODS])
def test_the_twins_have_the_same_signatures(name: str) -> None:
    one, other = getattr(SessionControl, name), getattr(AsyncSessionControl, name)
    assert signature(one) == signature(other)
    assert inspect.signature(one).return_annotation == inspect.signature(other).return_annotation
    assert inspect.iscoroutinefunction(other) == (name != "__init__")


@pytest.mark.parametrize("name", [name for name in vars(Store) if not name.startswith("_")])
def test_the_two_store_protocols_have_the_same_signatures(name: str) -> None:
    one, other = getattr(Store, name), getattr(AsyncStore, name)
    assert signature(one) == signature(other)
    assert inspect.iscoroutinefunction(other)
    for wrapper in (ThreadedStore, WaitingStore):
        assert signature(getattr(wrapper, name)) == signature(one)


def told(ask: Callable[[str, tuple[Any, ...], dict[str, Any]], Any], clock: FakeClock) -> tuple[list[Any], set[str]]:
    outcomes: list[Any] = []
    called = set()
    tale = story(clock)
    outcome = None
    while True:
        try:
            name, args, kwargs = tale.send(outcome)
        except StopIteration:
            return outcomes, called
        called.add(name)
        try:
            outcome = ask(name, args, kwargs)
        except SojournError as error:
            outcome = error
        outcomes.append(str(error) if isinstance(error := outcome, SojournError) else outcome)


def test_the_twins_behave_alike() -> None:
    memory, other_memory = MemoryStore(), MemoryStore()
    clock, other_clock = FakeClock(), FakeClock()
    control = ScriptedControl(memory, POLICY, clock=clock, options=OPTIONS)
    twin = ScriptedAsyncControl(ThreadedStore(other_memory), POLICY, clock=other_clock, options=OPTIONS)
    with asyncio.Runner() as runner:
        one, called = told(lambda name, args, kwargs: getattr(control, name)(*args, **kwargs), clock)
        other, _ = told(lambda name, args, kwargs: runner.run(getattr(twin, name)(*args, **kwargs)), other_clock)
    assert one == other
    assert [{**payload(event), "id": ""} for event in memory.events] == [
        {**payload(event), "id": ""} for event in other_memory.events
    ]
    assert called == set(METHODS), "the story calls every method; add a call for the one that is missing"


def test_a_wrapped_store_behaves_like_the_store_itself() -> None:
    """`ThreadedStore` in `WaitingStore`: both adapters, there and back."""
    plain = ScriptedControl(MemoryStore(), POLICY, clock=(clock := FakeClock()), options=OPTIONS)
    wrapped = WaitingStore(ThreadedStore(MemoryStore()))
    around = ScriptedControl(wrapped, POLICY, clock=(other_clock := FakeClock()), options=OPTIONS)
    one, _ = told(lambda name, args, kwargs: getattr(plain, name)(*args, **kwargs), clock)
    other, _ = told(lambda name, args, kwargs: getattr(around, name)(*args, **kwargs), other_clock)
    wrapped.close()
    assert one == other
