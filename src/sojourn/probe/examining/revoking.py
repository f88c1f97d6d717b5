"""Ending another browser's session from the list of sessions: done once, and judged by several checks.

First as a forged request would do it, then as a person would.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlencode

from sojourn.probe.errors import NotTestable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.examining.listing import Listing, best, candidates, is_guard, new_forms
from sojourn.probe.examining.pair import second
from sojourn.probe.reading.pages import Form, forms, links
from sojourn.probe.signing.form import fill, login_form
from sojourn.probe.wire.agents import browser
from sojourn.probe.wire.exchange import Exchange
from sojourn.probe.wire.visitor import Page, Visitor

LEAST = 8
"""Characters of a value that is looked for: a shorter one could be there by chance."""
STEPS = 4
"""Pages on the way that are followed: a password, a confirmation."""
ATTACKER = "https://attacker.example"
_ENDS = re.compile(
    r"\bend\b|revoke|(sign|log)[ -]?(out|off)|terminate|remove|delete|disconnect|kick|beenden|abmelden|entfernen"
    r"|widerruf|cerrar|terminar|fermer|d[eé]connecter|r[eé]voquer|supprimer|chiudi|termina|encerrar|be[eë]indig|zako[nń]cz|заверш"
    r"|終了|结束|結束",
    re.IGNORECASE,
)
_ALL = re.compile(r"\ball\b|others?\b|everywhere|alle|andere|überall|todas|toutes|tutte", re.IGNORECASE)


@dataclass(kw_only=True)
class Revocation:
    """What came of it."""

    listing: Listing | None
    """None where no list was found; then nothing was done."""
    secrets: list[str] = field(default_factory=list)
    """Where the list shows what carries a session, as phrases."""
    how: str = ""
    """What is pressed, as a phrase; "" where nothing was found to press."""
    before: Exchange | None = None
    """A page that needs a session, opened by the other browser before."""
    after: Page | None = None
    """The same, if it still opens afterwards."""
    pressed: list[Exchange] = field(default_factory=list)
    """The way, from pressing on; where no list was found, what was looked at."""
    ended: bool = False
    asked_password: bool = False
    own_alive: bool = True
    by_get: Exchange | None = None
    """A GET that ended it."""
    by_forgery: Exchange | None = None
    """A POST from another site, without the form's token, that ended it."""


def revocation(examination: Examination) -> Revocation:
    """Find the list and end a second browser's session from there, at most once in an audit.

    Raises NotTestable where the account may not have two sessions at once, each time anew.
    """

    def find() -> Revocation | NotTestable:
        try:
            return _revoke(examination)
        except NotTestable as reason:
            return reason
        finally:
            examination.sign_out_of_all()

    found = examination.known("revocation", find)
    if isinstance(found, NotTestable):
        raise found
    return found


def _revoke(examination: Examination) -> Revocation:
    one = examination.sign_in(browser(examination.network, 0))
    before = candidates(examination, one)
    other = second(examination, one)
    listing = best(before, one)
    done = Revocation(listing=listing)
    if listing is None:
        done.pressed = [examination.look(one)[1].exchange]  # where a link to it was looked for
        return done
    done.secrets = _secrets(examination, listing, {"its own": one, "the other browser's": other})
    form, link = _control(listing)
    if not listing.shows_other or not (form or link):
        return done
    done.before = examination.look(other)[1].exchange
    if form is None:
        done.how = f"the link {link}"
        done.by_get = one.get(link).chain[0]
        done.pressed = [done.by_get]
    else:
        done.how = f"the form that goes to {form.url}"
        _forge(examination, done, one, other, form, _filled(listing, form))
        if not _ended(examination, other):
            _press(examination, done, one, other, listing, form)
    done.after = examination.replay(other)
    done.ended = done.after is None
    if not done.ended:
        done.by_get = done.by_forgery = None
    done.own_alive = examination.is_signed_in(one)
    return done


def _control(listing: Listing) -> tuple[Form | None, str]:
    """What ends the other session: the form for it, or else a link."""
    found = [each for each in new_forms(listing) if _ENDS.search(f"{each.text} {each.url}")] or new_forms(listing)
    if found:
        return min(found, key=lambda each: bool(_ALL.search(f"{each.text} {each.url}"))), ""
    known = {url for url, _ in links(listing.alone)}
    return None, next(
        (url for url, text in links(listing.both) if url not in known and _ENDS.search(f"{text} {url}")), ""
    )


def _filled(listing: Listing, form: Form) -> dict[str, str]:
    """What is sent: where the form lists sessions to choose from, the other one is chosen."""
    known = {(each.name, each.value) for shown in forms(listing.alone) for each in shown.fields}
    offered = [each for each in form.named("radio", "checkbox") if (each.name, each.value) not in known]
    return {**form.values, **{each.name: each.value for each in offered[:1]}}


def _forge(
    examination: Examination, done: Revocation, one: Visitor, other: Visitor, form: Form, filled: dict[str, str]
) -> None:
    """As another site could make this browser do it: with its cookies, without what the form has against that."""
    values = {name: value for name, value in filled.items() if not is_guard(name)}
    join = "&" if "?" in form.url else "?"
    page = one.twin().get(f"{form.url}{join}{urlencode(values)}" if values else form.url)
    if _ended(examination, other):
        done.by_get, done.pressed = page.chain[0], list(page.chain)
        return
    if form.method == "GET" or one.bearer:
        return
    foreign = {"Origin": ATTACKER, "Referer": f"{ATTACKER}/", "Sec-Fetch-Site": "cross-site"}
    page = one.twin().post(form.url, values, headers=foreign)
    if _ended(examination, other):
        done.by_forgery, done.pressed = page.chain[0], list(page.chain)


def _press(
    examination: Examination, done: Revocation, one: Visitor, other: Visitor, listing: Listing, form: Form
) -> None:
    """As a person would, who gives the password again where that is asked for."""
    page = one.get(listing.url)
    current: Form | None = next((each for each in forms(page) if each.url == form.url), form)
    for _ in range(STEPS):
        if current is None:
            return
        values = _filled(listing, current)
        if login_form(page) is not None and len(current.named("password")) == 1:
            examination.budget.spend()  # to the application it is one
            done.asked_password = True
            values = {**current.values, **fill(current, examination.profile.account)}
        page = one.request(current.method, current.url, form=values)
        done.pressed += page.chain
        if _ended(examination, other):
            return
        asks = login_form(page)
        same = [each for each in forms(page) if each.url == form.url or _ENDS.search(f"{each.text} {each.url}")]
        current = asks or next(iter(same), None)


def _ended(examination: Examination, other: Visitor) -> bool:
    return not examination.is_signed_in(other)


def _secrets(examination: Examination, listing: Listing, visitors: dict[str, Visitor]) -> list[str]:
    places = {"its text": listing.both.text, "its address": listing.both.url}
    found = []
    for whose, visitor in visitors.items():
        values = _spelled([visitor.bearer, *(visitor.jar.value(name) for name in examination.survey.carriers)])
        for where, text in places.items():
            if any(value in text for value in values):
                found.append(f"{whose} in {where}")
    return found


def pressed(examination: Examination) -> Revocation:
    """The same where there was a list, and something on it to press. Raises NotTestable where there was not."""
    done = revocation(examination)
    if done.listing is None or not done.listing.shows_other:
        raise NotTestable("No list of sessions was found (`url` under [sessions] in the profile names it)")
    if not done.how:
        raise NotTestable(f"{done.listing.url} has no form and no link that ends the other session: scripts may do it")
    return done


def evidence_of(done: Revocation) -> tuple[Exchange, ...]:
    """The other browser's session before, and the way to its end."""
    return (*([done.before] if done.before else []), *done.pressed)


def _spelled(values: list[str]) -> list[str]:
    """The values as a page may hold them; of a signed one, the key that is signed counts for itself."""
    plain = [form for value in values for form in (value, unquote(value))]
    keys = [max(re.split(r"[.:]", each), key=len) for each in plain]
    return [each for each in (*plain, *keys) if len(each) >= LEAST]


def offers_to_end_others(page: Page) -> bool:
    """Whether a page has a form, a box to tick or a link by which all other sessions can be ended."""
    said = [f"{form.text} {form.url}" for form in forms(page)] + [text for _, text in links(page)]
    said += [f"{each.name} {each.hint}" for form in forms(page) for each in form.named("checkbox")]
    return any(_ENDS.search(each) and _ALL.search(each) for each in said)
