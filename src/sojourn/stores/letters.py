"""Letters and leases to columns and back: pure. What comes back is checked as strictly as any other record."""

import json
from collections.abc import Mapping
from typing import Any

from sojourn.core.errors import RecordFormatError
from sojourn.core.outbox import Failing, Fate, Letter, Progress
from sojourn.stores.damage import DAMAGE, each
from sojourn.stores.rows import Row

LETTER = ("payload", "due", "progress")
"""The columns of an event that a letter is made of."""


def progress_text(letter: Letter) -> str | None:
    """What the column `progress` holds; None before any sink has begun."""
    if not letter.progress:
        return None
    return json.dumps(
        {
            sink: [str(each.fate), each.attempts, each.due, each.message, each.error]
            for sink, each in letter.progress.items()
        }
    )


def letter_of(row: Row) -> Letter:
    """The letter in a row of the columns `LETTER`. Raises RecordFormatError, and nothing else."""
    payload, due, progress = row
    try:
        event = json.loads(payload)
        each(str, (event["id"], event["subject"], event["type"]))
        each(int, (event["at"],))
        return Letter(event, due, {} if progress is None else _progress(json.loads(progress)))
    except DAMAGE:
        raise RecordFormatError from None


def _progress(facts: dict[str, list[object]]) -> dict[str, Progress]:
    found = {}
    for sink, (fate, attempts, due, message, error) in facts.items():
        each(int, (attempts, due))
        each(str, (message, error))
        found[sink] = Progress(Fate(str(fate)), attempts, due, message, error)  # type: ignore[arg-type]  # as checked
    return found


def told_text(told: Mapping[str, int]) -> str:
    """What the column `told` of a lease holds."""
    return json.dumps(dict(told))


def told_of(text: str | bytes) -> dict[str, int]:
    """The moments in a column `told`; none if it is damaged: then a message is folded less than it might be."""
    try:
        facts = json.loads(text)
        each(int, facts.values())
        return dict(facts)
    except DAMAGE:
        return {}


def failing_of(row: Row) -> tuple[str, Failing]:
    """A sink, and that it fails. Raises RecordFormatError, and nothing else."""
    try:
        decoded: list[Any] = [value.decode() if isinstance(value, bytes) else value for value in row]
        name, since, error, disabled = decoded
        each(int, (since,))
        each(int, (disabled,), type(None))
        each(str, (name, error))
        return name, Failing(since, error, disabled)
    except DAMAGE:
        raise RecordFormatError from None
