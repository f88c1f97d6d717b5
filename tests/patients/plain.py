"""A plain WSGI application with its sessions in a dict: healthy, or with one named illness.

An illness is one wrong line, as it is found in the wild. `application(illness)` makes the application, `serving()` runs
it. Every illness is listed in `ILLNESSES` with the check that must find it.
"""

from __future__ import annotations

import html
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from socketserver import ThreadingMixIn
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

USER, PASSWORD = "ann", "correct horse battery"
ILLNESSES = {
    "logout-keeps": "logout-replay",  # the cookie goes, the session stays
}
"""Each illness, and the check that must find it."""


@dataclass
class Session:
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    user: str = ""
    seen: float = field(default_factory=time.time)


class Plain:
    """The application. One instance is one site."""

    def __init__(self, illness: str = "") -> None:
        assert not illness or illness in ILLNESSES
        self.illness = illness
        self.sessions: dict[str, Session] = {}
        self.lock = threading.Lock()

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        cookie = SimpleCookie(environ.get("HTTP_COOKIE", ""))
        key = cookie["session"].value if "session" in cookie else ""
        request = Request(environ, key, self.sessions.get(key))
        view = {
            "/": self.home,
            "/login": self.login,
            "/logout": self.logout,
            "/report": self.report,
        }.get(environ["PATH_INFO"])
        status, headers, body = view(request) if view else ("404 Not Found", [], "nothing here")
        start_response(status, [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store"), *headers])
        return [body.encode()]

    def home(self, request: Request) -> Answer:
        return "200 OK", [], '<h1>Welcome</h1><a href="/login">Log in</a> <a href="/report">Your report</a>'

    def login(self, request: Request) -> Answer:
        if request.method == "GET":
            key, session = request.key, request.session
            headers = []
            if session is None:
                key, session = self.begin()
                headers = [set_cookie(key)]
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
        if session is None or request.form.get("csrf") != session.csrf:
            return "403 Forbidden", [], "the form is out of date"
        if (request.form.get("name"), request.form.get("password")) != (USER, PASSWORD):
            return "200 OK", [], "wrong name or password"
        self.sessions.pop(request.key, None)
        key, fresh = self.begin()
        fresh.user = USER
        return "303 See Other", [("Location", "/report"), set_cookie(key)], ""

    def report(self, request: Request) -> Answer:
        if request.session is None or not request.session.user:
            return "303 See Other", [("Location", "/login?next=/report")], ""
        return (
            "200 OK",
            [],
            (
                f"<h1>Report of {html.escape(request.session.user)}</h1><form method='post' action='/logout'>"
                f"<input type='hidden' name='csrf' value='{request.session.csrf}'><button>Log out</button></form>"
            ),
        )

    def logout(self, request: Request) -> Answer:
        if request.method != "POST":
            return "405 Method Not Allowed", [], ""
        if request.session is None or request.form.get("csrf") != request.session.csrf:
            return "403 Forbidden", [], "the form is out of date"
        if self.illness != "logout-keeps":
            self.sessions.pop(request.key, None)
        return (
            "200 OK",
            [("Set-Cookie", "session=; Path=/; Max-Age=0"), ("Clear-Site-Data", '"storage"')],
            "You are logged out",
        )

    def begin(self) -> tuple[str, Session]:
        key, session = secrets.token_urlsafe(32), Session()
        self.sessions[key] = session
        return key, session


Answer = tuple[str, list[tuple[str, str]], str]


class Request:
    def __init__(self, environ: dict, key: str, session: Session | None) -> None:
        self.method: str = environ["REQUEST_METHOD"]
        self.key, self.session = key, session
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length).decode() if length else ""
        self.form = {name: values[0] for name, values in parse_qs(body).items()}
        self.query = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}


def set_cookie(key: str) -> tuple[str, str]:
    return "Set-Cookie", f"session={key}; Path=/; HttpOnly; Secure; SameSite=Lax"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(application: Callable) -> Iterator[str]:
    """Serve a WSGI application on a free port, in threads; its address."""
    with make_server("127.0.0.1", 0, application, _Server, _Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
