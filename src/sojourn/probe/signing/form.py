"""Signing in with a form: found by its password field, sent with its hidden fields, as a browser would."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sojourn.probe.errors import CannotSignIn, LockedOut
from sojourn.probe.profiles.profile import Account
from sojourn.probe.reading.pages import Field, Form, asks_password, forms, is_scripted, leads_on
from sojourn.probe.reading.wording import CAPTCHA, FORGOTTEN, REGISTER, REMEMBER, SEARCH_OR_NEWS, SIGN_IN
from sojourn.probe.wire.visitor import Page, Visitor

_TYPED = ("text", "email", "tel", "number")
_BY_ITSELF = {"samlresponse", "samlrequest", "id_token", "wresult", "code"}
"""Hidden fields of a form that a script sends at once, on the way through a single sign-on."""
_SHUT_OUT = {403, 429, 503}
_AT_MOST = 4
"""Pages that lead on by themselves after a sign-in."""


@dataclass(frozen=True)
class FormLogin:
    """A page with a form for a name and a password; or one for the name, and the password on the page after it."""

    url: str

    def describe(self) -> str:
        """What it does, for the report."""
        return f"the form at {urlsplit(self.url)._replace(query='').geturl()}"

    def begin(self, visitor: Visitor, account: Account) -> Callable[[], Sequence[Page]]:
        """Open the page and fill the form; what is returned sends it. Raises CannotSignIn where there is no form."""
        is_new, pages = not any(True for _ in visitor.jar), [visitor.get(self.url)]
        form = login_form(pages[-1])
        if form is None:
            if is_new and pages[-1].status in _SHUT_OUT:
                raise LockedOut(
                    f"{self.url}, which had a form before, was answered {pages[-1].status} to a new browser"
                )
            first = name_form(pages[-1])
            if first is None:
                raise CannotSignIn(f"{pages[-1].url} {why_not(pages[-1])}")
            pages.append(submit(visitor, pages[-1], first, fill(first, account)))
            form = login_form(pages[-1])
            if form is None:
                raise CannotSignIn(f"{self.url} takes the name, but {pages[-1].url} after it {why_not(pages[-1])}")
        filled = fill(form, account)
        return lambda: [*pages, *settle(visitor, submit(visitor, pages[-1], form, filled))]


def login_form(page: Page) -> Form | None:
    """The page's form to sign in with: has one field for a password, and says so most plainly.

    A form that would be sent by GET is none: a password never goes into an address.
    """
    found = [
        form
        for form in forms(page)
        if form.method == "POST" and len(form.passwords) == 1 and form.passwords[0].autocomplete != "new-password"
    ]
    return max(found, key=_plainness, default=None)


def _plainness(form: Form) -> int:
    said = f"{form.text} {urlsplit(form.url).path} {' '.join(each.hint for each in form.named('submit'))}"
    buttons = " ".join(each.hint for each in form.named("submit"))
    return (
        2 * bool(SIGN_IN.search(said))
        + (form.passwords[0].autocomplete == "current-password")
        - 3 * bool(REGISTER.search(f"{buttons} {urlsplit(form.url).path}"))
    )


def name_form(page: Page) -> Form | None:
    """The form that asks for the name only, where it is plain that a sign-in begins with it."""
    for form in forms(page):
        typed = form.named(*_TYPED)
        if form.method != "POST" or form.passwords or len(typed) != 1:
            continue
        about = f"{form.text} {urlsplit(form.url).path} {urlsplit(page.url).path}"
        if any(each.search(about) for each in (SEARCH_OR_NEWS, FORGOTTEN)):
            continue
        meant = "username" in typed[0].autocomplete or bool(SIGN_IN.search(about))
        if meant and not REGISTER.search(urlsplit(form.url).path):
            return form
    return None


def fill(form: Form, account: Account) -> dict[str, str]:
    """What to send: the form as it stands, with the account's name and password, not to be remembered.

    Raises CannotSignIn where it asks for what only a person can answer.
    """
    typed = [each for each in form.named(*_TYPED) if not each.asks_password]
    if any(CAPTCHA.search(f"{each.name} {each.hint}") for each in typed):
        raise CannotSignIn(f"The form at {form.url} asks for a captcha: the application has to spare the test account")
    unwanted = {each.name for each in form.named("checkbox") if REMEMBER.search(f"{each.name} {each.hint}")}
    filled = {name: value for name, value in form.pressing(SIGN_IN).items() if name not in unwanted}
    chosen = max(typed, key=name_likeness, default=None)
    if chosen is not None:
        filled[chosen.name] = account.name
    for each in form.passwords:
        filled[each.name] = account.password.reveal()
    return filled


def name_likeness(field: Field) -> int:
    """How plain it is that the account's name belongs into a field; 0 where nothing says so."""
    if "username" in field.autocomplete or "email" in field.autocomplete:
        return 3
    about = f"{field.name} {field.hint}".lower()
    if any(word in about for word in ("user", "login", "mail", "account", "benutzer", "usuario", "utilisateur")):
        return 2
    return 1 if "name" in about or "id" in about else 0


def submit(visitor: Visitor, page: Page, form: Form, values: dict[str, str]) -> Page:
    """Send a form from the page that it is on, and follow. Raises OffLimits where it leads to a host nobody named."""
    at = urlsplit(page.url)
    said = {"Origin": f"{at.scheme}://{at.netloc}", "Referer": at._replace(fragment="").geturl()}
    if form.method == "POST":
        return visitor.post(form.url, values, headers=said)
    return visitor.request(form.method, form.url, form=values, headers=said)


def settle(visitor: Visitor, page: Page) -> list[Page]:
    """Go on from an answer as long as it leads on by itself: by a refresh, or by a form that a script would send."""
    pages = [page]
    for _ in range(_AT_MOST):
        onward, passing = leads_on(pages[-1]), _passing(pages[-1])
        if passing is not None:
            pages.append(submit(visitor, pages[-1], passing, passing.values))
        elif onward and visitor.network.profile.may_ask(onward):
            pages.append(visitor.get(onward))
        else:
            break
    return pages


def _passing(page: Page) -> Form | None:
    found = forms(page)
    if len(found) != 1 or found[0].method != "POST" or found[0].named(*_TYPED, "password"):
        return None
    return found[0] if any(each.name.lower() in _BY_ITSELF for each in found[0].named("hidden")) else None


def why_not(page: Page) -> str:
    """Why nobody can sign in on a page, and what to do about it; the end of a sentence that begins with its address."""
    if page.status >= 400:
        return f"was answered {page.status}"
    if any(form.passwords and form.method != "POST" for form in forms(page)):
        return "has a form that would put the password into the address; `[[login.steps]]` says what is sent instead"
    if asks_password(page) or is_scripted(page):
        return "has no form that works without scripts; `[[login.steps]]` in the profile says what they send"
    return "has no form with a password"
