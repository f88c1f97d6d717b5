"""What the steps of a profile say in so many words may be a secret, and then no report shows it."""

from __future__ import annotations

import pytest

from sojourn.probe.checks import all_checks
from sojourn.probe.outcome.baseline import Comparison
from sojourn.probe.profiles.literals import literal_secrets
from sojourn.probe.profiles.profile import Account, Profile, Step
from sojourn.probe.profiles.secret import Secret
from sojourn.probe.reports import WRITERS
from sojourn.probe.running import audit
from tests.patients.limited import Limited
from tests.patients.serving import serving


def found(*steps: Step, **extra: object) -> list[str]:
    return list(literal_secrets(Profile("https://app.example", Account("ann", Secret("-")), steps=steps, extra=extra)))


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("pin", "4711", "4711"),
        ("user.pin", "4711", "4711"),
        ("userPassword", "open sesame", "open sesame"),
        ("api_key", "{user}-k3y9", "-k3y9"),
        ("answer", "fluffy", "fluffy"),
        ("tenant", "a1b2c3d4e5", "a1b2c3d4e5"),
    ],
)
def test_a_value_is_a_secret_by_its_name_or_by_its_make(name: str, value: str, secret: str) -> None:
    assert found(Step("/login", {name: value})) == [secret]
    assert found(half={"reset": [{"url": "/reset", "fields": {name: value}}]}) == [secret]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "{user}"),
        ("password", "{password}"),
        ("country_code", "DE"),
        ("realm", "customers"),
        ("next", "/report/2026"),
        ("opinion", "none at all"),
    ],
)
def test_others_stay_readable(name: str, value: str) -> None:
    assert found(Step("/login", {name: value})) == []


def test_what_an_address_holds_is_one_too() -> None:
    assert found(Step("/login?key=k3-9dR2p&lang=en")) == ["k3-9dR2p"]


def test_tables_that_are_no_steps_are_left_to_their_check() -> None:
    assert found(half={"a": 3, "b": [4, {"url": 5, "fields": 6}]}) == []
    assert found(half=7) == []


def test_no_report_shows_them() -> None:
    fields = {"name": "{user}", "password": "{password}", "pin": "4711", "answer": "Mr Fluffy & Co"}
    with serving(Limited("refuse")) as site:
        profile = site.profile(steps=(Step("/login?key=k3-9dR2p", fields, form="form"),))
        report = audit(profile, [each for each in all_checks() if each.id == "session-limit"])
    (finding,) = report.findings
    assert any("pin=[password" in each.request for each in finding.evidence), finding.evidence
    written = f"{report} {[write(report, Comparison()) for write in WRITERS.values()]}"
    assert not [each for each in ("pin=4711", "Fluffy", "k3-9dR2p") if each in written]
