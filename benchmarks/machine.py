"""What the figures were taken on, and how to keep it out of them: one core, and no fair weather for anybody."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

PINS = hasattr(os, "sched_setaffinity")
"""Whether this system lets a process be held to one core. Where a trip over the loopback ends up decides its time."""


def last_core() -> int:
    """The core to measure on: the last of ours, since most else that runs likes the first."""
    return max(os.sched_getaffinity(0)) if PINS else -1


def hold_to(core: int) -> None:
    """Keep this process, and those it starts from now on, on one core, if the system lets us."""
    if PINS and core >= 0:
        os.sched_setaffinity(0, {core})


@contextmanager
def held_to(core: int) -> Iterator[None]:
    """What is started within stays on one core for good; this process does not."""
    if not PINS:
        yield
        return
    before = os.sched_getaffinity(0)
    hold_to(core)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def described(packages: dict[str, str], servers: dict[str, str]) -> str:
    """In one line: processor, systems and versions."""
    known: dict[str, Any] = {"Python": platform.python_version(), "Django": _version("Django")}
    known |= {name: text.split(" ")[0] for name, text in servers.items()}
    known |= dict(sorted(packages.items()))
    cores = f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()})"
    pinned = "" if PINS else "; not held to one core, which this system does not offer"
    return f"{cores}{pinned}; " + ", ".join(f"{name} {text}" for name, text in known.items())


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "?"
