"""Promises about forgetting parts of what stays: addresses, and what somebody has not used for long."""

from dataclasses import replace

from sojourn.core.decisions import Decision
from sojourn.core.events import SessionStarted, StartRefused
from sojourn.core.fading import faded
from sojourn.core.records import KnownDevice, KnownPlace, Location, Profile, SignIn
from sojourn.core.search import PAGE_MAX, EventQuery
from sojourn.core.store import Store
from sojourn.testing.clock import START
from sojourn.testing.conformance.setup import Setup, keep, names, session, update
from sojourn.testing.samples import ended, sid


class Fading(Setup):
    """What `fade` and `forget_addresses` promise."""

    def test_fade_forgets_what_was_last_of_use_before_and_leaves_the_rest(self, store: Store) -> None:
        profile = Profile(
            devices={"old": KnownDevice(START, START + 1), "new": KnownDevice(START, START + 9)},
            device_names={"old": "the old one", "new": "the new one"},
            places=(KnownPlace(Location("FR"), START + 2), KnownPlace(Location("CH"), START + 9)),
            last_sign_in=SignIn(START + 9, "Firefox"),
            muted=frozenset({"evicted"}),
        )
        _remember(store, "ann", profile)
        _remember(store, "bob", replace(profile, devices={"new": KnownDevice(START, START + 9)}, places=()))
        assert store.fade(START + 5, 10) == 1
        left = store.roster("ann").profile
        assert left == faded(profile, START + 5)
        assert (list(left.devices), len(left.places), dict(left.device_names)) == (["new"], 1, {"new": "the new one"})
        assert left.last_sign_in == profile.last_sign_in
        assert store.fade(START + 5, 10) == 0

    def test_fade_works_in_batches_the_longest_unused_first(self, store: Store) -> None:
        for number, subject in enumerate(("ann", "bob", "cyd")):
            _remember(store, subject, Profile(last_sign_in=SignIn(START + number, "Firefox")))
        assert store.fade(START + 9, 2) == 2
        assert store.roster("cyd").profile.last_sign_in == SignIn(START + 2, "Firefox")
        assert (store.fade(START + 9, 2), store.fade(START + 9, 2)) == (1, 0)

    def test_fade_forgets_a_subject_of_whom_nothing_is_left_and_no_other(self, store: Store) -> None:
        keep(store, session("a", "bob"))
        for subject in ("ann", "bob"):
            _remember(store, subject, Profile(places=(KnownPlace(Location("FR"), START),)))
        store.fade(START + 1, 10)
        assert store.roster("ann").profile == store.roster("bob").profile == Profile()
        assert names(store.roster("bob").sessions) == ["a"]

    def test_that_there_was_a_sign_in_is_not_forgotten(self, store: Store) -> None:
        _remember(store, "ann", Profile(last_sign_in=SignIn(START, "Firefox", "192.0.2.1", "Paris", Location("FR"))))
        assert store.fade(START + 1, 10) == 1
        assert store.roster("ann").profile == Profile(last_sign_in=SignIn(START))
        assert store.fade(START + 1, 10) == 0

    def test_what_was_used_again_does_not_fade(self, store: Store) -> None:
        for at in (START, START + 9):
            _remember(store, "ann", Profile(last_sign_in=SignIn(at, "Firefox")))
        assert store.fade(START + 5, 10) == 0

    def test_addresses_of_sessions_that_ended_before_are_forgotten_and_nothing_else(self, store: Store) -> None:
        kept = {name: session(name, address="192.0.2.1", place="Zürich") for name in ("early", "late", "open")}
        keep(store, *kept.values())
        over = {name: ended(kept[name], at) for name, at in (("early", START + 1), ("late", START + 9))}
        update(store, *over.values())
        assert store.forget_addresses(START + 5) == 1
        assert store.find(sid("early")) == replace(over["early"], address="")
        assert store.find(sid("late")) == over["late"]
        assert store.find(sid("open")) == kept["open"]
        assert store.forget_addresses(START + 5) == 0

    def test_many_addresses_are_forgotten_though_they_ended_at_one_moment(self, store: Store) -> None:
        many = [session(f"s{number}", address="192.0.2.1") for number in range(450)]
        keep(store, *many)
        update(store, *[ended(each, START + 1) for each in many])
        assert store.forget_addresses(START + 5) == 450
        assert not [each for each in store.history("ann", 450) if each.address]

    def test_the_addresses_in_what_was_recorded_before_go_whoever_it_is_about(self, store: Store) -> None:
        kept = session("a", address="192.0.2.1")
        facts = {"device": "Firefox", "address": "192.0.2.2", "place": "Zürich"}
        events = [
            SessionStarted(subject="ann", at=START, session=kept, previous={"at": START, **facts}, id="1"),
            StartRefused(subject="ann", at=START + 1, arrival=facts, limit="one", id="2", contact="ann@x"),
            StartRefused(subject="ann", at=START + 9, arrival=facts, limit="one", id="3"),
            StartRefused(subject="bob", at=START + 1, arrival=facts, limit="one", id="4"),
        ]
        keep(store, kept, events=events)
        last = SignIn(START, "Firefox", "192.0.2.1", "Zürich")
        _remember(store, "ann", Profile(last_sign_in=last))
        update(store, ended(kept, START + 2))
        assert store.forget_addresses(START + 5) == 1
        told = {str(event["id"]): str(event) for event in store.journal(EventQuery())}
        assert {name: "192.0.2" in text for name, text in told.items()} == {
            "1": False,
            "2": False,
            "3": True,
            "4": False,
        }
        assert "ann@x" not in told["2"]
        assert all("Zürich" in told[name] for name in ("1", "2"))
        assert store.roster("ann").profile.last_sign_in == replace(last, address="")

    def test_so_do_those_of_somebody_who_has_an_open_session_or_none_at_all(self, store: Store) -> None:
        facts = {"device": "Firefox", "address": "192.0.2.2", "place": "Zürich"}
        refused = [StartRefused(subject="ann", at=START + 1, arrival=facts, limit="one")]
        kept = session("b", "bob", address="192.0.2.1")
        keep(store, events=refused)
        keep(store, kept, events=[SessionStarted(subject="bob", at=START, session=kept)], subject="bob")
        last = SignIn(START, "Firefox", "192.0.2.1", "Zürich", Location("CH"))
        for subject in ("ann", "bob"):
            _remember(store, subject, Profile(last_sign_in=last))
        assert store.forget_addresses(START + 5) == 0
        assert "192.0.2" not in str(store.journal(EventQuery()))
        assert [each.address for each in store.roster("bob").sessions] == ["192.0.2.1"]
        for subject in ("ann", "bob"):
            assert store.roster(subject).profile.last_sign_in == replace(last, address="")

    def test_the_address_of_a_sign_in_since_stays_though_older_things_are_known(self, store: Store) -> None:
        last = SignIn(START + 9, "Firefox", "192.0.2.1")
        profile = Profile(last_sign_in=last, places=(KnownPlace(Location("FR"), START),))
        _remember(store, "ann", profile)
        store.forget_addresses(START + 5)
        assert store.roster("ann").profile == profile

    def test_many_are_forgotten_though_they_happened_at_one_moment(self, store: Store) -> None:
        facts = {"device": "Firefox", "address": "192.0.2.2", "place": "Zürich"}
        keep(store, events=[StartRefused(subject="ann", at=START, arrival=facts, limit="one") for _ in range(450)])
        for number in range(250):
            _remember(store, f"person {number}", Profile(last_sign_in=SignIn(START, "Firefox", "192.0.2.1")))
        store.forget_addresses(START + 5)
        assert "192.0.2" not in str(store.journal(EventQuery(limit=PAGE_MAX)))
        assert not [number for number in range(250) if _address(store, f"person {number}")]


def _address(store: Store, subject: str) -> str:
    last = store.roster(subject).profile.last_sign_in
    return "" if last is None else last.address


def _remember(store: Store, subject: str, profile: Profile) -> None:
    store.transact(subject, lambda _: Decision(None, profile=profile))
