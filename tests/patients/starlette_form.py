"""A Starlette with a form: with its own sessions, which are the cookie, or with a twin's, which are on the server."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.patients.plain import PASSWORD, USER
from tests.patients.processes import serving_process
from tests.patients.serving import Site

FORM = (
    "<form method='post'><input name='username' autocomplete='username'><input name='password' type='password'>"
    "<button>Log in</button></form>"
)


@contextmanager
def starlette_form(*, on_the_server: bool = False) -> Iterator[Site]:
    """Serve it, without TLS; `on_the_server` is the healthy twin."""
    with serving_process([sys.executable, "-m", __name__, "twin" if on_the_server else "stock"]) as site:
        yield site


def application(*, on_the_server: bool) -> object:
    """The application."""
    from urllib.parse import parse_qs

    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.sessions import SessionMiddleware
    from starlette.requests import Request
    from starlette.responses import HTMLResponse, RedirectResponse, Response
    from starlette.routing import Route

    users: dict[str, str] = {}

    def user(request: Request) -> str:
        found = request.session.get("user", "")
        return users.get(found, "") if on_the_server else found

    async def login(request: Request) -> Response:
        if request.method == "GET":
            return HTMLResponse(FORM)
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        if (form.get("username"), form.get("password")) != (USER, PASSWORD):
            return HTMLResponse(f"Wrong. {FORM}", status_code=401)
        users.pop(request.session.get("user", ""), None)
        request.session.clear()
        request.session["user"] = USER
        if on_the_server:
            request.session["user"] = secrets.token_urlsafe(32)
            users[request.session["user"]] = USER
        return RedirectResponse("/report", status_code=303)

    async def report(request: Request) -> Response:
        if not user(request):
            return RedirectResponse("/login", status_code=303)
        return HTMLResponse(
            f"<h1>{user(request)}</h1><form method='post' action='/logout'><button>Log out</button></form>"
        )

    async def logout(request: Request) -> Response:
        users.pop(request.session.get("user", ""), None)
        request.session.clear()
        return HTMLResponse("You are logged out")

    return Starlette(
        routes=[
            Route("/login", login, methods=["GET", "POST"]),
            Route("/report", report),
            Route("/logout", logout, methods=["POST"]),
        ],
        middleware=[Middleware(SessionMiddleware, secret_key=secrets.token_hex())],
    )


def _serve(kind: str) -> None:
    import socket
    import threading

    import uvicorn

    # With its protocol named: without it, asyncio leaves Nagle's algorithm on, and every answer takes 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(128)  # before anybody is told where
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    app: object = application(on_the_server=kind == "twin")
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))  # type: ignore[arg-type]
    threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True).start()
    print(url, url, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    _serve(sys.argv[1])
