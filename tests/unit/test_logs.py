"""The log of sessions: what a record says, that nobody is named in it, and that nobody can forge one."""

from __future__ import annotations

import dataclasses
import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_origin

import pytest

from sojourn.control import SessionControl
from sojourn.core.errors import StoreUnavailable
from sojourn.core.events import TYPE_OF, Event, SessionEnded, SignInsPaused, StartRefused
from sojourn.core.policy import Limit, Policy
from sojourn.core.records import Arrival, Device, DeviceClass, EndReason
from sojourn.core.timeouts import HOUR, Timeouts
from sojourn.core.tokens import mint_sid
from sojourn.stores.memory import MemoryStore
from sojourn.stores.observed import ObservedStore, Rejection
from sojourn.telemetry.formatter import JsonFormatter
from sojourn.telemetry.logs import LINES, LOGGER, Correlation, SessionLog, encoded
from sojourn.testing.clock import FakeClock
from sojourn.testing.samples import ended, full_session

KEY = b"a key of thirty-two random bytes"
IDS = Correlation(KEY)


class Kept(logging.Handler):
    """Keeps records."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    @property
    def lines(self) -> list[str]:
        return [record.getMessage() for record in self.records]


@pytest.fixture
def kept() -> Iterator[Kept]:
    handler, logger = Kept(), logging.getLogger(LOGGER)
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler
    logger.setLevel(logging.NOTSET)
    logger.removeHandler(handler)


def told(kept: Kept, event: Event) -> dict[str, Any]:
    """The fields of the record that tells of `event`."""
    SessionLog(IDS).happened(event)
    return fields(kept.records[-1])


def fields(record: logging.LogRecord) -> dict[str, Any]:
    common = {*vars(logging.makeLogRecord({})), "taskName", "message", "asctime"}
    return {key: value for key, value in vars(record).items() if key not in common}


def every_field() -> set[str]:
    """Every field that a record of ours can have: from events with all of their fields set."""
    kept, logger = Kept(), logging.getLogger(f"{__name__}.every_field")
    logger.addHandler(kept)
    logger.setLevel(logging.DEBUG)
    log = SessionLog(IDS, logger)
    session = ended(full_session(mint_sid(1)), at=1, by="root")
    values: dict[str, Any] = {
        "session": session,
        "arrival": {"client": "shop", "device": "x", "device_class": "phone", "address": "::1", "place": "Bern"},
    }
    for kind in TYPE_OF:
        mine = {each.name: values.get(each.name, "x") for each in dataclasses.fields(kind) if each.name != "at"}
        mine |= {each.name: ("x",) for each in dataclasses.fields(kind) if get_origin(each.type) is tuple}
        log.happened(kind(at=1, **mine))
    log.rejected(Rejection.ENDED, session)
    log.failed("lookup", StoreUnavailable())
    log.undelivered("mail", "delivery_failed", given_up=True)
    return {name for record in kept.records for name in fields(record)}


class TestCorrelation:
    """Ids that join the lines of one session, and tell nobody whose it is."""

    def test_an_id_is_the_same_for_the_same_session_and_key(self) -> None:
        assert Correlation(KEY).session("sid") == IDS.session("sid") == "cb25013ee0278376b1ddfe40"

    def test_it_differs_by_key_by_session_and_by_what_it_stands_for(self) -> None:
        found = {
            IDS.session("one"),
            IDS.session("two"),
            IDS.subject("one"),
            Correlation(b"another").session("one"),
        }
        assert len(found) == 4
        assert all(len(one) == 24 and "one" not in one for one in found)

    def test_the_key_does_not_show(self) -> None:
        assert "key" not in repr(IDS)
        assert "key" not in str(IDS)
        assert not hasattr(IDS, "__dict__")


class TestEncoding:
    """What comes from outside may say anything, but must not look like anything else (ASVS 16.4.1)."""

    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            ("Firefox on Windows", "Firefox on Windows"),
            ("Łódź, 東京", "Łódź, 東京"),
            ("one\ntwo\r\nthree", "one\\ntwo\\r\\nthree"),
            ("\x1b[31mred\x00\x85", "\\x1b[31mred\\x00\\x85"),
            ("turned \u202e around \u2028 and \u200b hidden", "turned \\u202e around \\u2028 and \\u200b hidden"),
            ("C:\\new", "C:\\\\new"),
            ("half \ud800 a pair", "half \\ud800 a pair"),
            ("", ""),
        ],
    )
    def test_what_cannot_be_seen_is_written_out(self, value: str, shown: str) -> None:
        assert encoded(value) == shown
        encoded(value).encode()

    def test_it_is_not_too_long(self) -> None:
        assert encoded("x" * 255) == "x" * 255
        assert encoded("x" * 1000) == "x" * 255 + "..."
        assert len(encoded("\n" * 1000)) == 258

    def test_different_values_stay_different(self) -> None:
        assert encoded("a\\nb") != encoded("a\nb")

    def test_no_field_and_no_line_of_a_record_carries_a_line_break(self, kept: Kept) -> None:
        evil = 'x"}\r\n{"event": "session.started", "session": "forged'
        arrival = {"client": evil, "device": evil, "device_class": evil, "address": evil, "unforeseen": evil}
        shown = told(kept, StartRefused(subject=evil, at=1, arrival=arrival, limit=evil))
        assert not any("\n" in str(value) or "\r" in str(value) for value in shown.values())
        assert "\n" not in kept.lines[0]
        assert "unforeseen" not in shown


def test_a_record_says_what_happened_in_its_message_and_in_fields(kept: Kept) -> None:
    sid, by = mint_sid(1), mint_sid(2)
    session = ended(full_session(sid), at=1, reason=EndReason.EVICTED, by=by)
    assert told(kept, SessionEnded(subject="ann", at=1, session=session, id="the-event")) == {
        "event": "session.ended",
        "event_id": "the-event",
        "session": IDS.session(sid),
        "subject": IDS.subject("ann"),
        "client": "shop",
        "device": "Firefox on Android",
        "device_class": "tablet",
        "address": "2001:db8::7",
        "acr": "urn:example:silver",
        "acts_from": IDS.session("00parent"),
        "reason": "evicted",
        "by": IDS.session(by),
    }
    assert kept.lines == [f"Session {IDS.session(sid)} of {IDS.subject('ann')} ended: evicted"]


def test_whoever_ended_a_session_is_an_id_too(kept: Kept) -> None:
    session = ended(full_session(mint_sid(1)), at=1, reason=EndReason.OPERATOR, by="auth.user|7|0")
    shown = told(kept, SessionEnded(subject="ann", at=1, session=session))
    assert shown["by"] == IDS.subject("auth.user|7|0")


@pytest.mark.parametrize("way", ["admin", "command"])
def test_an_operator_is_an_id_with_the_way_they_took(kept: Kept, way: str) -> None:
    shown = told(kept, SignInsPaused(subject="ann", at=1, by=f"{way}:root"))
    assert shown["by"] == f"{way}:{IDS.subject(f'{way}:root')}"


def test_a_refusal_is_a_warning_and_says_how_many_were_open(kept: Kept) -> None:
    event = StartRefused(subject="ann", at=1, arrival={"client": "", "address": "::1"}, limit="one", open=("a", "b"))
    shown = told(kept, event)
    assert (shown["open"], shown["limit"], shown["address"]) == (2, "one", "::1")
    assert "client" not in shown
    assert kept.records[0].levelno == logging.WARNING
    assert kept.lines == [f"A sign-in of {IDS.subject('ann')} was refused: one"]


def test_a_pause_is_logged_with_an_id_of_who_paused_and_without_their_note(kept: Kept) -> None:
    shown = told(kept, SignInsPaused(subject="ann", at=1, by="root", note="a stolen phone"))
    assert shown["by"] == IDS.subject("root")
    assert "stolen" not in str(shown)
    assert kept.lines == [f"The sign-ins of {IDS.subject('ann')} were paused by {IDS.subject('root')}"]


@pytest.mark.parametrize("why", Rejection)
def test_a_token_that_opens_nothing_is_logged_without_it(kept: Kept, why: Rejection) -> None:
    session = None if why is Rejection.UNKNOWN else ended(full_session(mint_sid(1)), at=1)
    SessionLog(IDS).rejected(why, session)
    shown = fields(kept.records[0])
    assert shown["event"] == f"token.{why}"
    assert ("session" in shown) == (session is not None)


@pytest.mark.parametrize("given_up", [False, True])
def test_a_failed_delivery_is_logged_by_who_was_to_deliver_and_by_code(kept: Kept, given_up: bool) -> None:
    SessionLog(IDS).undelivered("mail", "delivery_failed", given_up=given_up)
    shown = fields(kept.records[0])
    assert shown == {
        "event": "delivery.given_up" if given_up else "delivery.failed",
        "sink": "mail",
        "code": "delivery_failed",
    }


def test_every_event_there_is_has_its_line() -> None:
    others = {*(f"token.{why}" for why in Rejection), "store.failed", "delivery.failed", "delivery.given_up"}
    assert set(TYPE_OF.values()) | others == set(LINES), (
        "give each event a level and a line in telemetry/logs.py, and a row in docs/howto/metrics-and-logs.md"
    )


def test_nothing_is_worked_out_for_a_level_that_nobody_wants(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    logging.getLogger(LOGGER).setLevel(logging.ERROR)
    monkeypatch.setattr(Correlation, "_digest", lambda *_: pytest.fail("an id was made for nobody"))
    log = SessionLog(IDS)
    log.rejected(Rejection.ENDED, full_session("one"))
    log.happened(StartRefused(subject="ann", at=1, arrival={}, limit="one"))
    assert kept.records == []


@pytest.mark.parametrize("kind", TYPE_OF, ids=TYPE_OF.values())
def test_no_field_of_an_event_is_shown_that_might_name_somebody(kept: Kept, kind: type[Event]) -> None:
    """Of whatever fields an event has, now or later: what is not known to be harmless is not written."""
    session = replace(full_session("canary"), ended_by="canary", subject="canary")
    facts = {
        "session": ended(session, at=1, by="canary"),
        "arrival": dict.fromkeys(("place", "note", "user"), "canary"),
    }
    values = {each.name: facts.get(each.name, "canary") for each in dataclasses.fields(kind)}
    values |= {name: "shown" for name in ("limit", "outcome") if name in values}
    values |= {each.name: ("canary",) for each in dataclasses.fields(kind) if get_origin(each.type) is tuple}
    shown = told(kept, kind(**{**values, "at": 1, "id": "the-event"}))
    assert "canary" not in f"{shown} {kept.lines} {kept.records[0].args}"


def test_no_line_of_a_life_names_anybody(kept: Kept, clock: FakeClock) -> None:
    """Everything that can be told, with every value easy to find again."""
    subject, digest = "auth.user|4711|ann@example.org", "device-digest-of-ann"
    store = ObservedStore(MemoryStore(), [SessionLog(IDS)], clock=clock)
    control = SessionControl(store, Policy((Limit(1),), Timeouts(HOUR)), clock=clock)
    arrival = Arrival(subject, device=Device(DeviceClass.PHONE, "Safari", "iOS", digest), credentials=("credential-x",))
    secrets = [subject, digest, "credential-x"]
    for _ in range(2):
        started: Any = control.start(arrival)
        rotated: Any = control.rotate(started.session)
        secrets += [started.session.sid, started.token.reveal(), started.token.digest().hex(), rotated[1].reveal()]
        control.elevate(started.session)
        clock.advance(HOUR // 2)
        control.authenticate(started.token)
    control.end(subject, None, EndReason.LOGOUT)
    control.authenticate(rotated[1])
    text = "\n".join(JsonFormatter().format(record) + repr(record.args) + str(vars(record)) for record in kept.records)
    assert {fields(record)["event"] for record in kept.records} == {
        "session.started",
        "session.rotated",
        "session.elevated",
        "session.ended",
        "token.superseded",
        "token.ended",
    }
    assert [secret for secret in secrets if secret in text] == []


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


class TestJsonFormatter:
    """One line of JSON for each record, whoever wrote it."""

    def record(self, message: str = "It happened", *args: object, **extra: object) -> logging.LogRecord:
        made = logging.LogRecord("shop", logging.WARNING, __file__, 1, message, args, None)
        made.created = datetime(2026, 3, 1, 12, 30, 0, 250_000, tzinfo=UTC).timestamp()
        vars(made).update(extra)
        return made

    def test_a_record_is_one_object_and_its_fields_are_beside_the_message(self) -> None:
        line = JsonFormatter().format(self.record("%s happened", "It", event="x", open=2, ok=True, amr=["pwd"]))
        assert line == (
            '{"time": "2026-03-01T12:30:00.250+00:00", "level": "WARNING", "logger": "shop", '
            '"message": "It happened", "event": "x", "open": 2, "ok": true, "amr": ["pwd"]}'
        )

    def test_a_line_break_stays_inside_its_quotes(self) -> None:
        evil = 'x"}\n{"level": "ERROR"\u2028\x1b'
        line = JsonFormatter().format(self.record(evil, field=evil))
        assert line.isascii()
        assert line.isprintable()
        assert json.loads(line)["message"] == json.loads(line)["field"] == evil

    def test_objects_are_left_out(self) -> None:
        found = json.loads(
            JsonFormatter().format(self.record(request=object(), nested=[object()], mapping={"a": 1}, nan=float("nan")))
        )
        assert set(found) == {"time", "level", "logger", "message"}

    def test_fields_can_be_left_out(self) -> None:
        found = json.loads(JsonFormatter(omit=["address", "device"]).format(self.record(address="::1", session="x")))
        assert "address" not in found
        assert found["session"] == "x"

    def test_a_field_cannot_pass_for_one_of_ours(self) -> None:
        found = json.loads(JsonFormatter().format(self.record(level="DEBUG", logger="other", time="never")))
        assert (found["level"], found["logger"], found["time"][:4]) == ("WARNING", "shop", "2026")

    def test_an_exception_is_on_the_same_line(self) -> None:
        record = self.record()
        try:
            raise RuntimeError("one\ntwo")
        except RuntimeError:
            record.exc_info = sys.exc_info()
        line = JsonFormatter().format(record)
        assert "\n" not in line
        assert "RuntimeError: one\ntwo" in json.loads(line)["exception"]
