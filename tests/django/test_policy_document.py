"""`manage.py sojourn policy`: each statement of the document is held against what browsers see."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import count, product
from typing import Any, ClassVar

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command

from sojourn.contrib.django.internal.wiring import control
from sojourn.core.policy import Limit, Policy
from sojourn.core.presets import PRESETS
from sojourn.core.records import Arrival, EndReason
from sojourn.core.timeouts import DAY, SECOND
from sojourn.testing.clock import FakeClock
from tests.django.browser import FIREFOX, JSON, PASSWORD, Browser, open_sessions, sids
from tests.django.commands import run, told

pytestmark = pytest.mark.django_db

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604"
)
TABLET = "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1"
AGENTS = {"computer": FIREFOX, "phone": PHONE, "tablet": TABLET}
_names = count(1)

IDLE = {
    "INACTIVITY_TIMEOUT": "20m",
    "ABSOLUTE_TIMEOUT": "8h",
    "PERSISTENT_INACTIVITY_TIMEOUT": "3d",
    "PERSISTENT_ABSOLUTE_TIMEOUT": "9d",
}
SITES: dict[str, dict[str, Any]] = {
    **{f"preset {name}": {"PRESET": name} for name in PRESETS},
    "preset, overridden": {"PRESET": "aal2", "INACTIVITY_TIMEOUT": "10m", "TOUCH_INTERVAL": "2m"},
    "nothing": {},
    "refuse": {"LIMITS": [{"max_sessions": 2, "overflow": "refuse"}], **IDLE},
    "end": {"LIMITS": [{"max_sessions": 2, "overflow": "end_existing"}], **IDLE},
    "end the oldest": {"LIMITS": [{"max_sessions": 2, "order": "oldest"}], "ABSOLUTE_TIMEOUT": "1d"},
    "end the soonest": {"LIMITS": [{"max_sessions": 2, "order": "soonest_expiring"}], **IDLE},
    "ask": {"LIMITS": [{"max_sessions": 1, "overflow": "ask"}], "TICKET_LIFETIME": "2m", **IDLE},
    "one phone and one computer": {"LIMITS": [{"max_sessions": 1, "scope": ["device_class"]}], **IDLE},
    "two phones": {"LIMITS": [{"max_sessions": 2, "device_classes": ["phone"], "overflow": "refuse"}], **IDLE},
    "by group": {
        "LIMITS": [
            {"max_sessions": 1, "groups": ["press"], "overflow": "ask"},
            {"max_sessions": 1, "groups": ["privileged"], "overflow": "refuse"},
            {"max_sessions": 3, "exempt": ["press", "robots"]},
        ],
        **IDLE,
    },
    "devices": {"LIMITS": [{"max_sessions": 2, "counts": "devices"}], "REPLACE_SAME_DEVICE": False, **IDLE},
    "two at once": {
        "LIMITS": [{"max_sessions": 3, "overflow": "refuse"}, {"max_sessions": 1, "scope": ["device_class"]}],
        **IDLE,
    },
    "another application": {"LIMITS": [{"max_sessions": 1, "clients": ["mail"]}], "CLIENT": "shop"},
    "this application": {"LIMITS": [{"max_sessions": 1, "scope": ["client"], "clients": ["shop"]}], "CLIENT": "shop"},
}


@pytest.fixture(params=SITES.values(), ids=SITES)
def document(request: pytest.FixtureRequest, settings: Any) -> dict[str, Any]:
    """The document of a site, as the command prints it. The tests know nothing else of the site."""
    settings.SOJOURN = request.param
    found: dict[str, Any] = told("policy")
    return found


class Visitor(Browser):
    """A new person's browser, or one more of the same person."""

    def __init__(self, username: str, kind: str = "computer") -> None:
        super().__init__(AGENTS[kind])
        self.username, self.kind = username, kind

    def enter(self, *, persistent: bool = False, **more: Any) -> Any:
        """Sign in."""
        data = {"remember": "on"} if persistent else {}
        return self.sign_in(self.username, data=data, **more)

    @property
    def inside(self) -> bool:
        """Whether somebody is signed in, by a request that changes what the session holds."""
        return bool(self.get("/remember/").status_code == 200 and self.who() == self.username)


def somebody(groups: Iterable[str] = ()) -> str:
    """A new user in these groups."""
    wanted = set(groups)
    user = User.objects.create_user(f"person-{next(_names)}", None, PASSWORD, is_staff="privileged" in wanted)
    for name in wanted - {"privileged"}:
        user.groups.add(Group.objects.get_or_create(name=name)[0])
    return str(user.username)


def milliseconds(seconds: float) -> int:
    return round(seconds * SECOND)


@pytest.mark.parametrize("kind", ["ordinary", "persistent"])
class TestTimeouts:
    """`timeouts` and `django_session`: how long a session lasts."""

    def signed_in(self, kind: str) -> Visitor:
        browser = Visitor(somebody())
        assert browser.enter(persistent=kind == "persistent").status_code == 302
        return browser

    def test_without_activity_it_ends_never_late_and_at_most_so_early(self, document, kind, clock):
        timeouts = document["timeouts"][kind]
        bound, early = timeouts["inactivity_seconds"], milliseconds(timeouts["early_by_at_most_seconds"])
        if bound is None:
            browser = self.signed_in(kind)
            absolute = timeouts["absolute_seconds"] or document["django_session"]["at_most_seconds"]
            clock.advance(min(13 * DAY, milliseconds(absolute) - SECOND))
            assert browser.inside
            return
        for wait, inside in ((milliseconds(bound) - early, True), (milliseconds(bound), False)):
            browser = self.signed_in(kind)
            clock.advance(early - 1)
            assert browser.inside  # its last activity, which is not written yet
            clock.advance(wait)
            assert browser.inside is inside

    def test_however_active_it_ends_at_the_absolute_timeout(self, document, kind, clock):
        timeouts = document["timeouts"][kind]
        bound, idle = timeouts["absolute_seconds"], timeouts["inactivity_seconds"]
        left = milliseconds(bound if bound is not None else 40 * 24 * 3600)
        step = min(5 * DAY, milliseconds(idle) // 2 if idle else 5 * DAY, left // 2)
        if bound is None:
            left = min(left, 60 * step)
        browser = self.signed_in(kind)
        while left > step:
            clock.advance(step)
            left -= step
            assert browser.inside
        clock.advance(left - 1)
        assert browser.inside
        clock.advance(1)
        assert browser.inside is (bound is None)

    def test_it_ends_with_djangos_own_session(self, document, kind, clock):
        if any(document["timeouts"][kind][name] for name in ("inactivity_seconds", "absolute_seconds")):
            return  # that is sooner
        browser = self.signed_in(kind)
        clock.advance(milliseconds(document["django_session"]["at_most_seconds"]) - 2 * SECOND)
        assert browser.who()
        clock.advance(3 * SECOND)
        assert browser.get("/private/", headers=JSON).json()["reason"] == "carrier_expired"


def holds(limit: dict[str, Any], groups: set[str], kind: str, client: str) -> bool:
    """Whether a limit of the document holds a sign-in."""
    return (
        (not limit["only_groups"] or bool(groups & set(limit["only_groups"])))
        and not groups & set(limit["exempt_groups"])
        and (not limit["only_clients"] or client in limit["only_clients"])
        and (not limit["only_device_classes"] or kind in limit["only_device_classes"])
    )


def comes_to(document: dict[str, Any], groups: set[str], client: str, inside: list[Visitor], kind: str) -> Any:
    """What the document says of one more sign-in: "refuse", "ask", or who is signed out for it."""
    out: list[Visitor] = []
    beyond = []
    for limit in document["limits"]:
        if holds(limit, groups, kind, client):
            kinds = {kind} if "device_class" in limit["counted_apart_by"] else set(limit["only_device_classes"])
            counted = [each for each in inside if not kinds or each.kind in kinds]
            beyond.append((limit, counted, len(counted) + 1 - limit["max_sessions"]))
    what = {limit["overflow"] for limit, _, too_many in beyond if too_many > 0}
    if "refuse" in what:
        return "refuse"
    if "ask" in what:
        return "ask"
    for limit, counted, too_many in beyond:
        first = {"oldest": "began", "least_recently_used": "used", "soonest_expiring": "ends"}[limit["order"]]
        out += sorted(counted, key=lambda each: each.when[first])[: max(0, too_many)]  # type: ignore[attr-defined]
    return out


PEOPLE = [(), ("press",), ("privileged",), ("robots",), ("press", "privileged")]
DEVICES = [("computer",) * 5, ("phone", "computer", "phone", "tablet", "phone", "computer")]


LIMITED = {name: site for name, site in SITES.items() if "LIMITS" in site or name in {"preset fedramp", "preset fluid"}}


@pytest.mark.parametrize("document", list(LIMITED.values()), ids=list(LIMITED), indirect=True)
@pytest.mark.parametrize(("groups", "devices"), list(product(PEOPLE, DEVICES)), ids=str)
def test_the_limits_are_those_of_the_document(document, clock, groups, devices, settings):
    username, inside = somebody(groups), []
    client = settings.SOJOURN.get("CLIENT", "")
    for number, kind in enumerate(devices):
        newcomer = Visitor(username, kind)
        expected = comes_to(document, set(groups), client, inside, kind)
        answer = newcomer.enter(headers=JSON)
        if isinstance(expected, str):
            wanted = {"refuse": "limit-reached", "ask": "choice-required"}[expected]
            assert (answer.status_code, answer.json()["type"]) == (409, f"urn:sojourn:problem:{wanted}")
            assert not newcomer.inside
        else:
            assert answer.status_code == 302
            inside = [each for each in inside if each not in expected]
            assert all(each.get("/private/", headers=JSON).json()["reason"] == "evicted" for each in expected)
            newcomer.when = {"began": clock(), "used": clock(), "ends": clock()}  # type: ignore[attr-defined]
            inside.append(newcomer)
        clock.advance(61 * SECOND)
        if number % 2:  # the one that began first is used again, so that it is not the one used longest ago
            assert inside[0].who() == username
            inside[0].when |= {"used": clock(), "ends": clock()}  # type: ignore[attr-defined]
            clock.advance(SECOND)
    assert len(control().sessions(_subject(username))) == len(inside)


def _subject(username: str) -> str:
    from tests.django.browser import subject

    return subject(username)


def test_a_device_that_signs_in_again_is_treated_as_the_document_says(document):
    browser = Visitor(somebody())
    browser.enter()
    del browser.cookies["sessionid"]
    assert browser.enter().status_code in {302, 409, 303}
    replaced = [
        each for each in control().store.history(_subject(browser.username), 9) if each.end_reason == "replaced"
    ]
    assert bool(replaced) is document["same_device_replaces"]


def test_it_says_which_values_deviate_from_nist(document):
    for each in document["nist_sp_800_63b_4"]:
        own = document["timeouts"][each["sessions"]][f"{each['timeout']}_seconds"]
        assert each["seconds"] == own
        assert each["deviates"] is (own is None or own > each["at_most_seconds"])
        assert ("deviates" in each["sentence"]) is each["deviates"]
    deviating = any(each["deviates"] for each in document["nist_sp_800_63b_4"])
    assert any("ASVS 7.1.1" in line for line in document["to_be_added"]) is deviating


def test_the_document_for_people_says_the_same(document):
    text = run("policy")
    said = [each["sentence"] for name in ("nist_sp_800_63b_4", "limits", "ends") for each in document[name]]
    assert [sentence for sentence in [*said, *document["told"], *document["to_be_added"]] if sentence not in text] == []


def test_the_cookie_is_as_the_document_says(document, settings):
    said = document["django_session"]
    browser = Visitor(somebody())
    browser.enter(secure=said["cookie_secure"])
    cookie = browser.cookies[settings.SESSION_COOKIE_NAME]
    assert bool(cookie["secure"]) is said["cookie_secure"]
    assert bool(cookie["httponly"]) is said["cookie_httponly"]
    assert cookie["samesite"] == said["cookie_samesite"]
    assert (cookie["max-age"] == "") is said["until_browser_closes"]


@pytest.mark.parametrize("then", ["refuse", "ask", None])
def test_two_devices_that_keep_ending_each_other_are_treated_as_the_document_says(settings, clock, then):
    rule = {"times": 3, "within": "5m"} | ({} if then is None else {"then": then})
    settings.SOJOURN = {"LIMITS": [{"max_sessions": 1}], "INACTIVITY_TIMEOUT": "1h", "PING_PONG": rule}
    said = told("policy")["ping_pong"]
    assert said["sentence"] in run("policy")
    username = somebody()
    for pause in (said["within_seconds"] * SECOND, SECOND):  # so long that nobody notices, and then not
        clock.advance(said["within_seconds"] * SECOND)
        pair = Visitor(username), Visitor(username, "phone")
        pair[0].enter()
        for turn in range(1, said["times"] + 1):
            clock.advance(pause)
            pair[turn % 2].get("/private/", headers=JSON)  # which tells it that the other one has ended it
            answer = pair[turn % 2].enter(headers=JSON)
            stopped = said["then"] is not None and pause == SECOND and turn == said["times"]
            assert answer.status_code == (409 if stopped else 302)
            if stopped:
                wanted = {"refuse": "limit-reached", "ask": "choice-required"}[said["then"]]
                assert answer.json()["type"] == f"urn:sojourn:problem:{wanted}"


def test_a_choice_may_be_made_for_as_long_as_the_document_says(settings, clock):
    settings.SOJOURN = SITES["ask"]
    document = told("policy")
    for wait, status in ((document["choice_seconds"] * SECOND - 1, 302), (document["choice_seconds"] * SECOND, 410)):
        username = somebody()
        first, second = Visitor(username), Visitor(username, "phone")
        first.enter()
        second.enter()
        (sid,) = [each.sid for each in control().sessions(_subject(username))]
        clock.advance(wait)
        assert second.choose(sid).status_code == status


def test_ending_other_sessions_asks_again_after_as_long_as_the_document_says(document, clock):
    window = document["reauthentication_seconds"] * SECOND
    idle = document["timeouts"]["ordinary"]["inactivity_seconds"]
    for wait, asked in ((window - 1, False), (window, True)):
        browser = Visitor(somebody())
        browser.enter()
        left = wait
        while idle and left >= idle * SECOND // 2:
            clock.advance(idle * SECOND // 2)
            left -= idle * SECOND // 2
            assert browser.who()
        clock.advance(left)
        answer = browser.post("/sessions/end-others/")
        assert (b"password" in answer.content) is asked


class TestWhatEndsASession:
    """`ends`: every reason, each by the act that the document tells of."""

    def switch(self, first: Any, second: Any, clock: FakeClock) -> None:
        first.sign_in("bob")

    def evict(self, first: Any, second: Any, clock: FakeClock) -> None:
        clock.advance(SECOND)
        second.sign_in()

    def revoke(self, first: Any, second: Any, clock: FakeClock) -> None:
        mine = sids()
        second.sign_in()
        second.post(f"/sessions/end/{mine[0]}/")

    def disown(self, first: Any, second: Any, clock: FakeClock) -> None:
        (newer,) = [s.sid for s in open_sessions() if s.device.os != "iOS"]
        second.post(f"/sessions/it-was-not-me/{newer}/")

    def command(self, *words: str) -> Callable[..., None]:
        return lambda *_: call_command("sojourn", *words, "--note", "x", "--yes", verbosity=0)

    ACTS: ClassVar[dict[EndReason, tuple[int, Callable[..., object]]]] = {  # with how many sessions are allowed
        EndReason.LOGOUT: (9, lambda self, first, second, clock: first.post("/logout/")),
        EndReason.REVOKED: (9, revoke),
        EndReason.OPERATOR: (9, lambda self, *_: run("end", "--user", "ada", "--note", "x", "--yes")),
        EndReason.DISOWNED: (9, disown),
        EndReason.EVICTED: (1, evict),
        EndReason.REPLACED: (9, lambda self, first, second, clock: first.sign_in()),
        EndReason.SWITCHED: (9, switch),
        EndReason.INACTIVITY_TIMEOUT: (9, lambda self, first, second, clock: clock.advance(DAY // 48)),
        EndReason.ABSOLUTE_TIMEOUT: (9, lambda self, first, second, clock: clock.advance(DAY)),
        EndReason.CARRIER_EXPIRED: (9, lambda self, first, second, clock: clock.advance(600 * SECOND)),
        EndReason.CREDENTIAL_CHANGED: (9, lambda self, *_: _changed(password=True)),
        EndReason.DEACTIVATED: (9, lambda self, *_: _changed(is_active=False)),
        EndReason.DELETED: (9, lambda self, *_: User.objects.get(username="ada").delete()),
        EndReason.EPOCH: (9, lambda self, first, second, clock: _after_a_moment(clock)),
        EndReason.ABORTED: (9, lambda self, first, second, clock: None),
    }

    def site(self, reason: EndReason, settings: Any) -> None:
        limits = [{"max_sessions": self.ACTS[reason][0]}]
        timeouts = {"INACTIVITY_TIMEOUT": "30m", "ABSOLUTE_TIMEOUT": "12h"}
        if reason is EndReason.ABSOLUTE_TIMEOUT:
            timeouts["INACTIVITY_TIMEOUT"] = "2d"
        if reason is EndReason.CARRIER_EXPIRED:
            settings.SESSION_COOKIE_AGE = 600
        settings.SOJOURN = {"LIMITS": limits, **timeouts}

    @pytest.mark.parametrize("reason", EndReason)
    def test_each_reason_of_the_document_ends_it(self, reason, settings, first, second, bob, clock):
        self.site(reason, settings)
        (said,) = [each for each in told("policy")["ends"] if each["reason"] == reason]
        assert said["in_force"]
        if reason is EndReason.DISOWNED:  # only an older session is asked
            second.sign_in()
            clock.advance(SECOND)
        where = "/crashing-login/" if reason is EndReason.ABORTED else "/login/"
        first.sign_in(url=where)
        who = _subject("ada")
        cookie = first.session_cookie()
        self.ACTS[reason][1](self, first, second, clock)
        thief = Browser()
        thief.take_session(cookie or "none")
        assert thief.who() == ""
        run("purge")
        assert reason in {each.end_reason for each in control().store.history(who, 9)}

    def test_the_document_has_every_reason(self):
        assert [each["reason"] for each in told("policy")["ends"]] == [str(reason) for reason in EndReason]

    @pytest.mark.parametrize("reason", [EndReason.EVICTED, EndReason.INACTIVITY_TIMEOUT, EndReason.ABSOLUTE_TIMEOUT])
    def test_what_is_not_in_force_ends_nothing(self, reason, settings, first, second, clock):
        self.site(reason, settings)
        settings.SOJOURN["REPORT_ONLY"] = True
        settings.SOJOURN = dict(settings.SOJOURN)
        document = told("policy")
        assert document["report_only"] is True
        assert [each["in_force"] for each in document["ends"] if each["reason"] == reason] == [False]
        first.sign_in()
        self.ACTS[reason][1](self, first, second, clock)
        assert first.who() == "ada"
        assert "Report-only" in run("policy")


def _changed(*, password: bool = False, **fields: Any) -> None:
    user = User.objects.get(username="ada")
    if password:
        user.set_password("another one")
    for name, value in fields.items():
        setattr(user, name, value)
    user.save()


def _after_a_moment(clock: FakeClock) -> None:
    clock.advance(1)
    run("end", "--all", "--note", "x", "--yes")


class TestWhatUsersAreTold:
    """`told`: three sentences, three pages."""

    def test_the_newcomer_learns_which_sessions_ended(self, settings, first, second):
        settings.SOJOURN = {"LIMITS": [{"max_sessions": 1}]}
        assert "which ones" in told("policy")["told"][0]
        first.sign_in()
        second.sign_in()
        assert "Firefox on Windows" in second.get("/sessions/").content.decode().partition("</h1>")[2][:2000]

    def test_the_ended_browser_learns_why_when_and_by_which_device(self, settings, first, second):
        settings.SOJOURN = {"LIMITS": [{"max_sessions": 1}]}
        assert "why, when, and by which device" in told("policy")["told"][1]
        first.sign_in()
        second.sign_in()
        body = first.get("/private/", headers=JSON).json()
        assert body["reason"] == "evicted"
        assert body["ended_at"]
        assert "iOS" in body["by"]["device"]

    def test_whoever_is_refused_learns_what_is_open_and_until_when(self, settings, first, second):
        settings.SOJOURN = {"LIMITS": [{"max_sessions": 1, "overflow": "refuse"}], "INACTIVITY_TIMEOUT": "30m"}
        assert "which sessions are open" in told("policy")["told"][2]
        first.sign_in()
        body = second.sign_in(headers=JSON).json()
        assert body["open"][0]["device"] == "Firefox on Windows"
        assert body["free_at"]


def by_function(arrival: Arrival) -> Policy:
    """A site's own policy."""
    return Policy((Limit(1),))


class TestWhatItCannotKnow:
    """A function of the site decides, Sojourn is off, sessions are adopted."""

    def test_a_function_cannot_be_read(self, settings):
        settings.SOJOURN = {"POLICY": f"{__name__}.by_function"}
        document = told("policy")
        assert document["decided_by"] == f"{__name__}.by_function"
        assert not {"limits", "timeouts", "nist_sp_800_63b_4"} & set(document)
        assert any("explain USER" in line for line in document["to_be_added"])
        assert f"{__name__}.by_function" in run("policy")

    def test_being_switched_off_is_said_first(self, settings):
        settings.SOJOURN = {"LIMITS": [{"max_sessions": 1}], "ENABLED": False}
        assert told("policy")["enabled"] is False
        assert "switched off" in run("policy")

    def test_sessions_are_taken_over_until_the_documents_moment(self, settings, first, second, clock):
        until = datetime.fromtimestamp(clock() // 1000 + 3600, UTC)
        settings.SOJOURN = {"ENABLED": False}
        first.sign_in()
        second.sign_in()
        settings.SOJOURN = {"ADOPT_EXISTING": True, "ADOPT_UNTIL": until, "LIMITS": [{"max_sessions": 9}]}
        said = told("policy")["adoption"]
        assert said["adopts"] is True
        moment = int(datetime.fromisoformat(said["until"]).timestamp()) * SECOND
        clock.advance(moment - clock() - 1)
        assert first.who() == "ada"
        clock.advance(1)
        assert second.who() == ""
        assert told("policy")["adoption"]["adopts"] is False
        assert len(open_sessions()) == 1
