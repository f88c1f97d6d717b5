"""What the checks of signing out make of applications that are not as simple as the patients."""

from __future__ import annotations

from sojourn.probe.answers import Answer
from sojourn.probe.checks import all_checks
from sojourn.probe.outcome.report import Report
from sojourn.probe.running import audit
from tests.patients.carrying import Request
from tests.patients.plain import Answer as Page
from tests.patients.plain import Plain
from tests.patients.serving import serving

CHECKS = {check.id: check for check in all_checks()}


class ByLink(Plain):
    """Has nothing but a link to sign out with."""

    def page(self, request: Request, title: str, body: str) -> Page:
        status, headers, text = super().page(request, title, body)
        return status, headers, text.partition("<form")[0] + '<a href="/logout">Log out</a>'


class WithoutToken(Plain):
    """Takes every sign-out for one that has the token."""

    def logout(self, request: Request) -> Page:
        if request.session:
            request.form["csrf"] = request.session.csrf
        return super().logout(request)


def audited(site: Plain, *checks: str) -> Report:
    with serving(site) as place:
        return audit(place.profile(), [CHECKS[each] for each in checks])


def test_a_link_to_sign_out_with_is_a_sign_out_by_get() -> None:
    get, csrf = audited(ByLink("logout-by-get"), "logout-by-get", "logout-csrf").findings
    assert get.answer is Answer.FAIL
    assert get.summary.startswith("Signing out is a link")
    assert csrf.answer is Answer.NOT_TESTABLE


def test_a_sign_out_that_anybody_can_forge_fails_where_browsers_send_the_cookie_along() -> None:
    (finding,) = audited(WithoutToken("cookie-without-samesite"), "logout-csrf").findings
    assert finding.answer is Answer.FAIL, finding


def test_a_forged_sign_out_names_where_it_comes_from() -> None:
    (finding,) = audited(Plain(), "logout-csrf").findings
    assert "attacker.example" in "".join(each.request for each in finding.evidence).lower()


def test_one_sign_out_is_watched_for_all_who_want_to_know() -> None:
    report = audited(Plain(), "logout-replay", "logout-message", "logout-cookie", "clear-site-data")
    assert [each.answer for each in report.findings] == [Answer.PASS] * 4
    assert report.sign_ins == 2  # the survey's is one


def test_where_nothing_signs_out_nothing_is_said_of_signing_out() -> None:
    class Stuck(Plain):
        def page(self, request: Request, title: str, body: str) -> Page:
            status, headers, text = super().page(request, title, body)
            return status, headers, text.partition("<form")[0]

    ids = ["logout-replay", "logout-message", "logout-cookie", "clear-site-data", "logout-by-get", "logout-csrf"]
    report = audited(Stuck(), *ids)
    assert {each.answer for each in report.findings} == {Answer.NOT_TESTABLE}
    assert (report.sign_ins, report.left_open) == (1, 1)  # the survey's; no check signs in to find out
