"""Where the account is at its limit before the audit begins, the survey says so, and ends nobody else's session."""

from __future__ import annotations

import pytest

from sojourn.probe.checks import all_checks
from sojourn.probe.errors import AtLimit, CannotSignIn
from sojourn.probe.running import audit
from tests.patients.limited import Limited, Request, Session
from tests.patients.plain import PASSWORD, USER
from tests.patients.plain import Answer as Response
from tests.patients.serving import serving


class Asking(Limited):
    """Asks at an address of its own, which shows a stranger nothing: it looks like a page that needs a session."""

    button = "End it, and sign in"

    def admit(self, fresh: Session, *, end: str = "") -> Response:
        status, headers, body = super().admit(fresh, end=end)
        return ("303 See Other", [("Location", "/choose"), *headers], "") if fresh.pending else (status, headers, body)

    def choose(self, request: Request, session: Session) -> Response:
        if request.method == "GET" and session.pending:
            return "200 OK", [], self.question(session).replace("End it, and sign in", self.button)
        return super().choose(request, session)


class Ending(Asking):
    """Its button sounds like a way to sign out, and the only session that there is to end is chosen already."""

    button = "Sign out there, and sign in here"

    def question(self, session: Session) -> str:
        return super().question(session).replace('type="radio"', 'type="radio" checked')


class Refusing(Limited):
    """Shows the login page again, and says why."""

    def refusal(self, fresh: Session, cookie: tuple[str, str]) -> Response:
        fresh.told = "Not signed in: you are signed in elsewhere already."
        return "303 See Other", [("Location", "/login"), cookie], ""


def at_the_limit(site: Limited) -> Session:
    theirs = site.begin()
    theirs.user, theirs.agent = USER, "Somebody else's browser"
    return theirs


@pytest.mark.parametrize(
    ("kind", "overflow", "said"),
    [
        (Limited, "ask", "asks which session to end"),
        (Asking, "ask", "asks which session to end"),
        (Ending, "ask", "asks which session to end"),
        (Limited, "refuse", "refuses one more"),
        (Refusing, "refuse", "refuses one more"),
    ],
)
def test_an_account_at_its_limit_is_said_to_be_and_keeps_its_session(
    kind: type[Limited], overflow: str, said: str
) -> None:
    site = kind(overflow, limit=1)
    theirs = at_the_limit(site)
    with serving(site) as served, pytest.raises(AtLimit, match="at its limit of sessions already") as told:
        audit(served.profile(), all_checks())
    assert said in str(told.value)
    assert [each for each in site.sessions.values() if each.user] == [theirs]


def test_pages_that_the_profile_names_do_not_hide_it() -> None:
    site = Asking("ask", limit=1)
    at_the_limit(site)
    with serving(site) as served, pytest.raises(AtLimit):
        audit(served.profile(protected=("/report",)), all_checks())


def test_one_that_makes_room_is_audited_though_it_says_so() -> None:
    site = Limited("end_existing", limit=1)
    at_the_limit(site)
    with serving(site) as served:
        report = audit(served.profile(), [])
    assert report.marks
    assert report.left_open == 0


def test_a_wrong_password_is_no_limit() -> None:
    site = Limited("ask", limit=1)
    site.password = f"not {PASSWORD}"
    with serving(site) as served, pytest.raises(CannotSignIn) as told:
        audit(served.profile(), all_checks())
    assert not isinstance(told.value, AtLimit)
