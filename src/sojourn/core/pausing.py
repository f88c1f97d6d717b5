"""Keeping a subject from signing in, and letting them again: an operator's act, which no policy knows of."""

from dataclasses import replace

from sojourn.core.decisions import Decision
from sojourn.core.errors import InvalidInput
from sojourn.core.events import SignInsPaused, SignInsResumed
from sojourn.core.records import Arrival, Pause, Profile, Roster, clean_text
from sojourn.core.timeouts import DAY

LONGEST = 100 * 365 * DAY


def decide_pause(roster: Roster, pause: Pause) -> Decision[Pause]:
    """Let the subject sign in no more while `pause` holds; one that is there already gives way to it.

    Open sessions go on. Raises InvalidInput for a pause that nobody answers for, or that is over as it begins.
    """
    _check_by(pause.by)
    if pause.until is not None and not pause.since < pause.until < pause.since + LONGEST:
        raise InvalidInput("A pause must end later than it begins, and within a hundred years.")
    paused = SignInsPaused(subject=roster.subject, at=pause.since, by=pause.by, note=pause.note, until=pause.until)
    return Decision(pause, profile=replace(roster.profile, pause=pause), events=(paused,))


def decide_resume(roster: Roster, by: str, now: int) -> Decision[bool]:
    """Let the subject sign in again. Whether sign-ins were paused until now. Raises InvalidInput if `by` is nobody."""
    _check_by(by := clean_text(by))
    pause = roster.profile.pause
    if pause is None:
        return Decision(outcome=False)
    profile = replace(roster.profile, pause=None)
    if not pause.holds(now):
        return Decision(outcome=False, profile=profile)
    resumed = SignInsResumed(subject=roster.subject, at=now, by=by)
    return Decision(outcome=True, profile=profile, events=(resumed,))


def pause_of(profile: Profile, arrival: Arrival, now: int) -> Pause | None:
    """The pause that keeps `arrival` out, if one does.

    It is about the subject's own sign-ins: whoever acts as them (`Arrival.parent`) signed in as somebody else, and may
    have to look into the very thing they were paused for.
    """
    pause = profile.pause
    return pause if pause is not None and not arrival.parent and pause.holds(now) else None


def _check_by(by: str) -> None:
    if not by:
        raise InvalidInput("Somebody must answer for it: say by whom.")
