"""Promises about forgetting parts of what stays: addresses, and what somebody has not used for long."""

from dataclasses import replace

from sojourn.core.decisions import Decision
from sojourn.core.events import SessionStarted, StartRefused
from sojourn.core.fading import faded
from sojourn.core.records import KnownDevice, KnownPlace, Location, Profile, SignIn
from sojourn.core.search import EventQuery
from sojourn.core.store import Store
from sojourn.testing.clock import START
from sojourn.testing.conformance.setup import Setup, keep, update
from sojourn.testing.samples import ended, session


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
        assert [each.sid for each in store.roster("bob").sessions] == ["a"]

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
        assert store.find("early") == replace(over["early"], address="")
        assert store.find("late") == over["late"]
        assert store.find("open") == kept["open"]
        assert store.forget_addresses(START + 5) == 0

    def test_many_addresses_are_forgotten_though_they_ended_at_one_moment(self, store: Store) -> None:
        many = [session(f"s{number}", address="192.0.2.1") for number in range(450)]
        keep(store, *many)
        update(store, *[ended(each, START + 1) for each in many])
        assert store.forget_addresses(START + 5) == 450
        assert not [each for each in store.history("ann", 450) if each.address]

    def test_the_addresses_in_what_was_recorded_of_its_subject_go_with_them(self, store: Store) -> None:
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
            "4": True,
        }
        assert "ann@x" not in told["2"]
        assert all("Zürich" in told[name] for name in ("1", "2"))
        assert store.roster("ann").profile.last_sign_in == replace(last, address="")


def _remember(store: Store, subject: str, profile: Profile) -> None:
    store.transact(subject, lambda _: Decision(None, profile=profile))
