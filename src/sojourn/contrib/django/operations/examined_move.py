"""What `doctor` looks at where records move to another store, or have moved: how far it is, and what to do next."""

from collections.abc import Iterator

from sojourn.contrib.django.delivery import wanted
from sojourn.contrib.django.internal import storage
from sojourn.contrib.django.operations.symptoms import Level, Patient, Symptom
from sojourn.stores.movable import DONE, Movable
from sojourn.stores.mover import left
from sojourn.stores.moving import MovingStore

MOST = 10_000
"""So many users are counted; more are "at least" so many."""
_OVER = "Write the new place in SOJOURN['STORE'] and leave MOVE_TO out, in every process."


def examine(patient: Patient) -> Iterator[Symptom]:
    """Whether everybody was told of a move, and not too early that it is over."""
    store, _ = storage.opened(wanted)
    keeping = store.old if isinstance(store, MovingStore) else store
    if keeping.moves.whereabouts("").move not in ("", DONE):
        yield Symptom(
            Level.ERROR,
            "doctor.move_unfinished",
            "A move to where SOJOURN['STORE'] points is not over: whoever is still in the old store is signed out.",
            "Write the old place in SOJOURN['STORE'] and this one in MOVE_TO, in every process, and run "
            "`python manage.py sojourn move` until it says that everybody has moved.",
        )
    elif isinstance(store, MovingStore):
        yield _how_far(patient, store.old, store.new)


def _how_far(patient: Patient, old: Movable, new: Movable) -> Symptom:
    move, rest = new.moves.whereabouts("").move, left(old, MOST)
    patient.facts |= {"move": {"": "not begun", DONE: "over"}.get(move, "under way"), "users_to_move": rest}
    many = f"at least {rest}" if rest == MOST else str(rest)
    if move == DONE and rest:
        return Symptom(
            Level.ERROR,
            "doctor.move_untold",
            f"Everybody has moved, and yet there are records of {many} users in the old store: processes that were not "
            "told of the move have written them since. They count for nothing.",
            _OVER,
        )
    if move == DONE:
        return Symptom(Level.INFO, "doctor.move", "Everybody has moved.", _OVER)
    if move:
        return Symptom(
            Level.INFO,
            "doctor.move",
            f"A move is under way: {many} users are still in the old store. Every look-up asks both stores.",
            "Run `python manage.py sojourn move` until it says that everybody has moved; it goes on where it was.",
        )
    if left(new, 1):
        return Symptom(
            Level.ERROR,
            "doctor.move_not_empty",
            "SOJOURN['MOVE_TO'] is not empty: whoever has a session there would be signed in by it, so nothing moves.",
            "Empty it, or choose another place, such as another prefix= on the same server.",
        )
    return Symptom(
        Level.INFO,
        "doctor.move",
        f"No move has begun: all records, of {many} users, are still in SOJOURN['STORE'].",
        "When every process has MOVE_TO, run `python manage.py sojourn move`.",
    )
