"""An authenticated request, by every contender: interleaved round by round, so that all see the same machine."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.contenders import Contender


@dataclass(slots=True)
class Cost:
    """What one contender's request cost on one database."""

    key: str
    title: str
    queries: list[str]
    rounds: list[float] = field(default_factory=list)
    """The median of each round, in microseconds."""
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def microseconds(self) -> float:
        """The median of the rounds' medians."""
        return statistics.median(self.rounds)


def measure(
    contenders: Sequence[Contender],
    new_database: Callable[[], Mapping[str, Any]],
    *,
    rounds: int,
    requests: int,
    progress: Callable[[str], None],
) -> list[Cost]:
    """`rounds` rounds, in each of which every contender in turn serves `requests` requests."""
    workers: list[_Worker] = []
    try:
        for each in contenders:
            progress(f"starting {each.key}")
            workers.append(_Worker(each, new_database()))
        for number in range(rounds):
            progress(f"requests, round {number + 1} of {rounds}")
            # Every other round the other way about: whoever comes after whom must make no difference.
            for worker in workers if number % 2 == 0 else reversed(workers):
                worker.cost.rounds.append(statistics.median(worker.ask(requests)) / 1000)
    finally:
        for worker in workers:
            worker.stop()
    return [worker.cost for worker in workers]


class _Worker:
    """A contender's process."""

    def __init__(self, contender: Contender, database: Mapping[str, Any]) -> None:
        environment = {
            **os.environ,
            "SOJOURN_BENCH_CONTENDER": contender.key,
            "SOJOURN_BENCH_DATABASE": json.dumps({**database, "CONN_MAX_AGE": None}),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        said = self._line()
        self.cost = Cost(contender.key, contender.title, said["queries"], versions=said["versions"])

    def ask(self, requests: int) -> list[int]:
        """Nanoseconds of each of so many requests."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{requests}\n")
        self._process.stdin.flush()
        took: list[int] = self._line()
        return took

    def _line(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"a contender's process ended early: {self._process.wait()}")
        return json.loads(line)

    def stop(self) -> None:
        """Let the process end."""
        self._process.communicate()
