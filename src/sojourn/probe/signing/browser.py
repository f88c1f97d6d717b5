"""Signing in with a real browser: for pages that scripts build, and forms that scripts send."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from sojourn.probe.errors import CannotSignIn, Unreachable
from sojourn.probe.profiles.profile import Account, Step
from sojourn.probe.signing.steps import filled, last_secret
from sojourn.probe.signing.typing_in import Press, fill_in, fill_named
from sojourn.probe.wire.chromium import Chromium
from sojourn.probe.wire.cookies import Cookie
from sojourn.probe.wire.network import USER_AGENT
from sojourn.probe.wire.relay import Relay, cookies_of, put_cookies
from sojourn.probe.wire.visitor import Page, Visitor

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

_AT_ONCE = 64
"""Requests of all browsers that are under way at the same time."""


class BrowserLogin:
    """A login page that a real browser opens: each sign-in in a fresh one, with the visitor's cookies."""

    def __init__(self, chromium: Chromium, url: str, steps: tuple[Step, ...] = ()) -> None:
        self.url, self.steps = url, steps
        self._chromium, self._sending = chromium, ThreadPoolExecutor(_AT_ONCE, "sojourn-probe-relay")

    def describe(self) -> str:
        """What it does, for the report."""
        return f"the page at {self.url.partition('?')[0]}, in a real browser"

    def begin(self, visitor: Visitor, account: Account) -> Callable[[], Sequence[Page]]:
        """Open the page and type in name and password; what is returned presses the button.

        Raises CannotSignIn where there is nowhere to type them, and what `Network.send` raises for the page.
        """
        sitting = self._chromium.run(self._begin(visitor, account))
        return lambda: self._chromium.run(sitting.finish())

    async def _begin(self, visitor: Visitor, account: Account) -> "_Sitting":
        context = await self._chromium.browser.new_context(
            user_agent=visitor.headers.get("User-Agent", USER_AGENT),
            locale="en",
            service_workers="block",  # what they ask for would not be relayed
            accept_downloads=False,
        )
        sitting = _Sitting(context, Relay(context, visitor, account.password.reveal(), self._sending), account)
        try:
            await sitting.begin(self.url, self.steps)
        except BaseException:
            await context.close()
            raise
        return sitting


class _Sitting:
    """One sign-in at one browser."""

    def __init__(self, context: "BrowserContext", relay: Relay, account: Account) -> None:
        self._context, self._relay, self._visitor, self._account = context, relay, relay.visitor, account
        self._patience = relay.network.profile.answer_time
        self._page: Any = None
        self._press: Press | None = None
        self._handed: set[Cookie] = set()
        self._rest: tuple[Step, ...] = ()

    async def begin(self, url: str, steps: tuple[Step, ...]) -> None:
        """Do all but what sends the password."""
        await put_cookies(self._context, self._visitor.jar)
        await self._context.route(lambda _: True, self._relay.answer)
        self._page = await self._context.new_page()
        self._page.set_default_timeout(1000 * self._patience)
        if not steps:
            await self._open(url)
            self._press = await self._told(fill_in(self._page, self._relay, self._account))
        else:
            last = last_secret(steps)
            for step in steps[:last]:
                await self._step(step)
            self._press, self._rest = await self._prepare(steps[last]), steps[last + 1 :]
        self._visitor.jar = await cookies_of(self._context)
        self._handed = set(self._visitor.jar)

    async def finish(self) -> tuple[Page, ...]:
        """Press the button, and give the visitor what the browser has then."""
        try:
            if set(self._visitor.jar) != self._handed:  # somebody has changed them meanwhile
                await self._context.clear_cookies()
                await put_cookies(self._context, self._visitor.jar)
            try:
                await self._send(self._press)
                for step in self._rest:
                    await self._step(step)
            except asyncio.CancelledError:  # what was sent may be answered with a session, and nobody else would know
                await self._relay.settle()
                raise
            finally:
                self._visitor.jar = await cookies_of(self._context)
                self._visitor.bearer = self._relay.bearer or self._visitor.bearer
            self._visitor.storage = await self._told(self._page.evaluate("({...localStorage, ...sessionStorage})"))
            return tuple(self._relay.pages)
        finally:
            await self._context.close()

    async def _open(self, url: str) -> None:
        from playwright.async_api import Error

        try:
            await self._page.goto(url, wait_until="commit")
        except Error:  # why is known better where it was asked for
            await self._relay.settle()
            raise Unreachable(f"{url.partition('?')[0]} could not be opened in the browser") from None
        await self._relay.settle()

    async def _prepare(self, step: Step) -> Press | None:
        if step.url:
            await self._open(self._relay.network.profile.url(filled(step.url, self._account, {})))
        values = {name: filled(value, self._account, {}) for name, value in step.fields.items()}
        return await self._told(fill_named(self._page, step.form, values)) if values or step.form else None

    async def _step(self, step: Step) -> None:
        await self._send(await self._prepare(step))

    async def _send(self, press: Press | None) -> None:
        """Press, and wait for what comes of it."""
        if press is None:
            return
        self._relay.asked.clear()
        await self._told(press())
        try:
            await asyncio.wait_for(self._relay.asked.wait(), self._patience)
        except TimeoutError:
            raise CannotSignIn(f"{self._where()}: nothing was sent when all was filled in{self._missing()}") from None
        await self._relay.settle()

    async def _told(self, work: Any) -> Any:
        """What the browser does; its own errors may quote what was typed, and are told in other words."""
        from playwright.async_api import Error

        try:
            return await work
        except CannotSignIn as error:
            raise CannotSignIn(f"{self._where()}: {error}{self._missing()}") from None
        except Error as error:
            raise CannotSignIn(
                f"{self._where()}: the browser could not go on ({type(error).__name__}){self._missing()}"
            ) from None

    def _where(self) -> str:
        return str(self._page.url).partition("?")[0]

    def _missing(self) -> str:
        hosts = ", ".join(sorted(self._relay.not_named))
        return f". The page asks for {hosts} as well, which --host would allow" if hosts else ""
