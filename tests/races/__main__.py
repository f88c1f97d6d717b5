"""`python -m tests.races`: every race with the full count, as a table. Exits with 1 if anything was violated."""

from __future__ import annotations

import argparse
import sys
import time

from sojourn.testing.races import RaceError
from tests.races import databases, results, runs
from tests.races.plan import OVERFLOWS, plan
from tests.races.without import PARTS

STORM = 480
"""Sign-ins and saves together, at the full count."""


def main() -> int:
    """Run what the command line asks for."""
    options = _options()
    names, atomic = options.databases.split(","), [word == "on" for word in options.atomic.split(",")]
    bursts = plan(options.bursts, options.overflows.split(","), atomic)
    storm_bursts = max(1, STORM // options.processes * options.bursts // 50)
    common = {"processes": options.processes, "taken_out": options.without.split(",") if options.without else []}
    began = time.monotonic()
    rows: list[results.Row] = []
    storms: list[results.Storm] = []
    killed: list[results.Killed] = []
    sound = True
    with databases.makers(names, _say, options.isolation) as made:
        sound = len(made) == len(names)
        for name, new in made.items():
            try:
                if "sign-in" in options.races:
                    rows += runs.run(name, new(), bursts, **common, progress=_progress)
                if "storm" in options.races:
                    storms.append(runs.storm(name, new(), **common, bursts=storm_bursts, progress=_progress))
                if "kill" in options.races and name in databases.SQL:  # elsewhere a step is one script
                    killed += [each for whole in atomic for each in runs.kill(name, new(), atomic=whole)]
            except RaceError as error:
                sound = False
                _say(f"{name}: {error}")
    _progress("")
    tables = (results.as_table(rows), results.as_storm_table(storms), results.as_kill_table(killed))
    print("\n\n".join(text for text, of in zip(tables, (rows, storms, killed), strict=True) if of))
    sound = sound and all(each.sound for each in (*rows, *storms, *killed))
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
