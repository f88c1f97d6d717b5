"""A Flask with a form, as in its tutorial: the session is the cookie, signed, and the way out is a link."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, redirect, request, session

from tests.patients.plain import PASSWORD, USER
from tests.patients.serving import Site, serving


def application() -> Flask:
    """The application."""
    app = Flask(__name__)
    app.secret_key = "of a patient"

    @app.route("/")
    def index() -> str:
        if "username" in session:
            return f'Logged in as {session["username"]} <a href="/logout">Logout</a>'
        return 'You are not logged in <a href="/login">Login</a>'

    @app.route("/login", methods=["GET", "POST"])
    def login() -> object:
        if request.method == "POST":
            if (request.form["username"], request.form["password"]) != (USER, PASSWORD):
                return "Wrong password", 401
            session["username"] = request.form["username"]
            return redirect("/")
        return (
            '<form method="post"><p><input type=text name=username><p><input type=password name=password>'
            "<p><input type=submit value=Login></form>"
        )

    @app.route("/logout")
    def logout() -> object:
        session.pop("username", None)
        return redirect("/")

    return app


@contextmanager
def flask_form() -> Iterator[Site]:
    """Serve it."""
    with serving(application()) as site:
        yield site
