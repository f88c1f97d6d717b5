"""Delivery by a thread of a process that has other things to do, such as answering requests."""

import atexit
import logging
import os
import random
import threading
from collections.abc import Callable

from sojourn.core.errors import StoreError
from sojourn.notify.deliverer import Deliverer

EVERY = 15.0
"""After so many seconds at most it looks for what others have left: what failed, was folded, or whose worker died."""
_REMEMBERED = 1000
_GRACE = 5.0
_logger = logging.getLogger("sojourn.delivery")

Chore = Callable[[], object]


class _Life:
    """What there is of the thread in one process."""

    def __init__(self) -> None:
        self.running = False
        self.wake = threading.Condition()
        self.stop = threading.Event()
        self.nudged: dict[str, None] = {}
        self.chores: list[Chore] = []
        self.thread: threading.Thread | None = None


class Background:
    """One daemon thread for each process, from `start` on: also in a process that was forked from one that had it.

    `make`: makes the thread's deliverer, in the thread. `rest`: called in the thread whenever it is about to wait, such
    as to let go of a connection. Nothing here waits for the thread but `stop`. Thread-safe.
    """

    def __init__(self, make: Callable[[], Deliverer], rest: Chore = lambda: None, every: float = EVERY) -> None:
        self._make, self._rest, self._every = make, rest, every
        self._lives: dict[int, _Life] = {}
        atexit.register(self.stop)

    @property
    def _life(self) -> _Life:
        """Of this process: nothing runs in it of what ran in the one that it was forked from, not even who held a lock.

        Asked for by the process's id, since uWSGI forks without telling Python.
        """
        here = os.getpid()
        return self._lives.get(here) or self._lives.setdefault(here, _Life())

    @property
    def running(self) -> bool:
        """Whether the thread runs in this process."""
        return self._life.running

    def start(self) -> None:
        """Let the thread run. It looks at once for what an earlier process has left."""
        life = self._life
        with life.wake:
            if life.running:
                return
            life.stop = threading.Event()
            life.thread = threading.Thread(
                target=self._run, args=(life, life.stop), name="sojourn-delivery", daemon=True
            )
            life.running = True
            life.thread.start()

    def nudge(self, subject: str) -> None:
        """Something is due of this subject: at once. Nothing where the thread does not run."""
        life = self._life
        if life.running:
            with life.wake:
                if len(life.nudged) < _REMEMBERED:  # beyond that, whatever is due longest comes first
                    life.nudged[subject] = None
                life.wake.notify()

    def do(self, chore: Chore) -> bool:
        """Have the thread do this too; whether it will."""
        life = self._life
        if life.running:
            with life.wake:
                life.chores.append(chore)
        return life.running

    def stop(self, timeout: float = _GRACE) -> None:
        """Finish the message under way, for `timeout` seconds at most; what is left waits for the next process."""
        life = self._life
        life.stop.set()
        with life.wake:
            life.running = False
            life.wake.notify()
        if life.thread is not None and life.thread is not threading.current_thread():
            life.thread.join(timeout)

    def _run(self, life: _Life, stop: threading.Event) -> None:
        deliverer: Deliverer | None = None
        failures = 0
        while not stop.is_set():
            failures += 1
            try:
                deliverer = deliverer or self._make()
                _pass(life, deliverer, stop)
                failures = 0
            except StoreError as error:
                _logger.error("Delivery waits: %s.", error.code)  # noqa: TRY400  # the trace says nothing more
            except Exception:  # the thread has to be there for whatever comes next
                _logger.exception("Delivery waits.")
            _done(self._rest)
            if failures:  # whoever was nudged waits, too: what is away does not come back by being asked at once
                stop.wait(min(self._every, 2.0 ** min(failures, 5)))
            with life.wake:
                if not life.nudged and not stop.is_set():
                    # Not all processes at once.
                    life.wake.wait(self._every * random.uniform(0.7, 1))  # noqa: S311  # no secret


def _pass(life: _Life, deliverer: Deliverer, stop: threading.Event) -> None:
    """All that is due; whoever has just been nudged comes before whoever has waited for longest."""
    deliverer.health.refresh()
    while not stop.is_set():
        with life.wake:
            nudged, life.nudged = list(life.nudged), {}
            chores, life.chores = life.chores, []
        for chore in chores:
            _done(chore)
        for subject in nudged:
            deliverer.deliver(subject, stop)
        if deliverer.step(stop=stop) is None:
            return


def _done(chore: Chore) -> None:
    try:
        chore()
    except Exception:
        _logger.exception("Delivery goes on.")
