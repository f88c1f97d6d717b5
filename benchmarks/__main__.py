"""`python -m benchmarks`: measure what Sojourn costs beside what else there is, and print it beside the targets.

Writes the tables of docs/explanation/performance.md and the plots in docs/images, unless told otherwise. Exits with 1
if anything could not be run; a target that is not met is said, and is no error: figures move with the machine.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.races.site import sqlite
from tests.services import postgres

from benchmarks import admission, contenders, growth, machine, race, report, targets, valkey, visits
from benchmarks.report import Results

PARTS = ("requests", "growth", "race", "admission", "valkey")
ALLOWED_APART = {"SQLite": 1.12, "PostgreSQL": 1.25}


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to measure."""

    rounds: int = 41
    requests: int = 60
    sizes: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000)
    loop_up_to: int = 100_000
    bursts: int = 50
    processes: int = 16
    admissions: int = 400


QUICK = Plan(rounds=3, requests=20, sizes=(1_000, 3_000), loop_up_to=1_000, bursts=3, processes=4, admissions=20)


def main() -> int:
    """Run what the command line asks for."""
    options = _options()
    plan = QUICK if options.quick else Plan()
    if options.whole_loop:
        plan = Plan(loop_up_to=max(plan.sizes))
    wanted, results, began = options.only.split(","), Results(), time.monotonic()
    core = machine.last_core()
    packages: dict[str, str] = {}
    servers: dict[str, str] = {}
    with _databases(core, servers) as makers:
        for name, new in makers.items():
            if "requests" in wanted:
                here = [each for each in contenders.ALL if each.only in ("", name)]
                costs = visits.measure(
                    here, new, rounds=plan.rounds, requests=plan.requests, core=core, progress=_say(name)
                )
                results.visits[name] = costs
                packages |= {package: text for cost in costs.values() for package, text in cost.versions.items()}
                results.targets += targets.of_visits(name, costs, separate=ALLOWED_APART[name])
            if "growth" in wanted:
                grown = growth.measure(
                    new, plan.sizes, plan.loop_up_to, rounds=plan.rounds, core=core, progress=_say(name)
                )
                results.growth[name] = grown
                results.targets += targets.of_growth(name, grown)
            if "admission" in wanted:
                _say(name)("admission")
                results.admission[name] = admission.measure(new(), plan.admissions, core=core)
    if "race" in wanted:
        server = postgres.start(durable=True)  # one that is not held to one core
        try:
            results.raced = race.measure(
                server.new_database(), bursts=plan.bursts, processes=plan.processes, progress=_say("PostgreSQL")
            )
        finally:
            server.stop()
        results.targets += targets.of_race(results.raced)
    if "valkey" in wanted:
        found = valkey.measure(plan.sizes, rounds=plan.rounds, core=core, progress=_say(""))
        servers["Valkey"] = found.version
        results.valkey = found
        results.targets += targets.of_valkey(found)
    results.machine = machine.described(packages, servers)
    _say("")("")
    for name, text in report.parts(results).items():
        print(f"{name}\n\n{text}")
    if options.write and not options.quick:
        for path in report.write(results):
            print(f"wrote {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")
    missed = sum(not each.met for each in results.targets)
    print(f"{len(results.targets) - missed} targets met, {missed} not; {time.monotonic() - began:.0f} s.")
    return 0


@contextmanager
def _databases(core: int, servers: dict[str, str]) -> Iterator[dict[str, Callable[[], dict[str, Any]]]]:
    """What makes empty databases: files of SQLite, and a PostgreSQL that waits for the disk as it should."""
    import sqlite3

    numbers = count()
    with TemporaryDirectory(prefix="sojourn-bench-") as folder:
        with machine.held_to(core):
            server = postgres.start(durable=True)
        servers |= {"SQLite": sqlite3.sqlite_version, "PostgreSQL": server.version}
        try:
            yield {
                "SQLite": lambda: sqlite(Path(folder) / f"{next(numbers)}.sqlite3"),
                "PostgreSQL": server.new_database,
            }
        finally:
            server.stop()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute's run that only shows that all still runs")
    parser.add_argument("--only", default=",".join(PARTS), help="which parts, with commas between them")
    parser.add_argument(
        "--whole-loop", action="store_true", help="run the copied loop over a million sessions as well: minutes, 1 GB"
    )
    parser.add_argument("--no-write", dest="write", action="store_false", help="leave the documentation as it is")
    return parser.parse_args()


def _say(name: str) -> Callable[[str], None]:
    def say(text: str) -> None:
        if sys.stderr.isatty():
            print(f"\r\x1b[K{name} {text}", end="", file=sys.stderr, flush=True)

    return say


if __name__ == "__main__":
    sys.exit(main())
