"""Applications that run in a process of their own: each prints where it is, and ends when its input ends."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.patients.serving import Site

ROOT = Path(__file__).parents[2]


@contextmanager
def serving_process(command: Sequence[str], *, env: Mapping[str, str] | None = None) -> Iterator[Site]:
    """Run a program that serves an application; the site that it prints as its first line, one word for each field."""
    process = subprocess.Popen(
        command, cwd=ROOT, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert process.stdout
        words = process.stdout.readline().split()
        if not words:
            raise RuntimeError(process.communicate()[1])
        yield Site(*words)
    finally:
        try:
            process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
