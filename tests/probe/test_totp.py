"""A second factor that an authenticator app answers: the probe makes the code (RFC 6238), and shows it to nobody."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from sojourn.probe.answers import Answer
from sojourn.probe.checks import all_checks
from sojourn.probe.errors import CannotSignIn, NotTestable, WrongProfile
from sojourn.probe.outcome.baseline import Comparison
from sojourn.probe.outcome.report import Report
from sojourn.probe.plan import plan
from sojourn.probe.profiles.file import make_profile, parse_profile
from sojourn.probe.profiles.profile import Account, Step
from sojourn.probe.profiles.secret import Secret
from sojourn.probe.profiles.totp import Totp, totp
from sojourn.probe.reports import WRITERS
from sojourn.probe.running import audit
from tests.patients.plain import PASSWORD, USER
from tests.patients.second_factor import SECRET, TwoFactors
from tests.patients.serving import serving
from tests.probe.moments import MovedClock
from tests.probe.seen import surveyed

CHECKS = {check.id: check for check in all_checks()}
STEPS = (Step("/login", {"name": "{user}", "password": "{password}"}), Step(fields={"otp": "{totp}"}))
OF_THE_RFC = {
    "sha1": ("94287082", "07081804", "14050471", "89005924", "69279037", "65353130"),
    "sha256": ("46119246", "68084774", "67062674", "91819424", "90698825", "77737706"),
    "sha512": ("90693936", "25091201", "99943326", "93441116", "38618901", "47863826"),
}
TIMES = (59, 1111111109, 1111111111, 1234567890, 2000000000, 20000000000)
LENGTHS = {"sha1": 20, "sha256": 32, "sha512": 64}


@pytest.mark.parametrize("algorithm", OF_THE_RFC)
def test_the_codes_are_those_of_the_rfc(algorithm: str) -> None:
    key = (b"1234567890" * 7)[: LENGTHS[algorithm]]
    made = Totp(Secret(base64.b32encode(key).decode()), 8, 30, algorithm)
    assert tuple(made.code(at) for at in TIMES) == OF_THE_RFC[algorithm]


@pytest.mark.parametrize(
    "said",
    [
        SECRET,
        SECRET.lower(),
        " ".join(SECRET[at : at + 4] for at in range(0, len(SECRET), 4)) + "\n",
        f"otpauth://totp/Example:ann?secret={SECRET}&issuer=Example",
        f"otpauth://totp/ann?secret={SECRET.lower()}&algorithm=SHA1&digits=6&period=30",
    ],
)
def test_a_secret_is_read_as_it_is_shown_to_people(said: str) -> None:
    assert totp(Secret(said)).code(59) == "287082"


def test_an_address_says_how_the_codes_are_made() -> None:
    made = totp(Secret(f"otpauth://totp/ann?secret={SECRET}&digits=8&period=60&algorithm=SHA256"))
    assert (made.digits, made.period, made.algorithm) == (8, 60, "sha256")


@pytest.mark.parametrize(
    "said",
    [
        "not base 32!",
        "otpauth://hotp/ann?secret=GEZDGNBV&counter=0",
        "otpauth://totp/ann?issuer=Example",
        "otpauth://totp/ann?secret=GEZDGNBV&digits=six",
        "otpauth://totp/ann?secret=GEZDGNBV&period=0",
        "otpauth://totp/ann?secret=GEZDGNBV&algorithm=md5",
        "otpauth://[totp/ann?secret=GEZDGNBV",
    ],
)
def test_what_is_no_secret_is_told_without_being_shown(said: str) -> None:
    with pytest.raises(WrongProfile, match="totp_env") as told:
        totp(Secret(said))
    assert said not in str(told.value)


def test_a_code_is_given_away_once() -> None:
    clock = MovedClock()
    made = totp(Secret(SECRET), clock=clock.now)
    assert made.wait == 0
    first = made.take()
    assert 0 < made.wait <= 30
    clock.sleep(made.wait)
    assert made.wait == 0
    assert made.take() != first
    assert made.taken[0] == first


def test_a_step_that_sends_a_code_needs_the_name_of_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    step = '[[login.steps]]\nurl = "/"\nfields = { p = "{password}", c = "{totp}" }\n'
    with pytest.raises(WrongProfile, match="`totp_env`"):
        make_profile("https://app.example", "ann", Secret("-"), file=parse_profile(step))
    file = parse_profile(f'[account]\ntotp_env = "ANNS_CODES"\n{step}')
    monkeypatch.delenv("ANNS_CODES", raising=False)
    with pytest.raises(WrongProfile, match="ANNS_CODES is not set"):
        make_profile("https://app.example", "ann", Secret("-"), file=file)
    monkeypatch.setenv("ANNS_CODES", SECRET)
    made = make_profile("https://app.example", "ann", Secret("-"), file=file)
    assert made.account.totp is not None
    assert made.account.totp.secret.reveal() == SECRET
    assert SECRET not in repr(made)
    assert any("one-time code" in line for line in plan(made, []))


def audited(site: TwoFactors, clock: MovedClock, *checks: str, **more: Any) -> Report:
    account = Account(USER, Secret(PASSWORD), totp(Secret(SECRET), clock=clock.now))
    with serving(site) as served:
        profile = replace(served.profile(), **{"steps": STEPS, "account": account, **more})
        return audit(profile, [CHECKS[each] for each in checks], clock=clock)


def test_each_sign_in_waits_for_a_code_of_its_own_and_no_report_shows_one() -> None:
    clock = MovedClock()
    site = TwoFactors(clock=clock.now)
    report = audited(site, clock, "half-signed-in", "session-fixation", "token-unpredictable", "logout-replay")
    assert {each.answer for each in report.findings} == {Answer.PASS}, report.findings
    assert not site.refused
    assert len(site.used) > 5
    assert report.left_open == 0
    written = f"{report} {[write(report, Comparison()) for write in WRITERS.values()]}"
    assert not [each for each in (SECRET, *site.used) if each in written]


def test_a_password_without_the_code_is_tried_alone() -> None:
    clock = MovedClock()
    (finding,) = audited(TwoFactors(clock=clock.now, opens_early=True), clock, "half-signed-in").findings
    assert finding.answer is Answer.FAIL
    assert finding.sign_ins == 1


def test_what_needs_many_sign_ins_in_the_same_instant_is_not_testable() -> None:
    clock = MovedClock()
    with serving(TwoFactors(clock=clock.now)) as served:
        account = Account(USER, Secret(PASSWORD), totp(Secret(SECRET), clock=clock.now))
        with surveyed(replace(served.profile(steps=STEPS), account=account)) as examination:
            spent = examination.budget.spent
            with pytest.raises(NotTestable, match="one-time code"):
                examination.attempts([examination.visitor(), examination.visitor()])
            assert examination.budget.spent == spent


def test_an_account_without_codes_is_told_what_to_write() -> None:
    clock = MovedClock()
    with pytest.raises(CannotSignIn, match="totp_env"):
        audited(TwoFactors(clock=clock.now), clock, steps=(), account=Account(USER, Secret(PASSWORD)))
