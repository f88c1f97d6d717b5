"""The session's cookies as the application gave them: what the checks of cookies judge."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.wire.cookies import SetCookie
from sojourn.probe.wire.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Given:
    """A cookie, and the answer that set it."""

    cookie: SetCookie
    exchange: Exchange

    @property
    def name(self) -> str:
        """The cookie's."""
        return self.cookie.name

    @property
    def host(self) -> str:
        """Of the answer."""
        return urlsplit(self.exchange.url).hostname or ""

    @property
    def over_tls(self) -> bool:
        """Whether the answer came over TLS."""
        return self.exchange.url.startswith("https:")


def all_given(examination: Examination) -> list[Given]:
    """Every cookie that the first sign-in left in the browser: each as it was set last."""
    found = dict[str, Given]()
    for page in examination.survey.signed_in:
        for exchange in page.chain:
            for cookie in exchange.set_cookies:
                found[cookie.name] = Given(cookie, exchange)
    return [each for each in found.values() if each.cookie.value]


def session_cookies(examination: Examination) -> list[Given]:
    """Those without which one is not signed in. Raises NotTestable where no answer set such a cookie."""
    carriers = examination.survey.carriers
    if not carriers:
        raise NotTestable("No single cookie carries the session here: a bearer token does, or one cookie of several")
    found = [each for each in all_given(examination) if each.name in carriers]
    if not found:
        raise NotTestable(f"No answer of the sign-in set the cookie {' or '.join(carriers)}: a script may have done it")
    return found


def tls_cookies(examination: Examination) -> list[Given]:
    """The same where they were set over TLS. Raises NotTestable otherwise: what they promise needs TLS."""
    found = [each for each in session_cookies(examination) if each.over_tls]
    if not found:
        raise NotTestable("The target is served over plain http: audit it at its https address")
    return found


def named(cookies: list[Given]) -> str:
    """Their names, to be read in a sentence."""
    return " and ".join(each.name for each in cookies)
