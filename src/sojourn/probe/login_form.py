"""Signing in with a form: found by its password field, sent with its hidden fields, as a browser would."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sojourn.probe.errors import CannotSignIn
from sojourn.probe.network import Network
from sojourn.probe.pages import Form, forms, links
from sojourn.probe.profile import Account
from sojourn.probe.survey import Login
from sojourn.probe.visitor import Page, Visitor

USUAL = ("", "login/", "login", "accounts/login/", "admin/login/", "signin", "sign-in", "users/sign_in", "auth/login")
"""Where login pages usually are, tried in turn where none is named."""


@dataclass(frozen=True)
class FormLogin:
    """One form with a name and a password."""

    url: str

    def describe(self) -> str:
        """What it does, for the report."""
        return f"the form at {self.url}"

    def begin(self, visitor: Visitor, account: Account) -> Callable[[], Sequence[Page]]:
        """Open the page and fill the form; what is returned sends it. Raises CannotSignIn where there is no form."""
        page = visitor.get(self.url)
        form = login_form(page)
        if form is None:
            raise CannotSignIn(f"{self.url} has no form with a password any more")
        filled = fill(form, account)
        return lambda: [page, visitor.post(form.url, filled)]


def login_form(page: Page) -> Form | None:
    """The page's form to sign in with: the first that has exactly one password field."""
    return next((form for form in forms(page) if len(form.named("password")) == 1), None)


def fill(form: Form, account: Account) -> dict[str, str]:
    """What to send: the form as it stands, with the account's name and password."""
    names = form.named("text", "email", "tel")
    marked = [each for each in names if "username" in each.autocomplete or "email" in each.autocomplete]
    chosen = (marked or list(names))[:1]
    password = form.named("password")[0]
    return {
        **form.values,
        **{each.name: account.name for each in chosen},
        password.name: account.password.reveal(),
    }


def find_login(network: Network) -> tuple[Login, str]:
    """The way to sign in, and where it is. Raises CannotSignIn with the pages that were tried."""
    named = network.profile.login
    tried = []
    for path in (named,) if named else USUAL:
        page = Visitor(network).get(path)
        tried.append(page.url)
        if login_form(page) is not None:
            return FormLogin(page.url), page.url
        for url, text in links(page):
            if not named and any(word in text.lower() for word in ("log in", "login", "sign in", "anmelden")):
                there = Visitor(network).get(url)
                if login_form(there) is not None:
                    return FormLogin(there.url), there.url
    raise CannotSignIn(f"No form with a password on {', '.join(tried)}: --login names the page")
