"""`sojourn probe`, as it is called: what it asks for, what it writes, and with what status it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import util
from pathlib import Path

import pytest

from sojourn.cli import main
from sojourn.probe.checks import all_checks
from tests.patients import plain
from tests.patients.serving import Site, serving

ILL = "logout-keeps"


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PROBE_PASSWORD", plain.PASSWORD)
    return "PROBE_PASSWORD"


@pytest.fixture
def ill() -> Iterator[Site]:
    with serving(plain.Plain(ILL)) as site:
        yield site


@pytest.fixture
def healthy() -> Iterator[Site]:
    with serving(plain.Plain()) as site:
        yield site


def probe(site: Site | str, *more: str) -> int:
    if isinstance(site, Site):
        return probe(site.url, "--ca", site.ca, *more)
    return main(["probe", site, "--user", plain.USER, "--password-env", "PROBE_PASSWORD", *more])


def test_a_weakness_makes_the_status_1(ill: Site, password: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert probe(ill, "--only", "logout-replay") == 1
    said = capsys.readouterr().out
    assert "1 weakness of high severity was found in 1 check that could be made." in said
    assert "What to do:" in said


def test_none_makes_it_0(healthy: Site, password: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert probe(healthy, "--only", "logout-replay") == 0
    assert "No weakness was found in 1 check that could be made." in capsys.readouterr().out


def test_what_the_baseline_has_makes_it_0_too(ill: Site, password: str, tmp_path: Path) -> None:
    before = str(tmp_path / "before.json")
    assert probe(ill, "--only", "logout-replay", "--output", before) == 1
    assert probe(ill, "--only", "logout-replay", "--baseline", before) == 0


def test_the_status_can_be_left_out_of_it(ill: Site, password: str) -> None:
    assert probe(ill, "--only", "logout-replay", "--fail-on", "never") == 0


def test_reports_are_written_by_the_ending_of_their_names(healthy: Site, password: str, tmp_path: Path) -> None:
    names = [tmp_path / f"report.{ending}" for ending in ("html", "json", "sarif", "xml")]
    probe(healthy, "--only", "logout-replay", *(part for name in names for part in ("--output", str(name))))
    assert [name.read_text(encoding="utf-8")[0] for name in names] == ["<", "{", "{", "<"]
    others = {check.id for check in all_checks()} - {"logout-replay"}
    assert set(json.loads(names[1].read_text(encoding="utf-8"))["not_run"]) == others


def test_a_report_that_cannot_be_named_is_refused_before_anything_is_sent(
    password: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert probe("http://127.0.0.1:1", "--output", "report.pdf") == 2
    assert ".html, .json, .sarif or .xml" in capsys.readouterr().err


def test_a_dry_run_says_what_would_be_done_and_sends_nothing(password: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert probe("http://127.0.0.1:1", "--dry-run") == 0  # where nobody listens
    said = capsys.readouterr().out
    assert "Requests would go to 127.0.0.1 and to no other host." in said
    assert all(check.id in said for check in all_checks())


def test_a_dry_run_asks_nobody_for_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sojourn.probe.profiles.asking.password", None)
    assert main(["probe", "http://127.0.0.1:1", "--user", "ann", "--dry-run"]) == 0


def test_a_profile_is_read_and_the_command_line_wins(
    healthy: Site, password: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "app.toml"
    path.write_text(
        f'target = "{healthy.url}"\n[account]\nname = "{plain.USER}"\npassword_env = "{password}"\n'
        f'[network]\nca = "{healthy.ca}"\n[manners]\nmax_sign_ins = 1\n',
        encoding="utf-8",
    )
    assert main(["probe", "--profile", str(path), "--only", "logout-replay"]) == 0
    assert "used up" in capsys.readouterr().out
    assert main(["probe", "--profile", str(path), "--only", "logout-replay", "--max-sign-ins", "2"]) == 0
    assert "1 pass" in capsys.readouterr().out


def test_every_check_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "--list"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    for check in all_checks():
        assert f"{check.id} ({check.severity})" in said
        assert all(reference in said for reference in check.references)


def test_an_application_that_cannot_be_reached_is_status_3(password: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert probe("http://127.0.0.1:1") == 3
    assert "ConnectError" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Which application?"),
        (["https://app.example"], "--user"),
        (["app.example", "--user", "ann", "--password-env", "PROBE_PASSWORD"], "https://app.example"),
        (["--list", "--only", "nonsense"], "no check nonsense"),
        (["--list", "--skip", "logout-replay,nonsense"], "no check nonsense"),
    ],
    ids=["nothing", "nobody", "no-scheme", "unknown-only", "unknown-skip"],
)
def test_a_wrong_command_line_is_status_2_and_says_what_to_write(
    arguments: list[str], says: str, password: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["probe", *arguments]) == 2
    assert says in capsys.readouterr().err


def test_without_its_extra_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    there = util.find_spec
    monkeypatch.setattr("sojourn.cli.probe.find_spec", lambda name: None if name == "httpx" else there(name))
    assert main(["probe", "--list"]) == 2
    assert 'pip install "sojourn[probe]"' in capsys.readouterr().err
