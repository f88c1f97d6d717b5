"""A site with 500 signed-in users installs in report-only, then adopts, then enforces.

Nobody is signed out who should not be, and the report's numbers are those that enforcement comes to.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from django.contrib.auth.models import Group, User

from sojourn.contrib.django.internal.wiring import control
from sojourn.core.records import EndReason
from sojourn.core.timeouts import DAY, HOUR, MINUTE
from sojourn.testing.clock import FakeClock
from tests.django.browser import FIREFOX, JSON, PASSWORD, Browser, subject
from tests.django.commands import run, told

pytestmark = pytest.mark.django_db

AGENTS = (
    FIREFOX,
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1",
)
RULES: dict[str, Any] = {
    "LIMITS": [
        {"max_sessions": 2, "overflow": "end_existing", "exempt": ["editors", "desk"], "name": "everybody"},
        {"max_sessions": 1, "overflow": "ask", "groups": ["editors"], "name": "editors"},
        {"max_sessions": 2, "overflow": "refuse", "groups": ["desk"], "name": "desk"},
        {"max_sessions": 1, "scope": ["device_class"], "groups": ["desk"], "name": "one of a kind"},
    ],
    "INACTIVITY_TIMEOUT": "20h",
    "ABSOLUTE_TIMEOUT": "36h",
}
IDLE = 20 * HOUR


@dataclass
class Town:
    """Users, each with browsers, and what they see. Two towns live through the same story if their seeds are equal."""

    name: str
    users: int
    clock: FakeClock
    browsers: dict[tuple[int, int], Browser] = field(default_factory=dict)
    used: dict[tuple[int, int], int] = field(default_factory=dict)
    """When each browser that is signed in was used last."""
    seen: Counter[str] = field(default_factory=Counter)

    def settle(self) -> None:
        """Everybody has an account, and has signed in on one to three devices."""
        groups = [Group.objects.get_or_create(name=name)[0] for name in ("editors", "desk")]
        made = User.objects.bulk_create(
            [User(username=self.who(number), password=_hashed()) for number in range(self.users)]
        )
        for number, user in enumerate(made):
            if number % 5 < 2:
                user.groups.add(groups[number % 5])
            for place in range(1 + number % 3):
                self.browser(number, place).force_login(user)  # as Django does it; Sojourn is not there yet
                self.used[number, place] = self.clock()

    def who(self, number: int) -> str:
        return f"{self.name}-{number}"

    def browser(self, number: int, place: int) -> Browser:
        return self.browsers.setdefault((number, place), Browser(AGENTS[(number + place) % len(AGENTS)]))

    def enter(self, number: int, place: int) -> int:
        """Sign in; somebody who is asked ends those of their sessions that were used longest ago."""
        browser = self.browser(number, place)
        self.request(number, place)
        self.clock.advance(1)
        answer = browser.sign_in(self.who(number))
        if answer.status_code == 303:
            self.seen["ask"] += 1
            open_now = sorted(control().sessions(subject(self.who(number))), key=lambda s: (s.last_seen, s.created))
            answer = browser.choose(*[session.sid for session in open_now])
        if answer.status_code == 409:
            self.seen["refuse"] += 1
        else:
            self.used[number, place] = self.clock()
        return int(answer.status_code)

    def request(self, number: int, place: int) -> bool:
        """Look at a page; whether somebody was signed in there, and is."""
        if (number, place) not in self.used:
            return False
        answer = self.browser(number, place).get("/private/", headers=JSON)
        if answer.status_code == 200:
            self.used[number, place] = self.clock()
            return True
        del self.used[number, place]
        if answer.status_code == 401:
            self.seen[answer.json()["reason"]] += 1
        return False

    def leave(self, number: int, place: int) -> None:
        """Sign out."""
        if self.request(number, place):
            self.browser(number, place).post("/logout/")
            del self.used[number, place]

    def close(self, number: int, place: int) -> None:
        """The browser is closed, and forgets who was signed in."""
        if (number, place) in self.used:
            del self.browser(number, place).cookies["sessionid"]
            del self.used[number, place]

    def everybody_comes_back(self) -> list[tuple[int, int]]:
        """Every browser that is signed in looks at a page, one after the other. Those that are signed out by then."""
        out = []
        for each in list(self.used):
            self.clock.advance(1)
            if not self.request(*each):
                out.append(each)
        return out

    def week(self, events: int) -> None:
        """What happens in a week, the same in every town."""
        chance = Random(len(RULES))
        ways = [self.enter] * 5 + [self.request] * 6 + [self.leave, self.close]
        for event in range(events):
            if event % (events // 8) == 0:
                for number in range(1, self.users, 10):  # some look in twice a day
                    self.request(number, 0)
            self.clock.advance(chance.randrange(4 * DAY * 2 // events))
            number, place = chance.randrange(self.users), chance.randrange(3)
            chance.choice(ways)(number, place)


def _hashed() -> str:
    from django.contrib.auth.hashers import make_password

    return make_password(PASSWORD)


@pytest.mark.parametrize(("engine", "users"), [("db", 500), ("file", 60)], indirect=["engine"])
def test_a_site_installs_reports_adopts_and_enforces(engine, users, settings, clock):
    town = Town("reports", users, clock)
    settings.SOJOURN = {"ENABLED": False}
    town.settle()
    signed_in = dict(town.used)
    assert len(signed_in) >= users * 2 - 2

    # Friday: installed, and nothing changes for anybody.
    settings.SOJOURN = {**RULES, "REPORT_ONLY": True}
    clock.advance(HOUR)
    assert town.everybody_comes_back() == []
    assert control().census().sessions == 0
    assert "Nothing would have been different" in run("report")

    # Then everybody is taken into the books at their next request.
    settings.SOJOURN = {**RULES, "REPORT_ONLY": True, "ADOPT_EXISTING": True, "ADOPT_UNTIL": "2199-01-01"}
    assert town.everybody_comes_back() == []
    assert control().census().sessions == len(signed_in)
    assert control().census().subjects == users

    # A week in which the policy is reported.
    town.week(events=users * 3)
    assert set(town.seen) == set(), "while it is only reported, nobody is refused, asked or turned away"
    report = told("report")

    # Monday: enforced. Whoever was at work within the inactivity timeout goes on; whoever was not signs in again.
    settings.SOJOURN = RULES
    clock.advance(5 * MINUTE)
    idle = {each for each, at in town.used.items() if clock() + len(town.used) - at >= IDLE}
    assert set(town.everybody_comes_back()) == idle
    assert set(town.seen) <= {"inactivity_timeout"}
    for number in range(0, users, 10):
        for place in range(4):
            town.enter(number, place)
        held = len(control().sessions(subject(town.who(number))))
        assert held <= (1 if number % 5 == 0 else 2)

    # The same in a town where it is enforced from the beginning.
    twin = Town("enforces", users, clock)
    settings.SOJOURN = {"ENABLED": False}
    twin.settle()
    settings.SOJOURN = {**RULES, "ADOPT_EXISTING": True}
    clock.advance(HOUR)
    assert twin.everybody_comes_back() == []
    twin.week(events=users * 3)

    ended = Counter(
        session.end_reason
        for number in range(users)
        for session in control().store.history(subject(twin.who(number)), 500)
    )
    by_time = twin.seen["inactivity_timeout"] + twin.seen["absolute_timeout"]
    assert report["would_have_ended"]["sessions"] == ended[EndReason.EVICTED] + by_time
    assert report["would_have_refused"]["times"] == twin.seen["refuse"]
    assert report["would_have_asked"]["times"] == twin.seen["ask"]
    by_rule = Counter({(each["outcome"], each["limit"]): each["sessions"] for each in report["by_rule"]})
    assert by_rule["inactivity_timeout", ""] == twin.seen["inactivity_timeout"]
    assert by_rule["absolute_timeout", ""] == twin.seen["absolute_timeout"]
    assert (
        by_rule["ask", "editors"] + by_rule["end_existing", "everybody"] + by_rule["end_existing", "one of a kind"]
        == ended[EndReason.EVICTED]
    )
    assert all(each["times"] > 0 for each in report["by_rule"])
    assert min(ended[EndReason.EVICTED], by_time, twin.seen["refuse"], twin.seen["ask"]) > 0, "the story has it all"
