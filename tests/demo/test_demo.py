"""The demonstration, as `sojourn demo` runs it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo.visitor import Demo, Visitor, running


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with running() as started:
        yield started


@pytest.fixture
def home(demo: Demo) -> Visitor:
    """A visitor at a site where nobody is signed in as ann, and one session is allowed."""
    visitor = Visitor(demo.url)
    visitor.limit("end_existing")
    visitor.sign_in("ann", demo.passwords["ann"])
    visitor.post("sessions/sign-out/")
    return visitor


def signed_in_as(visitor: Visitor) -> str:
    found = re.search(r"you are signed in as <strong>(\w+)</strong>", visitor.get("").text)
    return found[1] if found else ""


def test_the_terminal_shows_the_address_and_a_password_for_each_account(demo: Demo) -> None:
    assert set(demo.passwords) == {"ann", "ben", "admin"}
    assert len(set(demo.passwords.values())) == 3
    assert demo.url.startswith("http://127.0.0.1:")


def test_the_limit_ends_the_first_session_and_tells_both_browsers(demo: Demo, home: Visitor) -> None:
    home.sign_in("ann", demo.passwords["ann"])
    kept = home.post("private/", note="milk and bread")
    assert "milk and bread" in kept.text

    second = Visitor(demo.url)
    arrived = second.sign_in("ann", demo.passwords["ann"])
    assert arrived.url.endswith("/private/")
    assert "To make room, your session on Firefox on Linux was ended." in arrived.text
    assert "milk and bread" not in arrived.text

    told = home.get("private/")
    assert told.status == 401
    assert "You have been signed out" in told.text
    assert "This machine" in told.text
    assert signed_in_as(home) == ""


def test_the_note_is_gone_after_signing_in_again(demo: Demo, home: Visitor) -> None:
    home.sign_in("ann", demo.passwords["ann"])
    home.post("private/", note="milk and bread")
    home.post("sessions/sign-out/")
    assert "milk and bread" not in home.sign_in("ann", demo.passwords["ann"]).text


def test_the_switch_to_refuse_holds_from_the_next_sign_in_on(demo: Demo, home: Visitor) -> None:
    home.sign_in("ann", demo.passwords["ann"])
    changed = home.limit("refuse")
    assert re.search(r'value="refuse"[^>]* checked', changed.text)

    second = Visitor(demo.url)
    refused = second.sign_in("ann", demo.passwords["ann"])
    assert refused.status == 409
    assert "You are not signed in" in refused.text
    assert signed_in_as(second) == ""
    assert signed_in_as(home) == "ann"


def test_the_switch_to_ask_lets_the_user_choose(demo: Demo, home: Visitor) -> None:
    home.sign_in("ann", demo.passwords["ann"])
    home.limit("ask")

    second = Visitor(demo.url)
    asked = second.sign_in("ann", demo.passwords["ann"])
    assert "You are signed in elsewhere" in asked.text
    assert signed_in_as(second) == ""
    offered = re.search(r'name="end" value="([^"]+)"', asked.text)
    assert offered is not None

    chosen = second.post("sessions/choose/", end=offered[1])
    assert chosen.url.endswith("/private/")
    assert signed_in_as(second) == "ann"
    assert signed_in_as(home) == ""


def test_two_sessions_fit_when_two_are_allowed(demo: Demo, home: Visitor) -> None:
    home.limit("refuse", 2)
    home.sign_in("ann", demo.passwords["ann"])
    second = Visitor(demo.url)
    second.sign_in("ann", demo.passwords["ann"])
    assert (signed_in_as(home), signed_in_as(second)) == ("ann", "ann")
    assert Visitor(demo.url).sign_in("ann", demo.passwords["ann"]).status == 409


def test_the_admin_keeps_to_the_same_limit(demo: Demo, home: Visitor) -> None:
    home.limit("refuse")
    first, second = Visitor(demo.url), Visitor(demo.url)
    assert "Site administration" in first.sign_in("admin", demo.passwords["admin"], "admin/login/?next=/admin/").text
    assert second.sign_in("admin", demo.passwords["admin"], "admin/login/?next=/admin/").status == 409
    first.post("admin/logout/")


def test_the_front_page_shows_who_is_signed_in_and_marks_this_browser(demo: Demo, home: Visitor) -> None:
    assert 'ann <span class="sj-ago">(0 open)' in home.get("").text
    home.sign_in("ann", demo.passwords["ann"])
    page = home.get("").text
    assert 'ann <span class="sj-ago">(1 open)' in page
    assert "This browser" in page
    assert "This browser" not in Visitor(demo.url).get("").text


@pytest.mark.parametrize(
    ("overflow", "max_sessions"), [("kill", 1), ("refuse", 3), ("refuse", 0), ("", 1), ("ask\0", 1)]
)
def test_a_limit_that_is_not_offered_is_a_clear_400_and_changes_nothing(
    home: Visitor, overflow: str, max_sessions: int
) -> None:
    answer = home.limit(overflow, max_sessions)
    assert answer.status == 400
    assert "There is no such limit" in answer.text
    assert re.search(r'value="end_existing"[^>]* checked', home.get("").text)


@pytest.mark.parametrize("path", ["", "sign-in/", "private/", "sessions/", "sessions/choose/", "nowhere/", "admin/"])
def test_every_page_has_the_strict_policy_and_no_inline_style_or_script(home: Visitor, path: str) -> None:
    page = home.get(path)
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src")
    assert "unsafe" not in policy
    if "/admin/" not in page.url:
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", page.text)


def test_the_static_files_of_sojourn_and_of_the_demonstration_are_served(home: Visitor) -> None:
    links = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', home.get("sign-in/").text))
    assert {"/static/sojourn/sojourn.css", "/static/sojourn_demo/demo.css", "/static/sojourn/icons.svg"} <= links
    assert [home.get(link).status for link in sorted(links)] == [200] * len(links)


def test_another_host_name_is_not_answered(home: Visitor) -> None:
    assert home.get("", Host="demo.example").status == 400


CHECK = """
import sys
from pathlib import Path
from sojourn.contrib.django.demo import setup
setup.configure(Path(sys.argv[1]), "127.0.0.1")
from django.core.management import call_command
call_command("check", fail_level="WARNING")
"""


def test_its_settings_pass_every_system_check(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CHECK, tmp_path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "System check identified no issues (0 silenced)."), done.stderr


def test_a_kept_folder_keeps_its_limit_but_no_session_and_no_password(tmp_path: Path) -> None:
    with running(["--keep", str(tmp_path)]) as first:
        before = Visitor(first.url)
        before.limit("ask", 2)
        before.sign_in("ann", first.passwords["ann"])
        assert signed_in_as(before) == "ann"
        status, said = first.end()
        assert (status, "Traceback" in said) == (0, False)
    with running(["--keep", str(tmp_path)]) as second:
        assert second.passwords["ann"] != first.passwords["ann"]
        again = Visitor(second.url)
        page = again.get("").text
        assert re.search(r'value="ask"[^>]* checked', page)
        assert 'ann <span class="sj-ago">(0 open)' in page
        assert 'id="demo-error"' in again.sign_in("ann", first.passwords["ann"]).text
