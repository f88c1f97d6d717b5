"""A plain WSGI application with its sessions in a dict: healthy, or with one named illness.

`Plain(illness)` makes the application; `serving.serving()` serves it; `illnesses.ILLNESSES` lists what it can have.
How its tokens are made and travel is in `carrying`.
"""

from __future__ import annotations

import html
import itertools
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from tests.patients.beginning import first_key, renewed, reset
from tests.patients.carrying import Request, set_cookie
from tests.patients.illnesses import ILLNESSES
from tests.patients.leaving import has_token, leave, slow

USER, PASSWORD = "ann", "correct horse battery"

Answer = tuple[str, list[tuple[str, str]], str]


@dataclass
class Session:
    began: float
    address: str
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    user: str = ""
    seen: float = 0.0
    raced: bool = False
    """Whether its slow page was opened once: from then on, signing out and that page wait for one another."""
    under_way: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)


class Plain:
    """The application. One instance is one site."""

    def __init__(self, illness: str = "", *, clock: Callable[[], float] = time.time, jwt: bool = False) -> None:
        assert not illness or illness in ILLNESSES
        self.illness, self.clock = illness, clock
        self.jwt = jwt or illness.startswith("jwt-")
        self.key, self.numbers = secrets.token_hex(32), itertools.count(1)
        self.sessions: dict[str, Session] = {}
        self.issued: list[str] = []
        self.copies: dict[str, Answer] = {}
        self.lock = threading.Lock()
        self.views: dict[str, Callable[[Request], Answer]] = {
            "/": self.home,
            "/login": self.login,
            "/logout": self.logout,
            "/report": self.report,
            "/account": self.account,
            "/state": lambda request: self.page(request, "State", ""),
            "/reset": lambda request: reset(self, request),
            "/slow": lambda request: slow(self, request),
        }

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        request = Request(self, environ)
        status, headers, body = self.answer(request)
        start_response(status, [("Content-Type", "text/html; charset=utf-8"), *self.policies(request), *headers])
        return [body.encode()]

    def answer(self, request: Request) -> Answer:
        """What every request gets: over TLS its view's answer, without TLS the way there."""
        if request.environ["wsgi.url_scheme"] == "http" and self.illness == "http-refuses-nothing":
            return "200 OK", [], "<h1>Welcome</h1>"
        if request.environ["wsgi.url_scheme"] == "http" and self.illness != "http-serves":
            given = [set_cookie(self, self.begin(request)[0])] if self.illness == "http-sets-cookies" else []
            return "301 Moved Permanently", [("Location", f"https://localhost{request.path}"), *given], ""
        if request.key and request.session is None and self.illness == "unknown-id-crashes":
            return "500 Internal Server Error", [], "KeyError"
        if self.illness == "odd-id-crashes" and not re.fullmatch(r"[\w-]*", request.key):
            return "500 Internal Server Error", [], "ValueError"
        view = self.views.get(request.path)
        address = f"{request.path}?{request.environ['QUERY_STRING']}"
        if address in self.copies:
            return self.copies[address]
        answer = view(request) if view else ("404 Not Found", [], "nothing here")
        if self.illness == "cache-by-address" and request.path == "/account" and answer[0] == "200 OK":
            self.copies[address] = answer
        return answer

    def policies(self, request: Request) -> list[tuple[str, str]]:
        """What every answer says of how it is to be kept and fetched."""
        said = unquote(request.key).split("\r\n")[1:]
        kept = {"pages-may-be-kept": "private", "pages-are-public": "public, max-age=600"}.get(self.illness, "no-store")
        hsts = {
            "no-hsts": "",
            "hsts-for-a-day": "max-age=86400; includeSubDomains",
            "hsts-without-subdomains": "max-age=31536000",
        }.get(self.illness, "max-age=31536000; includeSubDomains")
        return [
            ("Cache-Control", kept),
            *([tuple(each.split(": ", 1)) for each in said] if self.illness == "id-splits-answers" else []),
            *([("Strict-Transport-Security", hsts)] if hsts else []),
        ]

    def home(self, request: Request) -> Answer:
        return "200 OK", [], '<h1>Welcome</h1><a href="/login">Log in</a> <a href="/report">Your report</a>'

    def login(self, request: Request) -> Answer:
        if request.method == "GET":
            key, session = request.key, request.session
            headers = []
            if session is None:
                key, session = self.begin(request)
                headers = [set_cookie(self, key)]
            return (
                "200 OK",
                headers,
                (
                    f'<form method="post"><input type="hidden" name="csrf" value="{session.csrf}">'
                    '<label>Name <input name="name"></label>'
                    '<label>Password <input type="password" name="password"></label><button>Log in</button></form>'
                ),
            )
        session = request.session
        if self.illness != "login-without-token" and not has_token(request):
            return "403 Forbidden", [], "the form is out of date"
        if (request.form.get("name"), request.form.get("password")) != (USER, PASSWORD):
            return "200 OK", [], "wrong name or password"
        key, fresh = renewed(self, request, session)
        fresh.user = USER
        to = f"/report?session={key}" if self.illness == "token-in-redirect" else "/report"
        return "303 See Other", [("Location", to), set_cookie(self, key)], ""

    def report(self, request: Request) -> Answer:
        return self.page(request, "Report", '<a href="/account">Your account</a>')

    def account(self, request: Request) -> Answer:
        where = f"Signed in from {request.session.address}" if request.session else ""
        return self.page(request, "Account", f'<p>{where}</p><a href="/report">Your report</a>')

    def logout(self, request: Request) -> Answer:
        return leave(self, request)

    def page(self, request: Request, title: str, body: str) -> Answer:
        """A page for those who are signed in; others are sent to sign in."""
        session = request.session
        if session is None or not session.user:
            host = request.environ.get("HTTP_X_FORWARDED_HOST") if self.illness == "host-from-header" else None
            return "303 See Other", [("Location", f"{f'https://{host}' if host else ''}/login?next={request.path}")], ""
        out = (
            "<form method='post' action='/logout'>"
            f"<input type='hidden' name='csrf' value='{session.csrf}'><button>Log out</button></form>"
        )
        if self.illness == "token-in-links":
            body = body.replace('">', f'?session={request.key}">')
        if self.illness == "token-in-script":
            body += f"<script>let session = '{request.key}'</script>"
        if self.illness == "account-without-way-out" and title == "Account":
            out = ""
        return "200 OK", [], f"<h1>{title} of {html.escape(session.user)}</h1>{body}{out}"

    def ann(self) -> Session:
        """A session that is there without any sign-in."""
        return Session(self.clock(), "", user=USER, seen=self.clock())

    def begin(self, request: Request) -> tuple[str, Session]:
        """A new session, of nobody yet."""
        key = first_key(self, request)
        address = request.environ["REMOTE_ADDR"]
        if self.illness == "address-from-header":
            address = request.environ.get("HTTP_X_FORWARDED_FOR", address)
        session = Session(self.clock(), address, seen=self.clock())
        self.sessions[key] = session
        self.issued.append(key)
        return key, session
