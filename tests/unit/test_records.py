"""Records: checked where they are made, cleaned of what does not belong, and silent about digests."""

from __future__ import annotations

import dataclasses
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.core.errors import InvalidInput
from sojourn.core.records import Arrival, Device, DeviceClass, EndReason, Roster, Session, State, clean_text
from sojourn.testing.samples import digest, ended, full_arrival, full_session, session, ticket


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("Firefox on Windows", "Firefox on Windows"),
        ("line\r\nbreak\ttab", "line break tab"),
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("a\x00b", "a b"),
        ("safe\u202egnp.exe", "safe gnp.exe"),
        ("zero\u200bwidth\ufeff", "zero width"),
        ("\u2028separator\u2029", "separator"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("  many   spaces ", "many spaces"),
        ("Łódź 用户 👩🏽", "Łódź 用户 👩🏽"),
        ("", ""),
        ("\n\n", ""),
    ],
)
def test_text_is_fit_to_store_log_and_show(dirty: str, clean: str) -> None:
    assert clean_text(dirty) == clean


def test_ten_thousand_characters_become_255() -> None:
    assert clean_text("x" * 10_000) == "x" * 255
    assert len(clean_text("é\x00" * 5_000)) <= 255
    assert clean_text("x" * 10_000, 64) == "x" * 64


@given(st.text(max_size=2000), st.integers(1, 300))
def test_no_text_gets_past_its_limit_or_keeps_a_control_character(text: str, limit: int) -> None:
    clean = clean_text(text, limit)
    assert len(clean) <= limit
    assert not [c for c in clean if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert clean_text(clean, limit) == clean.strip()
    clean.encode()


def test_an_arrival_and_its_device_are_cleaned_when_they_are_made() -> None:
    nasty = "\x1b]0;title\x07\u202e" + "x" * 10_000
    arrival = Arrival("ann", client=nasty, address=nasty, place=nasty, device=Device(family=nasty, os=nasty))
    texts = [arrival.client, arrival.address, arrival.place, arrival.device.family, arrival.device.os]
    assert all(text.isprintable() for text in texts)
    assert [len(text) for text in texts] == [255, 64, 255, 64, 64]


@pytest.mark.parametrize(
    ("family", "os", "label"),
    [("Firefox", "Windows", "Firefox on Windows"), ("Firefox", "", "Firefox"), ("", "iOS", "iOS"), ("", "", "")],
)
def test_a_device_is_called_by_what_is_known(family: str, os: str, label: str) -> None:
    assert Device(family=family, os=os).label == label


@pytest.mark.parametrize("wrong", [b"", b"short", bytes(31), bytes(33)])
def test_a_session_with_a_digest_that_is_none_is_refused(wrong: bytes) -> None:
    with pytest.raises(InvalidInput, match="32 bytes"):
        session("a", digest=wrong)


@pytest.mark.parametrize(
    "fields",
    [
        {"state": State.ENDED},
        {"state": State.ENDED, "end_reason": EndReason.LOGOUT},
        {"state": State.ENDED, "ended": 5},
        {"end_reason": EndReason.LOGOUT, "ended": 5},
    ],
)
def test_a_session_is_ended_with_a_reason_and_a_time_or_not_at_all(fields: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match="reason and a time"):
        session("a", **fields)


@pytest.mark.parametrize("record", [full_session("a"), ended(full_session("a"), 5), full_arrival(), ticket("t")])
def test_a_record_does_not_change(record: object) -> None:
    name = dataclasses.fields(record)[0].name  # type: ignore[arg-type]  # each of them is a dataclass
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(record, name, "other")
    assert not hasattr(record, "__dict__")


def test_no_record_shows_a_digest_or_a_credential() -> None:
    shown = repr((full_session("a"), ticket("t"), full_arrival(), Roster("ann", (full_session("a"),), ticket("t"))))
    secrets = ["device-digest", "credential-digest", "another-device", "browser-digest", "'now'", "'before'"]
    digests = [repr(digest(name)) for name in ("a", "a before", "t")]
    assert not [text for text in (*secrets, *digests) if text in shown]
    assert "Łódź" in shown


def test_reasons_of_time_are_told_from_reasons_of_people() -> None:
    assert {reason for reason in EndReason if reason.expired} == {
        EndReason.INACTIVITY_TIMEOUT,
        EndReason.ABSOLUTE_TIMEOUT,
        EndReason.CARRIER_EXPIRED,
    }


def test_a_roster_is_in_one_order_however_it_was_read() -> None:
    sessions = [session("b", created=1), session("a", created=2), session("c", created=1)]
    assert [s.sid for s in Roster("ann", tuple(sessions)).sessions] == ["b", "c", "a"]
    assert Roster("ann", tuple(sessions)) == Roster("ann", tuple(reversed(sessions)))


def test_a_roster_finds_its_sessions_by_public_id() -> None:
    roster = Roster("ann", (session("a"), session("b")))
    assert roster.by_sid("b") == session("b")
    assert roster.by_sid("") is None


def test_stored_words_are_stable() -> None:
    assert [str(reason) for reason in EndReason] == [
        "logout",
        "revoked",
        "operator",
        "evicted",
        "replaced",
        "switched",
        "inactivity_timeout",
        "absolute_timeout",
        "carrier_expired",
        "credential_changed",
        "deactivated",
        "deleted",
        "epoch",
        "disowned",
        "aborted",
    ]
    assert [str(state) for state in State] == ["open", "ended"]
    assert [str(kind) for kind in DeviceClass] == ["computer", "phone", "tablet", "bot", "other"]
    assert isinstance(session("a"), Session)
