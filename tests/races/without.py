"""What can be taken out of Sojourn, in the processes of a race only, to see that the races notice."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import cache
from typing import Any

from sojourn.control import SessionControl


def one_step() -> None:
    """Check, then act: the decision is made on a roster that was read before the lock."""
    from django.core.signals import setting_changed

    from sojourn.contrib.django import choosing, views
    from sojourn.contrib.django.internal import adoption, answers, check, conclude, endings, start, wiring
    from sojourn.testing.broken import CheckThenActStore

    sound = wiring.control

    @cache
    def broken() -> SessionControl:
        found = sound()
        return SessionControl(CheckThenActStore(found.store), found._policy, clock=found.clock, options=found.options)

    for module in (wiring, adoption, answers, check, conclude, endings, start, views, choosing):
        if hasattr(module, "control"):
            module.control = broken

    def forget(**_: object) -> None:
        sound.cache_clear()
        broken.cache_clear()

    setting_changed.connect(forget, weak=False)


def lock() -> None:
    """The subject's row is not written before the roster is read; nothing is locked."""
    from sojourn.stores.sql import statements

    class Unlocked(statements.Statements):
        def __init__(self, vendor: str) -> None:
            super().__init__(vendor)
            self.lock = "SELECT %s"
            self.roster_locked = self.roster

    from sojourn.stores.sql import store

    statements.DIALECTS.update({name: replace(each, locking="") for name, each in statements.DIALECTS.items()})
    store.Statements = Unlocked


def user_lock() -> None:
    """The user's row is not locked before the subject's."""
    from sojourn.contrib.django.internal import start

    def subject_only(user: Any, admit: Callable[[], Any]) -> Any:
        return admit()

    start.user_first = subject_only


PARTS: dict[str, Callable[[], None]] = {"one-step": one_step, "lock": lock, "user-lock": user_lock}


def take_out(parts: Collection[str]) -> None:
    """Take these parts out of Sojourn in this process. Call it once Django is ready."""
    for part in parts:
        PARTS[part]()
