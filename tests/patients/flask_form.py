"""A Flask with a form, as in its tutorial: the session is the cookie, signed, and the way out is a link.

In its twin the cookie names a session on the server, which ends when its user signs out or in again.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, redirect, request, session

from tests.patients.plain import PASSWORD, USER
from tests.patients.serving import Site, serving


def application(*, on_the_server: bool = False) -> Flask:
    """The application; `on_the_server` is the twin."""
    app = Flask(__name__)
    app.secret_key = "of a patient"
    users: dict[str, str] = {}

    def user() -> str:
        found: str = session.get("username", "")
        return users.get(found, "") if on_the_server else found

    @app.route("/")
    def index() -> str:
        if user():
            return f'Logged in as {user()} <a href="/logout">Logout</a>'
        return 'You are not logged in <a href="/login">Login</a>'

    @app.route("/login", methods=["GET", "POST"])
    def login() -> object:
        if request.method == "POST":
            if (request.form["username"], request.form["password"]) != (USER, PASSWORD):
                return "Wrong password", 401
            users.pop(session.get("username", ""), None)
            session["username"] = secrets.token_urlsafe(32) if on_the_server else request.form["username"]
            users[session["username"]] = request.form["username"]
            return redirect("/")
        return (
            '<form method="post"><p><input type=text name=username><p><input type=password name=password>'
            "<p><input type=submit value=Login></form>"
        )

    @app.route("/logout")
    def logout() -> object:
        users.pop(session.pop("username", ""), None)
        return redirect("/")

    return app


@contextmanager
def flask_form(*, on_the_server: bool = False) -> Iterator[Site]:
    """Serve it, or its twin."""
    with serving(application(on_the_server=on_the_server)) as site:
        yield site
