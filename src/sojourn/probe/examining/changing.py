"""Changing the account's password, and changing it back whatever happens meanwhile."""

import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from sojourn.probe.errors import NotRestored, NotTestable, OutOfSignIns, ProbeError, WrongProfile
from sojourn.probe.examining.examination import Examination
from sojourn.probe.profiles.profile import Profile
from sojourn.probe.profiles.secret import Secret
from sojourn.probe.reading.pages import Form, forms, links
from sojourn.probe.reading.wording import HARMS
from sojourn.probe.wire.agents import browser
from sojourn.probe.wire.visitor import Page, Visitor

USUAL = (
    *("password_change/", "accounts/password_change/", "accounts/password/change/", "password/change"),
    *(
        "account/password",
        "settings/password",
        "admin/password_change/",
        "password",
        "account/security",
        "settings/security",
    ),
)
"""Where passwords are changed, tried in turn where the profile does not say."""
_NAMED = re.compile(
    r"passw|kennwort|mot de passe|contrase[nñ]a|senha|wachtwoord|hasło|парол|パスワード|密码", re.IGNORECASE
)
RESERVE = 3
"""Sign-ins without which the password is not changed: they may be needed to change it back."""
_KEYS = {"url", "old", "new", "repeat", "new_password_env"}


@dataclass(frozen=True)
class Changing:
    """A form that changes the password."""

    url: str
    names: Mapping[str, str]
    """The names of its fields where the profile says them: "old", "new", "repeat"."""
    new: Secret

    def send(self, visitor: Visitor, old: Secret, new: Secret) -> Page:
        """Fill in the form and send it; the answer, whatever it says. Raises NotTestable where there is no form."""
        form = _form(visitor.get(self.url))
        if form is None:
            raise NotTestable(f"{self.url} has no form to change the password with")
        return visitor.request(form.method, form.url, form={**form.values, **self._filled(form, old, new)})

    def _filled(self, form: Form, old: Secret, new: Secret) -> dict[str, str]:
        if self.names:
            values = {"old": old, "new": new, "repeat": new}
            return {name: values[what].reveal() for what, name in self.names.items()}
        asked = list(form.passwords)
        current = [each for each in asked if each.autocomplete == "current-password"] or asked[: len(asked) > 2]
        return {each.name: (old if each in current else new).reveal() for each in asked}


def changing(examination: Examination, visitor: Visitor) -> Changing:
    """The form by which `visitor` can change the password. Raises NotTestable where there is none, WrongProfile."""
    table = _table(examination.profile)
    new = _new(table)
    examination.concealed.append(("password", new.reveal()))
    names = {key: name for key, name in table.items() if key in {"old", "new", "repeat"}}
    for url in [table["url"]] if "url" in table else [*_links(examination, visitor), *USUAL]:
        try:
            page = visitor.twin().get(url)
        except ProbeError:
            continue
        if _form(page) is not None:
            return Changing(page.url, names, new)
    raise NotTestable("No form to change the password was found (`url` under [changing] in the profile names it)")


@contextmanager
def changed(examination: Examination, way: Changing, visitor: Visitor) -> Iterator[Page]:
    """Change the password, and change it back in the end, Ctrl-C and the end of the audit's time included.

    The answer to the change may mean anything: who needs to know signs in with `way.new`. Raises NotRestored where the
    account's own password does not sign in any more afterwards.
    """
    form = visitor.get(way.url)
    if _form(form) is None:
        raise NotTestable(f"{way.url} has no form to change the password with")
    if examination.budget.left < RESERVE:
        raise OutOfSignIns(f"Changing the password back may need {RESERVE} sign-ins, which are not left")
    try:
        yield way.send(visitor, examination.profile.account.password, way.new)
    finally:
        examination.network.extend(60)
        restored = False
        with suppress(Exception, KeyboardInterrupt):  # whatever happens: what is not restored must be told
            restored = _restored(examination, way, visitor)
        if not restored:
            raise NotRestored(
                f"THE PASSWORD OF {examination.profile.account.name} IS NOT WHAT IT WAS: it could not be changed back. "
                "It is what `new_password_env` under [changing] names, if that was given; otherwise nobody knows it, "
                "and it must be reset"
            )


def _restored(examination: Examination, way: Changing, by: Visitor) -> bool:
    account = examination.profile.account
    with suppress(ProbeError):
        if not examination.is_signed_in(by):
            by = examination.sign_in(browser(examination.network, 2), account=replace(account, password=way.new))
        way.send(by, way.new, account.password)
    with suppress(ProbeError):
        examination.sign_out_of_all()
        return examination.attempt(browser(examination.network, 3)).admitted
    return False


def _form(page: Page) -> Form | None:
    """The form with which a password is changed: has several fields for passwords, or one for a new one."""
    return next((each for each in forms(page) if each.method == "POST" and len(each.passwords) > 1), None)


def _links(examination: Examination, visitor: Visitor) -> list[str]:
    """Where links about passwords lead, on the pages that show that one is signed in."""
    pages = [visitor.twin().get(mark.url) for mark in examination.survey.marks]
    found = [url for page in pages for url, text in links(page) if _NAMED.search(f"{urlsplit(url).path} {text}")]
    harmless = [url for url in dict.fromkeys(found) if not HARMS.search(urlsplit(url).path)]
    return [url for url in harmless if examination.profile.may_ask(url)]


def _table(profile: Profile) -> dict[str, str]:
    table = profile.extra.get("changing", {})
    if not isinstance(table, Mapping) or not table.keys() <= _KEYS:
        raise WrongProfile(f"[changing] has {', '.join(sorted(_KEYS))}, and nothing else")
    if not all(isinstance(each, str) and each for each in table.values()):
        raise WrongProfile("what [changing] says is all text")
    if "old" in table and "new" not in table:
        raise WrongProfile("`new` under [changing] is missing: into which field does the new password go?")
    return dict(table)


def _new(table: Mapping[str, str]) -> Secret:
    variable = table.get("new_password_env")
    if variable is None:
        return Secret(f"{secrets.token_urlsafe(15)}-aZ7!")  # of each kind that rules for passwords ask for
    if not os.environ.get(variable):
        raise WrongProfile(f"new_password_env under [changing]: there is nothing in {variable}")
    return Secret(os.environ[variable])
