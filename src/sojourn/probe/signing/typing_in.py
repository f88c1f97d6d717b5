"""Typing a name and a password into a page as a person does: into the fields that can be seen, whatever sends them."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from sojourn.probe.errors import CannotSignIn
from sojourn.probe.profiles.profile import Account
from sojourn.probe.reading.pages import Field
from sojourn.probe.reading.wording import CAPTCHA, ELSEWHERE, FORGOTTEN, REGISTER, REMEMBER, SIGN_IN
from sojourn.probe.signing.form import name_likeness

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page

    from sojourn.probe.wire.relay import Relay

Press = Callable[[], Awaitable[None]]
"""Sends what was typed in."""

_PASSWORD = "input[type=password]:not([autocomplete=new-password]):visible"  # noqa: S105  # no password
_TYPED = ", ".join(
    f"input{kind}:visible" for kind in (":not([type])", *(f"[type={each}]" for each in ("text", "email", "tel")))
)
_BUTTONS = "button:visible, input[type=submit]:visible, input[type=image]:visible, [role=button]:visible"
_HINTS = """nodes => nodes.map(each => [
    each.name || '', each.type || '', each.autocomplete || '',
    [each.id, each.placeholder, each.getAttribute('aria-label'), each.innerText, each.value && each.type === 'submit'
        ? each.value : '', ...[...(each.labels || [])].map(label => label.innerText)].join(' ').toLowerCase(),
])"""


async def fill_in(page: "Page", relay: "Relay", account: Account) -> Press:
    """Type in name and password, on two pages where the first asks for the name only; what presses the button.

    Raises CannotSignIn where there is no field for them.
    """
    await _wait_for(page, f"{_PASSWORD}, {_TYPED}", "no field for a name or a password can be seen")
    if not await page.locator(_PASSWORD).count():
        around = page.locator("body")
        await _type_name(around, account, needed=True)
        await (await _button(around, page.locator(_TYPED).first))()
        await _wait_for(page, _PASSWORD, "it takes the name, and shows no field for a password then")
        await relay.settle()
        around, password = await _form(page)
    else:
        around, password = await _form(page)
        await _type_name(around, account, needed=False)
    await password.fill(account.password.reveal())
    await _untick(around)
    return await _button(around, password)


async def fill_named(page: "Page", form: str, values: Mapping[str, str]) -> Press:
    """Type values into the fields of these names, within the CSS selector `form` if there is one."""
    around, last = page.locator(form or "body").first, page.locator(form or "body").first
    for name, value in values.items():
        last = around.locator(f"[name={json.dumps(name)}]:visible").first
        await _wait_for(page, last, f"no field {name!r} can be seen")
        await last.fill(value)
    above = last.locator("xpath=ancestor-or-self::form[1]")
    return await _button(above if await above.count() else around, last)


async def _wait_for(page: "Page", what: "str | Locator", otherwise: str) -> None:
    from playwright.async_api import TimeoutError as TooLate

    try:
        await (page.locator(what) if isinstance(what, str) else what).first.wait_for()
    except TooLate:
        raise CannotSignIn(otherwise) from None


async def _form(page: "Page") -> "tuple[Locator, Locator]":
    """What is around the password's field, and the field: of several the one whose form signs in, and no new one."""
    found = []
    for password in await page.locator(_PASSWORD).all():
        above = password.locator("xpath=ancestor::form[1]")
        around = above if await above.count() else page.locator("body")
        said = await around.inner_text()
        alone = await around.locator("input[type=password]:visible").count() == 1
        found.append((2 * alone + bool(SIGN_IN.search(said)), around, password))
    _, around, password = max(found, key=lambda each: each[0])
    return around, password


async def _type_name(around: "Locator", account: Account, *, needed: bool) -> None:
    fields = [
        Field(name, kind or "text", "", autocomplete, hint)
        for name, kind, autocomplete, hint in await around.locator(_TYPED).evaluate_all(_HINTS)
    ]
    if any(CAPTCHA.search(f"{each.name} {each.hint}") for each in fields):
        raise CannotSignIn("it asks for a captcha: the application has to spare the test account")
    chosen = max(range(len(fields)), key=lambda number: name_likeness(fields[number]), default=None)
    if needed and (chosen is None or not name_likeness(fields[chosen])):
        raise CannotSignIn("no field for a name or a password can be seen")
    if chosen is not None:
        await around.locator(_TYPED).nth(chosen).fill(account.name)


async def _untick(around: "Locator") -> None:
    """Not to be remembered."""
    boxes = around.locator("input[type=checkbox]:visible:checked")
    hints = [f"{name} {hint}" for name, _, _, hint in await boxes.evaluate_all(_HINTS)]
    for number in reversed([number for number, hint in enumerate(hints) if REMEMBER.search(hint)]):
        await boxes.nth(number).uncheck()


async def _button(around: "Locator", field: "Locator") -> Press:
    """What presses the button that signs in; the Enter key where none says so."""
    buttons = around.locator(_BUTTONS)
    told = [button_likeness(kind, f"{name} {hint}") for name, kind, _, hint in await buttons.evaluate_all(_HINTS)]
    best = max(range(len(told)), key=told.__getitem__, default=None)
    if best is None or told[best] <= 0:
        return lambda: field.press("Enter", no_wait_after=True)
    chosen = buttons.nth(best)
    return lambda: chosen.click(no_wait_after=True)


def button_likeness(kind: str, said: str) -> int:
    """How plain it is that a button of that `type` sends the sign-in; 0 or less where nothing says so."""
    elsewhere = any(each.search(said) for each in (REGISTER, FORGOTTEN, ELSEWHERE))
    return (kind in {"submit", "image"}) + 2 * bool(SIGN_IN.search(said)) - 4 * elsewhere
