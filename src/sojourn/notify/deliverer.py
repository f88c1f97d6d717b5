"""From the outbox to the sinks: at least once, each subject's events in their order, nobody held up by anybody else."""

import logging
import random
import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from sojourn.core.errors import StoreError
from sojourn.core.outbox import BATCH_MAX, Batch, Failing, Fate, Letter, Outbox, Progress
from sojourn.core.timeouts import DAY
from sojourn.notify.desk import LEASE, Desk, LeaseLost
from sojourn.notify.health import Health
from sojourn.notify.pauses import noted, sorts_of
from sojourn.notify.schedule import gives_up, heeded, wait
from sojourn.notify.sinks import DeliveryFailed, DeliveryRefused, Sink, SinkClosed, is_bounded
from sojourn.notify.turns import Turn, ended, marked, next_turn, put_off
from sojourn.stores.observed import Observer

_NEVER = threading.Event()
_logger = logging.getLogger("sojourn.delivery")


class Deliverer:
    """Tells, by `sinks`, of what waits in `outbox`. Each thread has its own; any number work at once.

    `worker`: unique among all that work at once; made up if it is not given. `max_age`: milliseconds after which an
    event that no sink has begun with is given up. `observers` learn of every delivery; `disabled` is called with the
    name of a sink that is disabled by its failures.
    """

    def __init__(
        self,
        outbox: Outbox,
        sinks: Iterable[Sink],
        *,
        clock: Callable[[], int],
        worker: str = "",
        max_age: int = 7 * DAY,
        observers: Sequence[Observer] = (),
        disabled: Callable[[str, Failing], None] = lambda _sink, _failing: None,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self.outbox, self.sinks = outbox, tuple(sinks)
        self.worker = worker or secrets.token_urlsafe(12)
        self._clock, self._max_age, self._draw = clock, max_age, draw
        self._observers = tuple(observers)
        self.health = Health(outbox, disabled, draw)

    def deliver(self, subject: str | None = None, stop: threading.Event = _NEVER) -> int:
        """Tell of all that is due now, of one subject or of everybody, until there is no more or `stop` is set.

        Returns the number of messages that were delivered. Raises StoreError if the store does not answer; what was
        told until then may be told again. Never inside a transaction: what is sent cannot be taken back.
        """
        told = 0
        self.health.refresh()
        while not stop.is_set() and (more := self.step(subject, stop)) is not None:
            told += more
        return told

    def step(self, subject: str | None = None, stop: threading.Event = _NEVER) -> int | None:
        """Tell of one subject what is due now: this one, or the one that has waited longest. See `deliver`.

        Returns the number of messages that were delivered; None if nothing is due.
        """
        now = self._clock()
        batch = self.outbox.claim(self.worker, now, now + LEASE, subject)
        return None if batch is None else self._work(batch, stop)

    def run(self, stop: threading.Event, pause: float = 1.0) -> int:
        """Deliver until `stop` is set, looking for more every `pause` seconds. A store that goes away is waited for.

        Returns the number of messages that were delivered.
        """
        failures = told = 0
        while not stop.is_set():
            try:
                told += self.deliver(stop=stop)
                failures = 0
            except StoreError as error:
                failures += 1
                _logger.error("Delivery waits: %s.", error.code)  # noqa: TRY400  # the trace says nothing more
            except Exception:  # a worker that ended for what a site's own code raises would end for everybody
                failures += 1
                _logger.exception("Delivery waits.")
            stop.wait(pause if not failures else min(30.0, pause * 2 ** min(failures, 5)))
        return told

    def _work(self, batch: Batch, stop: threading.Event) -> int:
        """Tell what can be told of one subject, page by page, and give up the lease."""
        desk = Desk(self.outbox, self._clock, batch.lease, dict(batch.lease.told))
        blocked: dict[str, int] = {}
        letters: Sequence[Letter] = batch.letters
        delivered = 0
        try:
            while True:
                desk.lay_out(letters)
                for sink in self.sinks:
                    delivered += self._tell(desk, sink, blocked, stop)
                last = len(letters) < BATCH_MAX or stop.is_set()
                desk.put_away(self.sinks, blocked, last=last, stopped=stop.is_set())
                letters = () if last else self.outbox.more(batch.lease.subject, letters[-1].id)
                if last:
                    return delivered
        except LeaseLost:
            _logger.warning("A delivery took longer than its lease; another worker goes on with it.")
            return delivered

    def _tell(self, desk: Desk, sink: Sink, blocked: dict[str, int], stop: threading.Event) -> int:
        """Let one sink tell of the letters on the desk, until it has to wait."""
        name, delivered = sink.name, 0
        while name not in blocked and not stop.is_set():
            now = self._clock()
            if self.health.disabled(name):
                desk.give_up(sink, desk.waiting(sink), "the sink is disabled")
                break
            desk.give_up(sink, [each for each in desk.waiting(sink) if self._too_old(sink, each, now)], "too old")
            turn = next_turn(sink, desk.letters.values(), desk.told, now)
            if turn is None:
                break
            due = max(turn.due, self.health.resting(name))
            if due > now:
                blocked[name] = due
            elif turn.attempts and gives_up(turn.attempts, turn.at, now, sink.patience):
                desk.give_up(sink, turn.letters, "tried too often")
                self._observe("undelivered", name, "given_up", given_up=True)
            else:
                delivered += self._attempt(desk, sink, turn, now)
        return delivered

    def _attempt(self, desk: Desk, sink: Sink, turn: Turn, now: int) -> int:
        """Have the message delivered, and write down what came of it. Returns 1 if somebody was told."""
        name, attempts = sink.name, turn.attempts + 1
        begun = Progress(attempts=attempts, due=now, message=turn.message)
        if attempts > 1:
            # Counted before it is made, and put off for whoever comes in between: a call that outlasts its lease, or
            # ends its process, must not be made again and again.
            begun = replace(begun, due=now + LEASE + wait(attempts, self._draw()))
            desk.write(put_off(marked(turn.letters, name, begun), begun.due))
        elif turn.written and is_bounded(sink):
            desk.renew(now)
        else:
            # Before it is sent for the first time: whoever sends it again, after a crash, sends the same and counts it.
            desk.write(marked(turn.letters, name, begun))
        try:
            told = sink.deliver(turn.content())
        except DeliveryRefused as error:
            desk.keep(marked(turn.letters, name, ended(begun, Fate.DEAD, error=str(error))))
            self._observe("undelivered", name, error.code, given_up=True)
            if isinstance(error, SinkClosed):
                self.health.close(name, str(error), self._clock())
            return 0
        except Exception as error:  # noqa: BLE001  # whatever a library or a site's own code raises
            self._failed(desk, sink, turn, begun, error)
            return 0
        desk.keep(marked(turn.letters, name, ended(begun, Fate.DONE)))
        if told:  # whoever had nothing to tell has not shown that they could
            desk.told[name] = told_at = self._clock()
            sorts = sorts_of(sink, [letter.event for letter in turn.letters])
            desk.told = noted(desk.told, name, sorts, told_at)
            self.health.works(name)
            self._observe("delivered", name, len(turn.letters))
        return int(told)

    def _failed(self, desk: Desk, sink: Sink, turn: Turn, begun: Progress, error: Exception) -> None:
        now = self._clock()
        # What others raise may have an address in its text.
        why = str(error) if isinstance(error, DeliveryFailed) else type(error).__name__
        given_up = gives_up(begun.attempts, turn.at, now, sink.patience)
        if given_up:
            progress = ended(begun, Fate.DEAD, error=why)
        else:
            asked = error.after if isinstance(error, DeliveryFailed) else 0
            due = now + heeded(wait(begun.attempts, self._draw()), asked)
            progress = ended(begun, Fate.WAITING, error=why, due=due)
        desk.keep(marked(turn.letters, sink.name, progress))
        code = error.code if isinstance(error, DeliveryFailed) else "unexpected"
        self._observe("undelivered", sink.name, code, given_up=given_up)
        if code == "unexpected":
            _logger.error("The sink %s raised %s.", sink.name, type(error).__qualname__, exc_info=error)
        self.health.fails(sink, why, now, attempts=begun.attempts)

    def _too_old(self, sink: Sink, letter: Letter, now: int) -> bool:
        # One that a sink has begun with has its patience; one that was revived is wanted in spite of its age.
        return sink.name not in letter.progress and now - letter.at >= self._max_age

    def _observe(self, what: str, *facts: object, **named: object) -> None:
        for observer in self._observers:
            try:
                getattr(observer, what)(*facts, **named)
            except Exception:  # whoever keeps figures must not keep a message from being sent once only
                _logger.exception("%s failed; its figures are incomplete.", type(observer).__qualname__)
