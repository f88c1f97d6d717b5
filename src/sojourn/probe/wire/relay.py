"""What the pages of a real browser ask for is sent by the probe's own network: bounded, recorded, to named hosts only.

The browser keeps the cookies and runs the scripts. It never sees a redirect: it would follow one by itself. Where a
page is redirected it gets a page that leads on; what a script asks for is followed here.
"""

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

from sojourn.probe.errors import CannotSignIn, Endless, OffLimits, ProbeError, Unreachable
from sojourn.probe.wire.cookies import Cookie, Jar
from sojourn.probe.wire.exchange import Exchange
from sojourn.probe.wire.visitor import MAX_REDIRECTS, Page, Visitor

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Frame, Request, Route

LARGEST = 20_000_000
"""Bytes of an answer that the browser gets: scripts are large."""
_QUIET = 0.5
_SEEN = {"document", "fetch", "xhr"}
"""What is a page: what a person sees, and what scripts ask for."""
_LEFT_OUT = {"image", "media", "font"}
_OWN = {"cookie", "accept-encoding", "accept-language", "host", "connection", "content-length"}
"""Headers that the network or the cookies of the browser make."""
_OF_THE_WIRE = {"content-encoding", "content-length", "transfer-encoding", "connection", "location", "refresh"}


class Relay:
    """Answers every request of one browser. All but the sending happens on the browser's thread."""

    def __init__(self, context: "BrowserContext", visitor: Visitor, password: str, sending: ThreadPoolExecutor) -> None:
        self.context, self.visitor, self.network = context, visitor, visitor.network
        self.pages: list[Page] = []
        self.bearer = ""
        """The last `Authorization: Bearer` that a page has sent."""
        self.not_named: set[str] = set()
        """Hosts that were not asked."""
        self.asked = asyncio.Event()
        """Set by each request."""
        self._password, self._sending = password, sending
        self._stop: ProbeError | None = None
        self._begun = self._open = 0
        self._led_on: dict[Frame | None, list[Exchange]] = {}

    async def answer(self, route: "Route") -> None:
        """Answer one request, or let it fail."""
        from playwright.async_api import Error

        self._begun += 1
        self._open += 1
        self.asked.set()
        try:
            await self._answer(route)
        except ProbeError as error:
            if isinstance(error, OffLimits):
                self.not_named.add(urlsplit(route.request.url).hostname or "")
            if _is_page(route.request) or not isinstance(error, OffLimits | Unreachable):
                self._stop = self._stop or error
            await _abort(route)
        except Error:  # the page has gone meanwhile
            pass
        finally:
            self._open -= 1

    async def settle(self) -> None:
        """Wait until nothing was asked for a while, but no longer than for one answer; raise what went wrong."""
        with suppress(TimeoutError):  # a page that never stops asking is a page all the same
            await asyncio.wait_for(self._until_quiet(), self.network.profile.answer_time)
        if self._stop is not None:
            raise self._stop

    async def _until_quiet(self) -> None:
        from playwright.async_api import Error

        while True:
            before = self._begun
            await asyncio.sleep(_QUIET)
            for page in self.context.pages:
                try:
                    await page.evaluate("new Promise(done => setTimeout(done))")  # its scripts have had their turn
                except Error:  # it is on its way to another address
                    before = -1
            if before == self._begun and not self._open and not self._led_on:
                return

    async def _answer(self, route: "Route") -> None:
        request = route.request
        kind, led = request.resource_type, self._led_on.pop(_frame(request), []) if _navigates(request) else []
        if kind in _LEFT_OUT:
            await _abort(route)
            return
        if any(value == self._password for _, value in parse_qsl(urlsplit(request.url).query)):
            raise CannotSignIn(f"{_bare(request.url)} would get the password in its address; nothing was sent")
        chain = [*led, *await self._send(request)]
        last = chain[-1]
        if last.is_redirect:
            if len(chain) > MAX_REDIRECTS:
                raise Endless(f"{_bare(chain[0].url)} redirects more than {MAX_REDIRECTS} times")
            self._led_on[_frame(request)] = chain
            onward = json.dumps(_onward(last)).replace("<", "\\u003c")
            text, headers = f"<script>location.replace({onward})</script>", {"content-type": "text/html"}
            await route.fulfill(status=200, headers=headers | _cookies(last), body=text)
            return
        if kind in _SEEN:
            self.pages.append(Page(tuple(chain)))
        await route.fulfill(status=last.status, headers=_headers(last), body=last.body)

    async def _send(self, request: "Request") -> list[Exchange]:
        """Send it, and follow where the browser must not: all redirects of scripts, and those that send a form on."""
        method, url, chain = request.method, urldefrag(request.url).url, list[Exchange]()
        body = (request.post_data_buffer or b"").decode("utf-8", "replace")
        loop = asyncio.get_running_loop()
        while True:
            sent = await self._said(request, url)
            send = partial(self.network.send, method, url, headers=sent, raw=body, at_most=LARGEST)
            chain.append(await loop.run_in_executor(self._sending, send))
            last = chain[-1]
            sends_on = last.status in {307, 308} and method not in {"GET", "HEAD"}
            if not last.is_redirect or (_navigates(request) and not sends_on):
                return chain
            if len(chain) > MAX_REDIRECTS:
                raise Endless(f"{_bare(chain[0].url)} redirects more than {MAX_REDIRECTS} times")
            jar = Jar()
            jar.take(url, last.set_cookies, time.time())
            with suppress(CannotSignIn):  # a cookie that no browser takes
                await put_cookies(self.context, jar)
            url = _onward(last)
            if not sends_on:
                method, body = ("HEAD" if method == "HEAD" else "GET"), ""

    async def _said(self, request: "Request", url: str) -> dict[str, str]:
        said = {
            name: value
            for name, value in request.headers.items()  # in lower case
            if name not in _OWN and not name.startswith(("sec-ch-", ":"))
        }
        if said.get("authorization", "").lower().startswith("bearer "):
            self.bearer = said["authorization"].partition(" ")[2].strip()
        if urlsplit(url).netloc != urlsplit(request.url).netloc:
            said.pop("authorization", None)
        cookies = "; ".join(f"{each.get('name')}={each.get('value')}" for each in await self.context.cookies(url))
        said |= {name.lower(): value for name, value in self.visitor.headers.items()}
        return said | ({"cookie": cookies} if cookies else {})


async def put_cookies(context: "BrowserContext", jar: Jar) -> None:
    """Give a browser these cookies. Raises CannotSignIn for one that it does not take."""
    from playwright.async_api import Error

    for each in jar:
        domain = each.host if each.host_only else f".{each.host}"
        try:
            await context.add_cookies(
                [{"name": each.name, "value": each.value, "domain": domain, "path": each.path, "secure": each.secure}]
            )
        except Error:
            raise CannotSignIn(f"The browser does not take the cookie {each.name}") from None


async def cookies_of(context: "BrowserContext") -> Jar:
    """The cookies that a browser has."""
    return Jar(
        Cookie(
            each.get("name", ""),
            each.get("value", ""),
            each.get("domain", "").lstrip("."),
            each.get("path", "/"),
            not each.get("domain", "").startswith("."),
            each.get("secure", False),
        )
        for each in await context.cookies()
    )


async def _abort(route: "Route") -> None:
    from playwright.async_api import Error

    with suppress(Error):
        await route.abort()


def _navigates(request: "Request") -> bool:
    return request.is_navigation_request()


def _is_page(request: "Request") -> bool:
    frame = _frame(request) if _navigates(request) else None
    return frame is not None and frame.parent_frame is None


def _frame(request: "Request") -> "Frame | None":
    from playwright.async_api import Error

    try:
        return request.frame
    except Error:  # of a window that is only just opening
        return None


def _onward(exchange: Exchange) -> str:
    try:
        return urldefrag(urljoin(exchange.url, exchange.header("location"))).url
    except ValueError:
        raise Unreachable(f"{_bare(exchange.url)} redirects to what is no address") from None


def _headers(exchange: Exchange) -> dict[str, str]:
    """The answer's headers as they fit its text, which is decoded."""
    found: dict[str, str] = {}
    for name, value in exchange.headers:
        if name.lower() not in _OF_THE_WIRE | {"set-cookie"}:
            found[name.lower()] = f"{found[name.lower()]}, {value}" if name.lower() in found else value
    if found.get("content-type"):
        found["content-type"] = found["content-type"].split(";")[0] + "; charset=utf-8"
    return found | _cookies(exchange)


def _cookies(exchange: Exchange) -> dict[str, str]:
    said = exchange.all("set-cookie")
    return {"set-cookie": "\n".join(said)} if said else {}


def _bare(url: str) -> str:
    return urlsplit(url)._replace(query="", fragment="").geturl()
