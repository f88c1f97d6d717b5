"""A WSGI application that limits sessions: it refuses, ends an older one or asks. Healthy, or with one illness.

An illness is one wrong line, as it is found in the wild; `ILLNESSES` says which check must find it.
"""

from __future__ import annotations

import html
import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import parse_qs

from sojourn.probe.answers import Answer
from tests.patients.illnesses import Illness
from tests.patients.plain import PASSWORD, USER
from tests.patients.plain import Answer as Response

ENDED = {"silent-ended": "", "vague-ended": "Please try that again."}
OVERFLOWS = ("refuse", "end_existing", "ask")
ILLNESSES = {
    # how many: nothing counts, or counts the wrong thing
    ("no-limit", "end_existing"): Illness("session-limit"),
    ("own-session-only", "end_existing"): Illness("session-limit"),  # the copied pattern: the requester's own session
    # a count before an act: two in the same instant both pass
    ("check-then-act", "refuse"): Illness("session-limit-race"),
    ("check-then-act", "end_existing"): Illness("session-limit-race"),
    ("check-then-act", "ask"): Illness("session-limit-race"),
    # "you are signed in elsewhere", said by a page that other addresses walk past
    ("walks-past", "ask"): Illness("pending-opens-nothing", along=frozenset({"session-limit"})),
    ("walks-past-one", "refuse"): Illness("pending-opens-nothing"),  # one view forgets to ask
    ("walks-past-one", "ask"): Illness("pending-opens-nothing"),
    ("ticket-is-session", "ask"): Illness("pending-opens-nothing"),
    ("waiting-is-enough", "ask"): Illness("pending-opens-nothing"),  # signed in by itself as soon as there is room
    # nobody is told
    ("silent-refusal", "refuse"): Illness("newcomer-told"),
    ("vague-refusal", "refuse"): Illness("newcomer-told", Answer.WARN),
    ("silent-ending", "end_existing"): Illness("newcomer-told"),
    ("silent-ended", "end_existing"): Illness("ended-told"),
    ("vague-ended", "end_existing"): Illness("ended-told", Answer.WARN),
    # one session for all browsers
    ("logout-of-all", "end_existing"): Illness("logout-of-one", Answer.WARN),
    # the list of sessions
    ("no-list", "end_existing"): Illness("session-list", Answer.WARN),
    ("own-session-listed", "end_existing"): Illness("session-list"),
    ("keys-listed", "end_existing"): Illness("session-list-secrets"),  # sessions are named by what opens them
    ("entry-goes", "end_existing"): Illness("revoke-ends"),  # out of the list, and signed in
    ("ends-both", "end_existing"): Illness("revoke-ends", Answer.WARN),
    ("ends-by-get", "end_existing"): Illness("revoke-forged", along=frozenset({"revoke-asks"})),
    ("ends-without-token", "end_existing"): Illness("revoke-forged", Answer.WARN, along=frozenset({"revoke-asks"})),
    ("ends-without-token-anywhere", "end_existing"): Illness("revoke-forged", along=frozenset({"revoke-asks"})),
    ("ends-unasked", "end_existing"): Illness("revoke-asks", Answer.WARN),
    # the mailbox
    ("no-mail", "end_existing"): Illness("mail-told"),
    ("other-mail", "end_existing"): Illness("mail-told", Answer.WARN),
}
"""Each illness under an overflow."""


@dataclass
class Session:
    """One browser's session: nobody's until it is admitted."""

    key: str
    csrf: str
    name: str = field(default_factory=lambda: secrets.token_hex(4))
    """What it is called in lists: opens nothing."""
    user: str = ""
    unlisted: bool = False
    pending: bool = False
    agent: str = ""
    used: int = 0
    flash: str = ""
    told: str = ""
    """Why it is nobody's any more."""


class Request:
    """What a browser asks for."""

    def __init__(self, environ: dict) -> None:
        cookie = SimpleCookie(environ.get("HTTP_COOKIE", "")).get("__Host-session")
        self.key = cookie.value if cookie else ""
        self.method: str = environ["REQUEST_METHOD"]
        self.path: str = environ["PATH_INFO"]
        self.agent: str = environ.get("HTTP_USER_AGENT", "")
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode(errors="replace")
        self.all = parse_qs(body, keep_blank_values=True)
        self.form = {name: values[0] for name, values in self.all.items()}
        self.query = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}


class Limited:
    """The application. One instance is one site with one account."""

    def __init__(
        self,
        overflow: str,
        illness: str = "",
        *,
        limit: int = 2,
        post: Callable[[str, str], object] = lambda _subject, _text: None,
    ) -> None:
        assert overflow in OVERFLOWS
        assert not illness or (illness, overflow) in ILLNESSES
        self.overflow, self.illness, self.limit, self.post = overflow, illness, limit, post
        self.password = PASSWORD
        self.links = ""
        self.sessions: dict[str, Session] = {}
        self.clock = 0
        self.lock = threading.RLock()
        self.window = threading.Condition()
        self.routes: dict[str, Callable[[Request, Session], Response]] = {
            "/login": self.login,
            "/choose": self.choose,
            "/report": self.report,
            "/account": self.account,
            "/logout": self.logout,
        }
        if illness != "no-list":
            self.routes |= {"/sessions": self.list, "/sessions/end": self.revoke}

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        request, headers = Request(environ), []
        with self.lock:
            session = self.sessions.get(request.key)
            if session is None:
                session = self.begin()
                headers.append(self.cookie(session.key))
            self.clock += 1
            session.used, session.agent = self.clock, request.agent
        view = self.routes.get(request.path)
        if view is None:
            status, more, body = "404 Not Found", [], "nothing here"
        elif request.method == "POST" and not self.is_from_our_form(request, session):
            status, more, body = "403 Forbidden", [], "the form is out of date"
        else:
            status, more, body = view(request, session)
        headers += [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store"), *more]
        start_response(status, headers)
        return [body.encode()]

    def is_from_our_form(self, request: Request, session: Session) -> bool:
        if self.illness.startswith("ends-without-token") and request.path == "/sessions/end":
            return True
        return request.form.get("csrf") == session.csrf

    def cookie(self, key: str, more: str = "") -> tuple[str, str]:
        same_site = "None" if self.illness.endswith("anywhere") else "Lax"
        return "Set-Cookie", f"__Host-session={key}; Path=/; HttpOnly; Secure; SameSite={same_site}{more}"

    def begin(self) -> Session:
        session = Session(secrets.token_urlsafe(32), secrets.token_urlsafe(16))
        self.sessions[session.key] = session
        return session

    # signing in

    def login(self, request: Request, session: Session) -> Response:
        if request.method == "GET":
            told, session.told = session.told, ""
            return (
                "200 OK",
                [],
                f"<p>{told}</p>"
                + form(
                    session,
                    "/login",
                    "Log in",
                    '<input name="name"><input type="password" name="password">',
                ),
            )
        name = self.names(request)
        if not name:
            return "200 OK", [], "wrong name or password"
        with self.lock:
            fresh = self.begin()
            fresh.agent = session.agent
            del self.sessions[session.key]
        if name != USER:
            fresh.user = name
            return "303 See Other", [("Location", "/report"), self.cookie(fresh.key)], ""
        return self.admit(fresh)

    def names(self, request: Request) -> str:
        """Whose name and password these are; "" for nobody's."""
        return USER if (request.form.get("name"), request.form.get("password")) == (USER, self.password) else ""

    def admit(self, fresh: Session, *, end: str = "") -> Response:
        cookie = self.cookie(fresh.key)
        if self.illness == "check-then-act":
            others = self.counted(fresh)
            self.overtake()
            outcome = self.decide(fresh, others, end)
        else:
            with self.lock:
                outcome = self.decide(fresh, self.counted(fresh), end)
        if outcome == "refuse":
            return self.refusal(fresh, cookie)
        if outcome == "ask":
            return "409 Conflict", [cookie], self.question(fresh)
        return "303 See Other", [("Location", "/report"), cookie], ""

    def decide(self, fresh: Session, others: list[Session], end: str) -> str:
        """May `fresh` be a session, `others` being open?"""
        fresh.pending = False
        if len(others) >= self.limit:
            if self.overflow == "refuse":
                fresh.pending = self.illness == "walks-past-one"
                return "refuse"
            if self.overflow == "ask" and end not in {each.csrf for each in others}:
                fresh.pending = True
                if self.illness == "walks-past":
                    fresh.user, fresh.pending = USER, False
                return "ask"
            oldest = next(each for each in others if end in {"", each.csrf})
            self.end(oldest, ENDED.get(self.illness, "Somebody signed in elsewhere, which ended your session here."))
            fresh.flash = "" if self.illness == "silent-ending" else "Your session in another browser was ended."
        fresh.user = USER
        self.tell(fresh)
        return "admitted"

    def tell(self, fresh: Session) -> None:
        """Writes to the owner of the account."""
        if self.illness == "other-mail":
            self.post("Our newsletter", "Buy one and get another.")
        elif self.illness != "no-mail":
            self.post("Neue Anmeldung für Ann", f"There is a new session by {fresh.agent}.")

    def counted(self, fresh: Session) -> list[Session]:
        """What the limit counts."""
        if self.illness == "no-limit":
            return []
        if self.illness == "own-session-only":
            return [each for each in [self.sessions[fresh.key]] if each.user]
        return self.others()

    def others(self) -> list[Session]:
        """The sessions of the account that are open, the one that is used longest ago first."""
        found = [each for each in list(self.sessions.values()) if each.user == USER and not each.pending]
        return sorted(found, key=lambda each: each.used)

    def overtake(self) -> None:
        """Between counting and acting: long enough for another one who signs in to count, too."""
        with self.window:
            self.window.notify_all()
            self.window.wait(timeout=0.3)

    def refusal(self, fresh: Session, cookie: tuple[str, str]) -> Response:
        if self.illness == "silent-refusal":
            return "303 See Other", [("Location", "/login"), cookie], ""
        if self.illness == "vague-refusal":
            return "409 Conflict", [cookie], "<p>That is not possible at present.</p>"
        return "409 Conflict", [cookie], "<p>Not signed in: as many sessions are open as there may be.</p>"

    def question(self, session: Session) -> str:
        ticket = session.csrf
        if self.illness == "ticket-is-session":
            ticket = secrets.token_urlsafe(32)
            self.sessions[ticket] = Session(ticket, session.csrf, user=USER, pending=True)
        return "<p>You are signed in elsewhere. Which session shall end?</p>" + form(
            session,
            "/choose",
            "End it, and sign in",
            f'<input type="hidden" name="ticket" value="{ticket}">'
            + "".join(
                f'<label><input type="radio" name="end" value="{each.csrf}">{html.escape(each.agent)}</label>'
                for each in self.others()
            ),
        )

    def choose(self, request: Request, session: Session) -> Response:
        if request.method != "POST" or not session.pending:
            return "303 See Other", [("Location", "/login")], ""
        return self.admit(session, end=request.form.get("end", "-"))

    # being signed in

    def report(self, request: Request, session: Session) -> Response:
        return self.page(session, "Report")

    def account(self, request: Request, session: Session) -> Response:
        if self.illness == "walks-past-one" and session.pending:
            return "200 OK", [], self.content(session, "Account")
        return self.page(session, "Account")

    def page(self, session: Session, title: str) -> Response:
        with self.lock:
            if self.illness == "waiting-is-enough" and session.pending and len(self.others()) < self.limit:
                session.user, session.pending = USER, False
        if not session.user:
            return "303 See Other", [("Location", "/login")], ""
        return "200 OK", [], self.content(session, title)

    def content(self, session: Session, title: str) -> str:
        flash, session.flash = session.flash, ""
        return (
            f"<h1>{title} of {session.user or USER}</h1><p>{flash}</p><p>Figures and facts</p>"
            '<a href="/report">Report</a> <a href="/account">Account</a> <a href="/sessions">Your sessions</a>'
            + self.links
            + form(session, "/logout", "Log out")
        )

    # all of one's sessions

    def list(self, request: Request, session: Session) -> Response:
        status, headers, body = self.page(session, "Sessions")
        if status != "200 OK":
            return status, headers, body
        listed = [each for each in self.others() if not each.unlisted]
        if self.illness == "own-session-listed":
            listed = [session]
        return status, headers, body + "".join(f"<li>{self.entry(session, each)}</li>" for each in listed)

    def entry(self, session: Session, other: Session) -> str:
        name = other.key if self.illness == "keys-listed" else other.name
        hidden = f'<input type="hidden" name="end" value="{name}">'
        button = form(session, "/sessions/end", "End this session", hidden) if other is not session else "this browser"
        return f"{html.escape(other.agent)} {button}"

    def revoke(self, request: Request, session: Session) -> Response:
        """Ends another session, once the password is given again."""
        sent = {**request.query, **request.form} if self.illness == "ends-by-get" else request.form
        other = next((each for each in self.others() if sent.get("end") in {each.name, each.key}), None)
        if not session.user or other is None:
            return "303 See Other", [("Location", "/sessions")], ""
        if sent.get("password") != self.password and not self.illness.startswith(
            ("ends-by-get", "ends-without", "ends-un")
        ):
            fields = f'<input type="hidden" name="end" value="{sent["end"]}"><input type="password" name="password">'
            return "200 OK", [], "<p>Your password, please</p>" + form(session, "/sessions/end", "Confirm", fields)
        other.unlisted = True
        for each in [session, other] if self.illness == "ends-both" else [other]:
            if self.illness != "entry-goes":
                self.end(each, "This session was ended in another browser.")
        return "303 See Other", [("Location", "/sessions")], ""

    def logout(self, request: Request, session: Session) -> Response:
        if request.method != "POST":
            return "405 Method Not Allowed", [], ""
        with self.lock:
            for each in self.others() if self.illness == "logout-of-all" else [session]:
                self.end(each)
        return "200 OK", [self.cookie("", "; Max-Age=0")], "You are logged out"

    def end(self, session: Session, why: str = "") -> None:
        """End a session, and keep what its browser is to be told."""
        session.user, session.pending, session.told = "", False, why


def form(session: Session, action: str, button: str, fields: str = "") -> str:
    hidden = f'<input type="hidden" name="csrf" value="{session.csrf}">'
    return f'<form method="post" action="{action}">{hidden}{fields}<button>{button}</button></form>'
