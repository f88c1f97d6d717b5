"""A Flask with logins that take more than one form: the name first, then the password; JSON with tokens or cookies."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, Response, jsonify, make_response, redirect, request

from tests.patients.plain import PASSWORD, USER
from tests.patients.serving import Site, serving

WORDS = {"plain": ("Log in", "username"), "veiled": ("Continue", "who")}
"""How the page for the name calls itself, and its field: one that is found, and one that nobody would guess."""


def application() -> Flask:
    """The application. Sessions are in a dict, by token."""
    app = Flask(__name__)
    app.url_map.strict_slashes = False
    tokens: dict[str, str] = {}
    half: dict[str, str] = {}

    def begun(value: str) -> str:
        token = secrets.token_urlsafe(32)
        tokens[token] = value
        return token

    @app.get("/")
    def home() -> str:
        return "<h1>Welcome</h1>"

    @app.route("/<kind>/begin", methods=["GET", "POST"])
    def name(kind: str) -> object:
        says, field = WORDS[kind]
        if request.method == "GET":
            return (
                "<form method='post' action='/search'><input name='q' type='search'></form>"
                f"<form method='post'><input type='hidden' name='step' value='1'><input name='{field}'>"
                f"<button>{says}</button></form>"
            )
        if request.form["step"] != "1":
            return "no such step", 400
        answer = make_response(redirect(f"/{kind}/password"))
        key = secrets.token_urlsafe(32)
        half[key] = request.form[field]
        answer.set_cookie("half", key, httponly=True)
        return answer

    @app.route("/<kind>/password", methods=["GET", "POST"])
    def password(kind: str) -> object:
        user = half.get(request.cookies.get("half", ""))
        if user is None:
            return redirect(f"/{kind}/begin")
        if request.method == "GET":
            return "<form method='post'><input type='password' name='secret'><button>Go</button></form>"
        if (user, request.form["secret"]) != (USER, PASSWORD):
            return "wrong", 403
        answer = make_response(redirect("/report"))
        answer.set_cookie("sid", begun(user), httponly=True)
        return answer

    @app.get("/report")
    def report() -> object:
        user = tokens.get(request.cookies.get("sid", ""))
        if user is None:
            return redirect("/plain/begin")
        return f"Report of {user} <form method='post' action='/leave'><button>Sign out</button></form>"

    @app.post("/leave")
    def leave() -> object:
        tokens.pop(request.cookies.get("sid", ""), None)
        return redirect("/")

    @app.post("/api/login")
    def api_login() -> object:
        said = request.get_json()["credentials"]
        if (said["name"], said["word"]) != (USER, PASSWORD):
            return jsonify(error="no"), 401
        return jsonify(data={"tokens": [{"access": begun(USER)}]})

    def bearer() -> str:
        return request.headers.get("Authorization", "").removeprefix("Bearer ")

    @app.get("/api/me")
    def api_me() -> object:
        return jsonify(user=tokens[bearer()]) if bearer() in tokens else (jsonify(error="who?"), 401)

    @app.get("/api/state")
    def api_state() -> object:
        """Answers everybody 200, as many do."""
        return jsonify(user=tokens.get(bearer()))

    @app.delete("/api/session")
    def api_logout() -> object:
        tokens.pop(bearer(), None)
        return Response(status=204)

    @app.get("/spa")
    def spa() -> object:
        answer = make_response("<div id=app></div><script src=/app.js></script>")
        answer.set_cookie("XSRF-TOKEN", "double submitted/")
        return answer

    def forged() -> bool:
        return request.headers.get("X-XSRF-TOKEN") != "double submitted/"

    @app.post("/spa/login")
    def spa_login() -> object:
        if forged() or (request.get_json()["user"], request.get_json()["password"]) != (USER, PASSWORD):
            return jsonify(error="no"), 403
        answer = jsonify(ok=True)
        answer.set_cookie("sid", begun(USER), httponly=True)
        return answer

    @app.get("/spa/me")
    def spa_me() -> object:
        return jsonify(user=tokens.get(request.cookies.get("sid", "")))

    @app.post("/spa/logout")
    def spa_logout() -> object:
        if forged():
            return jsonify(error="no"), 403
        tokens.pop(request.cookies.get("sid", ""), None)
        return jsonify(ok=True)

    return app


@contextmanager
def flask_steps() -> Iterator[Site]:
    """Serve it."""
    with serving(application()) as site:
        yield site
