"""What the open streams of this process wait for: one thread looks at all of their sessions, every few seconds.

A stream for each open page must cost neither a thread nor a database connection. So the streams wait, and this thread
reads each subject's roster once in a round, however many pages they have open.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import groupby

from django.db import DatabaseError, close_old_connections, connections

from sojourn.contrib.django.internal.elsewhere import elsewhere
from sojourn.contrib.django.internal.wiring import control, now
from sojourn.contrib.django.settings import current
from sojourn.core.errors import StoreError
from sojourn.core.records import Roster, Session
from sojourn.core.timeouts import judge

_logger = logging.getLogger("sojourn.live")


STREAMS_OF_ONE = 20
"""Streams that one user has in one process at most, so that nobody takes LIVE_STREAMS up alone; further pages poll."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What an open page shows of its user's sessions: whether its own is live, and which others it asks about."""

    live: bool
    elsewhere: tuple[str, ...] = ()


def sight(mine: Session, roster: Roster | None = None) -> Sight:
    """What a page of the session `mine` has to show now. One read, and one more while its owner acts as another."""
    site, moment = control(), now()
    found = site.store.roster(mine.subject) if roster is None else roster
    session = found.by_sid(mine.sid)
    if session is None or not judge(session, moment).live:
        return Sight(live=False)
    if mine.parent:
        parent = site.store.find(mine.parent)
        if parent is None or not judge(parent, moment).live:
            return Sight(live=False)
    return Sight(live=True, elsewhere=tuple(each.sid for each in elsewhere(found, mine, moment)))


@dataclass(eq=False, slots=True)
class Watch:
    """One stream's wait for something new, in the event loop that serves it."""

    mine: Session
    seen: Sight
    loop: asyncio.AbstractEventLoop
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def compare(self, found: Sight) -> None:
        """Wake the stream if this is not what its page shows."""
        if found != self.seen:
            self.seen = found
            # The loop is gone where the server stops just now; then so is the page's connection.
            if not self.loop.is_closed():
                self.loop.call_soon_threadsafe(self.news.set)


class Watcher:
    """All watches of this process, and the thread that looks for them. It runs only while there are any."""

    def __init__(self, interval: Callable[[], float] = lambda: current().LIVE_INTERVAL / 1000) -> None:
        """`interval`: how many seconds there are between two looks."""
        self._interval = interval
        self._lock = threading.Lock()
        self._watches: set[Watch] = set()
        self._thread: threading.Thread | None = None
        self._pause = threading.Event()

    def full(self, subject: str) -> bool:
        """Whether as many streams are open as may be: of all (LIVE_STREAMS), or of this subject (STREAMS_OF_ONE)."""
        with self._lock:
            return self._full(subject)

    def _full(self, subject: str) -> bool:
        mine = sum(_subject(watch) == subject for watch in self._watches)
        return mine >= STREAMS_OF_ONE or len(self._watches) >= current().LIVE_STREAMS

    def join(self, watch: Watch) -> bool:
        """Look for this one, too. False if there is no room."""
        with self._lock:
            if self._full(_subject(watch)):
                return False
            self._watches.add(watch)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="sojourn-live", daemon=True)
                self._thread.start()
        return True

    def leave(self, watch: Watch) -> None:
        """Look for this one no longer."""
        with self._lock:
            self._watches.discard(watch)

    def _run(self) -> None:
        try:
            while True:
                self._pause.wait(self._interval())
                with self._lock:
                    watches = sorted(self._watches, key=_subject)
                    if not watches:
                        self._thread = None
                        return
                for subject, group in groupby(watches, key=_subject):
                    _look(subject, group)
                close_old_connections()
        finally:
            connections.close_all()


def _subject(watch: Watch) -> str:
    return watch.mine.subject


def _look(subject: str, watches: Iterable[Watch]) -> None:
    try:
        roster = control().store.roster(subject)
        for watch in watches:
            watch.compare(sight(watch.mine, roster))
    except (StoreError, DatabaseError):
        return  # nobody can say; the pages go on until somebody can, as the server does not let them do anything
    except Exception:  # the thread looks for all other pages, too
        _logger.exception("The open pages of one user were not looked after.")


watcher = Watcher()
"""This process's."""
