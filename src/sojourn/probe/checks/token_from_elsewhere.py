"""The token is taken from where it belongs, and from no parameter of an address or a form."""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from sojourn.probe.answers import Severity, Verdict, failed, passed
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.tour import path
from sojourn.probe.survey.learnt import Mark
from sojourn.probe.wire.visitor import Page, Visitor

USUAL = ("session", "session_id", "sessionid", "sid", "token", "access_token", "auth_token", "jwt", "PHPSESSID", "key")
"""Names of parameters that applications take tokens from."""


def _look(examination: Examination) -> Verdict:
    visitor, mark = examination.sign_in(), examination.survey.marks[0]
    names = examination.survey.carriers
    values = {name: visitor.jar.value(name) for name in names} if names else {}
    token = visitor.bearer or next(iter(values.values()), "")
    if not token:
        raise NotTestable("No single value carries the session here")
    signed_in, control = examination.look(visitor)
    if not signed_in:
        raise NotTestable("The session ended before its token could be tried elsewhere")
    wrong = "0" * len(token)
    for way, bring in WAYS.items():
        page = bring(examination.visitor(), mark.url, _parameters(token, values))
        if _opens(mark, page):
            other = bring(examination.visitor(), mark.url, _parameters(wrong, dict.fromkeys(values, wrong)))
            if not _opens(mark, other):  # it does not open whatever is brought
                return failed(
                    f"The token opens {path(mark.url)} without a cookie, {way}",
                    (*control.chain, *other.chain, *page.chain),
                )
    if not examination.is_signed_in(visitor):
        raise NotTestable("The session ended while its token was tried elsewhere, so its refusal tells nothing")
    return passed(f"The token opens nothing {', '.join(WAYS)}: {path(mark.url)} was tried")


WAYS: dict[str, Callable[[Visitor, str, dict[str, str]], Page]] = {
    "in the query": lambda stranger, url, sent: stranger.get(f"{url.partition('?')[0]}?{urlencode(sent)}"),
    "after ;jsessionid= in the path": lambda stranger, url, sent: stranger.get(
        f"{url.partition('?')[0]};jsessionid={sent[USUAL[0]]}"
    ),
    "in a form's field": lambda stranger, url, sent: stranger.post(url, sent),
}
"""How a token is brought other than in its cookie or header."""


def _parameters(token: str, values: dict[str, str]) -> dict[str, str]:
    return dict.fromkeys(USUAL, token) | {_bare(name): value for name, value in values.items()} | values


def _opens(mark: Mark, page: Page) -> bool:
    behind = page.status == 200 and urlsplit(page.url).path.startswith(urlsplit(mark.url).path + ";")
    return behind or mark.shows(page) is True


def _bare(name: str) -> str:
    return name.removeprefix("__Host-").removeprefix("__Secure-")


CHECK = Check(
    id="token-from-elsewhere",
    title="The token counts only where it belongs",
    severity=Severity.MEDIUM,
    references=("ASVS 5.0 14.2.1", "WSTG-SESS-03", "WSTG-SESS-04", "CWE-598", "CWE-384"),
    does=(
        "Signs in, and brings the token without a cookie: in the query, after ;jsessionid= and in a form's field, by "
        "its cookie's name and by usual ones."
    ),
    advice=(
        "Read the token from its cookie (or its header) only: otherwise a link is enough to give somebody a session "
        "that another one knows, and tokens end up in addresses."
    ),
    sign_ins=1,
    look=_look,
)
