"""Races between real processes: many contenders, one barrier, and a count of what survived.

Threads would share a lock, a connection pool and an interpreter; a web site's workers share none of them. So each
contender is a spawned process that lives across all bursts and has imported, connected and warmed up before the
first. A contender is named by the dotted path of its factory, and the factory's arguments are plain data.

    def sign_in(number, database):            # runs once, in the contender's process
        control = ...                         # connect here
        def contend(burst):                   # runs in every burst, all contenders at the same moment
            control.start(Arrival(f"user-{burst}"))
        return contend

    report = race("tests.races:sign_in", {"database": ...}, count=lambda burst: open_sessions(f"user-{burst}"))
    assert not report.violations, report

A factory may return several callables: a burst then has as many phases, each begun together.
"""

import importlib
import multiprocessing
import statistics
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier
from threading import BrokenBarrierError
from typing import Any

from sojourn.testing.processes import end_with_parent

Contend = Callable[[int], object]


class RaceError(Exception):
    """A race could not be run: a contender failed, or did not answer in time. The message has its traceback."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a race. `survivors` is the count after each burst; `expected` is what it ought to have been."""

    processes: int
    expected: int
    survivors: tuple[int, ...]
    durations: tuple[float, ...]
    """Milliseconds that each contender took in each phase of each burst."""
    results: tuple[tuple[tuple[Any, ...], ...], ...]
    """For each burst, for each contender, what its phases returned."""

    @property
    def violations(self) -> tuple[int, ...]:
        """The bursts after which the count was not as expected."""
        return tuple(burst for burst, count in enumerate(self.survivors) if count != self.expected)

    @property
    def median_ms(self) -> float:
        """The median of all durations, in milliseconds."""
        return statistics.median(self.durations)

    def __str__(self) -> str:
        return (
            f"{self.processes} processes, {len(self.survivors)} bursts, {len(self.violations)} violations "
            f"(expected {self.expected} after each, found {min(self.survivors)} to {max(self.survivors)}), "
            f"median {self.median_ms:.1f} ms"
        )


def race(
    factory: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    count: Callable[[int], int],
    reset: Callable[[int], object] | None = None,
    expected: int = 1,
    processes: int = 16,
    bursts: int = 50,
    timeout: float = 300,
) -> Report:
    """Let `processes` contenders race `bursts` times, and count after each burst what survived.

    `factory` is `package.module:function`, called in each contender's process as `function(number, **arguments)`.
    `reset(burst)` runs before and `count(burst)` after each burst, both in this process while no contender runs.
    `timeout` (seconds) bounds the start and each burst. All processes are gone when this returns or raises. Raises
    RaceError with the traceback if a contender raises, ends or does not answer.
    """
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(processes)
    contenders: list[tuple[BaseProcess, Connection]] = []
    survivors, durations, results = [], [], []
    patience = 0.2
    try:
        for number in range(processes):
            mine, its = context.Pipe()
            own = (factory, dict(arguments or {}), number, its, barrier, timeout)
            process: BaseProcess = context.Process(target=_contend, args=own, daemon=True)
            process.start()
            its.close()
            contenders.append((process, mine))
        _answers(contenders, timeout)
        for burst in range(bursts):
            if reset is not None:
                reset(burst)
            for _, pipe in contenders:
                pipe.send(burst)
            answers = _answers(contenders, timeout)
            survivors.append(count(burst))
            durations += [duration for answer in answers for duration, _ in answer]
            results.append(tuple(tuple(result for _, result in answer) for answer in answers))
        patience = 10
    finally:
        _end(contenders, patience)
    return Report(processes, expected, tuple(survivors), tuple(durations), tuple(results))


def _answers(contenders: list[tuple[BaseProcess, Connection]], timeout: float) -> list[list[tuple[float, Any]]]:
    """One answer of each contender, in their order; RaceError if one is an error, is missing, or comes too late."""
    late = time.monotonic() + timeout
    answers: dict[int, list[tuple[float, Any]]] = {}
    waiting = {pipe: number for number, (_, pipe) in enumerate(contenders)}
    while waiting:
        ready = wait(list(waiting), max(0.0, late - time.monotonic()))
        if not ready:
            raise RaceError(f"Contenders {sorted(waiting.values())} did not answer within {timeout:.0f} seconds.")
        for pipe in ready:
            assert isinstance(pipe, Connection)
            number = waiting.pop(pipe)
            try:
                error, answers[number] = pipe.recv()
            except EOFError:
                contenders[number][0].join(5)
                code = contenders[number][0].exitcode
                raise RaceError(f"Contender {number} ended with exit code {code} before it answered.") from None
            if error:
                raise RaceError(f"Contender {number} failed:\n{error}")
    return [answers[number] for number in range(len(contenders))]


def _end(contenders: list[tuple[BaseProcess, Connection]], patience: float) -> None:
    """Let all contenders end; after `patience` seconds end those that do not."""
    for _, pipe in contenders:
        pipe.close()
    late = time.monotonic() + patience
    for process, _ in contenders:
        process.join(max(0.0, late - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()
        process.close()


def _contend(
    factory: str, arguments: dict[str, Any], number: int, pipe: Connection, barrier: Barrier, timeout: float
) -> None:
    """The life of one contender: get ready, then for each burst it is told of, meet the others and contend."""
    end_with_parent()
    try:
        module, _, name = factory.partition(":")
        made = getattr(importlib.import_module(module), name)(number, **arguments)
        phases: tuple[Contend, ...] = (made,) if callable(made) else tuple(made)
    except BaseException:  # noqa: BLE001  # whatever it is, the parent reports it
        pipe.send((traceback.format_exc(), []))
        return
    pipe.send(("", []))
    while True:
        try:
            burst = pipe.recv()
        except EOFError:
            return
        answer = []
        try:
            for phase in phases:
                barrier.wait(timeout)
                began = time.perf_counter()
                result = phase(burst)
                answer.append(((time.perf_counter() - began) * 1000, result))
            pipe.send(("", answer))
        except BrokenBarrierError:
            continue  # another contender failed and says why; this one waits to be let go
        except BaseException:  # noqa: BLE001  # as above
            barrier.abort()  # the others must not wait for this one
            pipe.send((traceback.format_exc(), []))
            return
