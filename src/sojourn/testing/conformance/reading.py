"""Promises about looking things up."""

from dataclasses import replace

from sojourn.core.records import EndReason
from sojourn.core.store import Store
from sojourn.testing.clock import START
from sojourn.testing.conformance.setup import Setup, keep, names, open_sids, session, update
from sojourn.testing.samples import ANN, digest, ended, sid, ticket


class Reading(Setup):
    """What `lookup`, `find`, `roster`, `history` and `ticket` promise."""

    def test_an_empty_store_knows_nothing(self, store: Store) -> None:
        assert store.lookup(digest("nothing"), ANN) is None
        assert store.find(sid("nothing")) is None
        assert store.ticket(digest("nothing"), ANN) is None
        assert store.roster("ann").sessions == ()
        assert store.roster("ann").subject == "ann"
        assert list(store.history("ann", 10)) == []

    def test_a_session_is_found_by_the_digest_of_its_token(self, store: Store) -> None:
        keep(store, session("a"), session("b"))
        assert store.lookup(digest("b"), ANN) == session("b")

    def test_a_session_is_found_by_its_public_id(self, store: Store) -> None:
        keep(store, session("a"), session("b"))
        assert store.find(sid("b")) == session("b")

    def test_an_unknown_digest_finds_nothing(self, store: Store) -> None:
        keep(store, session("a"))
        assert store.lookup(digest("b"), ANN) is None
        assert store.lookup(bytes(32), ANN) is None

    def test_public_ids_that_differ_in_case_only_are_two(self, store: Store) -> None:
        keep(store, session("aB"), session("Ab"))
        assert store.find(sid("aB")) == session("aB")
        assert store.find(sid("AB")) is None

    def test_a_renewed_session_is_found_by_its_new_token_and_by_the_one_before(self, store: Store) -> None:
        keep(store, session("a"))
        renewed = replace(session("a"), digest=digest("second"), predecessor=digest("a"), predecessor_until=START + 5)
        update(store, renewed)
        assert store.lookup(digest("second"), ANN) == renewed
        assert store.lookup(digest("a"), ANN) == renewed

    def test_a_token_from_before_the_last_renewal_but_one_is_unknown(self, store: Store) -> None:
        keep(store, session("a"))
        update(store, replace(session("a"), digest=digest("second"), predecessor=digest("a")))
        update(store, replace(session("a"), digest=digest("third"), predecessor=digest("second")))
        assert store.lookup(digest("a"), ANN) is None
        assert store.lookup(digest("second"), ANN) is not None

    def test_a_session_without_a_predecessor_is_not_found_by_an_empty_digest(self, store: Store) -> None:
        keep(store, session("a"))
        assert store.lookup(b"", ANN) is None

    def test_an_ended_session_is_still_found_and_says_why(self, store: Store) -> None:
        keep(store, session("a"))
        over = ended(session("a"), START + 7, EndReason.REVOKED, by="other")
        update(store, over)
        assert store.lookup(digest("a"), ANN) == over
        assert store.find(sid("a")) == over

    def test_a_roster_has_the_open_sessions_of_its_subject_and_no_other(self, store: Store) -> None:
        keep(store, session("a"), session("b"), session("c"), session("d", "bob"))
        update(store, ended(session("b"), START))
        assert open_sids(store) == ["a", "c"]
        assert open_sids(store, "bob") == ["d"]

    def test_a_roster_shows_sessions_as_they_are_now(self, store: Store) -> None:
        keep(store, session("a"))
        update(store, replace(session("a"), acr="gold", last_seen=START + 5))
        assert store.roster("ann").sessions == (replace(session("a"), acr="gold", last_seen=START + 5),)

    def test_a_roster_has_sessions_that_are_past_their_time_but_not_ended(self, store: Store) -> None:
        keep(store, session("a", expires=START - 1))
        assert open_sids(store) == ["a"]

    def test_the_history_has_ended_sessions_the_latest_end_first(self, store: Store) -> None:
        keep(store, *(session(name) for name in "abcd"), session("e", "bob"))
        update(store, ended(session("a"), START + 2), ended(session("b"), START + 9), ended(session("c"), START + 4))
        update(store, ended(session("e", "bob"), START + 6), subject="bob")
        assert names(store.history("ann", 10)) == ["b", "c", "a"]

    def test_the_history_is_bounded(self, store: Store) -> None:
        keep(store, *(session(name) for name in "abc"))
        update(store, *(ended(session(name), START + at) for at, name in enumerate("abc")))
        assert names(store.history("ann", 2)) == ["c", "b"]

    def test_sessions_that_ended_together_are_in_the_order_of_their_public_ids(self, store: Store) -> None:
        keep(store, *(session(name) for name in ("b", "B", "_", "a", "-")))
        update(store, *(ended(session(name), START) for name in ("b", "B", "_", "a", "-")))
        assert names(store.history("ann", 10)) == ["-", "B", "_", "a", "b"]

    def test_a_ticket_is_found_by_its_digest_until_it_is_redeemed(self, store: Store) -> None:
        keep(store, tickets=[ticket("t")])
        assert store.ticket(digest("t"), ANN) == ticket("t")
        assert store.ticket(digest("other"), ANN) is None

    def test_a_ticket_past_its_time_is_still_found(self, store: Store) -> None:
        keep(store, tickets=[ticket("t", created=0, expires=1)])
        assert store.ticket(digest("t"), ANN) == ticket("t", created=0, expires=1)

    def test_a_ticket_is_no_session(self, store: Store) -> None:
        keep(store, tickets=[ticket("t")])
        assert store.lookup(digest("t"), ANN) is None
        assert open_sids(store) == []
