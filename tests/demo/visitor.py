"""A running demonstration, and somebody with a browser of their own to visit it: real processes, real HTTP."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

COMMAND = (sys.executable, "-m", "sojourn.cli", "demo")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
_READY = "Ctrl-C ends it."


@dataclass
class Demo:
    """The process, and what it printed while it started."""

    process: subprocess.Popen[str]
    text: str

    @property
    def url(self) -> str:
        return re.search(r"http://\S+/", self.text)[0]  # type: ignore[index]  # a demo that started has printed it

    @property
    def passwords(self) -> dict[str, str]:
        return dict(re.findall(r"^  (\w+) +((?:\w{4}-){2}\w{4})\b", self.text, re.MULTILINE))

    def end(self, by: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """End it as Ctrl-C does; its exit status, and what it printed since it had started."""
        self.process.send_signal(by)
        rest, _ = self.process.communicate(timeout=120)
        return self.process.returncode, rest


@contextmanager
def running(
    arguments: Sequence[str] = (), *, environment: dict[str, str] | None = None, cwd: Path | None = None
) -> Iterator[Demo]:
    """A demonstration on a free port, in a process of its own; ended at the latest when the block is."""
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=cwd,
        env={**os.environ, **(environment or {})},
    )
    assert process.stdout is not None
    try:
        text = ""
        while _READY not in text:
            line = process.stdout.readline()
            assert line, f"the demonstration did not start:\n{text}"
            text += line
        yield Demo(process, text)
    finally:
        process.terminate()  # politely, so that it deletes its folder
        try:
            process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


@dataclass(frozen=True)
class Page:
    """An answer: its status, its headers, its text, and the address it came from after redirects."""

    status: int
    headers: dict[str, str]
    text: str
    url: str


class Visitor:
    """A browser without script: it keeps cookies, follows redirects, and sends the forms of pages."""

    def __init__(self, site: str, agent: str = FIREFOX, csrf: tuple[str, str] = ("", "sojourn_demo_csrf")) -> None:
        self.site, self.agent = site, agent
        self.form, self.csrf = csrf  # a page with a form, and the name of the cookie that comes with it
        self.cookies = CookieJar()
        self._opener = build_opener(HTTPCookieProcessor(self.cookies), ProxyHandler({}))

    def get(self, path: str, **headers: str) -> Page:
        return self._open(Request(urljoin(self.site, path), headers=headers))

    def post(self, path: str, **fields: str) -> Page:
        """Send a form with `fields` as the page at `path` would: with the CSRF token of this browser."""
        data = urlencode({"csrfmiddlewaretoken": self._csrf(), **fields}).encode()
        return self._open(Request(urljoin(self.site, path), data=data))

    def sign_in(self, name: str, password: str, at: str = "sign-in/") -> Page:
        return self.post(at, username=name, password=password)

    def limit(self, overflow: str, max_sessions: int = 1) -> Page:
        return self.post("limit/", overflow=overflow, max_sessions=str(max_sessions))

    def _csrf(self) -> str:
        if not any(cookie.name == self.csrf for cookie in self.cookies):
            self.get(self.form)
        return next(str(cookie.value) for cookie in self.cookies if cookie.name == self.csrf)

    def _open(self, request: Request) -> Page:
        request.add_header("User-Agent", self.agent)
        if not request.has_header("Accept"):
            request.add_header("Accept", "text/html")
        try:
            response = self._opener.open(request, timeout=120)
        except HTTPError as error:
            response = error
        with response:
            return Page(response.status, dict(response.headers), response.read().decode(), response.url)
