"""An application of scripts: its login page is empty without them, and talks JSON to an API.

`Scripted()` keeps its sessions in a cookie that scripts cannot read. `Scripted("token-in-storage")` has its script keep
a bearer token in localStorage instead.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable

from tests.patients.plain import PASSWORD, USER

LOGIN = """<!doctype html><title>Welcome</title><div id="app"></div><script src="/app.js"></script>"""
SCRIPT = """
const app = document.getElementById('app');
app.innerHTML = '<label>E-mail <input type="email" id="who"></label><button id="next">Next</button>';
document.getElementById('next').onclick = () => {
  const name = document.getElementById('who').value;
  app.innerHTML = '<button>Sign in with Example</button><label>Password <input type="password" id="word"></label>'
    + '<button id="go">Sign in</button>';
  document.getElementById('go').onclick = async () => {
    const answer = await fetch('/api/login', {
      method: 'POST', headers: {'Content-Type': 'application/json'},
      body: JSON.stringify({name, password: document.getElementById('word').value}),
    });
    const said = await answer.json();
    localStorage.setItem('theme', 'a-rather-dark-one-of-course');
    if (said.token) {
      localStorage.setItem('auth', JSON.stringify({token: said.token}));
      await fetch('/api/me', {headers: {Authorization: `Bearer ${said.token}`}});
    } else if (answer.ok) location.assign('/begun');
  };
};
"""


class Scripted:
    """The application. One instance is one site."""

    def __init__(self, illness: str = "", *, more: str = "", away: str = "") -> None:
        """`more` is markup that the login page has besides; /away redirects to `away`."""
        assert illness in {"", "token-in-storage"}
        self.illness, self.more, self.away = illness, more, away
        self.sessions: set[str] = set()
        self.issued: list[str] = []

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        carried = environ.get("HTTP_COOKIE", "") + "; " + environ.get("HTTP_AUTHORIZATION", "")
        mine = next((each for each in self.sessions if each in carried), "")
        status, headers, body = self.answer(path, sent, mine)
        kind = "application/json" if path.startswith("/api") else "text/html; charset=utf-8"
        start_response(status, [("Content-Type", "text/javascript" if path == "/app.js" else kind), *headers])
        return [body.encode()]

    def answer(self, path: str, sent: str, mine: str) -> tuple[str, list[tuple[str, str]], str]:
        if path in {"/", "/login"}:
            return "200 OK", [], f"{LOGIN}{self.more}" if path == "/login" else '<a href="/login">Log in</a>'
        if path == "/app.js":
            return "200 OK", [], SCRIPT
        if path == "/api/login":
            return self.sign_in(json.loads(sent))
        if path in {"/begun", "/away"}:
            return "302 Found", [("Location", self.away if path == "/away" else "/report")], ""
        if path == "/logout":
            self.sessions.discard(mine)
            return "303 See Other", [("Location", "/login")], ""
        if not mine:
            return (
                ("401 Unauthorized", [], "{}") if path == "/api/me" else ("303 See Other", [("Location", "/login")], "")
            )
        if path == "/api/me":
            return "200 OK", [], json.dumps({"name": USER})
        return "200 OK", [], f"<h1>{USER}</h1><form method=post action=/logout><button>Log out</button></form>"

    def sign_in(self, said: dict) -> tuple[str, list[tuple[str, str]], str]:
        if (said["name"], said["password"]) != (USER, PASSWORD):
            return "401 Unauthorized", [], "{}"
        key = secrets.token_urlsafe(32)
        self.sessions.add(key)
        self.issued.append(key)
        if self.illness:
            return "200 OK", [], json.dumps({"token": key})
        return "200 OK", [("Set-Cookie", f"__Host-sid={key}; Path=/; Secure; HttpOnly; SameSite=Lax")], "{}"
