"""Nothing in web storage opens the session."""

import re

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check, Need
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.wire.visitor import Visitor

_TOKEN = re.compile(r"[\w.~+/%=-]{16,}")
_AT_MOST = 12
"""Values that are tried."""


def _look(examination: Examination) -> Verdict:
    visitor = examination.sign_in()
    held = examination.web_storage(visitor)
    values = [(key, value) for key, text in held.items() for value in _TOKEN.findall(text)]
    token = examination.token(visitor)
    values.sort(key=lambda each: each[1] not in token)  # what carries the session is tried first
    examination.concealed += [("token", value) for _, value in values]
    alive = examination.look(visitor)[1]
    for key, value in values[:_AT_MOST]:
        for thief in _thieves(examination, value):
            opened = examination.replay(thief)
            if opened is not None:
                return failed(
                    f"What web storage holds as {key!r} opens {opened.url}: any script on the page can take it away",
                    [*alive.chain, *opened.chain],
                )
    if len(values) > _AT_MOST:
        raise NotTestable(f"The first {_AT_MOST} values in web storage open nothing; there are {len(values)}")
    return passed(f"Of {len(values)} values in web storage that could be a token none opens the session", alive.chain)


def _thieves(examination: Examination, value: str) -> list[Visitor]:
    """Browsers with nothing but this value, in each place that a token may be carried in."""
    bearer = Visitor(examination.network, bearer=value)
    if len(examination.survey.carriers) != 1:
        return [bearer]
    nobody = examination.stolen(examination.survey.visitor)
    return [bearer, examination.with_token(nobody, [value])]


CHECK = Check(
    id="token-in-storage",
    title="Web storage holds no token",
    severity=Severity.MEDIUM,
    references=("WSTG-SESS-04", "CWE-922"),
    does=(
        "Signs in with a real browser, reads localStorage and sessionStorage, and tries with each value in them that "
        "could be a token to open pages that need a session. IndexedDB is not read."
    ),
    advice=(
        "Keep the session in a cookie with HttpOnly, which scripts cannot read: one injected script takes away "
        "whatever lies in web storage, and it can be used from elsewhere for as long as it lives. An API for a page of "
        "your own needs no other token."
    ),
    sign_ins=1,
    look=_look,
    needs=frozenset({Need.BROWSER}),
)
