"""What two stores answer, as one answer: pure. Where both have a record, it has just moved: the later counts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from sojourn.core.outbox import Batch, Letter
from sojourn.core.records import Session
from sojourn.core.search import Census, EventQuery, Page, SessionQuery, Tally

K = TypeVar("K")


def place(session: Session) -> tuple[int, str]:
    """Where a session stands in the order of a search."""
    return session.created, session.sid


def distinct(sessions: Iterable[Session]) -> list[Session]:
    """Each session once, in the order in which they first come, as it last comes."""
    return list({session.sid: session for session in sessions}.values())


def page(query: SessionQuery, old: Page, new: Page) -> Page:
    """The sessions of two pages, up to where both have been read, and where to go on."""

    def before(one: tuple[int, str], other: tuple[int, str]) -> bool:
        return one < other if query.oldest_first else one > other

    found = sorted(distinct([*old.sessions, *new.sessions]), key=place, reverse=not query.oldest_first)
    ends = [each.cursor for each in (old, new) if each.cursor is not None]
    if ends:
        end = min(ends) if query.oldest_first else max(ends)
        found = [session for session in found if not before(end, place(session))]
    kept = tuple(found[: query.limit])
    if len(found) > len(kept):
        return Page(kept, place(kept[-1]))
    return Page(kept, end if ends else None)


def census(old: Census, new: Census) -> Census:
    """Both together."""
    return Census(
        old.at,
        sessions=old.sessions + new.sessions,
        subjects=old.subjects + new.subjects,
        by_device_class=_sum(old.by_device_class, new.by_device_class),
        by_client=_sum(old.by_client, new.by_client),
        per_subject=_sum(old.per_subject, new.per_subject),
        outbox=old.outbox + new.outbox,
        outbox_since=_first(old.outbox_since, new.outbox_since),
        due_since=_first(old.due_since, new.due_since),
        dead=old.dead + new.dead,
    )


def tally(old: Tally, new: Tally) -> Tally:
    """Both together, of the same stretch of time."""
    return replace(
        old,
        started=old.started + new.started,
        ended=_sum(old.ended, new.ended),
        stopped=_sum(old.stopped, new.stopped),
    )


def journal(
    query: EventQuery, old: Sequence[Mapping[str, object]], new: Sequence[Mapping[str, object]]
) -> list[Mapping[str, object]]:
    """The first events of both."""
    events = {str(event["id"]): event for event in (*old, *new)}
    return sorted(events.values(), key=lambda event: (int(str(event["at"])), str(event["id"])))[: query.limit]


def letters_after(after: str | None, letters: Iterable[Letter]) -> list[Letter]:
    """The letters after the one called `after`, each once; none if it is not among them."""
    found = list({each.id: each for each in letters}.values())
    if after is None:
        return found
    return found[next((number for number, each in enumerate(found, 1) if each.id == after), len(found)) :]


def due_since(batch: Batch, now: int) -> int:
    """Since when the first letter of the batch is due; of one beyond it, which is not known, since ever."""
    return min((letter.due for letter in batch.letters if letter.due is not None and letter.due <= now), default=0)


def _first(*moments: int | None) -> int | None:
    return min((at for at in moments if at is not None), default=None)


def _sum(one: Mapping[K, int], other: Mapping[K, int]) -> dict[K, int]:
    return dict(Counter(one) + Counter(other))
