"""Promises about what concerns a store as a whole: profiles, epochs, erasing."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from sojourn.core.decisions import Decision
from sojourn.core.errors import InvalidTicket
from sojourn.core.events import SessionStarted
from sojourn.core.records import DEVICE_NAMES_MAX, EVICTIONS_MAX, EndReason, Eviction, Pause, Profile, Roster
from sojourn.core.search import SessionQuery, Standing
from sojourn.core.store import Store
from sojourn.core.timeouts import judge
from sojourn.testing.clock import START
from sojourn.testing.conformance.setup import Reader, Setup, keep, names, open_sids, session, update, write
from sojourn.testing.samples import ANN, digest, ended, full_profile, sid, ticket

NAMED = Profile(device_names={"device-digest": "Zoë's phone"})
EVICTED = Profile(evictions=(Eviction(START, "one", "other"),))


class Operating(Setup):
    """What is promised of profiles, and by `begin_epoch` and `erase`."""

    # Profiles

    def test_a_subject_of_whom_nothing_is_remembered_has_an_empty_profile(self, store: Store) -> None:
        keep(store, session("a"))
        assert store.roster("ann").profile == Profile()
        assert store.roster("nobody").profile == Profile()

    def test_every_field_of_a_profile_comes_back(self, store: Store) -> None:
        keep_profile(store, full_profile())
        assert store.roster("ann").profile == full_profile()
        assert store.roster("bob").profile == Profile()

    def test_a_pause_without_an_end_comes_back(self, store: Store) -> None:
        keep_profile(store, Profile(Pause(START, "")))
        assert store.roster("ann").profile == Profile(Pause(START, ""))

    def test_a_profile_as_large_as_it_may_be_comes_back_in_its_order(self, store: Store) -> None:
        names = {f"{number:0>255}": "𐍈" * 64 for number in reversed(range(DEVICE_NAMES_MAX))}
        evictions = tuple(Eviction(START, "x" * 255, f"{number}") for number in range(EVICTIONS_MAX))
        keep_profile(store, Profile(Pause(START, "b" * 255, "n" * 255), names, evictions))
        found = store.roster("ann").profile
        assert list(found.device_names.items()) == list(names.items())
        assert found.evictions == evictions

    @pytest.mark.parametrize("text", ["\x00", "\ud800", "'; --", 'a "b" %s \\'])
    def test_unusual_digests_of_devices_come_back(self, store: Store, text: str) -> None:
        keep_profile(store, Profile(device_names={text: "phone"}, evictions=(Eviction(START, text, text),)))
        assert store.roster("ann").profile.device_names == {text: "phone"}
        assert store.roster("ann").profile.evictions == (Eviction(START, text, text),)

    def test_a_profile_may_be_there_before_any_session_and_stay_beside_them(self, store: Store) -> None:
        keep_profile(store, NAMED)
        keep(store, session("a"), session("b"))
        update(store, ended(session("a"), START))
        assert store.roster("ann") == Roster("ann", (session("b"),), profile=NAMED)

    def test_a_decision_sees_the_profile_with_the_sessions(self, store: Store) -> None:
        keep(store, session("a"))
        keep_profile(store, full_profile())
        assert store.transact("ann", Decision) == Roster("ann", (session("a"),), profile=full_profile())

    def test_a_decision_without_a_profile_leaves_it_as_it_is(self, store: Store) -> None:
        keep_profile(store, NAMED)
        update(store, session("ghost"))
        assert store.roster("ann").profile == NAMED

    def test_a_profile_can_be_emptied(self, store: Store) -> None:
        keep_profile(store, full_profile())
        keep_profile(store, Profile())
        assert store.roster("ann").profile == Profile()

    def test_a_profile_is_not_written_where_the_decision_raises(self, store: Store) -> None:
        keep_profile(store, NAMED)

        def decide(_: Roster) -> Decision[None]:
            raise InvalidTicket

        with pytest.raises(InvalidTicket):
            store.transact("ann", decide)
        assert store.roster("ann").profile == NAMED

    def test_a_profile_is_written_with_all_of_its_decision(self, store: Store) -> None:
        keep(store, session("a"))
        over = ended(session("a"), START + 1, EndReason.EVICTED, by="b")
        write(store, Decision(None, session("b"), (over,), profile=EVICTED))
        assert store.roster("ann") == Roster("ann", (session("b"),), profile=EVICTED)
        assert store.find(sid("a")) == over

    def test_a_profile_is_not_restored(self, store: Store) -> None:
        store.restore(Decision(None, issue=ticket("t"), profile=NAMED))
        assert store.roster("ann").profile == Profile()

    def test_names_given_while_another_is_given_are_both_kept(self, store: Store) -> None:
        """A second thread names a device of the same subject while the first one decides: one comes after the other."""
        second = threading.Thread(target=self._name, args=(store, "second"))

        def decide(roster: Roster) -> Decision[None]:
            if second.ident is None:
                second.start()
                second.join(0.3)  # a store that locks lets it wait; one that compares lets it win, and asks again
            return _named(roster, "first")

        store.transact("ann", decide)
        second.join(30)
        assert not second.is_alive()
        assert store.roster("ann").profile.device_names == {"first": "a name", "second": "a name"}

    def test_purge_keeps_a_profile_that_must_outlive_the_sessions(self, store: Store) -> None:
        keep(store, session("a"), session("b", "bob"))
        keep_profile(store, NAMED)
        keep_profile(store, Profile(Pause(START, "an operator", until=START + 1)), "bob")
        update(store, ended(session("a"), START))
        update(store, ended(session("b", "bob"), START), subject="bob")
        assert store.purge(START + 9, 10) == 2
        assert store.roster("ann").profile == NAMED
        assert store.roster("bob").profile == Profile(Pause(START, "an operator", until=START + 1))

    def test_purge_forgets_evictions_with_the_last_session(self, store: Store) -> None:
        keep(store, session("a"), session("b"))
        keep_profile(store, EVICTED)
        update(store, ended(session("a"), START))
        store.purge(START + 9, 10)
        assert store.roster("ann").profile == EVICTED
        update(store, ended(session("b"), START))
        store.purge(START + 9, 10)
        assert store.roster("ann").profile == Profile()

    # Epochs

    def test_an_epoch_makes_void_what_began_before_it_and_nothing_else(self, store: Store) -> None:
        keep(store, session("a", created=START - 1), session("b", created=START), session("c", "bob", created=0))
        store.begin_epoch(START)
        void = session("a", created=START - 1, voided=START)
        assert store.find(sid("a")) == void
        assert store.lookup(digest("a"), ANN) == void
        assert store.roster("ann").sessions == (void, session("b"))
        assert store.find(sid("c", "bob")) == session("c", "bob", created=0, voided=START)
        assert store.transact("ann", Decision).sessions == (void, session("b"))

    def test_a_session_that_starts_after_an_epoch_lives(self, store: Store) -> None:
        store.begin_epoch(START)
        keep(store, session("a"))
        found = store.lookup(digest("a"), ANN)
        assert found == session("a")
        assert found is not None
        assert judge(found, START).live
        assert store.touch(session("a"), START + 1, None) is True

    def test_an_epoch_leaves_ended_sessions_as_they_ended(self, store: Store) -> None:
        keep(store, session("a", created=START - 5))
        over = ended(session("a", created=START - 5), START - 1)
        update(store, over)
        store.begin_epoch(START)
        assert store.find(sid("a")) == over
        assert list(store.history("ann", 5)) == [over]

    def test_an_epoch_never_goes_back(self, store: Store) -> None:
        keep(store, session("a", created=START - 5))
        for at in (START - 9, START, START - 7):
            store.begin_epoch(at)
        found = store.find(sid("a"))
        assert found is not None
        assert found.voided == START

    def test_the_newest_epoch_is_told_whether_it_has_come_or_not(self, store: Store) -> None:
        assert store.epoch() is None
        for at, newest in ((START, START), (START - 7, START), (START + 9, START + 9)):
            store.begin_epoch(at)
            assert store.epoch() == newest

    def test_an_epoch_goes_on_with_a_later_one(self, store: Store) -> None:
        keep(store, session("a"))
        store.begin_epoch(START)
        assert store.find(sid("a")) == session("a")
        store.begin_epoch(START + 1)
        assert store.find(sid("a")) == session("a", voided=START + 1)

    def test_a_void_session_is_not_touched(self, store: Store) -> None:
        keep(store, session("a"))
        store.begin_epoch(START + 1)
        assert store.touch(session("a"), START + 2, START + 99) is False
        assert store.find(sid("a")) == session("a", voided=START + 1)

    def test_a_void_session_is_not_written_as_such(self, store: Store) -> None:
        """That it is void is told by the epoch alone, so that nothing has to be written for each session."""
        keep(store, session("a", expires=START + 50))
        store.begin_epoch(START + 1)
        (void,) = store.roster("ann").sessions
        update(store, replace(void, acr="gold"))
        assert store.find(sid("a")) == replace(void, acr="gold")
        update(store, ended(void, START + 5, EndReason.EPOCH))
        found = store.find(sid("a"))
        assert found is not None
        assert (found.end_reason, found.ended, found.voided) == (EndReason.EPOCH, START + 1, None)

    def test_void_sessions_are_overdue_in_their_place(self, store: Store) -> None:
        keep(
            store,
            session("expired before", expires=START + 10),
            session("void"),
            session("void and idle since", inactivity_timeout=30),
            session("void for long", "bob", created=START - 9),
            session("later", created=START + 20, expires=START + 25),
            session("late", created=START + 21, expires=START + 23),
            session("lives", created=START + 20),
        )
        store.begin_epoch(START + 20)
        over = names(store.overdue(START + 40, 10))
        assert over == ["expired before", "void for long", "void", "void and idle since", "late", "later"]
        assert names(store.overdue(START + 40, 3)) == over[:3]
        assert [found.voided for found in store.overdue(START + 40, 2)] == [START + 20, START + 20]

    def test_an_epoch_that_is_still_to_come_ends_nothing_yet(self, store: Store) -> None:
        keep(store, session("a"), session("b", expires=START + 1))
        store.begin_epoch(START + 10)
        assert names(store.overdue(START + 9, 5)) == ["b"]
        assert store.touch(session("a"), START + 9, None) is True
        assert store.count(SessionQuery(Standing.LIVE), START + 9, 9) == 1
        assert names(store.overdue(START + 10, 5)) == ["b", "a"]
        assert store.touch(session("a"), START + 10, None) is False
        assert store.count(SessionQuery(Standing.LIVE), START + 10, 9) == 0

    def test_an_epoch_may_begin_while_nobody_was_ever_signed_in(self, store: Store) -> None:
        store.begin_epoch(START)
        assert list(store.overdue(START, 5)) == []
        assert open_sids(store) == []

    # Erasing

    def test_erase_leaves_nothing_of_the_subject(self, store: Store, reader: Reader) -> None:
        self._remembered(store, "ann")
        assert reader.remains("ann")
        assert store.erase("ann") == 2 + 1 + 1
        assert reader.remains("ann") == []
        assert store.lookup(digest("ann-open"), ANN) is None
        assert store.ticket(digest("ann ticket"), ANN) is None
        assert store.roster("ann") == Roster("ann")

    def test_erase_leaves_other_subjects_alone(self, store: Store, reader: Reader) -> None:
        self._remembered(store, "ann")
        self._remembered(store, "Ann")
        before = reader.remains("Ann")
        store.erase("ann")
        assert reader.remains("Ann") == before
        assert store.roster("Ann").profile == full_profile()

    def test_erase_of_somebody_unknown_forgets_nothing_and_leaves_no_trace(self, store: Store, reader: Reader) -> None:
        assert store.erase("nobody") == 0
        assert reader.remains("nobody") == []

    def test_somebody_who_was_erased_begins_anew(self, store: Store) -> None:
        self._remembered(store, "ann")
        store.erase("ann")
        keep(store, session("again"))
        assert store.roster("ann") == Roster("ann", (session("again"),))

    def test_erase_waits_for_a_decision_about_the_subject(self, store: Store, reader: Reader) -> None:
        """A second thread erases the subject while the first one decides: nothing of what it writes is left."""
        second = threading.Thread(target=self._erase, args=(store,))
        keep(store, session("a"))

        def decide(_: Roster) -> Decision[Any]:
            if second.ident is None:
                second.start()
                second.join(0.3)  # a store that locks lets it wait; one that compares lets it win, and asks again
            return Decision(None, insert=session("b"), profile=NAMED)

        store.transact("ann", decide)
        second.join(30)
        assert not second.is_alive()
        assert reader.remains("ann") == [] or open_sids(store) == ["b"], "all of it came after, or none of it"

    @staticmethod
    def _remembered(store: Store, subject: str) -> None:
        """Something of every kind."""
        gone, here = session(f"{subject}-ended", subject), session(f"{subject}-open", subject)
        events = [SessionStarted(subject=subject, at=START, session=here)]
        keep(store, gone, here, tickets=[ticket(f"{subject} ticket", subject)], events=events, subject=subject)
        update(store, ended(gone, START), subject=subject)
        keep_profile(store, full_profile(), subject)

    def _name(self, store: Store, name: str) -> None:
        try:
            store.transact("ann", lambda roster: _named(roster, name))
        finally:
            self.leave_thread()

    def _erase(self, store: Store) -> None:
        try:
            store.erase("ann")
        finally:
            self.leave_thread()


def keep_profile(store: Store, profile: Profile, subject: str = "ann") -> None:
    """Remember `profile` of the subject."""
    write(store, Decision(None, profile=profile), subject)


def _named(roster: Roster, name: str) -> Decision[None]:
    names = {**roster.profile.device_names, name: "a name"}
    return Decision(None, profile=replace(roster.profile, device_names=names))
