"""Disabling and enabling the account as an administrator does it: a box on a form, that of Django's admin by itself."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from bs4 import BeautifulSoup, Tag

from sojourn.probe.errors import NotRestored, NotTestable, WrongProfile
from sojourn.probe.examining.examination import Examination
from sojourn.probe.profiles.profile import Profile
from sojourn.probe.reading.pages import address, forms, links
from sojourn.probe.reading.wording import SIGN_OUT
from sojourn.probe.signing.form import fill, login_form, submit
from sojourn.probe.wire.agents import browser
from sojourn.probe.wire.visitor import Page, Visitor

USERS = "admin/auth/user/"
"""Where Django's admin lists users."""
BOX = "is_active"
_KEYS = {"user", "box", "disabled_when"}


@dataclass(frozen=True)
class Switch:
    """A box on an administrator's form: the account is enabled while it is ticked, or while it is not."""

    url: str
    box: str
    enabled_when_ticked: bool

    def set(self, admin: Visitor, *, enabled: bool) -> Page:
        """Send the form as it stands with the box as it must be; the answer.

        Raises NotTestable where the form does not show afterwards what it was sent.
        """
        page = admin.get(self.url)
        box, url, values = _form_around(page, self.box)
        values.pop(self.box, None)
        if enabled is self.enabled_when_ticked:
            values[self.box] = str(box.get("value") or "on")
        answer = admin.post(url, values)
        shown, _, _ = _form_around(admin.get(self.url), self.box)
        if shown.has_attr("checked") is not (self.box in values):
            raise NotTestable(f"{self.url} does not keep what is set there")
        return answer


def administrator(examination: Examination) -> tuple[Visitor, Switch]:
    """An administrator who is signed in, and the account's box. Raises NotTestable where there is no such thing."""
    table, profile = _table(examination.profile), examination.profile
    if profile.admin is not None and profile.admin.name == profile.account.name:
        raise NotTestable("The administrator is the account itself, and could not enable it again")
    admin = browser(examination.network, 4)
    begin = table.get("user") or f"{USERS}?q={profile.account.name}"
    page = admin.get(begin)
    form = login_form(page)
    if form is not None and profile.admin is not None:
        examination.budget.spend()
        examination.adopt(admin)
        submit(admin, page, form, fill(form, profile.admin))
        page = admin.get(begin)
    if page.status != 200 or login_form(page) is not None:
        raise NotTestable("The administrator could not sign in, or has no such page (`user` under [disabling])")
    url = page.url
    if "user" not in table:
        found = [link for link, text in links(page) if text.strip() == profile.account.name and "/change/" in link]
        if len(set(found)) != 1:
            raise NotTestable(f"{USERS} does not list the account (`user` under [disabling] names its page)")
        url = found[0]
    return admin, Switch(url, table.get("box", BOX), table.get("disabled_when", "unticked") == "unticked")


@contextmanager
def disabled(admin: Visitor, switch: Switch, examination: Examination) -> Iterator[Page]:
    """Disable the account, and enable it again in the end, whatever happens. Raises NotRestored where that fails."""
    try:
        yield switch.set(admin, enabled=False)
    finally:
        examination.network.extend(60)
        try:
            switch.set(admin, enabled=True)
        except (Exception, KeyboardInterrupt):  # noqa: BLE001  # what is not restored must be told, whatever it was
            raise NotRestored(
                f"THE ACCOUNT {examination.profile.account.name} MAY BE DISABLED STILL: it was disabled, and could not "
                f"be enabled again at {switch.url}"
            ) from None


def leave(admin: Visitor, switch: Switch) -> bool:
    """Sign the administrator out by a form on their page; whether the page is closed to them then."""
    for form in forms(admin.get(switch.url)):
        if SIGN_OUT.search(f"{form.text} {form.url}"):
            kept = admin.twin()
            admin.request(form.method, form.url, form=form.values)
            return login_form(kept.get(switch.url)) is not None
    return False


def _form_around(page: Page, name: str) -> tuple[Tag, str, dict[str, str | list[str]]]:
    """The box of that name, where its form goes, and all that its form sends as it stands: nothing else changes."""
    box = BeautifulSoup(page.text, "html.parser").find("input", attrs={"name": name, "type": "checkbox"})
    form = box.find_parent("form") if box else None
    if box is None or form is None:
        raise NotTestable(f"{page.url} has no form with a box {name!r} (`user` and `box` under [disabling])")
    sent: dict[str, str | list[str]] = {}
    for each in form.find_all(["input", "select", "textarea"]):
        values = _values(each)
        if each.get("name") and not each.has_attr("disabled") and values:
            known = sent.get(str(each["name"]), [])
            sent[str(each["name"])] = [*(known if isinstance(known, list) else [known]), *values]
    return box, address(page, str(form.get("action") or page.url)), sent


def _values(tag: Tag) -> list[str]:
    """What a control sends as it stands; [] for nothing."""
    if tag.name == "textarea":
        return [tag.get_text().removeprefix("\n")]
    if tag.name == "select":
        options = tag.find_all("option")
        chosen = [each for each in options if each.has_attr("selected")]
        if not tag.has_attr("multiple"):
            chosen = chosen[-1:] or options[:1]
        return [str(each["value"]) if each.has_attr("value") else _said(each) for each in chosen]
    kind = str(tag.get("type") or "text").lower()
    if kind in {"submit", "button", "image", "reset", "file"} or (
        kind in {"checkbox", "radio"} and not tag.has_attr("checked")
    ):
        return []
    return [str(tag.get("value") or ("on" if re.match("checkbox|radio", kind) else ""))]


def _said(option: Tag) -> str:
    """What an option says: not what the next one says, which is within it where its end is left out."""
    return "".join(option.find_all(string=True, recursive=False)).strip()


def _table(profile: Profile) -> dict[str, str]:
    table = profile.extra.get("disabling", {})
    if not isinstance(table, Mapping) or not table.keys() <= _KEYS:
        raise WrongProfile(f"[disabling] has {', '.join(sorted(_KEYS))}, and nothing else")
    if not all(isinstance(each, str) and each for each in table.values()):
        raise WrongProfile("what [disabling] says is all text")
    if table.get("disabled_when", "unticked") not in {"ticked", "unticked"}:
        raise WrongProfile("disabled_when under [disabling] is ticked or unticked")
    return dict(table)
