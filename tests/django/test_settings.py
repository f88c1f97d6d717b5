"""`SOJOURN`: every wrong value gets a clear answer, every right one takes effect at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from sojourn.contrib.django.internal import wiring
from sojourn.contrib.django.settings import Settings, current, described, read
from sojourn.core.policy import Limit, Overflow
from sojourn.core.presets import PRESETS
from sojourn.core.timeouts import DAY, HOUR, MINUTE
from sojourn.notify.notices import Channel, Notices

NAMES = [each.name for each in fields(Settings)]
EXAMPLES = {each.name: each.metadata["example"] for each in fields(Settings)}
FLAGS = ["ENABLED", "REPLACE_SAME_DEVICE", "REPORT_ONLY", "ADOPT_EXISTING", "NO_STORE", "REPORT_ACTIVITY"]
DURATIONS = [
    "INACTIVITY_TIMEOUT",
    "ABSOLUTE_TIMEOUT",
    "PERSISTENT_INACTIVITY_TIMEOUT",
    "PERSISTENT_ABSOLUTE_TIMEOUT",
    "TOUCH_INTERVAL",
    "TICKET_LIFETIME",
    "NOTICE_LINK_AGE",
    "ROTATION_GRACE",
    "RETENTION",
    "ADDRESS_RETENTION",
    "REAUTHENTICATION_WINDOW",
    "DEVICE_COOKIE_AGE",
    "TIMEOUT_WARNING",
    "OUTBOX_MAX_AGE",
]
TEXTS = [
    "STORE",
    "MOVE_TO",
    "CLIENT",
    "SUBJECT",
    "POLICY",
    "ADAPTER",
    "PRESET",
    "HELP_URL",
    "PASSWORD_RESET_URL",
    "SITE_URL",
    "DEVICE_COOKIE",
    "TICKET_COOKIE",
    "METRICS_REGISTRY",
    "DELIVERY",
]
LISTS = ["LIMITS", "METRICS", "PASSIVE_PATHS", "CLEAR_SITE_DATA", "WEBHOOKS", "SINKS"]
NOT_DURATIONS = [
    0,
    -1,
    True,
    1.5,
    "",
    "30",
    "30 minutes",
    "-5m",
    "1h30m",
    "m",
    "9999999999s",
    "999999999d",
    [],
    {},
    b"30m",
    timedelta(0),
    timedelta(days=-1),
    10**30,
    "٣m٣",
]
NOT_LIMITS = [
    ({}, "a list of dicts"),
    ("refuse", "a list of dicts"),
    (3, "a list of dicts"),
    ([3], "Limit 1 is not a dict"),
    ([{"max_sessions": 2}, "x"], "Limit 2 is not a dict"),
    ([{}], "Limit 1 has no max_sessions"),
    ([{"max_session": 3}], "Limit 1 has no max_sessions"),
    ([{"max_sessions": "3"}], "Limit 1, max_sessions: '3' is not a whole number"),
    ([{"max_sessions": True}], "Limit 1, max_sessions: True is not a whole number"),
    ([{"max_sessions": 2.0}], "Limit 1, max_sessions: 2.0 is not a whole number"),
    ([{"max_sessions": None}], "Limit 1, max_sessions: None is not a whole number"),
    ([{"max_sessions": 0}], "must be at least 1"),
    ([{"max_sessions": -4}], "must be at least 1"),
    ([{"max_sessions": 1, "overflow": "deny"}], "'deny' is not one of: refuse, end_existing, ask"),
    ([{"max_sessions": 1, "overflow": []}], "[] is not one of: refuse"),
    ([{"max_sessions": 1, "order": "newest"}], "'newest' is not one of: least_recently_used"),
    ([{"max_sessions": 1, "scope": "client"}], "'client' is not a list"),
    ([{"max_sessions": 1, "scope": ["country"]}], "'country' is not one of: client, device_class"),
    ([{"max_sessions": 1, "scope": [["client"]]}], "['client'] is not one of"),
    ([{"max_sessions": 1, "counts": "users"}], "'users' is not one of: sessions, devices"),
    ([{"max_sessions": 1, "groups": "staff"}], "'staff' is not a list"),
    ([{"max_sessions": 1, "groups": [""]}], "'' is not a text"),
    ([{"max_sessions": 1, "exempt": [1]}], "1 is not a text"),
    ([{"max_sessions": 1, "exempt": ["staff"], "groups": ["staff"]}], "both hold and exempt"),
    ([{"max_sessions": 1, "clients": 5}], "5 is not a list"),
    ([{"max_sessions": 1, "device_classes": ["toaster"]}], "'toaster' is not one of: computer"),
    ([{"max_sessions": 1, "name": 7}], "7 is not a text"),
    ([{"max_sessions": 1, 5: 1}], "Limit 1 has no key 5"),
    ([{"max_sessions": 1, "maximum": 1}], "Limit 1 has no key 'maximum'. Known are: max_sessions"),
]
NOT_STORES = [
    ("postgres://ada:hunter2@db.example/site", "Begin the address with one of redis://"),
    ("redis://", "Write each server as host or host:port"),
    ("redis://ada@kv.example", "A user needs a password"),
    ("redis://:hunter2@kv.example:port/0", "Write each server as host or host:port"),
    ("redis://:hunter2@kv.example/first", "A database is a number"),
    ("redis://:hunter2@a.example,b.example", "For several servers write redis+cluster://"),
    ("redis+cluster://:hunter2@kv.example/1", "A Cluster has only database 0"),
    ("redis+sentinel://:hunter2@kv.example", "Write what the Sentinels call the master"),
    ("redis://:hunter2@kv.example?tiemout=1", "There is no option of this name"),
    ("redis://:hunter2@kv.example?timeout=0", "timeout: write 0.01 to 60"),
    ("redis://:hunter2@kv.example?ssl_ca_certs=/ca.pem", "write rediss, with two s"),
    ("unix://valkey.sock", "Write the whole path of the socket"),
]
WRONG: list[tuple[str, Any, str]] = [
    *((name, value, "True nor False") for name in FLAGS for value in ("False", "", 0, 1, None, [], object())),
    *((name, value, "is not a duration") for name in DURATIONS for value in NOT_DURATIONS),
    *((name, value, "is not a text") for name in TEXTS for value in (5, True, [], {"x": 1}, b"x")),
    *((name, value, "list") for name in LISTS for value in (5, True, "storage", {"x": 1})),
    *(("LIMITS", value, said) for value, said in NOT_LIMITS),
    *((name, [""], "not a list of texts") for name in ("PASSIVE_PATHS", "CLEAR_SITE_DATA")),
    ("PASSIVE_PATHS", ["api/"], "must start with '/'"),
    ("PASSIVE_PATHS", ["/"], "begins every path"),
    ("CLEAR_SITE_DATA", ["everything"], "is not one of: *, cache"),
    ("CLEAR_SITE_DATA", ['storage"\r\nSet-Cookie: a=b'], "is not one of"),
    *((name, value, said) for name in ("STORE", "MOVE_TO") for value, said in NOT_STORES),
    ("PRESET", "iso27001", "Choose one of: aal1"),
    ("TRUSTED_PROXY_HOPS", -1, "from 0 to 16"),
    ("TRUSTED_PROXY_HOPS", 17, "from 0 to 16"),
    ("TRUSTED_PROXY_HOPS", True, "from 0 to 16"),
    ("TRUSTED_PROXY_HOPS", "1", "from 0 to 16"),
    ("TRUSTED_PROXY_HOPS", None, "from 0 to 16"),
    *((name, "", "is not a name of letters") for name in ("DEVICE_COOKIE", "TICKET_COOKIE")),
    ("DEVICE_COOKIE", "my cookie", "is not a name of letters"),
    ("DEVICE_COOKIE", "a;Domain=.com", "is not a name of letters"),
    ("DEVICE_COOKIE", "gerät", "is not a name of letters"),
    ("DEVICE_COOKIE", "__Host-device", "begins with '__'"),
    ("TICKET_COOKIE", "sojourn_device", "the same as DEVICE_COOKIE"),
    ("CLIENT", "shop\n", "control characters"),
    ("CLIENT", "x" * 300, "too long"),
    ("ADOPT_UNTIL", "soon", "neither a date"),
    ("ADOPT_UNTIL", "2027-02-30", "neither a date"),
    ("ADOPT_UNTIL", 1_800_000_000, "neither a date"),
    ("ADOPT_UNTIL", "0001-01-01", "neither a date"),
    *(("PING_PONG", value, "neither a dict nor None") for value in (5, "ask", [], True)),
    ("PING_PONG", {"time": 3}, "no key 'time'. Known are: times, within, then"),
    ("PING_PONG", {"times": "3"}, "times: '3' is not a whole number"),
    ("PING_PONG", {"times": 1}, "times must be from 2 to 10"),
    ("PING_PONG", {"within": "soon"}, "within: 'soon' is not a duration"),
    ("PING_PONG", {"then": "deny"}, "then: 'deny' is not one of"),
    ("PING_PONG", {"then": "end_existing"}, "then must be refuse or ask"),
    ("HELP_URL", "javascript:alert(1)", "neither a path"),
    ("HELP_URL", "//elsewhere.example", "neither a path"),
    ("HELP_URL", "help", "neither a path"),
    ("HELP_URL", "/help\n", "neither a path"),
    ("PASSWORD_RESET_URL", "javascript:alert(1)", "neither a path"),
    *(
        ("SITE_URL", value, "is not the address of a site")
        for value in (
            *("app.example", "//app.example", "https://", "ftp://app.example", "javascript:alert(1)"),
            *("https://ada@app.example", "https://app.example:port", "https://app.example:0", "https://a b.example"),
            *("https://app.example\n", "https://\u00e4pp.example", "https://[::1"),
        )
    ),
    *(
        ("SITE_URL", f"https://app.example{more}", "goes on after the host")
        for more in ("/below", "/below/", "?", "/?a=b", "#", "/#a")
    ),
    *(("NOTICES", value, "is not a dict") for value in (5, "mail", [], True)),
    ("NOTICES", {"new_devices": ["mail"]}, "'new_devices' is not one of: new_device, new_place"),
    ("NOTICES", {5: ["mail"]}, "5 is not one of: new_device"),
    ("NOTICES", {"evicted": "mail"}, "'mail' of 'evicted' is not a list out of: mail, page"),
    ("NOTICES", {"evicted": ["sms"]}, "['sms'] of 'evicted' is not a list out of: mail, page"),
    ("NOTICES", {"evicted": [["mail"]]}, "is not a list out of"),
    *(
        (name, value, "is not one of: full, network, none")
        for name in ("ADDRESS_PRECISION", "MAIL_ADDRESSES")
        for value in ("half", "", 5, None, [])
    ),
    *(("FAMILIARITY", value, "is not a dict") for value in (5, "country", [], True)),
    ("FAMILIARITY", {"distance": 5}, "no key 'distance'. Known are: new_place, distance_km, travel_kmh"),
    ("FAMILIARITY", {"new_place": "town"}, "new_place: 'town' is not one of: country, distance"),
    ("FAMILIARITY", {"distance_km": "5"}, "distance_km: '5' is not a whole number"),
    ("FAMILIARITY", {"travel_kmh": 0}, "travel_kmh must be greater than zero"),
    ("GEOIP_DATABASES", "city.mmdb", "is not a list of texts"),
    ("GEOIP_DATABASES", [None], "is not a list of texts"),
    ("SINKS", "accounts.sessions.ChatSink", "is not a list of texts"),
    ("SINKS", [""], "is not a list of texts"),
    *(("OUTBOX_MAX_EVENTS", value, "is not a whole number from 1,000") for value in (999, True, "5000", None, 1e6)),
    ("LIVE", "sometimes", "not one of: auto, poll, off"),
    ("LIVE_INTERVAL", "2m", "not between one second and one minute"),
    ("LIVE_STREAMS", -1, "not a whole number"),
    ("LIVE_STREAMS", True, "not a whole number"),
]


def each(wrong: tuple[str, Any, str]) -> str:
    return f"{wrong[0]}={ascii(wrong[1])[:40]}"


@pytest.mark.parametrize("wrong", WRONG, ids=each)
def test_a_wrong_value_is_named_said_to_be_wrong_and_stops_everything(wrong: tuple[str, Any, str]) -> None:
    name, value, said = wrong
    found, problems = read({name: value})
    assert [problem.name for problem in problems] == [name]
    assert said in problems[0].message
    assert problems[0].hint.startswith("Write ")
    assert getattr(found, name) == getattr(Settings(), name) or "same as" in said
    with override_settings(SOJOURN={name: value}), pytest.raises(ImproperlyConfigured, match="Write ") as raised:
        current()
    assert name in str(raised.value)
    assert said in str(raised.value)


def test_kinds_of_notices_that_are_not_named_keep_their_channels() -> None:
    found = read({"NOTICES": {"evicted": [], "refused": ("mail", "page")}})[0].NOTICES
    assert (found.evicted, found.refused) == (frozenset(), frozenset(Channel))
    assert found.new_device == Notices().new_device


def test_every_setting_has_wrong_values_in_the_table() -> None:
    assert {name for name, _, _ in WRONG} == set(NAMES)


@pytest.mark.parametrize("value", [None, [], "x", 5, [("ENABLED", False)]])
def test_settings_that_are_no_dict_are_refused(value: object) -> None:
    with override_settings(SOJOURN=value), pytest.raises(ImproperlyConfigured, match="SOJOURN: It is not a dict"):
        current()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("limits", "LIMITS"),
        ("LIMIT", "LIMITS"),
        ("IDLE_TIMEOUT", "ABSOLUTE_TIMEOUT or INACTIVITY_TIMEOUT"),
    ],
)
def test_a_misspelt_setting_is_refused_with_the_names_that_may_be_meant(name: str, meant: str) -> None:
    with override_settings(SOJOURN={name: []}), pytest.raises(ImproperlyConfigured, match=rf"'{name}'.*Write {meant}"):
        current()


@pytest.mark.parametrize("name", ["MAX_SESSIONS", "overflow"])
def test_what_belongs_to_a_limit_is_sent_there(name: str) -> None:
    (problem,) = read({name: 1})[1]
    assert problem.message == "It belongs to a limit."
    assert "LIMITS" in problem.hint


@pytest.mark.parametrize("name", ["COLOUR", "", 5, None, ("colour",)])
def test_an_unknown_setting_is_refused_with_all_that_are_known(name: object) -> None:
    (problem,) = read({name: 1})[1]
    assert problem.message == "There is no such setting."
    assert problem.hint == f"Write one of: {', '.join(NAMES)}."


def test_all_problems_are_reported_at_once() -> None:
    problems = read({"ENABLED": "no", "RETENTION": -1, "COLOUR": "red"})[1]
    assert {problem.name for problem in problems} == {"ENABLED", "RETENTION", "COLOUR"}


def test_a_wrong_timeout_is_not_also_reported_as_one_that_is_missing() -> None:
    limits = [{"max_sessions": 1, "overflow": "refuse"}]
    assert [problem.name for problem in read({"LIMITS": limits, "INACTIVITY_TIMEOUT": "soon"})[1]] == [
        "INACTIVITY_TIMEOUT"
    ]


@pytest.mark.parametrize("more", [{}, {"ABSOLUTE_TIMEOUT": "1h"}, {"PRESET": "aal1"}])
def test_a_limit_that_refuses_needs_an_inactivity_timeout(more: dict[str, object]) -> None:
    (problem,) = read({"LIMITS": [{"max_sessions": 1, "overflow": "refuse"}], **more})[1]
    assert problem.name == "LIMITS"
    assert "lock" in problem.message
    assert "INACTIVITY_TIMEOUT" in problem.hint


@pytest.mark.parametrize(
    "timeouts",
    [
        {"INACTIVITY_TIMEOUT": "30m", "TOUCH_INTERVAL": "30m"},
        {"INACTIVITY_TIMEOUT": "30m", "TOUCH_INTERVAL": "1h"},
        {"INACTIVITY_TIMEOUT": "2h", "PERSISTENT_INACTIVITY_TIMEOUT": "30m", "TOUCH_INTERVAL": "1h"},
        {"PRESET": "pci", "TOUCH_INTERVAL": "15m"},
    ],
)
def test_activity_must_be_written_more_often_than_the_inactivity_timeout(timeouts: dict[str, str]) -> None:
    (problem,) = read(timeouts)[1]
    assert problem.name == "TOUCH_INTERVAL"
    assert "shorter" in problem.hint


def test_a_long_wrong_value_makes_no_long_message() -> None:
    for name, value in (("PRESET", "x" * 100_000), ("ENABLED", ["x"] * 100_000), ("CLIENT", "x" * 100_000)):
        (problem,) = read({name: value})[1]
        assert len(problem.message) < 400


@pytest.mark.parametrize("name", NAMES)
def test_the_value_that_a_hint_tells_to_write_is_right(name: str) -> None:
    assert read({name: ast.literal_eval(EXAMPLES[name])})[1] == []
    assert EXAMPLES[name] in read({name: object()})[1][0].hint


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_has_a_type_a_default_and_a_description(name: str) -> None:
    found = {each: (default, doc) for each, default, doc in described()}
    default, doc = found[name]
    assert default == getattr(Settings(), name)
    assert doc.endswith(".")
    assert len(doc) > 20
    assert doc[0].isupper()
    assert next(each.type for each in fields(Settings) if each.name == name)


def test_no_settings_at_all_are_the_defaults() -> None:
    assert read({}) == (Settings(), [])


@pytest.mark.parametrize("name", [name for name in NAMES if getattr(Settings(), name) is None])
def test_none_is_the_same_as_not_set_where_there_is_no_default(name: str) -> None:
    assert read({name: None}) == (Settings(), [])


@pytest.mark.parametrize(
    ("written", "milliseconds"),
    [(90, 90_000), ("45s", 45_000), ("30m", 30 * MINUTE), ("12 h", 12 * HOUR), (timedelta(days=1), DAY)],
)
@pytest.mark.parametrize("name", DURATIONS)
def test_durations_are_milliseconds_however_they_are_written(name: str, written: object, milliseconds: int) -> None:
    assert getattr(read({name: written})[0], name) == milliseconds


def test_limits_become_limits_with_all_their_parts() -> None:
    limit = {
        "max_sessions": 2,
        "overflow": "ask",
        "order": "oldest",
        "scope": ["client"],
        "counts": "devices",
        "groups": ["members"],
        "exempt": ("staff",),
        "clients": {"shop"},
        "device_classes": frozenset({"phone"}),
        "name": "Members",
    }
    (found,) = read({"LIMITS": [limit]})[0].LIMITS
    assert {name: getattr(found, name) for name in limit} == {
        **limit,
        "scope": {"client"},
        "groups": {"members"},
        "exempt": {"staff"},
        "clients": {"shop"},
        "device_classes": {"phone"},
    }


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_preset_is_the_policy_and_other_settings_override_its_parts(name: str) -> None:
    preset = PRESETS[name]
    assert read({"PRESET": name})[0].policy().timeouts == preset.timeouts
    changed = read({"PRESET": name, "INACTIVITY_TIMEOUT": "3m", "LIMITS": [{"max_sessions": 9}]})[0].policy()
    assert changed.timeouts.inactivity == 3 * MINUTE
    assert changed.timeouts.absolute == preset.timeouts.absolute
    assert changed.limits == (Limit(9),)


def test_persistent_sessions_have_the_ordinary_timeouts_unless_told_otherwise() -> None:
    policy = read({"INACTIVITY_TIMEOUT": "30m", "ABSOLUTE_TIMEOUT": "8h", "PERSISTENT_ABSOLUTE_TIMEOUT": "30d"})[0]
    persistent = policy.policy().timeouts_for(persistent=True)
    assert (persistent.inactivity, persistent.absolute) == (30 * MINUTE, 30 * DAY)


@pytest.fixture
def changing() -> Iterator[None]:
    """A test that changes settings leaves the site as it found it."""
    before = current()
    yield
    assert current() == before


@pytest.mark.usefixtures("changing")
def test_changed_settings_take_effect_at_once_and_so_does_changing_them_back() -> None:
    with override_settings(SOJOURN={"LIMITS": [{"max_sessions": 7, "overflow": "ask"}], "RETENTION": "1d"}):
        (limit,) = current().LIMITS
        assert limit == Limit(7, Overflow.ASK)
        assert wiring.control().options.retention == DAY
        with override_settings(SOJOURN={"RETENTION": "2d"}):
            assert current().LIMITS == ()
            assert wiring.control().options.retention == 2 * DAY
        assert wiring.control().options.retention == DAY


@pytest.mark.usefixtures("changing")
def test_wrong_settings_are_refused_every_time_they_are_asked_for() -> None:
    with override_settings(SOJOURN={"ENABLED": "no"}):
        for _ in range(2):
            with pytest.raises(ImproperlyConfigured):
                current()


@pytest.mark.parametrize(
    "value",
    [
        "2027-03-01",
        "2027-03-01T00:00",
        "2027-02-28 23:00Z",
        "2027-03-01T02:30+03:30",
        date(2027, 3, 1),
        datetime(2027, 3, 1),  # noqa: DTZ001  # as people write it
        datetime(2027, 2, 28, 23, tzinfo=UTC),
    ],
)
def test_until_when_may_be_written_in_many_ways(value: object) -> None:
    with override_settings(TIME_ZONE="Europe/Zurich", SOJOURN={"ADOPT_UNTIL": value}):
        assert current().ADOPT_UNTIL == 1_803_855_600_000
