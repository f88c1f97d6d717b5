"""A Chromium of the probe's own. It has no way to the network: what its pages ask for is sent by `relay`."""

import asyncio
import os
import shutil
import threading
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from sojourn.probe.errors import WrongProfile

if TYPE_CHECKING:
    from playwright.async_api import Browser, Playwright

T = TypeVar("T")

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_START_MILLISECONDS = 120_000
_WIND_UP = 30.0
_FLAGS = (
    # A dead end, for this machine's own addresses as well: sockets and preconnections are no requests that are relayed.
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-gpu",
    "--no-first-run",
)


class Chromium:
    """The system's Chromium, or else Playwright's, run by an event loop in a thread of its own.

    All browsers that sign in are contexts of this one program, and may go on at the same instant. Safe to use from
    several threads. Raises WrongProfile where Playwright or Chromium is not installed.
    """

    def __init__(self) -> None:
        try:
            from playwright.async_api import Error, async_playwright
        except ImportError:
            raise WrongProfile(
                'A real browser needs Playwright. Install it with: pip install "sojourn[probe,probe-browser]"'
            ) from None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sojourn-probe-chromium", daemon=True)
        self._thread.start()
        self._playwright: Playwright | None = None
        try:
            self.browser: Browser = self.run(self._start(async_playwright))
        except Error:
            self.close()
            raise WrongProfile(
                "No Chromium could be started. Install the system's (on Debian: apt-get install chromium) or "
                "Playwright's own: playwright install --with-deps chromium"
            ) from None
        except BaseException:
            self.close()
            raise

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do some work on the browser's own thread, and wait for it here. Ctrl-C cancels it, and lets it wind up."""
        ended = threading.Event()

        async def whole() -> T:
            try:
                return await work
            finally:
                ended.set()

        doing = asyncio.run_coroutine_threadsafe(whole(), self._loop)
        try:
            return doing.result()
        except KeyboardInterrupt:
            doing.cancel()
            ended.wait(_WIND_UP)
            raise

    def close(self) -> None:
        """End the program, and with it every browser that is open."""
        if self._loop.is_closed():
            return
        try:
            self.run(self._stop())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def _start(self, async_playwright: Any) -> "Browser":
        from playwright.async_api import Error

        self._playwright = await async_playwright().start()
        found = next(filter(None, map(shutil.which, _NAMES)), None)
        how: dict[str, Any] = {"handle_sigint": False, "handle_sigterm": False, "handle_sighup": False}
        how |= {"executable_path": found, "args": _FLAGS, "timeout": _START_MILLISECONDS}
        if os.name != "posix" or os.geteuid():
            try:
                return await self._playwright.chromium.launch(chromium_sandbox=True, **how)
            except Error:  # most containers have none for it
                pass
        return await self._playwright.chromium.launch(chromium_sandbox=False, **how)  # nor has root

    async def _stop(self) -> None:
        if self._playwright is not None:
            await self._playwright.stop()  # ends what it has started
