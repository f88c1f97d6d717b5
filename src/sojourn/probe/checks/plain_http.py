"""Without TLS there is nothing but the way to TLS."""

from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit, urlunsplit

from sojourn.probe.answers import Severity, Verdict, failed, passed, warned
from sojourn.probe.check import Check
from sojourn.probe.errors import NotTestable, Unreachable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.signing.form import login_form
from sojourn.probe.wire.cookies import is_local
from sojourn.probe.wire.exchange import Exchange
from sojourn.probe.wire.visitor import Page

STEPS = 4
"""Redirects that are followed as long as they stay without TLS."""


def _look(examination: Examination) -> Verdict:
    url = _without_tls(examination)
    chain = _follow(examination, url)
    if not chain:
        return passed(f"Nothing answers at {urlsplit(url).netloc} without TLS")
    last, names = chain[-1], examination.survey.carriers
    given = [each for each in chain if any(cookie.name in names and cookie.value for cookie in each.set_cookies)]
    if login_form(Page((last,))) is not None:
        return failed(f"{last.url} serves the login form without TLS", chain)
    if given:
        return failed(f"{given[0].url} gives a session without TLS", chain)
    if last.is_redirect and urljoin(last.url, last.header("location")).startswith("https:"):
        return passed("Without TLS there is nothing but the way to https", chain)
    if 400 <= last.status < 500 and last.status != examination.visitor().get(examination.survey.login_url).status:
        return passed(f"Without TLS the login page is refused: {last.status}", chain)
    return warned(f"{last.url} answers {last.status} without TLS, and does not lead to https", chain)


def _without_tls(examination: Examination) -> str:
    """The login page's address without TLS."""
    at = urlsplit(examination.profile.target)
    if at.scheme == "http":
        if is_local(at.hostname or ""):
            raise NotTestable("The target is served over plain http on this machine: audit it where people use it")
        return examination.survey.login_url
    table = examination.profile.extra.get("transport")
    named = table.get("http") if isinstance(table, Mapping) else None
    if not named and at.port not in {None, 443}:
        raise NotTestable(f"Which port answers without TLS beside port {at.port} is not known (`http` in [transport])")
    path = urlsplit(examination.survey.login_url).path
    return urljoin(named, path) if isinstance(named, str) else urlunsplit(("http", at.hostname or "", path, "", ""))


def _follow(examination: Examination, url: str) -> list[Exchange]:
    stranger, chain = examination.visitor(), list[Exchange]()
    while len(chain) < STEPS:
        try:
            chain.append(stranger.get(url, follow=False).exchange)
        except Unreachable:
            break
        url = urljoin(url, chain[-1].header("location"))
        if not (chain[-1].is_redirect and url.startswith("http:") and examination.profile.may_ask(url)):
            break
    return chain


CHECK = Check(
    id="plain-http",
    title="Nobody signs in without TLS",
    severity=Severity.HIGH,
    references=("ASVS 5.0 12.2.1", "WSTG-SESS-04", "NIST SP 800-63B-4 5", "CWE-319"),
    does=(
        "Opens the login page without TLS, as a stranger: it must be refused or lead to https, give no session on the"
        " way, and show no login form."
    ),
    advice=(
        "Answer plain http with a redirect to https and nothing else, before the application begins a session; or do "
        "not answer at all."
    ),
    sign_ins=0,
    look=_look,
)
