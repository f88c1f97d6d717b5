"""Promises about what operators ask: searching, counting, tallying, the journal."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from sojourn.core.errors import InvalidInput
from sojourn.core.events import (
    ChoiceOffered,
    Event,
    SessionEnded,
    SessionRotated,
    SessionStarted,
    StartRefused,
    payload,
)
from sojourn.core.records import Device, DeviceClass, EndReason, Session
from sojourn.core.search import Census, EventQuery, SessionQuery, Standing, Tally
from sojourn.core.store import Store
from sojourn.stores.memory import MemoryStore
from sojourn.testing.clock import START
from sojourn.testing.conformance.setup import Setup, keep, names, session, update
from sojourn.testing.samples import ended, sid

NOW = START + 100
EPOCH = START - 50
PHONE = Device(DeviceClass.PHONE, "Safari", "iOS", "p")
COMPUTER = Device(DeviceClass.COMPUTER, "Firefox", "Windows", "c")
ODD = Device(DeviceClass.OTHER, "100%_!\\*.[a]", "Ångström", "o")

FILTERS: dict[str, list[Any]] = {
    "standing": list(Standing),
    "subjects": [("ann",), ("ann", "bob", "nobody"), ("Ann", "ann "), (), ("\x00", "\ud800", "x" * 999)],
    "client": ["web", "", "Web", "web ", "\x00"],
    "device": [
        "FIRE",
        "fox",
        "ios",
        "win",
        "o",
        "%",
        "_",
        "!",
        "\\",
        "*",
        ".",
        "[a]",
        "Å",
        "å",
        "fox w",
        "\x00",
        "\ud800",
    ],
    "device_class": list(DeviceClass),
    "address": ["10.", "10.0.0.1", "10_", "%", "2001:DB8", "2001:db8", "\x00", "\U0010ffff"],
    "reason": [EndReason.LOGOUT, EndReason.EVICTED, EndReason.EPOCH],
    "since": [START, START + 1, 0, 1 << 70],
    "before": [START, START + 1, -(1 << 70), 1 << 70],
}


def people(store: Store) -> None:
    """Sessions that differ in everything that can be asked for: live, ended, late, void."""
    before = [
        session("a", client="web", device=PHONE, address="10.0.0.1"),
        session("b", client="api", device=COMPUTER, address="10.0.0.10"),
        session("B", created=START + 1, client="web", device=ODD, address="2001:db8::7"),
        session("c", "bob", client="web", device=COMPUTER, address="10.0.0.1", expires=NOW),
        session("d", "bob", client="", device=PHONE, created=START + 1, address="2001:db8::"),
        session("e", "Ann", client="web", device=PHONE, created=START + 1, inactivity_timeout=1, address="%"),
        session("f", "Ann", device=COMPUTER, created=EPOCH - 1, address="10_0"),
        session("g", created=EPOCH - 1, client="web", device=ODD, expires=EPOCH - 1),
        session("h", created=START + 2, client="web", device=COMPUTER, address="10.0.0.1"),
        session("i", client="api", device=ODD, created=EPOCH - 2, address="10.0.0.1"),
        session("j", "bob", client="web", device=PHONE, expires=NOW + 1),
    ]
    keep(store, *before)
    by_name = dict(zip(names(before), before, strict=True))
    update(store, ended(by_name["h"], START + 9), ended(by_name["i"], START, EndReason.EVICTED, by=sid("a")))
    store.begin_epoch(EPOCH)


class Searching(Setup):
    """What `search`, `count`, `census`, `tally` and `journal` promise."""

    # Which

    @pytest.mark.parametrize(
        "fields", [{name: value} for name, values in FILTERS.items() for value in values], ids=ascii
    )
    def test_each_filter_finds_what_it_asks_for_and_nothing_else(self, store: Store, fields: dict[str, Any]) -> None:
        people(store)
        self._agrees(store, [SessionQuery(**fields)])

    def test_filters_together_find_what_all_of_them_ask_for(self, store: Store) -> None:
        people(store)
        few = {
            "standing": FILTERS["standing"],
            "subjects": [None, ("ann", "bob")],
            "device": ["", "o"],
            "device_class": [None, DeviceClass.COMPUTER],
            "address": ["", "10.0.0.1"],
            "client": [None, "web"],
            "reason": [None, EndReason.LOGOUT],
            "since": [None, START],
        }
        found = self._agrees(
            store, (SessionQuery(**dict(zip(few, one, strict=True))) for one in product(*few.values()))
        )
        assert 0 in found
        assert len(set(found)) > 4, "the filters tell the people apart"

    def test_a_search_shows_sessions_as_they_stand(self, store: Store) -> None:
        people(store)
        found = store.search(SessionQuery(), NOW).sessions
        assert sorted(names(found)) == sorted("abBcdefghij")
        assert list(found) == [store.find(one.sid) for one in found]
        assert next(one for one in found if names([one]) == ["f"]).voided == EPOCH

    @pytest.mark.parametrize("at", [START, NOW - 1, NOW, NOW + 1])
    def test_every_session_is_either_live_or_over(self, store: Store, at: int) -> None:
        people(store)
        live, over, everybody = (set(names(store.search(SessionQuery(standing), at).sessions)) for standing in Standing)
        assert live | over == everybody
        assert live & over == set()
        assert ("c" in live) == (at < NOW)
        assert ("j" in live) == (at < NOW + 1)

    def test_many_subjects_may_be_asked_for_and_too_many_are_refused(self, store: Store) -> None:
        people(store)
        many = tuple(f"somebody {number}" for number in range(999))
        assert {one.subject for one in store.search(SessionQuery(subjects=(*many, "bob")), NOW).sessions} == {"bob"}
        with pytest.raises(InvalidInput, match="1000"):
            SessionQuery(subjects=(*many, "ann", "bob"))

    # In which order

    @pytest.mark.parametrize("oldest_first", [False, True])
    @pytest.mark.parametrize("standing", list(Standing))
    @pytest.mark.parametrize("limit", [1, 2, 3, 50])
    def test_pages_visit_each_session_once_in_order(
        self, store: Store, oldest_first: bool, standing: Standing, limit: int
    ) -> None:
        people(store)
        query = SessionQuery(standing, oldest_first=oldest_first, limit=limit)
        pages = self._pages(store, query)
        visited = [one for page in pages for one in page]
        places = [(one.created, one.sid) for one in visited]
        assert places == sorted(places, reverse=not oldest_first)
        assert len(places) == len(set(places)) == store.count(query, NOW, 99)
        assert all(len(page) == limit for page in pages[:-1])
        assert 0 < len(pages[-1]) <= limit, "no page is empty, not even the last"

    def test_pages_go_on_where_they_were_while_sessions_come_and_go(self, store: Store) -> None:
        keep(store, *(session(name) for name in "bdfh"))
        first = store.search(SessionQuery(limit=2), NOW)
        assert names(first.sessions) == ["h", "f"]
        keep(store, session("g"), session("c"))
        update(store, ended(session("f"), START))
        second = store.search(SessionQuery(limit=9, after=first.cursor), NOW)
        assert names(second.sessions) == ["d", "c", "b"]
        assert second.cursor is None

    @pytest.mark.parametrize(
        "after",
        [(1 << 70, sid("a")), (-(1 << 70), sid("a")), (START, sid("a")), (START, ""), (START, "~"), (NOW, "a")],
    )
    @pytest.mark.parametrize("oldest_first", [False, True])
    def test_a_cursor_may_be_any_place(self, store: Store, after: tuple[int, str], oldest_first: bool) -> None:
        people(store)
        self._agrees(store, [SessionQuery(after=after, oldest_first=oldest_first)])

    @pytest.mark.parametrize("made_up", ["\x00", "\ud800", "x" * 999])
    def test_a_cursor_that_no_store_gave_is_no_error_of_the_store(self, store: Store, made_up: str) -> None:
        people(store)
        assert len(store.search(SessionQuery(after=(START, made_up)), NOW).sessions) <= 11

    # How many

    def test_a_count_ignores_the_cursor_and_the_limit(self, store: Store) -> None:
        people(store)
        assert store.count(SessionQuery(limit=1, after=(START, sid("a"))), NOW, 99) == 11

    @pytest.mark.parametrize(("at_most", "counted"), [(0, 0), (1, 1), (10, 10), (11, 11), (12, 11), (1 << 70, 11)])
    def test_a_count_stops_at_its_bound(self, store: Store, at_most: int, counted: int) -> None:
        people(store)
        assert store.count(SessionQuery(), NOW, at_most) == counted

    def test_a_census_counts_what_is_live(self, store: Store) -> None:
        people(store)
        events = [SessionStarted(subject="ann", at=at, session=session("a")) for at in (START + 5, START + 3)]
        nobodys = SessionRotated(subject="ann", at=START, session=session("a"))
        keep(store, events=[*events, nobodys])
        assert store.census(NOW) == Census(
            NOW,
            sessions=5,
            subjects=2,
            by_device_class={DeviceClass.PHONE: 3, DeviceClass.COMPUTER: 1, DeviceClass.OTHER: 1},
            by_client={"web": 3, "api": 1, "": 1},
            per_subject={3: 1, 2: 1},
            outbox=2,
            outbox_since=START + 3,
            due_since=START + 3,
        )

    def test_a_census_of_an_empty_store_counts_nothing(self, store: Store) -> None:
        assert store.census(NOW) == Census(NOW)

    def test_a_tally_counts_what_happened_in_each_stretch(self, store: Store) -> None:
        began = {at: session(f"{at}", created=START + at) for at in (-1, 0, 9, 10, 29, 30)}
        keep(store, *began.values())
        update(store, ended(began[0], START + 9), ended(began[9], START + 10), ended(began[10], START + 10))
        update(store, ended(began[29], START + 11, EndReason.REVOKED), ended(began[30], START + 30))
        refused = [StartRefused(subject="ann", at=START + at, arrival={}, limit="1") for at in (-1, 0, 5, 30)]
        asked = [ChoiceOffered(subject="bob", at=START + 5, arrival={}, limit="1")]
        keep(store, events=[*refused, *asked, SessionStarted(subject="ann", at=START, session=session("0"))])
        assert list(store.tally(START, 10, 3)) == [
            Tally(START, 2, {EndReason.LOGOUT: 1}, {"start.refused": 2, "choice.offered": 1}),
            Tally(START + 10, 1, {EndReason.LOGOUT: 2, EndReason.REVOKED: 1}, {}),
            Tally(START + 20, 1, {}, {}),
        ]

    @pytest.mark.parametrize("start", [0, START, 1 << 50])
    def test_a_tally_of_nothing_has_each_of_its_stretches(self, store: Store, start: int) -> None:
        assert list(store.tally(start, 7, 2)) == [Tally(start), Tally(start + 7)]
        assert list(store.tally(start, 7, 0)) == []

    @pytest.mark.parametrize(("step", "count"), [(0, 3), (-1, 3), (5, -1)])
    def test_a_tally_of_no_time_is_refused(self, store: Store, step: int, count: int) -> None:
        with pytest.raises(InvalidInput):
            store.tally(START, step, count)

    # The journal

    @pytest.mark.parametrize(
        "fields",
        [
            {},
            {"subject": "ann"},
            {"subject": "Ann"},
            {"subject": "\x00"},
            {"types": ("start.refused",)},
            {"types": ("start.refused", "session.ended", "\x00")},
            {"since": START + 1},
            {"since": 1 << 70},
            {"subject": "ann", "types": ("session.started",), "since": START},
            {"after": (START, "id 3")},
            {"after": (START + 1, "")},
            {"limit": 2},
            {"subject": "ann", "after": (START, "id 2"), "limit": 1},
        ],
        ids=ascii,
    )
    def test_the_journal_has_the_events_that_are_asked_for_in_order(self, store: Store, fields: dict[str, Any]) -> None:
        told = self._told(store)
        query = EventQuery(**{"types": (), **fields})
        assert (
            list(store.journal(query))
            == [
                payload(event)
                for event in sorted(told, key=lambda event: (event.at, event.id))
                if query.subject in (None, event.subject)
                and (not query.types or event.type in query.types)
                and (query.since is None or event.at >= query.since)
                and (query.after is None or (event.at, event.id) > query.after)
            ][: query.limit]
        )

    def test_pages_of_the_journal_visit_each_event_once(self, store: Store) -> None:
        told = self._told(store)
        visited: list[Any] = []
        query = EventQuery(limit=2)
        while page := store.journal(query):
            visited += page
            query = replace(query, after=(visited[-1]["at"], visited[-1]["id"]))
        assert visited == [payload(event) for event in sorted(told, key=lambda event: (event.at, event.id))]

    @staticmethod
    def _told(store: Store) -> list[Event]:
        one, other = session("a", place="Łódź"), session("b", "bob")
        told: list[Event] = [
            SessionStarted(subject="ann", at=START, session=one, also_open=("x",), id="id 3"),
            StartRefused(subject="ann", at=START, arrival={"place": "Łódź"}, limit="1", id="id 2"),
            SessionEnded(subject="ann", at=START + 1, session=ended(one, START + 1), id="id 1"),
            StartRefused(subject="ann", at=START - 1, arrival={}, limit="1", id="id 4"),
        ]
        keep(store, events=told)
        bobs: list[Event] = [SessionStarted(subject="bob", at=START, session=other, id="ID 3")]
        keep(store, events=bobs, subject="bob")
        return [*told, *bobs]

    @staticmethod
    def _agrees(store: Store, queries: Iterable[SessionQuery]) -> list[int]:
        """Compare answers with the model's; how many each query found."""
        model = MemoryStore()
        people(model)
        found = []
        for query in queries:
            assert store.search(query, NOW) == model.search(query, NOW), query
            found.append(store.count(query, NOW, 99))
            assert found[-1] == model.count(query, NOW, 99), query
        return found

    @staticmethod
    def _pages(store: Store, query: SessionQuery) -> list[tuple[Session, ...]]:
        pages = []
        while True:
            page = store.search(query, NOW)
            pages.append(page.sessions)
            if page.cursor is None:
                return pages
            query = replace(query, after=page.cursor)
