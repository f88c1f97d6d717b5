"""A session that nobody uses ends by itself, on the server."""

from sojourn.probe.answers import Severity, Verdict
from sojourn.probe.check import Check, Need
from sojourn.probe.examining.demands import INACTIVITY, duration, table, verdict
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.lasting import AT_ONCE, ROUNDS, idle


def _look(examination: Examination) -> Verdict:
    found = idle(examination)
    if found.span.dead is None:
        said = (
            f"A session that lay idle for {duration(found.span.alive)} was still open: a longer --wait may see it end"
        )
    else:
        said = f"A session that lies idle ends {found.span}"
    return Verdict(verdict(found.span, INACTIVITY), said, found.evidence, details=tuple(table(found.span, INACTIVITY)))


CHECK = Check(
    id="inactivity-timeout",
    title="A session that nobody uses ends by itself",
    severity=Severity.MEDIUM,
    references=(
        "ASVS 5.0 7.3.1",
        "WSTG-SESS-07",
        "NIST SP 800-53 AC-12",
        "PCI DSS 4.0 8.2.8",
        "CWE-613",
        "Fluid Attacks 068",
    ),
    does=(
        f"Leaves up to {AT_ONCE} sessions idle beside one another and looks at each once, after a pause of its own; "
        "then tries pauses in between, as long as --wait allows. Compares what it finds with what the standards demand."
    ),
    advice=(
        "End a session on the server when it has not been used for 15 minutes (an hour at most), judged when it is "
        "looked up and not by a clean-up job."
    ),
    sign_ins=AT_ONCE + 3 * (ROUNDS - 1),
    needs=frozenset({Need.WAIT}),
    look=_look,
)
