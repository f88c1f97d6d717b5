"""Moving everybody from one store to another: what the operator's command does. Each step can be done again."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sojourn.core.errors import InvalidInput, RecordFormatError, StoreError
from sojourn.stores.movable import DONE, Movable
from sojourn.stores.moving import MovingStore

BATCH = 500


class MoveRefused(StoreError):
    """This move cannot begin, or go on, and nothing was changed."""

    code = "move_refused"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a move is: how many subjects have moved, and who cannot, by a record that cannot be kept or read."""

    moved: int = 0
    stuck: tuple[str, ...] = ()


def left(store: Movable, most: int) -> int:
    """Of how many subjects the store keeps anything; stops counting at `most`."""
    number, after = 0, ""
    while number < most and (found := store.moves.subjects(after, min(BATCH, most - number))):
        number, after = number + len(found), found[-1]
    return number


def begin(store: MovingStore) -> str:
    """Let the move begin, or go on: from now on, whoever signs in moves first. Returns what the move is called.

    Raises MoveRefused if the new store has records that no move has brought there, or if the move was over already
    and somebody has written to the old store since.
    """
    move = store.new.moves.whereabouts("").move
    if move == DONE and left(store.old, 1):
        raise MoveRefused(
            "Everybody has moved, and yet there are records in the old store: processes that were not told of the move "
            "have written them since. They count for nothing."
        )
    if not move:
        if left(store.new, 1):
            raise MoveRefused("The new store is not empty: whoever has a session there would be signed in by it.")
        # It may once have been moved to; from now on it is left, and what it notes of itself must not come back.
        store.old.moves.forget_moves()
        move = store.new.moves.begin_move(secrets.token_urlsafe(16))
    # After the move has begun: whoever ends everybody's sessions from now on writes to both.
    epoch = store.old.epoch()
    if epoch is not None:
        store.new.begin_epoch(epoch)
    for sink, failing in store.old.failing().items():
        store.new.note_failing(sink, failing)
    return move


def sweep(store: MovingStore) -> Iterator[Progress]:
    """Move everybody who is in the old store, as far as it has come after each of them. Can be stopped at any point."""
    done, after = Progress(), ""
    while found := store.old.moves.subjects(after, BATCH):
        for subject in found:
            try:
                store.move(subject)
                done = replace(done, moved=done.moved + 1)
            except (RecordFormatError, InvalidInput):
                done = replace(done, stuck=(*done.stuck, subject))
            yield done
        after = found[-1]


def finish(store: MovingStore) -> bool:
    """Note that everybody is in the new store, if nobody is left in the old one; whether that is so.

    Only once every sign-in is over that was decided about before the move began: see `begin`.
    """
    if left(store.old, 1):
        return False
    store.new.moves.finish_move()
    return True
