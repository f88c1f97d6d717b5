"""What a sign-in would come to and which rule says so, in the reader's language: what `explain` of the core found."""

from collections.abc import Sequence

from django.utils.translation import gettext, ngettext, pgettext

from sojourn.contrib.django.presentation import device_text
from sojourn.contrib.django.wording import limit_title, reason_text
from sojourn.core.counting import Finding
from sojourn.core.explain import Explanation
from sojourn.core.outcomes import Admitted, Paused, Refused, StartOutcome
from sojourn.core.policy import Counts, Overflow
from sojourn.core.records import Session


def sentences(explanation: Explanation) -> list[str]:
    """A sentence for each limit, and one for what they come to together."""
    found = [_of_limit(finding) for finding in explanation.findings]
    if not found and not isinstance(explanation.outcome, Paused):
        found.append(gettext("No limit is configured."))
    if explanation.report_only:
        found.append(gettext("Report-only: this is recorded, and nothing is enforced."))
    return [*found, _conclusion(explanation.outcome)]


def _of_limit(finding: Finding) -> str:
    facts: dict[str, object] = {"limit": limit_title(finding.limit)}
    if not finding.holds:
        return gettext("Limit “%(limit)s” does not hold this sign-in.") % facts
    facts |= {"use": _use(finding), "excess": finding.excess}
    if not finding.excess:
        return gettext("Limit “%(limit)s”: %(use)s; there is room.") % facts
    if finding.overflow is Overflow.REFUSE:
        text = gettext("Limit “%(limit)s”: %(use)s; %(excess)s too many with this sign-in, which is refused.")
    elif finding.overflow is Overflow.ASK:
        text = gettext("Limit “%(limit)s”: %(use)s; %(excess)s too many with this sign-in, so its user has to choose.")
    else:
        text = gettext("Limit “%(limit)s”: %(use)s; %(excess)s too many with this sign-in, so that others end.")
    return text % facts


def _use(finding: Finding) -> str:
    limit = finding.limit
    if limit.counts is Counts.DEVICES:
        text = ngettext("%(used)s of %(counter)s device", "%(used)s of %(counter)s devices", limit.max_sessions)
    else:
        text = ngettext("%(used)s of %(counter)s session", "%(used)s of %(counter)s sessions", limit.max_sessions)
    return text % {"used": len(limit.taken(finding.counted)), "counter": limit.max_sessions}


def _conclusion(outcome: StartOutcome) -> str:
    if isinstance(outcome, Admitted):
        if not outcome.ended:
            return gettext("The sign-in would be admitted.")
        return gettext("The sign-in would be admitted; these sessions would end: %(sessions)s.") % {
            "sessions": _named(outcome.ended)
        }
    if isinstance(outcome, Refused):
        return gettext("The sign-in would be refused.")
    if isinstance(outcome, Paused):
        return gettext("The sign-in would be stopped, whatever the limits say: sign-ins of this user are paused.")
    return gettext("The user would be asked which session to end.")


def _named(sessions: Sequence[Session]) -> str:
    return ", ".join(
        pgettext("session", "%(device)s (%(reason)s)")
        % {
            "device": device_text(session.device) or pgettext("session", "Unknown device"),
            "reason": reason_text(str(session.end_reason)),
        }
        for session in sessions
    )
