"""What the probe changes of an account shows whether sessions end with it, and is as it was afterwards."""

from __future__ import annotations

import pytest

from sojourn.probe.answers import Answer
from sojourn.probe.checks import all_checks
from sojourn.probe.checks.disabled_stays_out import CHECK as DISABLED
from sojourn.probe.checks.password_ends_others import CHECK as PASSWORD
from sojourn.probe.errors import WrongProfile
from sojourn.probe.examining.changing import changing
from sojourn.probe.examining.disabling import administrator
from sojourn.probe.outcome.baseline import Comparison
from sojourn.probe.outcome.report import Report
from sojourn.probe.profiles.profile import Account, Profile
from sojourn.probe.profiles.secret import Secret
from sojourn.probe.reports import WRITERS
from sojourn.probe.running import audit
from tests.patients import plain
from tests.patients.managed import ADMIN, ADMIN_PASSWORD, GROUPS, ILLNESSES, Managed
from tests.patients.serving import serving

ROOT = Account(ADMIN, Secret(ADMIN_PASSWORD))


def audited(site: Managed, *, changing: dict | None = None) -> Report:
    said = {"extra": {"changing": changing or {}}, "admin": ROOT, "changes": True}
    with serving(site) as served:
        return audit(served.profile(**said), [PASSWORD, DISABLED])


@pytest.mark.parametrize("name", ILLNESSES)
def test_an_illness_is_found_by_its_own_check_alone(name: str) -> None:
    report = audited(Managed(name))
    answers = {each.check.id: each for each in report.findings}
    found = answers.pop(ILLNESSES[name].check)
    assert found.answer is ILLNESSES[name].answer, found
    assert found.evidence
    assert name != "disabled-stays" or "still signed in" in found.summary
    assert [each.answer for each in answers.values()] == [Answer.PASS], answers


def test_no_check_fires_on_a_healthy_application_which_is_left_as_it_was() -> None:
    site = Managed()
    report = audited(site)
    assert {each.answer for each in report.findings} == {Answer.PASS}, report.findings
    assert (site.password, site.active) == (plain.PASSWORD, True)
    assert len(site.passwords) == 2
    assert report.left_open == 0
    assert not [session for session in site.sessions.values() if session.user]


def test_the_form_of_an_administrator_keeps_all_but_the_box() -> None:
    site = Managed()
    audited(site)
    off, on = ({name: values for name, values in sent.items() if name != "csrf"} for sent in site.saved)
    assert off == {
        "username": [plain.USER],
        "about": ["Two\nlines"],
        "tone": ["a"],
        "groups": [key for key, member in GROUPS.items() if member],
        "zone": ["Here"],
        "motto": ["a & b"],
    }
    assert on == {**off, "is_active": ["on"]}


def test_where_two_sessions_may_not_be_nothing_is_changed() -> None:
    site = Managed(limit=1)
    answers = {each.check.id: each.answer for each in audited(site).findings}
    assert answers == {PASSWORD.id: Answer.NOT_TESTABLE, DISABLED.id: Answer.PASS}
    assert not site.passwords


def test_a_new_password_that_is_not_accepted_shows_nothing() -> None:
    site = Managed(deaf=True)
    found = audited(site).findings[0]
    assert found.answer is Answer.NOT_TESTABLE, found
    assert "did not accept" in found.summary
    assert site.password == plain.PASSWORD


def test_a_password_that_cannot_be_changed_back_stops_the_audit_loudly() -> None:
    site = Managed(keeps_history=True)
    report = audited(site)
    assert "THE PASSWORD OF ann IS NOT WHAT IT WAS" in report.stopped
    assert site.password != plain.PASSWORD
    assert not report.findings


def test_what_fails_meanwhile_leaves_the_password_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr("sojourn.probe.checks.password_ends_others._prove", breaks)
    site = Managed("password-keeps")
    report = audited(site)
    assert "by the operator" in report.stopped
    assert len(site.passwords) == 2
    assert site.password == plain.PASSWORD


def test_no_report_has_the_new_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEW", "short & new")
    site = Managed("password-keeps")
    report = audited(site, changing={"new_password_env": "NEW", "url": "/password"})
    assert site.passwords == [plain.PASSWORD, "short & new"]
    for write in WRITERS.values():
        text = write(report, Comparison())
        assert not any(each in text for each in ("short & new", "short+%26+new", "short &amp; new"))


def test_an_administrator_who_could_not_come_back_disables_nothing() -> None:
    site = Managed()
    with serving(site) as served:
        itself = Account(plain.USER, Secret(plain.PASSWORD))
        (found,) = audit(served.profile(admin=itself, changes=True), [DISABLED]).findings
    assert found.answer is Answer.NOT_TESTABLE
    assert "the account itself" in found.summary
    assert not site.saved


def test_the_form_of_the_password_is_found_by_a_link() -> None:
    site = Managed()
    site.routes["/somewhere/else"] = site.routes.pop("/password")
    site.links = '<a href="/somewhere/else">Change your password</a>'
    assert audited(site).findings[0].answer is Answer.PASS
    assert len(site.passwords) == 2


def test_without_leave_or_an_administrator_nothing_is_done() -> None:
    site = Managed()
    with serving(site) as served:
        report = audit(served.profile(), [PASSWORD, DISABLED])
    assert {each.answer for each in report.findings} == {Answer.NOT_TESTABLE}
    assert report.sign_ins == 1


def test_what_changes_the_account_comes_last() -> None:
    assert [each.id for each in all_checks()][-2:] == [DISABLED.id, PASSWORD.id]


@pytest.mark.parametrize("table", [{"where": "/password"}, {"url": ""}, {"old": "a"}, {"new_password_env": "NO_SUCH"}])
def test_a_wrong_table_of_the_password_is_told(table: dict) -> None:
    with pytest.raises(WrongProfile, match="changing"):
        changing(_examination(changing=table), None)  # type: ignore[arg-type]


@pytest.mark.parametrize("table", [{"where": "/users"}, {"user": 7}, {"disabled_when": "always"}])
def test_a_wrong_table_of_the_administrator_is_told(table: dict) -> None:
    with pytest.raises(WrongProfile, match="disabling"):
        administrator(_examination(disabling=table))


def _examination(**extra: dict):  # as much of one as is looked at
    class Examination:
        profile = Profile("https://app.example", Account("ann", Secret("-")), extra=extra)

    return Examination()


def test_without_leave_to_change_the_account_nobody_is_disabled() -> None:
    site = Managed()
    with serving(site) as served:
        (found,) = audit(served.profile(admin=ROOT), [DISABLED]).findings
    assert found.answer is Answer.NOT_TESTABLE
    assert "--changes" in found.summary
    assert not site.saved
