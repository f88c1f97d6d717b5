"""`manage.py sojourn report`: what report-only has found, in words and numbers."""

from __future__ import annotations

import pytest

from sojourn.core.timeouts import DAY
from tests.django.browser import Browser
from tests.django.commands import failure, run, told

pytestmark = pytest.mark.django_db

RULES = {
    "LIMITS": [
        {"max_sessions": 1, "overflow": "end_existing", "exempt": ["staff"], "name": "one"},
        {"max_sessions": 1, "overflow": "ask", "groups": ["staff"], "name": "staff"},
    ],
    "INACTIVITY_TIMEOUT": "30m",
    "REPORT_ONLY": True,
}


@pytest.fixture
def _story(ada, bob, first, second, sojourn, clock):
    """Two users, two browsers each; then a day later one comes back too late."""
    sojourn(**RULES)
    others = Browser(), Browser("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36")
    for ann, ben in zip((first, second), others, strict=True):
        ann.sign_in()
        clock.advance(1000)
        ben.sign_in("bob")
        clock.advance(1000)
    clock.advance(DAY)
    assert second.who() == "ada"


@pytest.mark.usefixtures("_story")
class TestTheNumbers:
    """Of two users."""

    def test_it_says_what_would_have_been(self):
        said = run("report")
        assert "would have ended 3 sessions of 2 users" in said
        assert "would have refused 0 sign-ins of 0 users" in said
        assert "would have asked 1 users 1 times" in said

    def test_each_rule_and_each_day_has_its_line(self):
        body = told("report")
        assert [(each["outcome"], each["limit"], each["sessions"]) for each in body["by_rule"]] == [
            ("ask", "staff", 1),
            ("end_existing", "one", 1),
            ("inactivity_timeout", "", 1),
        ]
        assert [(each["ended"], each["asked"]) for each in body["by_day"]] == [(2, 1), (1, 0)]
        assert body["sessions_begun"] == 4

    def test_since_counts_what_came_later(self):
        assert told("report", "--since", "1h")["would_have_ended"] == {"times": 1, "sessions": 1, "users": 1}
        assert told("report", "--since", "2199-01-01")["by_rule"] == []
        assert "neither" in failure("report", "--since", "whenever")

    def test_it_names_nobody(self):
        for text in (run("report"), run("report", "--json")):
            assert "ada" not in text
            assert "auth.user" not in text

    def test_it_fits_into_eighty_columns(self, monkeypatch):
        monkeypatch.setenv("COLUMNS", "80")
        assert max(map(len, run("report").splitlines())) <= 80

    def test_that_nothing_is_added_any_more_is_said(self, sojourn):
        sojourn(REPORT_ONLY=False)
        assert run("report").startswith("REPORT_ONLY is off")

    def test_pages_of_events_are_read_one_after_the_other(self, monkeypatch):
        from sojourn.contrib.django.operations import exporting

        before = told("report")
        monkeypatch.setattr(exporting, "PAGE_MAX", 1)
        assert told("report") == before


def test_a_device_that_signs_in_again_has_a_line_of_its_own(first, sojourn):
    sojourn(**{**RULES, "LIMITS": [{"max_sessions": 9}]})
    first.sign_in()
    del first.cookies["sessionid"]
    first.sign_in()
    assert "1 sessions of 1 users would have been replaced" in run("report")
    assert told("report")["would_have_ended"]["sessions"] == 0


def test_nothing_to_report_is_said_in_a_sentence(sojourn):
    sojourn(REPORT_ONLY=True)
    assert run("report").strip() == "Nothing would have been different, as far as is recorded."
    assert told("report")["since"] is None
