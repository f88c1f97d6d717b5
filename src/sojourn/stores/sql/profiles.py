"""Profiles to text and back: pure. What comes back is checked as strictly as any other record."""

import json
from typing import Any

from sojourn.core.errors import RecordFormatError
from sojourn.core.records import Eviction, Pause, Profile
from sojourn.stores.sql.damage import DAMAGE, each, known_format

_NOTHING = Profile()
_KEYS = ("format", "pause", "device_names", "evictions", "unenforced")


def profile_text(profile: Profile) -> str | None:
    """What the column `profile` holds; None if there is nothing to remember."""
    if profile == _NOTHING:
        return None
    pause = profile.pause
    return json.dumps(
        {
            "format": profile.format,
            "pause": None if pause is None else [pause.since, pause.by, pause.note, pause.until],
            "device_names": dict(profile.device_names),
            "evictions": [[one.at, one.loser, one.winner] for one in profile.evictions],
            "unenforced": dict(profile.unenforced),
        }
    )


def profile_of(value: object) -> Profile:
    """The profile in a value of the column `profile`. Raises RecordFormatError, and nothing else."""
    if value is None:
        return _NOTHING
    try:
        facts = json.loads(value.decode() if isinstance(value, bytes) else value)  # type: ignore[arg-type]  # TypeError if neither
        version, pause, names, evictions, unenforced = map(facts.pop, _KEYS)
        known_format(version)
        each(str, (*names.keys(), *names.values(), *unenforced.keys(), *unenforced.values()))
        if facts:
            raise ValueError
        paused = None if pause is None else _pause(*pause)
        return Profile(paused, names, tuple(_eviction(*one) for one in evictions), unenforced, version)
    except DAMAGE:
        raise RecordFormatError from None


def _pause(since: Any, by: Any, note: Any, until: Any) -> Pause:
    each(int, (since,) if until is None else (since, until))
    each(str, (by, note))
    return Pause(since, by, note, until)


def _eviction(at: Any, loser: Any, winner: Any) -> Eviction:
    each(int, (at,))
    each(str, (loser, winner))
    return Eviction(at, loser, winner)
