"""Whatever an application does, an audit of it ends in bounded time, with a clear answer."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from sojourn.probe.answers import Answer, Verdict, passed
from sojourn.probe.checks import all_checks
from sojourn.probe.errors import CannotSignIn, Endless, OffLimits, ProbeError, Unreachable
from sojourn.probe.examining.examination import Examination
from sojourn.probe.profiles.profile import Account, Profile
from sojourn.probe.profiles.secret import Secret
from sojourn.probe.running import audit
from tests.patients.hostile import ALWAYS, AT_THE_LOGIN, FORM, Guest, hostile
from tests.patients.plain import PASSWORD, Plain
from tests.patients.serving import Site, serving

PATIENCE = 0.4
"""Seconds that an answer is waited for here."""
MOST = 90
"""Seconds that an audit may take here even on a machine that has much else to do: any bound that does not hold is far
longer."""
ANSWERS: dict[str, type[ProbeError]] = {
    "hangs": Unreachable,
    "drips its headers": Unreachable,
    "sends headers without end": Unreachable,
    "redirects for ever": Endless,
    "redirects to itself": Endless,
    "redirects to no address": Unreachable,
    "redirects elsewhere": OffLimits,
    "resets connections": Unreachable,
    "speaks no HTTP": Unreachable,
    "sends headers that are none": Unreachable,
}
"""What is said of it; of the others, that no way to sign in was found, or that it did not work."""


def audited(application: Callable[[Guest], None], patience: float) -> ProbeError:
    with hostile(application) as url:
        began = time.monotonic()
        with pytest.raises(ProbeError) as told:
            audit(Profile(url, Account("ann", Secret("correct horse")), answer_time=patience, login="/"), all_checks())
        assert time.monotonic() - began < MOST
    assert "correct horse" not in str(told.value)
    return told.value


@pytest.mark.parametrize("name", ALWAYS)
def test_an_application_that_is_no_good_company_is_left_with_a_clear_answer(name: str) -> None:
    told = audited(ALWAYS[name], PATIENCE)
    assert isinstance(told, ANSWERS.get(name, CannotSignIn)), told
    assert str(told)


@pytest.mark.parametrize("name", AT_THE_LOGIN)
def test_one_that_turns_hostile_once_it_has_the_password_is_too(name: str) -> None:
    told = audited(AT_THE_LOGIN[name], 4.0 if name != "hangs" else 2.0)
    assert isinstance(told, ANSWERS.get(name, CannotSignIn)), told


def signs_in(examination: Examination) -> Verdict:
    examination.sign_in()
    return passed("somebody is signed in")


SIGNS_IN = replace(all_checks()[0], look=signs_in)


class Banning:
    """Lets nobody in any more after five attempts, each of its own ways."""

    def __init__(self, status: str, body: bytes) -> None:
        self.plain, self.attempts, self.answer = Plain(), 0, (status, body)

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        self.attempts += (environ["REQUEST_METHOD"], environ["PATH_INFO"]) == ("POST", "/login")
        if self.attempts > 5 and environ["PATH_INFO"] == "/login":
            start_response(self.answer[0], [("Content-Type", "text/html")])
            return [self.answer[1]]
        return self.plain(environ, start_response)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("429 Too Many Requests", b"slow down"),
        ("200 OK", b"Too many failed login attempts. Try again in 5 minutes."),
        ("403 Forbidden", b"no"),
    ],
)
def test_a_ban_stops_the_audit_at_once_which_says_so(status: str, body: bytes) -> None:
    application = Banning(status, body)
    with serving(application) as site:
        report = audit(site.profile(), [SIGNS_IN] * 9)
    assert report.stopped
    assert report.sign_ins == (7 if status.startswith("403") else 6), "a bare 403 may be a limit's: seen at the next"


class Restless:
    """Never says the same twice: advertisements, the time, names of classes, comments; and a code in every form."""

    def __init__(self) -> None:
        self.plain, self.chance = Plain(), random.Random(6)

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        body = b"".join(self.plain(environ, start_response))
        noise = f"{self.chance.getrandbits(64):x}"
        code = f"<input type=hidden name=n{noise} value={noise}></form>".encode()
        changed = body.replace(b"<input ", f"<input class='c{noise}' ".encode()).replace(b"</form>", code)
        return [f"<!-- {noise} --><p>{noise}: buy {self.chance.choice(['now', 'soon', 'never'])}</p>".encode(), changed]


def test_markup_that_changes_with_every_request_changes_no_answer() -> None:
    with serving(Restless()) as site:
        (finding,) = audit(site.profile(), [each for each in all_checks() if each.id == "logout-replay"]).findings
    assert finding.answer is Answer.PASS, finding


def test_a_wrong_password_is_sent_once_and_never_again() -> None:
    plain, tried = Plain(), list[str]()

    def counting(environ: dict, start_response: Callable) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            tried.append(environ["PATH_INFO"])
        return plain(environ, start_response)

    with serving(counting) as site, pytest.raises(CannotSignIn, match=r"no page was found|may be wrong") as told:
        audit(wrong(site), all_checks())
    assert tried == ["/login"]
    assert PASSWORD not in str(told.value)


def test_an_error_shows_no_secret_though_the_application_puts_it_into_an_address() -> None:
    again = b"Location: /again?password=correct%20horse&ticket=k3-9dR2p"

    def application(guest: Guest) -> None:
        if guest.method == "POST":
            guest.answer(b"", "302 Found", again, b"Set-Cookie: sid=aBcDeFgH")
        else:
            guest.answer(FORM if "again" not in guest.path else b"aBcDeFgH", "200 OK")

    told = str(audited(application, 4.0))
    assert "/again" in told
    assert not any(each in told for each in ("horse", "k3-9dR2p")), told


def test_a_sign_in_that_leads_to_a_host_nobody_named_is_signed_out_of() -> None:
    plain = Plain()

    def leading_off(environ: dict, start_response: Callable) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]]) -> None:
            signs_in = (environ["REQUEST_METHOD"], environ["PATH_INFO"]) == ("POST", "/login")
            off = [
                ("Location", "https://elsewhere.invalid/") if name == "Location" else (name, value)
                for name, value in headers
            ]
            start_response(status, off if signs_in else headers)

        return plain(environ, start)

    with serving(leading_off) as site, pytest.raises(OffLimits):
        audit(site.profile(), all_checks())
    assert any(plain.issued), "somebody was signed in"
    assert not [each for each in plain.sessions.values() if each.user]


def wrong(site: Site) -> Profile:
    return replace(site.profile(), account=Account("ann", Secret("not " + PASSWORD)))
