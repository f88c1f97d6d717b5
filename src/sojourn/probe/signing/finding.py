"""Where one signs in: what the profile says, or else what the front page leads to, or else where it usually is."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from sojourn.probe.errors import CannotSignIn, OffLimits, WrongProfile
from sojourn.probe.reading.pages import asks_password, is_scripted, links
from sojourn.probe.reading.wording import REGISTER, SIGN_IN
from sojourn.probe.signing.browser import BrowserLogin
from sojourn.probe.signing.form import FormLogin, login_form, name_form, why_not
from sojourn.probe.signing.steps import StepsLogin
from sojourn.probe.survey.learnt import Login
from sojourn.probe.wire.chromium import Chromium
from sojourn.probe.wire.network import Network
from sojourn.probe.wire.visitor import Page, Visitor

USUAL = (
    *("login/", "login", "accounts/login/", "admin/login/", "signin", "sign-in", "users/sign_in", "auth/login"),
    *("user/login", "account/login", "session/new", "wp-login.php"),
)
"""Where login pages usually are, tried in turn where none is named or linked to."""
_LINKS = 3


def find_login(network: Network) -> tuple[Login, str]:
    """The way to sign in, and where it is. Raises CannotSignIn with the pages that were tried."""
    profile = network.profile
    if profile.browser:
        return _in_a_browser(network)
    if profile.steps:
        steps = StepsLogin(profile.steps, profile.bearer)
        return steps, profile.url(profile.login or steps.steps[0].url)
    tried, why, off_limits = list[str](), "", None
    for url in dict.fromkeys(_candidates(network)):
        try:
            page = Visitor(network).get(url)
        except OffLimits as error:
            off_limits = off_limits or error
            tried.append(url)
            continue
        tried.append(page.url)
        if login_form(page) is not None or name_form(page) is not None:
            at = _lasting(url, page)
            return FormLogin(at), at
        why = why if page.status >= 400 and why else why_not(page)
    if off_limits is not None:
        raise off_limits
    which = tried[0] if profile.login else "the last of them"
    where = ", ".join(dict.fromkeys(tried[:6])) + (" and elsewhere" if len(tried) > 6 else "")
    raise CannotSignIn(f"No way to sign in on {where}: {which} {why}; --login names the page")


def _in_a_browser(network: Network) -> tuple[Login, str]:
    """The page that a real browser opens: named, or the first that has a form or is built by scripts."""
    profile = network.profile
    if any(step.json or step.keep for step in profile.steps):
        raise WrongProfile(
            "A real browser fills in what can be seen on a page: without --browser go steps with `json` or `keep`"
        )
    chromium = Chromium()
    network.closing.callback(chromium.close)
    named = profile.login or (profile.steps[0].url if profile.steps else "")
    url = profile.url(named) if named else _with_scripts(network)
    return BrowserLogin(chromium, url, profile.steps), url


def _with_scripts(network: Network) -> str:
    """Raises CannotSignIn where there is none. The front page comes last, unless it asks for a password itself."""
    home, off_limits = network.profile.url(""), None
    for url in dict.fromkeys(_candidates(network)):
        try:
            page = Visitor(network).get(url)
        except OffLimits as error:
            off_limits = off_limits or error
            continue
        if page.status < 400 and (asks_password(page) or name_form(page) or (url != home and is_scripted(page))):
            return url
    if off_limits is not None:
        raise off_limits
    if is_scripted(Visitor(network).get(home)):
        return home
    raise CannotSignIn(f"No page to sign in on was found at {home}; --login names it")


def _candidates(network: Network) -> Iterator[str]:
    """Addresses in the order of trying; each is looked at before the next is asked for."""
    profile = network.profile
    if profile.login:
        yield profile.url(profile.login)
        return
    yield profile.url("")
    home = Visitor(network).get("")
    said = [url for url, text in links(home) if SIGN_IN.search(f"{text} {urlsplit(url).path}")]
    plain = [url for url in said if not REGISTER.search(urlsplit(url).path)]
    yield from list(dict.fromkeys(plain))[:_LINKS]
    for path in USUAL:
        yield profile.url(path)


def _lasting(url: str, page: Page) -> str:
    """The address to begin at each time: where one was sent to, unless on another host, with a state of its own."""
    return page.url if urlsplit(page.url).netloc == urlsplit(url).netloc else url
