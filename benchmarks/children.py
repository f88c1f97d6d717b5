"""Processes of our own: each with its own settings, talking in lines of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any


class Child:
    """`python -m module` for one contender on one database, measured on one core."""

    def __init__(self, module: str, contender: str, database: Mapping[str, Any], core: int, *arguments: str) -> None:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "benchmarks.site.settings",
            "SOJOURN_BENCH_CONTENDER": contender,
            "SOJOURN_BENCH_DATABASE": json.dumps({**database, "CONN_MAX_AGE": None}),
            "SOJOURN_BENCH_CORE": str(core),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.name = f"{module} {contender}"

    def said(self) -> Iterator[Any]:
        """Everything it says from here on, until it ends. Raises SystemExit if it fails."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            yield json.loads(line)
        if self._process.wait():
            raise SystemExit(f"{self.name} failed: what it said is above")

    def answer(self, question: object = None) -> Any:
        """What it says next; asked first, if there is a question."""
        if question is not None:
            assert self._process.stdin is not None
            self._process.stdin.write(f"{json.dumps(question)}\n")
            self._process.stdin.flush()
        for answer in self.said():
            return answer
        raise SystemExit(f"{self.name} ended early: what it said is above")

    def stop(self) -> None:
        """Let it end, and wait."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.wait()


def say(answer: object) -> None:
    """In a child: one line for the parent."""
    print(json.dumps(answer), flush=True)


def hold() -> None:
    """In a child: from here on, stay on the core that is measured on."""
    from benchmarks.machine import hold_to

    hold_to(int(os.environ["SOJOURN_BENCH_CORE"]))
