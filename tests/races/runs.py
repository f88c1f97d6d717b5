"""The races themselves: sign-ins of one user, and sign-ins against changes of the user."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sojourn.testing.races import race
from tests.races.plan import Burst
from tests.races.results import Row, Storm, row_of
from tests.races.site import Outside

HERE = "tests.races.contenders"
Progress = Callable[[str], object]


def silent(_: str) -> None:
    """Show no progress."""


def run(
    name: str,
    entry: Mapping[str, Any],
    bursts: Sequence[Burst],
    *,
    processes: int = 16,
    taken_out: Sequence[str] = (),
    progress: Progress = silent,
) -> list[Row]:
    """Race `processes` contenders through all `bursts` on an empty database, and count past the store after each."""
    outside = Outside(entry, f"race_{name}")
    try:
        keys = outside.people(sorted({burst.user for burst in bursts}))

        def reset(number: int) -> None:
            burst = bursts[number]
            if burst.again and burst.overflow == "refuse":
                outside.end_sessions(keys[burst.user])  # otherwise there would be no room to race for

        def count(number: int) -> int:
            burst, still_open = bursts[number], outside.open_sessions(keys[bursts[number].user])
            progress(f"{name}: burst {number + 1} of {len(bursts)} ({burst.overflow}), {still_open} open")
            return still_open

        progress(f"{name}: starting {processes} processes")
        report = race(
            f"{HERE}:sign_in",
            {"database": dict(entry), "plan": [burst.plain() for burst in bursts], "taken_out": list(taken_out)},
            reset=reset,
            count=count,
            processes=processes,
            bursts=len(bursts),
        )
    finally:
        outside.close()
    rows: dict[tuple[str, bool, bool], Row] = {}
    phases = len(report.durations) // (len(bursts) * processes)
    for number, burst in enumerate(bursts):
        row = rows.setdefault((burst.overflow, burst.atomic, burst.again), row_of(name, burst))
        row.add(report.survivors[number], report.results[number], burst.user)
        first = number * processes * phases
        row.sign_in_ms += report.durations[first + 1 : first + processes * phases : phases]
    return list(rows.values())


def storm(
    name: str,
    entry: Mapping[str, Any],
    *,
    processes: int = 16,
    bursts: int = 30,
    users: int = 3,
    taken_out: Sequence[str] = (),
    progress: Progress = silent,
) -> Storm:
    """Sign a few users in while their rows are saved, all in transactions: `processes * bursts` of both together."""
    outside = Outside(entry, f"storm_{name}")
    try:
        names = [f"storm-{number}" for number in range(users)]
        outside.people(names)
        before = outside.deadlocks()

        def count(number: int) -> int:
            progress(f"{name}: storm {number + 1} of {bursts}")
            return 1

        report = race(
            f"{HERE}:storm",
            {"database": dict(entry), "users": names, "taken_out": list(taken_out)},
            count=count,
            processes=processes,
            bursts=bursts,
        )
        after = outside.deadlocks()
    finally:
        outside.close()
    results = [phases[1] for burst in report.results for phases in burst]
    sign_ins = (processes + 1) // 2 * bursts
    return Storm(
        name,
        sign_ins,
        len(results) - sign_ins,
        None if before is None or after is None else after - before,
        Counter(answer for answer, _ in results),
        Counter(failure for _, failures in results for failure in failures),
    )
