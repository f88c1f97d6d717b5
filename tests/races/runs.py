"""The races themselves: sign-ins of one user, and sign-ins against changes of the user."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from sojourn.testing.races import RaceError, race
from tests.races import site
from tests.races.plan import Burst
from tests.races.results import Killed, Row, Storm, row_of
from tests.races.site import Place

HERE = "tests.races.contenders"
Progress = Callable[[str], object]


def silent(_: str) -> None:
    """Show no progress."""


def run(
    name: str,
    place: Place,
    bursts: Sequence[Burst],
    *,
    processes: int = 16,
    taken_out: Sequence[str] = (),
    progress: Progress = silent,
) -> list[Row]:
    """Race `processes` contenders through all `bursts` on an empty database, and count past the store after each."""
    outside = site.outside(place)
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
            {**place.plain(), "plan": [burst.plain() for burst in bursts], "taken_out": list(taken_out)},
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
    place: Place,
    *,
    processes: int = 16,
    bursts: int = 30,
    users: int = 3,
    taken_out: Sequence[str] = (),
    progress: Progress = silent,
) -> Storm:
    """Sign a few users in while their rows are saved, all in transactions: `processes * bursts` of both together."""
    outside = site.outside(place)
    try:
        names = [f"storm-{number}" for number in range(users)]
        outside.people(names)
        before = outside.deadlocks()

        def count(number: int) -> int:
            progress(f"{name}: storm {number + 1} of {bursts}")
            return 1

        report = race(
            f"{HERE}:storm",
            {**place.plain(), "users": names, "taken_out": list(taken_out)},
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


KILLED_AFTER = ("INSERT INTO sojourn_subject", "UPDATE sojourn_session", "INSERT INTO sojourn_session")
"""The subject is locked; what makes room has ended; the newcomer's session is written. Nothing is committed."""


def kill(name: str, place: Place, *, atomic: bool = False) -> list[Killed]:
    """Kill a process in the middle of a sign-in, at each of KILLED_AFTER, and sign in from another process then.

    The user has a session open already, which the sign-in that is killed was about to end.
    """
    outside = site.outside(place)
    found = []
    try:
        users = [f"killed-{number}" for number in range(len(KILLED_AFTER))]
        keys = outside.people(users)
        before = [Burst("end_existing", atomic, again=False, user=user) for user in users]
        _sign_in_alone(place, before)
        for user, after in zip(users, KILLED_AFTER, strict=True):
            rows = outside.rows(keys[user])
            plain = {"user": user, "overflow": "end_existing", "after": after, "atomic": atomic}
            try:
                race(f"{HERE}:die", {**place.plain(), **plain}, count=lambda _: 0, processes=1, bursts=1)
                how = "was not killed"
            except RaceError as error:
                how = "killed" if "exit code -9 " in str(error) else str(error)
            found.append(Killed(name, atomic, after, how, unchanged=outside.rows(keys[user]) == rows))
        for each, (status, milliseconds) in zip(found, _sign_in_alone(place, before), strict=True):
            each.then_status, each.then_ms = status, milliseconds
        for each, user in zip(found, users, strict=True):
            each.then_open = outside.open_sessions(keys[user])
    finally:
        outside.close()
    return found


def _sign_in_alone(place: Place, bursts: Sequence[Burst]) -> list[tuple[int, float]]:
    """Sign in from one more process, once a burst; status and milliseconds of each."""
    plain = [burst.plain() for burst in bursts]
    report = race(
        f"{HERE}:sign_in",
        {**place.plain(), "plan": plain},
        count=lambda _: 1,
        processes=1,
        bursts=len(bursts),
    )
    phases = len(report.durations) // len(bursts)
    return [
        (int(phases_of[0][1]), report.durations[number * phases + 1]) for number, phases_of in enumerate(report.results)
    ]
