"""What a sink is to tell a subject next, and what has become of it: pure, on the letters of one subject."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sojourn.core.events import uncontacted
from sojourn.core.outbox import BATCH_MAX, Fate, Letter, Progress
from sojourn.notify.pauses import held_until, sorts_of
from sojourn.notify.sinks import Message, Sink

_NEW = Progress()


@dataclass(frozen=True, slots=True)
class Turn:
    """What a sink is to tell next, as one message; not before `due`."""

    letters: tuple[Letter, ...]
    due: int
    attempts: int
    message: str
    """The message's id."""
    written: bool
    """Whether it is written down that these are that message: then it goes out with the same letters again."""

    @property
    def at(self) -> int:
        """When the first of it happened."""
        return self.letters[0].at

    def content(self) -> Message:
        """What the sink is given."""
        events = tuple(uncontacted(letter.event) for letter in self.letters)
        contacts = {letter.id: letter.contact for letter in self.letters if letter.contact}
        return Message(self.message, self.letters[0].subject, events, contacts)


def waits(sink: Sink, letter: Letter) -> bool:
    """Whether the sink has yet to tell of the letter."""
    return letter.progress.get(sink.name, _NEW).fate is Fate.WAITING and sink.wants(letter.event)


def next_turn(sink: Sink, letters: Collection[Letter], told: Mapping[str, int], now: int) -> Turn | None:
    """The sink's next turn among `letters`, in their order; None if there is nothing that it has yet to tell of.

    `told`: when each sink last told this subject anything, and see `sojourn.notify.pauses`. A message once begun goes
    out as it is. After that, what is waiting goes out together, if the sink folds, and not before its fold is over, or
    that of one sort in it. Pauses hold up no full batch: there may be more, and that may be of another sort.
    """
    waiting = [letter for letter in letters if waits(sink, letter)]
    if not waiting:
        return None
    head, name = waiting[0], sink.name
    begun = head.progress.get(name, _NEW)
    if not sink.fold:
        return Turn((head,), begun.due, begun.attempts, head.id, written=True)
    together = _while_same([(letter, letter.progress.get(name, _NEW).message) for letter in waiting])
    if begun.message:
        return Turn(together, begun.due, begun.attempts, begun.message, written=True)
    # It may have told by a clock that was ahead: that must not keep it silent for long.
    last = told.get(name)
    folded = last + sink.fold if last is not None and last < now + sink.fold else 0
    sorts = sorts_of(sink, [letter.event for letter in together]) if len(letters) < BATCH_MAX else ()
    held = held_until(told, name, sorts, now)
    return Turn(together, max(begun.due, folded, held), begun.attempts, head.id, written=False)


def _while_same(waiting: Sequence[tuple[Letter, str]]) -> tuple[Letter, ...]:
    first, found = waiting[0][1], []
    for letter, message in waiting:
        if message != first:
            break
        found.append(letter)
    return tuple(found)


def marked(letters: Iterable[Letter], sink: str, progress: Progress) -> list[Letter]:
    """`letters`, with the sink's progress."""
    return [replace(letter, progress={**letter.progress, sink: progress}) for letter in letters]


def put_off(letters: Iterable[Letter], due: int) -> list[Letter]:
    """`letters`, at which nobody is to look before `due`."""
    return [replace(letter, due=due if letter.due is None else max(letter.due, due)) for letter in letters]


def ended(progress: Progress, fate: Fate, *, error: str = "", due: int = 0) -> Progress:
    """What has come of an attempt."""
    return Progress(fate, progress.attempts, due, progress.message, error)


def next_due(letter: Letter, sinks: Sequence[Sink], blocked: Mapping[str, int]) -> int | None:
    """When a worker is to look at the letter next; None if every sink is done with it.

    `blocked`: until when each sink that cannot go on with the subject waits; of its letters none is due before.
    """
    open_ = [sink.name for sink in sinks if waits(sink, letter)]
    return min((max(letter.progress.get(name, _NEW).due, blocked.get(name, 0)) for name in open_), default=None)
