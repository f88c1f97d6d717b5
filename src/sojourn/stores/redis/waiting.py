"""Waiting that ends: redis-py's connections, for callers that wait, and one moment up to which all of it may take.

redis-py bounds each wait by itself: for a name, for each address that it stands for, for each piece of an answer. A
server that sends a byte now and then is always in time, and never done. Callers that await need none of this: whatever
they await is cancelled when the time is over.
"""

import contextlib
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError, wait
from typing import Any, TypeVar

from sojourn.core.errors import ConfigurationError
from sojourn.stores.redis.connecting import MISSING

try:
    from redis import BlockingConnectionPool, Connection, SSLConnection, UnixDomainSocketConnection
except ImportError:
    raise ConfigurationError(MISSING) from None

T = TypeVar("T")


class Until(threading.local):
    """The moment, by `time.monotonic`, at which this thread gives up. Each thread has its own.

    `threads`: how many may be made, in all, for what cannot be interrupted.
    """

    moment = math.inf

    def __init__(self, threads: threading.Semaphore) -> None:
        self._threads = threads

    def left(self) -> float:
        """Seconds that are left. Raises TimeoutError when there are none."""
        left = self.moment - time.monotonic()
        if left <= 0:
            raise TimeoutError("Timeout")
        return left

    def done(self, act: Callable[[], T], *, too_late: Callable[[T], object]) -> T:
        """What `act` returns or raises, done by another thread, since what it waits for cannot be interrupted.

        Raises TimeoutError when the time is over before; what comes of it is given to `too_late` then.
        """
        made: Future[T] = Future()

        def work() -> None:
            try:
                result = act()
                try:
                    made.set_result(result)
                except InvalidStateError:
                    too_late(result)
            except Exception as error:  # noqa: BLE001  # it is raised where it is waited for
                with contextlib.suppress(InvalidStateError):
                    made.set_exception(error)
            finally:
                self._threads.release()

        if not self._threads.acquire(timeout=self.left()):
            raise TimeoutError("Timeout")
        threading.Thread(target=work, daemon=True).start()
        wait([made], self.moment - time.monotonic())
        if not made.done() and made.cancel():
            raise TimeoutError("Timeout")
        return made.result()


class _Socket:
    """A socket of redis-py's, on which nobody waits for longer than `until`."""

    def __init__(self, inner: Any, until: Until) -> None:
        self._inner, self._until = inner, until

    def recv(self, *args: Any) -> Any:
        self._inner.settimeout(self._until.left())
        return self._inner.recv(*args)

    def recv_into(self, *args: Any) -> Any:
        self._inner.settimeout(self._until.left())
        return self._inner.recv_into(*args)

    def sendall(self, *args: Any) -> Any:
        self._inner.settimeout(self._until.left())
        return self._inner.sendall(*args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Ending:
    """A connection, of whichever kind, that is made in time and read in time."""

    def __init__(self, *, until: Until, **how: Any) -> None:
        self._until = until
        super().__init__(**how)

    def _connect(self) -> _Socket:
        connect: Callable[[], Any] = super()._connect  # type: ignore[misc]  # that of redis-py's class beside this one
        return _Socket(self._until.done(connect, too_late=lambda made: made.close()), self._until)


class _Plain(_Ending, Connection):
    pass


class _Secured(_Ending, SSLConnection):
    pass


class _Local(_Ending, UnixDomainSocketConnection):
    pass


class Pool(BlockingConnectionPool):
    """Connections to one server that threads share. Nobody waits for one, or on one, for longer than their `until`."""

    def __init__(self, until: Until, *, local: bool, secured: bool, **how: Any) -> None:
        self._until = until
        kind = _Local if local else _Secured if secured else _Plain
        super().__init__(connection_class=kind, until=until, **how)  # type: ignore[no-untyped-call]  # it is so

    @property
    def timeout(self) -> float:
        """How long whoever asks for a connection may wait for one, in seconds."""
        return self._until.left()

    @timeout.setter
    def timeout(self, _: object) -> None:
        """What redis-py has for all of them does not count."""
