"""Users see their own sessions."""

from sojourn.probe.answers import Severity, Verdict, failed, passed, warned
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.revoking import revocation
from sojourn.probe.reading.news import quiet

_NAME_IT = "`url` under [sessions] in the profile names the page, or the JSON that its scripts read"


def _look(examination: Examination) -> Verdict:
    seen = revocation(examination)
    listing = seen.listing
    if listing is None:
        return warned(
            f"No page was found that lists the user's sessions, by links or at usual addresses; {_NAME_IT}",
            seen.pressed,
        )
    evidence = (listing.alone.exchange, listing.both.exchange)
    if listing.shows_other:
        details = [] if listing.shows_own else ["It does not say which browser it is that looks at the list"]
        return passed(f"{listing.url} shows the other browser:", evidence, details=details, quoted=listing.says_more)
    if quiet(listing.both) or "<script" in listing.both.text.lower():
        raise NotTestable(f"{listing.url} shows one browser only, but scripts may add to it; {_NAME_IT}")
    return failed(f"{listing.url} shows one browser only, although two are signed in", evidence)


CHECK = Check(
    id="session-list",
    title="Users see all of their own sessions",
    severity=Severity.MEDIUM,
    references=("ASVS 5.0 7.5.2", "Fluid Attacks 062", "NIST SP 800-53 AC-10"),
    does="Signs in with one browser, looks at the pages that may list sessions, signs in with another browser, and "
    "looks what they say more.",
    advice="Give users a page with every session of theirs: device, place, when it began and was last used, which is "
    "this one; and a button to end each. Without it nobody notices that somebody else is signed in.",
    sign_ins=3,
    shared=3,
    look=_look,
)
