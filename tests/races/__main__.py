"""`python -m tests.races`: every race with the full count, as a table. Exits with 1 if anything was violated."""

from __future__ import annotations

import argparse
import sys
import time

from tests.races import databases, results, runs
from tests.races.plan import OVERFLOWS, plan
from tests.races.without import PARTS


def main() -> int:
    """Run what the command line asks for."""
    options = _options()
    began = time.monotonic()
    rows: list[results.Row] = []
    storms: list[results.Storm] = []
    taken_out = [part for part in options.without.split(",") if part]
    with databases.makers(options.databases.split(","), _say, options.isolation) as made:
        for name, new_database in made.items():
            if "sign-in" in options.races:
                atomic = [word == "on" for word in options.atomic.split(",")]
                bursts = plan(options.bursts, options.overflows.split(","), atomic)
                rows += runs.run(
                    name, new_database(), bursts, processes=options.processes, taken_out=taken_out, progress=_progress
                )
            if "storm" in options.races:
                storms.append(
                    runs.storm(
                        name,
                        new_database(),
                        processes=options.processes,
                        bursts=-(-480 // options.processes) * options.bursts // 50 or 1,
                        taken_out=taken_out,
                        progress=_progress,
                    )
                )
        complete = len(made) == len(options.databases.split(","))
    _progress("")
    if rows:
        print(results.as_table(rows), flush=True)
    if storms:
        print("\n" * bool(rows) + results.as_storm_table(storms), flush=True)
    sound = complete and all(each.sound for each in (*rows, *storms))
    print(f"\n{'All as it should be' if sound else 'NOT as it should be'}; {time.monotonic() - began:.0f} s.")
    return 0 if sound else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.races", description=__doc__)
    parser.add_argument("--bursts", type=int, default=50, help="bursts of each kind; 50 if not given")
    parser.add_argument("--processes", type=int, default=16, help="processes in each burst; 16 if not given")
    parser.add_argument("--databases", default=",".join(databases.NAMES), help="which, with commas between them")
    parser.add_argument("--overflows", default=",".join(OVERFLOWS), help="which, with commas between them")
    parser.add_argument("--atomic", default="off,on", help="ATOMIC_REQUESTS, with a comma between them")
    parser.add_argument("--races", default="sign-in,storm,kill", help="which of sign-in, storm and kill")
    parser.add_argument(
        "--isolation",
        choices=databases.ISOLATION,
        help="isolation level of the sites' connections, where it is not the default of Django and the server",
    )
    parser.add_argument(
        "--without",
        default="",
        help=f"take parts out of Sojourn, to see that the races notice: {', '.join(PARTS)}, with commas between them",
    )
    return parser.parse_args()


def _say(text: str) -> None:
    _progress("")
    print(text, file=sys.stderr, flush=True)


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
