"""What follows when a subject says that a sign-in was theirs, or that it was not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.core.decisions import decide_credential
from sojourn.core.disowning import (
    Question,
    answerable,
    decide_answer,
    decide_confirm,
    decide_disown,
    standing,
    unanswered,
)
from sojourn.core.records import (
    Device,
    EndReason,
    KnownDevice,
    KnownPlace,
    Location,
    Profile,
    Roster,
    Session,
    SignIn,
    State,
)
from sojourn.testing.clock import START
from sojourn.testing.samples import session

NOW = START + 1000
PHONE, LAPTOP, STRANGE = (Device(digest=name) for name in ("phone", "laptop", "strange"))
OWNER = session("owner", device=LAPTOP)
THIEF = session("thief", device=STRANGE, created=START + 10)
QUESTION = Question("event", START + 10, "thief")


def roster(*sessions: Session, profile: Profile | None = None) -> Roster:
    return Roster("ann", sessions, profile=profile or Profile())


def ends(decided: tuple[Session, ...]) -> dict[str, str]:
    return {each.sid: str(each.end_reason) for each in decided}


def test_the_link_ends_the_session_that_it_is_about_and_no_other() -> None:
    decision = decide_answer(roster(OWNER, THIEF), QUESTION, THIEF, NOW)
    assert ends(decision.outcome.ended) == {"thief": "disowned"}
    assert decision.update == decision.outcome.ended
    assert [event.type for event in decision.events] == ["session.ended"]


def test_asked_to_end_everything_the_others_are_not_called_disowned() -> None:
    decision = decide_answer(roster(OWNER, THIEF), QUESTION, THIEF, NOW, everything=True)
    assert ends(decision.outcome.ended) == {"owner": "revoked", "thief": "disowned"}


def test_a_question_about_no_session_ends_everything() -> None:
    decision = decide_answer(roster(OWNER, THIEF), replace(QUESTION, sid=""), None, NOW)
    assert ends(decision.outcome.ended) == {"owner": "revoked", "thief": "revoked"}


def test_who_signed_in_again_on_the_disputed_device_is_ended_as_well() -> None:
    gone = replace(THIEF, state=State.ENDED, end_reason=EndReason.REPLACED, ended=NOW - 1)
    again = session("again", device=STRANGE, created=START + 20)
    decision = decide_answer(roster(OWNER, again), QUESTION, gone, NOW)
    assert ends(decision.outcome.ended) == {"again": "disowned"}


def test_devices_of_which_nothing_is_known_are_not_one_device() -> None:
    nameless, other = session("thief", device=Device()), session("owner", device=Device())
    decision = decide_answer(roster(other, nameless), QUESTION, nameless, NOW)
    assert ends(decision.outcome.ended) == {"thief": "disowned"}


def test_a_question_is_answered_once() -> None:
    first = decide_answer(roster(OWNER, THIEF), QUESTION, THIEF, NOW)
    assert first.profile is not None
    assert first.profile.answered == {"event": NOW}
    again = decide_answer(roster(OWNER, profile=first.profile), QUESTION, None, NOW + 1, everything=True)
    assert (again.outcome.ended, again.update, again.events, again.profile) == ((), (), (), None)
    assert again.outcome.standing.answered == NOW


def test_another_subject_s_session_is_no_part_of_the_answer() -> None:
    foreign = replace(THIEF, subject="bob", device=LAPTOP)
    decision = decide_answer(roster(OWNER), QUESTION, foreign, NOW)
    assert decision.outcome.ended == ()
    assert decision.outcome.standing.session is None


def test_a_session_that_time_has_ended_is_not_disowned() -> None:
    over = replace(THIEF, expires=NOW)
    assert decide_answer(roster(OWNER, over), QUESTION, over, NOW).outcome.ended == ()


def test_a_disowned_sign_in_leaves_nothing_that_is_known() -> None:
    here, there = Location("DE"), Location("US")
    profile = Profile(
        devices={"laptop": KnownDevice(START, START), "strange": KnownDevice(START + 10, START + 10, trusted=True)},
        places=(KnownPlace(here, START), KnownPlace(there, START + 10)),
        last_sign_in=SignIn(START + 10, "Firefox", location=there),
        confirmed={"owner": START - 1, "thief": START},
    )
    for decision in (
        decide_answer(roster(OWNER, THIEF, profile=profile), QUESTION, THIEF, NOW),
        decide_disown(roster(OWNER, THIEF, profile=profile), "owner", "thief", NOW),
    ):
        left = decision.profile
        assert left is not None
        assert list(left.devices) == ["laptop"]
        assert left.places == (KnownPlace(here, START),)
        assert left.confirmed == {"owner": START - 1}
        assert left.last_sign_in == SignIn(START + 10, "Firefox"), "who was not the subject did not travel"


@pytest.mark.parametrize("at", [START + 9, START + 10])
def test_a_password_changed_since_is_told(at: int) -> None:
    changed = standing(roster(THIEF, profile=Profile(credential_changed=at)), QUESTION, THIEF, NOW).credential_changed
    assert changed == (at if at >= QUESTION.asked else None)


def test_a_changed_password_is_noted_even_where_its_session_goes_on() -> None:
    held = replace(THIEF, credential="old")
    decision = decide_credential(roster(held), ["new"], "thief", NOW)
    assert decision.profile is not None
    assert decision.profile.credential_changed == NOW
    assert decide_credential(roster(replace(held, credential="new")), ["new"], "", NOW).profile is None
    assert decide_credential(roster(replace(held, credential="")), ["new"], "", NOW).profile is None


def test_who_came_later_may_not_answer_for_who_was_there() -> None:
    both = roster(OWNER, THIEF)
    assert decide_disown(both, "thief", "owner", NOW).outcome == ()
    assert not decide_confirm(both, "thief", "owner", NOW).outcome
    assert ends(decide_disown(both, "owner", "thief", NOW).outcome) == {"thief": "disowned"}
    assert decide_disown(both, "owner", "thief", NOW).outcome[0].ended_by == "owner"


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        (replace(OWNER, parent="operator"), THIEF),
        (OWNER, replace(THIEF, parent="operator")),
        (OWNER, replace(THIEF, device=LAPTOP)),
        (replace(OWNER, expires=NOW), THIEF),
        (OWNER, replace(THIEF, expires=NOW)),
    ],
    ids=["who acts as the subject", "somebody who acts as them", "my own device", "mine is over", "theirs is over"],
)
def test_it_may_not_be_answered_for(mine: Session, other: Session) -> None:
    assert answerable(roster(mine, other), mine.sid, NOW) == ()
    assert decide_disown(roster(mine, other), mine.sid, other.sid, NOW).update == ()
    assert decide_confirm(roster(mine, other), mine.sid, other.sid, NOW).profile is None


def test_nobody_is_asked_about_what_is_confirmed_or_trusted() -> None:
    phone = session("phone", device=PHONE, created=START + 20)
    trusted = Profile(devices={"phone": KnownDevice(START, START, trusted=True)})
    three = roster(OWNER, THIEF, phone, profile=trusted)
    assert [each.sid for each in answerable(three, "owner", NOW)] == ["thief", "phone"]
    assert [each.sid for each in unanswered(three, "owner", NOW)] == ["thief"]
    confirmed = decide_confirm(three, "owner", "thief", NOW)
    assert confirmed.outcome
    assert unanswered(replace(three, profile=confirmed.profile), "owner", NOW) == ()


def test_who_is_asked_about_cannot_answer_for_another_in_the_owner_s_place() -> None:
    second = session("second", device=PHONE, created=START + 20)
    three = roster(OWNER, THIEF, second)
    confirmed = decide_confirm(three, "thief", "second", NOW)
    assert confirmed.outcome
    left = roster(OWNER, second, profile=confirmed.profile)  # the thief has signed out of the first
    assert [each.sid for each in unanswered(left, "owner", NOW)] == ["second"]
    assert unanswered(replace(three, profile=confirmed.profile), "thief", NOW) == ()
    owned = decide_confirm(left, "owner", "second", NOW)
    assert unanswered(replace(left, profile=owned.profile), "owner", NOW) == ()


def test_trust_in_a_device_that_came_later_than_the_owner_silences_nobody() -> None:
    itself = Profile(devices={"strange": KnownDevice(THIEF.created, THIEF.created, trusted=True)})
    assert [each.sid for each in unanswered(roster(OWNER, THIEF, profile=itself), "owner", NOW)] == ["thief"]


def test_disowning_in_the_application_spares_older_sessions_on_that_device() -> None:
    before = session("before", device=STRANGE, created=START - 10)
    decision = decide_disown(roster(before, OWNER, THIEF), "owner", "thief", NOW)
    assert ends(decision.outcome) == {"thief": "disowned"}


@given(st.sampled_from(["owner", "thief", "nobody"]), st.sampled_from(["owner", "thief", "nobody"]))
def test_of_two_sessions_only_the_older_one_answers_for_the_other(mine: str, other: str) -> None:
    both = roster(OWNER, THIEF)
    assert bool(decide_disown(both, mine, other, NOW).outcome) == ((mine, other) == ("owner", "thief"))
