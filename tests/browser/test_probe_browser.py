"""Where a login needs scripts, a real browser signs in for the probe; all that it asks for is sent by the probe."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from socket import create_server

import pytest

from sojourn.probe.answers import Answer
from sojourn.probe.checks import all_checks
from sojourn.probe.errors import CannotSignIn, NotTestable, OffLimits, ProbeError, WrongProfile
from sojourn.probe.examining.examination import Budget
from sojourn.probe.outcome.baseline import Comparison
from sojourn.probe.profiles.profile import Account, Profile, Step
from sojourn.probe.profiles.secret import Secret
from sojourn.probe.reports import WRITERS
from sojourn.probe.running import audit
from sojourn.probe.surveying import survey
from sojourn.probe.wire import chromium
from sojourn.probe.wire.network import Network
from tests.patients.plain import PASSWORD, USER, Plain
from tests.patients.scripted import Scripted
from tests.patients.serving import serving
from tests.probe.seen import surveyed

LOGIN_CSRF, IN_STORAGE = (check for check in all_checks() if check.id in {"login-csrf", "token-in-storage"})
NAMES_OTHERS = """<link rel=preconnect href="http://THERE"><link rel=stylesheet href="http://THERE/a.css">
<iframe src="http://THERE/frame"></iframe><img src="http://THERE/b.png"><script>
fetch('http://THERE/c', {mode: 'no-cors'}).catch(() => 0); fetch('/away', {mode: 'no-cors'}).catch(() => 0);
navigator.sendBeacon('http://THERE/e', 'x'); new WebSocket('ws://THERE/d');
</script>"""
pytestmark = pytest.mark.usefixtures("chromium_path")


def test_it_signs_in_where_scripts_build_the_page_and_send_what_was_typed() -> None:
    with serving(Scripted()) as site, surveyed(site.profile(browser=True)) as examination:
        assert examination.survey.carriers == ("__Host-sid",)
        attempts = examination.attempts([examination.visitor(), examination.visitor()])  # in the same instant
        assert [each.admitted for each in attempts] == [True, True]
        assert examination.token(attempts[0].visitor) != examination.token(attempts[1].visitor)
        examination.sign_out(attempts[0].visitor)
        assert [examination.is_signed_in(each.visitor) for each in attempts] == [False, True]
        assert IN_STORAGE.look(examination).answer is Answer.PASS  # what lies there is a setting
        with pytest.raises(NotTestable, match="its scripts"):
            LOGIN_CSRF.look(examination)


def test_a_token_in_web_storage_is_found_and_nothing_reaches_a_host_that_was_not_named() -> None:
    with create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)  # noqa: FBT003  # the standard library's own signature
        there = f"127.0.0.1:{elsewhere.getsockname()[1]}"
        patient = Scripted("token-in-storage", more=NAMES_OTHERS.replace("THERE", there), away=f"http://{there}/")
        with serving(patient) as site:
            profile = site.profile(browser=True, logout="/logout")
            report = audit(replace(profile, target=site.http), [IN_STORAGE])
        (finding,) = report.findings
        assert finding.answer is Answer.FAIL
        assert finding.evidence
        assert report.left_open == 0
        with pytest.raises(BlockingIOError):  # nobody has knocked
            elsewhere.accept()
    written = [write(report, Comparison()) for write in WRITERS.values()]
    assert not [secret for secret in (*patient.issued, PASSWORD) if secret in f"{report} {written}"]


def test_the_steps_of_a_profile_name_the_fields_and_the_browser_is_the_visitors_own() -> None:
    steps = (Step("/login", {"name": "{user}", "password": "{password}"}),)
    with serving(Plain()) as site, surveyed(site.profile(browser=True, steps=steps)) as examination:
        visitor = examination.visitor()
        visitor.headers["User-Agent"] = "Mozilla/5.0 of somebody's own"
        visitor.get("/login")
        brought = examination.token(visitor)
        attempt = examination.attempt(visitor)
        assert attempt.admitted
        said = {name.lower(): value for name, value in attempt.pages[0].exchange.request_headers}
        assert brought in said["cookie"]
        assert said["user-agent"] == visitor.headers["User-Agent"]
        assert brought != examination.token(visitor)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("<form><input name=who><input type=password name=word><button>Log in</button></form>", "password in its"),
        ("<script>location = 'https://sso.example/'</script>", "sso.example is not named"),
    ],
)
def test_why_nobody_can_sign_in_is_told(more: str, said: str) -> None:
    def application(_: dict, start_response: Callable) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])
        return [more.encode()]

    with serving(application) as site:
        with pytest.raises(ProbeError, match=said) as told, surveyed(site.profile(browser=True, login="/login")):
            pass
        assert isinstance(told.value, CannotSignIn | OffLimits)
        assert PASSWORD not in str(told.value)


def test_a_wrong_password_is_sent_once_and_told() -> None:
    with serving(Scripted()) as site:
        profile = site.profile(browser=True)
        wrong = Profile(site.url, Account(USER, Secret("another")), ca=profile.ca, browser=True)
        with pytest.raises(CannotSignIn, match="answered 401"), surveyed(wrong):
            pass


@pytest.mark.parametrize("missing", ["Playwright", "Chromium"])
def test_what_is_to_be_installed_is_told_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    if missing == "Playwright":
        monkeypatch.setitem(sys.modules, "playwright.async_api", None)
    else:
        monkeypatch.setattr(chromium, "_NAMES", ("true",))
    network = Network(Profile("https://127.0.0.1:1", Account(USER, Secret(PASSWORD)), browser=True))
    with pytest.raises(WrongProfile, match="nstall"):
        survey(network, Budget(network.profile))
    network.close()
    assert network.exchanges == []
