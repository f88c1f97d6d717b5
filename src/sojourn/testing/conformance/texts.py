"""Promises about values: what goes in comes out, however unusual."""

from dataclasses import replace

import pytest

from sojourn.core.records import Arrival, Device, DeviceClass, EndReason
from sojourn.core.store import Store
from sojourn.core.tokens import route_of
from sojourn.testing.conformance.setup import Setup, full_session, keep, open_sids, session, update
from sojourn.testing.samples import ANN, digest, ended, sid, ticket

LATEST = (1 << 53) - 1
"""The largest integer that JSON carries everywhere, as a time: far beyond the year 200 000."""

SUBJECTS = [
    pytest.param("1", id="digits"),
    pytest.param("https://issuer.example#42", id="issuer"),
    pytest.param("Zoë Ångström", id="accents"),
    pytest.param("用户 पाठक مستخدم", id="scripts"),
    pytest.param("👩🏽‍🚀", id="emoji"),
    pytest.param("x" * 255, id="255 letters"),
    pytest.param("é" * 127, id="254 bytes"),
    pytest.param("'; DROP TABLE sessions; --", id="quotes"),
    pytest.param('back\\slash "double" %s {0} $1', id="placeholders"),
    pytest.param(" spaces around ", id="spaces"),
]


class Texts(Setup):
    """Every field comes back as it was written."""

    def test_every_field_of_a_session_comes_back(self, store: Store) -> None:
        keep(store, full_session("a"))
        assert store.find(sid("a")) == full_session("a")
        assert store.lookup(digest("a"), ANN) == full_session("a")
        assert store.roster("ann").sessions == (full_session("a"),)

    def test_every_field_of_an_ended_session_comes_back(self, store: Store) -> None:
        keep(store, full_session("a"))
        over = replace(ended(full_session("a"), 77, EndReason.REVOKED, by="somebody"), last_seen=LATEST)
        update(store, over)
        assert store.find(sid("a")) == over
        assert list(store.history("ann", 5)) == [over]

    def test_every_field_that_an_update_may_change_is_changed(self, store: Store) -> None:
        keep(store, session("a"))
        later = full_session("a")
        changed = replace(
            later, created=session("a").created, client="", device=Device(), address="", place="", persistent=False
        )
        update(store, changed)
        assert store.find(sid("a")) == changed

    def test_what_is_not_set_comes_back_not_set(self, store: Store) -> None:
        keep(store, session("a"))
        found = store.find(sid("a"))
        assert found == session("a")
        assert found is not None
        assert (found.inactivity_timeout, found.expires, found.carrier_expires) == (None, None, None)
        assert found.predecessor is None
        assert found.amr == ()

    def test_every_field_of_a_ticket_and_its_sign_in_comes_back(self, store: Store) -> None:
        keep(store, tickets=[ticket("t")])
        assert store.ticket(digest("t"), ANN) == ticket("t")

    def test_a_ticket_of_a_sign_in_that_says_little_comes_back(self, store: Store) -> None:
        plain = ticket("t", arrival=Arrival("ann"), context={})
        keep(store, tickets=[plain])
        assert store.ticket(digest("t"), ANN) == plain

    @pytest.mark.parametrize("reason", list(EndReason))
    def test_every_reason_of_an_end_comes_back(self, store: Store, reason: EndReason) -> None:
        keep(store, session("a"))
        update(store, ended(session("a"), 5, reason))
        found = store.lookup(digest("a"), ANN)
        assert found is not None
        assert (found.end_reason, found.ended) == (reason, 5)

    @pytest.mark.parametrize("kind", list(DeviceClass))
    def test_every_kind_of_device_comes_back(self, store: Store, kind: DeviceClass) -> None:
        keep(store, session("a", device=Device(kind)))
        assert store.roster("ann").sessions == (session("a", device=Device(kind)),)

    @pytest.mark.parametrize("subject", SUBJECTS)
    def test_an_unusual_subject_is_kept_as_it_is(self, store: Store, subject: str) -> None:
        keep(store, session("a", subject), tickets=[ticket("t", subject)])
        assert store.roster(subject).sessions == (session("a", subject),)
        assert store.find(sid("a", subject)) == session("a", subject)
        assert store.lookup(digest("a"), route_of(subject)) == session("a", subject)
        assert store.ticket(digest("t"), route_of(subject)) == ticket("t", subject)

    @pytest.mark.parametrize(("one", "other"), [("ann", "Ann"), ("ann", "ann "), ("ann", "änn"), ("ss", "ß")])
    def test_subjects_that_only_look_alike_are_two(self, store: Store, one: str, other: str) -> None:
        keep(store, session("a", one), session("b", other))
        assert open_sids(store, one) == ["a"]
        assert open_sids(store, other) == ["b"]

    @pytest.mark.parametrize("text", [subject.values[0] for subject in SUBJECTS], ids=[s.id for s in SUBJECTS])
    def test_unusual_text_is_kept_as_it_is(self, store: Store, text: str) -> None:
        device = Device(DeviceClass.PHONE, text, text, "d")
        unusual = session("a", client=text, place=text, device=device, acr=text, amr=(text, text))
        waiting = ticket("t", arrival=Arrival("ann", client=text, device=device), context={text: text})
        keep(store, unusual, tickets=[waiting])
        assert store.find(sid("a")) == unusual
        assert store.ticket(digest("t"), ANN) == waiting

    def test_who_ended_a_session_may_be_unusual_text(self, store: Store) -> None:
        keep(store, session("a"))
        over = ended(session("a"), 5, EndReason.OPERATOR, by="Zoë's “console” 👩🏽‍🚀")
        update(store, over)
        assert store.find(sid("a")) == over

    @pytest.mark.parametrize("at", [0, LATEST])
    def test_any_time_is_kept_exactly(self, store: Store, at: int) -> None:
        far = session(
            "a",
            created=at,
            authenticated=at,
            last_seen=at,
            inactivity_timeout=LATEST,
            expires=at,
            carrier_expires=at,
            predecessor_until=at,
        )
        keep(store, far, tickets=[ticket("t", created=at, expires=at)])
        assert store.find(sid("a")) == far
        assert store.ticket(digest("t"), ANN) == ticket("t", created=at, expires=at)
