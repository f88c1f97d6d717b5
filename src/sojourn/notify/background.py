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


class Background:
    """One daemon thread for each process, from `start` on: also in a process that was forked from one that had it.

    `make`: makes the thread's deliverer, in the thread. `rest`: called in the thread whenever it is about to wait, such
    as to let go of a connection. Nothing here waits for the thread but `stop`. Thread-safe.
    """

    def __init__(self, make: Callable[[], Deliverer], rest: Chore = lambda: None, every: float = EVERY) -> None:
        self._make, self._rest, self._every = make, rest, every
        self.running = False
        self._begin()
        os.register_at_fork(after_in_child=self._begin)
        atexit.register(self.stop)

    def _begin(self) -> None:
        """Nothing is running in this process, whatever is in the one that it was forked from."""
        self.running = False
        self._wake = threading.Condition()
        self._stop = threading.Event()
        self._nudged: dict[str, None] = {}
        self._chores: list[Chore] = []
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Let the thread run. It looks at once for what an earlier process has left."""
        with self._wake:
            if self.running:
                return
            self._stop = threading.Event()
            self._thread = threading.Thread(target=self._run, args=(self._stop,), name="sojourn-delivery", daemon=True)
            self.running = True
            self._thread.start()

    def nudge(self, subject: str) -> None:
        """Something is due of this subject: at once. Nothing where the thread does not run."""
        if self.running:
            with self._wake:
                if len(self._nudged) < _REMEMBERED:  # beyond that, whatever is due longest comes first
                    self._nudged[subject] = None
                self._wake.notify()

    def do(self, chore: Chore) -> bool:
        """Have the thread do this too; whether it will."""
        if self.running:
            with self._wake:
                self._chores.append(chore)
        return self.running

    def stop(self, timeout: float = _GRACE) -> None:
        """Finish the message under way, for `timeout` seconds at most; what is left waits for the next process."""
        thread = self._thread
        self._stop.set()
        with self._wake:
            self.running = False
            self._wake.notify()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def _run(self, stop: threading.Event) -> None:
        deliverer: Deliverer | None = None
        failures = 0
        while not stop.is_set():
            failures += 1
            try:
                deliverer = deliverer or self._make()
                self._pass(deliverer, stop)
                failures = 0
            except StoreError as error:
                _logger.error("Delivery waits: %s.", error.code)  # noqa: TRY400  # the trace says nothing more
            except Exception:  # the thread has to be there for whatever comes next
                _logger.exception("Delivery waits.")
            _done(self._rest)
            if failures:  # whoever was nudged waits, too: what is away does not come back by being asked at once
                stop.wait(min(self._every, 2.0 ** min(failures, 5)))
            with self._wake:
                if not self._nudged and not stop.is_set():
                    # Not all processes at once.
                    self._wake.wait(self._every * random.uniform(0.7, 1))  # noqa: S311  # no secret

    def _pass(self, deliverer: Deliverer, stop: threading.Event) -> None:
        """All that is due; whoever has just been nudged comes before whoever has waited for longest."""
        deliverer.health.refresh()
        while not stop.is_set():
            with self._wake:
                nudged, self._nudged = list(self._nudged), {}
                chores, self._chores = self._chores, []
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
