"""A session ends some time after the sign-in, however busy it is."""

from sojourn.probe.answers import Severity, Verdict
from sojourn.probe.check import Check, Need
from sojourn.probe.errors import NotTestable, ProbeError
from sojourn.probe.examining.demands import LIFETIME, Span, duration, table, verdict
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.lasting import AFTER, idle
from sojourn.probe.wire.visitor import Page

_LOOKS = 60
"""Times that it is used at least, while the wait lasts."""


def _look(examination: Examination) -> Verdict:
    step = _step(examination)
    visitor = examination.sign_in()
    signed_in, before = examination.look(visitor)
    if not signed_in:
        raise NotTestable(f"{before.url} did not open right after the sign-in")
    began, alive, dead = examination.clock.now(), 0.0, None
    page: Page = before
    while alive < examination.profile.wait and dead is None:
        examination.wait(min(step, max(examination.profile.wait - alive, 0) + AFTER))
        page = visitor.get(examination.survey.marks[0].url)  # the browser itself, which keeps what it is given
        shows = examination.survey.marks[0].shows(page)
        if shows is None:
            raise NotTestable(f"{page.url} answered {page.status}, which does not tell whether one is signed in")
        if shows:
            alive = examination.clock.now() - began
        else:
            dead = examination.clock.now() - began
    span = Span(alive, dead)
    if dead is None:
        said = f"A session in use was still open after {duration(alive)}: a longer --wait may see it end"
    else:
        said = f"A session that is used every {duration(step)} ends {span} after the sign-in"
    return Verdict(verdict(span, LIFETIME), said, (before.exchange, *page.chain), details=tuple(table(span, LIFETIME)))


def _step(examination: Examination) -> float:
    """Seconds between two uses: so few that it never lies idle."""
    few = examination.profile.wait / _LOOKS
    try:
        seen = idle(examination).span
    except ProbeError:
        return min(few, 60)
    return min(few, seen.alive / 2 or (seen.dead or few) / 4)


CHECK = Check(
    id="absolute-lifetime",
    title="A session ends some time after the sign-in, however busy it is",
    severity=Severity.LOW,
    references=("ASVS 5.0 7.3.2", "WSTG-SESS-07", "NIST SP 800-63B-4 5.2", "CWE-613", "Fluid Attacks 023"),
    does=(
        "Uses a session over and over, as often as the inactivity timeout wants, until it ends or --wait is over. "
        "Compares what it finds with what the standards demand."
    ),
    advice="End a session for good some hours after the sign-in, whatever it is used for: 12 hours, or 24 at most.",
    sign_ins=1,
    needs=frozenset({Need.WAIT}),
    look=_look,
)
