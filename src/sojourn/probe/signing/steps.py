"""Signing in as the profile says: forms and JSON, step by step, with values kept from one to the next."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sojourn.probe.errors import CannotSignIn, LockedOut
from sojourn.probe.profiles.profile import Account, Step
from sojourn.probe.reading.pages import Form, form_at, forms
from sojourn.probe.signing.csrf import csrf_headers
from sojourn.probe.signing.form import settle, submit
from sojourn.probe.signing.lockout import sign_of_lockout
from sojourn.probe.wire.visitor import Page, Visitor


@dataclass(frozen=True)
class StepsLogin:
    """The steps of the profile, in their order."""

    steps: tuple[Step, ...]
    bearer: str = ""

    def describe(self) -> str:
        """What it does, for the report."""
        told = [f"{'JSON to' if step.json else 'the form at'} {step.url}" if step.url else "" for step in self.steps]
        return ", then ".join(each or "the form on the page after it" for each in told)

    def begin(self, visitor: Visitor, account: Account) -> Callable[[], Sequence[Page]]:
        """Do all steps before the last that sends the password; what is returned does it, and the rest.

        Raises CannotSignIn where a form or a value to keep is not there.
        """
        walk = _Walk(visitor, account)
        last = last_secret(self.steps)
        for step in self.steps[:last]:
            walk.prepare(step)()
        send = walk.prepare(self.steps[last])

        def finish() -> Sequence[Page]:
            send()
            for step in self.steps[last + 1 :]:
                walk.prepare(step)()
            if self.bearer:
                visitor.bearer = walk.filled(self.bearer)
            return walk.pages

        return finish


def last_secret(steps: Sequence[Step]) -> int:
    """The number of the step that sends the last secret, a password or a code; the last of all where none does."""
    secret = [number for number, step in enumerate(steps) if _is_secret(step)]
    return secret[-1] if secret else len(steps) - 1


def send_the_password(steps: Sequence[Step]) -> bool:
    """Whether one of them does, so that to the application they are a sign-in."""
    return any("{password}" in value for step in steps for value in step.fields.values())


def filled(text: str, account: Account, kept: Mapping[str, str]) -> str:
    """The text with what stands in braces put in: what is the account's, a code of the moment, or what a step kept.

    Raises CannotSignIn for anything else.
    """
    known = {"user": account.name, "password": account.password.reveal(), **kept}

    def value(found: re.Match[str]) -> str:
        if found[1] == "totp" and account.totp is not None:
            return account.totp.take()
        if found[1] not in known:
            raise CannotSignIn(f"{found[0]} in the profile stands for nothing: no step before keeps it")
        return known[found[1]]

    return re.sub(r"\{(\w+)\}", value, text)


def _is_secret(step: Step) -> bool:
    return any("{password}" in value or "{totp}" in value for value in step.fields.values())


@dataclass
class _Walk:
    """One sign-in on its way."""

    visitor: Visitor
    account: Account
    pages: list[Page] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)

    def prepare(self, step: Step) -> Callable[[], None]:
        """Open what the step needs; what is returned sends it."""
        values = {name: self.filled(value) for name, value in step.fields.items()}
        if step.json:
            return lambda: self._send_json(step, values)
        if step.url:
            self.pages.append(self.visitor.get(self.filled(step.url)))
        if step.url and not step.fields and not step.form:
            return lambda: None
        page = self.pages[-1]
        form = _form(page, step)
        sent = form.values | values
        return lambda: self.pages.extend(settle(self.visitor, submit(self.visitor, page, form, sent)))

    def filled(self, text: str) -> str:
        """The text with what is known by now put in."""
        return filled(text, self.account, self.kept)

    def _send_json(self, step: Step, values: Mapping[str, str]) -> None:
        headers = {"Accept": "application/json", **csrf_headers(self.visitor, self.pages[-1] if self.pages else None)}
        page = self.visitor.post(self.filled(step.url), data=nested(values), headers=headers)
        self.pages.append(page)
        stop = sign_of_lockout([page])
        if stop:
            raise LockedOut(stop)
        for name, path in step.keep.items():
            found = at_path(page.text, path)
            if found is None:
                raise CannotSignIn(f"{step.url} was answered {page.status}, without a value at {path}")
            self.kept[name] = found


def _form(page: Page, step: Step) -> Form:
    if step.form:
        form = form_at(page, step.form)
        if form is None:
            raise CannotSignIn(f"{page.url} (answered {page.status}) has no form {step.form!r}")
    else:
        wanted = set(step.fields)
        form = max(forms(page), key=lambda each: len(wanted & {one.name for one in each.fields}), default=None)
        if form is None:
            raise CannotSignIn(f"{page.url} (answered {page.status}) has no form")
    missing = set(step.fields) - {each.name for each in form.fields}
    if missing and not step.form:
        raise CannotSignIn(f"{page.url} (answered {page.status}) has no form with a field {min(missing)!r}")
    if form.method != "POST" and _is_secret(step):
        raise CannotSignIn(f"The form at {page.url} would put the password into the address; nothing was sent")
    return form


def nested(values: Mapping[str, str]) -> dict[str, object]:
    """What dotted names say, as nested objects: `{"a.b": "c"}` is `{"a": {"b": "c"}}`."""
    found: dict[str, object] = {}
    for name, value in values.items():
        *above, last = name.split(".")
        here = found
        for each in above:
            below = here.setdefault(each, {})
            if not isinstance(below, dict):
                raise CannotSignIn(f"The field {name!r} of the profile lies in {each!r}, which is a field itself")
            here = below
        here[last] = value
    return found


def at_path(text: str, path: str) -> str | None:
    """The value at a dotted path of a JSON text, as text; None where there is none. Numbers count items of a list."""
    try:
        here: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    for each in path.split("."):
        if isinstance(here, dict):
            here = here.get(each)
        elif isinstance(here, list) and each.isdecimal() and int(each) < len(here):
            here = here[int(each)]
        else:
            return None
    return str(here) if isinstance(here, str | int) and not isinstance(here, bool) else None
