"""A browser without a network: requests go to the site's own WSGI application, cookies and form tokens come back."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: its status, its headers by lower-case name, its text."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def form_token(self) -> str:
        """The token of the page's form, against forged requests; "" if it has no form."""
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.text)
        return found[1] if found else ""

    @property
    def choices(self) -> list[str]:
        """The sids that the page offers to end."""
        return re.findall(r'name="end" value="([^"]+)"', self.text)


class Browser:
    """One browser: it keeps cookies and forgets those that have expired, as browsers do. It follows no redirect."""

    def __init__(self, application: Application, user_agent: str = "") -> None:
        self._application = application
        self._agent = user_agent
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> Page:
        """Ask for a page."""
        return self._request("GET", path, b"")

    def post(self, path: str, form: Mapping[str, str]) -> Page:
        """Send a form."""
        return self._request("POST", path, urlencode(form).encode())

    def _request(self, method: str, path: str, body: bytes) -> Page:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "REMOTE_ADDR": "192.0.2.1",
            "HTTP_HOST": "site.example",
            "HTTP_USER_AGENT": self._agent,
            "HTTP_ACCEPT": "text/html",
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        setup_testing_defaults(environ)
        started: list[tuple[str, list[tuple[str, str]]]] = []
        parts = self._application(environ, lambda status, headers, *_: started.append((status, headers)))
        try:
            text = b"".join(parts).decode()
        finally:
            getattr(parts, "close", lambda: None)()  # ends the request: Django gives its connections back here
        status, headers = started[-1]
        for name, value in headers:
            if name.lower() == "set-cookie":
                self._keep(value)
        return Page(int(status.split()[0]), {name.lower(): value for name, value in headers}, text)

    def _keep(self, header: str) -> None:
        for name, morsel in SimpleCookie(header).items():
            if morsel["max-age"] in {"0", 0}:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value
