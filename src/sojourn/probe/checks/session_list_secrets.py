"""The list of sessions shows nothing that would carry one."""

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.forged import values
from sojourn.probe.examining.revoking import LEAST, revocation


def _look(examination: Examination) -> Verdict:
    seen = revocation(examination)
    if seen.listing is None or not seen.listing.shows_other:
        raise NotTestable("No list of sessions was found (`url` under [sessions] in the profile names it)")
    if not seen.secrets and all(len(each) < LEAST for each in values(examination, examination.survey.visitor)):
        raise NotTestable("What carries the session is too short to be looked for: it could be there by chance")
    if seen.secrets:
        return failed(
            f"{seen.listing.url} holds what carries a session: {', '.join(seen.secrets)}", (seen.listing.both.exchange,)
        )
    return passed(f"{seen.listing.url} holds neither browser's token", (seen.listing.both.exchange,))


CHECK = Check(
    id="session-list-secrets",
    title="The list of sessions shows no token",
    severity=Severity.HIGH,
    references=("ASVS 5.0 14.2.1", "ASVS 5.0 14.2.6", "WSTG-SESS-04", "CWE-522"),
    does="Looks for the values that carry either browser's session in the page that lists the sessions.",
    advice="Name sessions by an id of their own that opens nothing, never by the token or the session's key: whoever "
    "reads the page, its source or a log of its addresses would have every session in it.",
    sign_ins=3,
    shared=3,
    look=_look,
)
