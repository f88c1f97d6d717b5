"""From the outbox to the sinks: what is told when, in which order, how often, and what is given up."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from sojourn.core.errors import StoreUnavailable
from sojourn.core.outbox import BATCH_MAX, Failing, Fate
from sojourn.core.timeouts import DAY, HOUR, MINUTE, SECOND
from sojourn.notify.deliverer import Deliverer
from sojourn.notify.desk import LEASE
from sojourn.notify.notices import ATTEMPTS, STRANGE, USUAL
from sojourn.notify.pauses import Sort
from sojourn.notify.schedule import LATEST, SOONEST, TRIES_MIN, wait
from sojourn.notify.sinks import DeliveryFailed, DeliveryRefused, Message, SinkClosed
from sojourn.stores.memory import MemoryStore
from sojourn.stores.observed import Observer
from sojourn.stores.wrappers import FaultyStore
from sojourn.testing.clock import START, FakeClock
from tests.unit.sinks import Recorder, outbox, record


@pytest.fixture
def store() -> MemoryStore:
    return outbox()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


def deliverer(store: Any, clock: FakeClock, *sinks: Recorder, **options: Any) -> Deliverer:
    return Deliverer(store, sinks, clock=clock, draw=lambda: 0.0, **options)


class Pacing(Recorder):
    """Tells what is called after a sort as that sort has it."""

    def sort(self, event: Mapping[str, object]) -> Sort | None:
        sorts = {sort.name: sort for sort in (ATTEMPTS, USUAL, STRANGE)}
        return sorts.get(str(event["id"]).split()[0])


def failing(_: Message) -> bool:
    raise DeliveryFailed("out of order")


def refusing(_: Message) -> bool:
    raise DeliveryRefused("no such mailbox")


def until_idle(worker: Deliverer, clock: FakeClock, span: int, step: int = 10 * SECOND) -> None:
    """Let time pass, with a look at the outbox every `step`."""
    for _ in range(span // step):
        clock.advance(step)
        worker.deliver()


class Crash(BaseException):
    """The process ends here."""


def crashing(_: Message) -> bool:
    raise Crash


class TestWhatIsTold:
    def test_every_event_goes_out_once_in_its_order(self, store: MemoryStore, clock: FakeClock) -> None:
        names = [record(store, f"e{n}") for n in range(5)]
        sink = Recorder()
        worker = deliverer(store, clock, sink)
        assert worker.deliver() == 5
        assert worker.deliver() == 0
        assert sink.ids == [[name] for name in names]
        assert [message.id for message in sink.told] == names

    def test_nobody_is_told_what_a_sink_does_not_want(self, store: MemoryStore, clock: FakeClock) -> None:
        record(store, "e1")
        sink = Recorder(types=("session.ended",))
        worker = deliverer(store, clock, sink)
        assert worker.deliver() == 0
        assert not sink.given
        assert store.claim("w", clock() + DAY, clock() + 2 * DAY) is None

    def test_of_one_subject_only_where_one_is_named(self, store: MemoryStore, clock: FakeClock) -> None:
        record(store, "a1", "ann")
        record(store, "b1", "bob")
        sink = Recorder()
        deliverer(store, clock, sink).deliver("bob")
        assert sink.ids == [["b1"]]

    def test_more_than_a_batch_in_its_order(self, store: MemoryStore, clock: FakeClock) -> None:
        names = [record(store, f"e{n}") for n in range(2 * BATCH_MAX + 7)]
        sink = Recorder()
        deliverer(store, clock, sink).deliver()
        assert sink.ids == [[name] for name in names]

    def test_each_sink_by_itself(self, store: MemoryStore, clock: FakeClock) -> None:
        record(store, "e1")
        record(store, "e2")
        works, broken = Recorder("works"), Recorder("broken", does=failing)
        deliverer(store, clock, broken, works).deliver()
        assert works.ids == [["e1"], ["e2"]]
        assert len(broken.given) == 1


class TestFailures:
    def test_what_failed_is_tried_again_later_and_later(self, store: MemoryStore, clock: FakeClock) -> None:
        record(store, "e1")
        sink = Recorder(does=failing)
        worker = deliverer(store, clock, sink)
        worker.deliver()
        tried = []
        for _ in range(4):
            while len(sink.given) == len(tried) + 1:
                clock.advance(SECOND)
                worker.deliver()
            tried.append(clock() - START)
        assert tried == [10 * SECOND, 30 * SECOND, 70 * SECOND, 150 * SECOND]

    @pytest.mark.parametrize(
        ("asked", "waited"), [(0, SOONEST), (SECOND, SOONEST), (HOUR, HOUR), (DAY, LATEST)], ids=str
    )
    def test_who_asks_for_more_time_is_given_it_within_bounds(
        self, store: MemoryStore, clock: FakeClock, asked: int, waited: int
    ) -> None:
        def later(_: Message) -> bool:
            raise DeliveryFailed("busy", after=asked)

        record(store, "e1")
        sink = Recorder(does=later)
        worker = deliverer(store, clock, sink)
        worker.deliver()
        clock.advance(waited - 1)
        worker.deliver()
        assert len(sink.given) == 1
        clock.advance(1)
        worker.deliver()
        assert len(sink.given) == 2

    def test_the_next_event_of_that_subject_does_not_overtake_it(self, store: MemoryStore, clock: FakeClock) -> None:
        record(store, "e1")
        record(store, "e2")
        sink = Recorder(does=failing)
        worker = deliverer(store, clock, sink)
        worker.deliver()
        assert [message.id for message in sink.given] == ["e1"]
        sink.does = lambda _: True
        clock.advance(MINUTE)
        worker.deliver()
        assert sink.ids == [["e1"], ["e2"]]

    def test_another_subject_is_not_held_up(self, store: MemoryStore, clock: FakeClock) -> None:
        record(store, "a1", "ann")
        record(store, "b1", "bob")

        def fails_ann(message: Message) -> bool:
            return message.subject != "ann" or failing(message)

        sink = Recorder(does=fails_ann)
        deliverer(store, clock, sink).deliver()
        assert sink.ids == [["b1"]]

    def test_what_is_refused_is_given_up_and_the_next_goes_out(self, store: MemoryStore, clock: FakeClock) -> None:
        record(store, "e1")
        record(store, "e2")
        sink = Recorder(does=lambda message: message.id != "e1" or refusing(message))
        deliverer(store, clock, sink).deliver()
        assert sink.ids == [["e2"]]
        (dead,) = store.dead_letters(10)
        assert dead.id == "e1"
        assert dead.progress["recorder"].error == "no such mailbox"

    def test_patience_has_an_end(self, store: MemoryStore, clock: FakeClock) -> None:
        record(store, "e1")
        sink = Recorder(does=failing, patience=HOUR)
        worker = deliverer(store, clock, sink)
        until_idle(worker, clock, 3 * HOUR, MINUTE)
        assert [letter.id for letter in store.dead_letters(10)] == ["e1"]
        count = len(sink.given)
        until_idle(worker, clock, DAY, HOUR)
        assert len(sink.given) == count

    def test_after_a_long_stop_it_is_tried_often_enough_all_the_same(
        self, store: MemoryStore, clock: FakeClock
    ) -> None:
        record(store, "e1")
        clock.advance(5 * DAY)
        sink = Recorder(does=failing, patience=HOUR)
        worker = deliverer(store, clock, sink)
        until_idle(worker, clock, DAY, MINUTE)
        assert len(sink.given) == TRIES_MIN

    def test_news_that_is_too_old_is_told_to_nobody(self, store: MemoryStore, clock: FakeClock) -> None:
        record(store, "e1")
        clock.advance(7 * DAY)
        record(store, "e2", at=clock())
        sink = Recorder()
        deliverer(store, clock, sink).deliver()
        assert sink.ids == [["e2"]]
        assert [letter.id for letter in store.dead_letters(10)] == ["e1"]

    def test_an_operator_can_have_it_sent_again_however_old(self, store: MemoryStore, clock: FakeClock) -> None:
        record(store, "e1")
        sink = Recorder(does=refusing)
        worker = deliverer(store, clock, sink)
        worker.deliver()
        clock.advance(8 * DAY)
        sink.does = lambda _: True
        assert store.revive(["e1"], clock()) == 1
        worker.deliver()
        assert sink.ids == [["e1"]]

    def test_an_error_that_is_no_failed_delivery_is_tried_again_and_its_text_kept_nowhere(
        self, store: MemoryStore, clock: FakeClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(_: Message) -> bool:
            raise ValueError("ann@example.org")

        record(store, "e1")
        sink = Recorder(does=broken)
        deliverer(store, clock, sink).deliver()
        batch = store.claim("w", clock() + HOUR, clock() + 2 * HOUR)
        assert batch is not None
        assert batch.letters[0].progress["recorder"].error == "ValueError"
        assert "ann@example.org" not in " ".join(record.getMessage() for record in caplog.records)


class TestFolding:
    def test_the_first_goes_at_once_and_what_follows_within_a_minute_together(
        self, store: MemoryStore, clock: FakeClock
    ) -> None:
        sink = Recorder(fold=MINUTE)
        worker = deliverer(store, clock, sink)
        record(store, "e1")
        worker.deliver()
        for name in ("e2", "e3"):
            clock.advance(10 * SECOND)
            record(store, name, at=clock())
            worker.deliver()
        assert sink.ids == [["e1"]]
        clock.advance(39 * SECOND)
        worker.deliver()
        assert sink.ids == [["e1"]]
        clock.advance(SECOND)
        worker.deliver()
        assert sink.ids == [["e1"], ["e2", "e3"]]
        assert [message.id for message in sink.told] == ["e1", "e2"]

    def test_nothing_is_folded_after_what_nobody_was_told(self, store: MemoryStore, clock: FakeClock) -> None:
        sink = Recorder(fold=MINUTE, does=lambda message: message.id != "e1")
        worker = deliverer(store, clock, sink)
        record(store, "e1")
        worker.deliver()
        record(store, "e2")
        worker.deliver()
        assert sink.ids == [["e2"]]

    def test_a_message_once_begun_goes_out_as_it_was_whatever_happens_meanwhile(
        self, store: MemoryStore, clock: FakeClock
    ) -> None:
        record(store, "e1")
        sink = Recorder(fold=MINUTE, does=crashing)
        with pytest.raises(Crash):
            deliverer(store, clock, sink).deliver()
        record(store, "e2")
        clock.advance(LEASE)
        sink.does = lambda _: True
        worker = deliverer(store, clock, sink)
        worker.deliver()
        assert sink.given[0] == sink.given[1]
        until_idle(worker, clock, 2 * MINUTE)
        assert sink.ids == [["e1"], ["e2"]]

    def test_a_failed_message_is_tried_again_with_the_same_events(self, store: MemoryStore, clock: FakeClock) -> None:
        record(store, "e1")
        record(store, "e2")
        sink = Recorder(fold=MINUTE, does=failing)
        worker = deliverer(store, clock, sink)
        worker.deliver()
        record(store, "e3")
        sink.does = lambda _: True
        until_idle(worker, clock, 2 * MINUTE)
        assert sink.ids == [["e1", "e2"], ["e3"]]
        assert {message.id for message in sink.given} == {"e1", "e3"}

    def test_a_subject_who_floods_one_sink_is_told_of_by_the_others(self, store: MemoryStore, clock: FakeClock) -> None:
        mail, hook = Recorder("mail", fold=MINUTE), Recorder("hook")
        worker = deliverer(store, clock, mail, hook)
        record(store, "first")
        worker.deliver()
        names = [record(store, f"e{n}") for n in range(2 * BATCH_MAX)]
        worker.deliver()
        assert hook.ids == [["first"], *([name] for name in names)]
        record(store, "last")
        worker.deliver()
        assert hook.ids[-1] == ["last"]
        until_idle(worker, clock, 5 * MINUTE)
        assert [name for message in mail.ids for name in message] == ["first", *names, "last"]

    @pytest.mark.parametrize(
        ("name", "every", "first_day", "next_day"),
        [
            ("attempts", 20, [0, 20, 40, 100, 460, 820, 1180], 4),
            ("usual", 1, [0, 1, 3, 7, 15, 31, *range(63, DAY // MINUTE, 60)], 24),
        ],
        ids=["attempts", "sign-ins"],
    )
    def test_what_keeps_coming_is_told_less_and_less_often_and_none_of_it_is_lost(
        self, store: MemoryStore, clock: FakeClock, name: str, every: int, first_day: list[int], next_day: int
    ) -> None:
        sink = Pacing(fold=MINUTE)
        worker = deliverer(store, clock, sink)
        names, told = [], []
        for minute in range(2 * DAY // MINUTE):
            if minute % every == 0:
                names.append(record(store, f"{name} {minute}", at=clock()))
            if worker.deliver():
                told.append(minute)
            clock.advance(MINUTE)
        day, then = ([at for at in told if at * MINUTE // DAY == number] for number in (0, 1))
        assert day == first_day
        assert len(then) <= next_day
        until_idle(worker, clock, 6 * HOUR, MINUTE)
        assert [name for message in sink.ids for name in message] == names

    def test_after_a_quiet_day_it_is_as_if_nothing_had_been(self, store: MemoryStore, clock: FakeClock) -> None:
        sink = Pacing(fold=MINUTE)
        worker = deliverer(store, clock, sink)
        for day in range(2):
            began = len(sink.told)
            for number in range(3):
                record(store, f"attempts {day} {number}", at=clock())
                worker.deliver()
                clock.advance(MINUTE)
            assert len(sink.told) == began + 2
            clock.advance(DAY)
            worker.deliver()
            clock.advance(DAY)

    @pytest.mark.parametrize("other", ["usual", "strange", "of no sort"])
    def test_what_is_of_another_sort_goes_at_once_and_takes_along_what_waits(
        self, store: MemoryStore, clock: FakeClock, other: str
    ) -> None:
        sink = Pacing(fold=MINUTE)
        worker = deliverer(store, clock, sink)
        for number in range(4):
            record(store, f"attempts {number}", at=clock())
            until_idle(worker, clock, 2 * HOUR, MINUTE)
        record(store, "attempts 4", at=clock())
        worker.deliver()
        assert len(sink.told) == 4
        record(store, other, at=clock())
        worker.deliver()
        assert sink.ids[4:] == [["attempts 4", other]]

    def test_what_is_taken_along_counts_as_told(self, store: MemoryStore, clock: FakeClock) -> None:
        sink = Pacing(fold=MINUTE)
        worker = deliverer(store, clock, sink)
        for number in range(4):
            record(store, f"strange {number}", at=clock())
            record(store, f"usual {number}", at=clock())
            until_idle(worker, clock, HOUR, MINUTE)
        record(store, "usual 4", at=clock())
        worker.deliver()
        clock.advance(MINUTE)
        record(store, "usual 5", at=clock())
        assert worker.deliver() == 0
        until_idle(worker, clock, 16 * MINUTE, MINUTE)
        assert sink.ids[-1] == ["usual 5"]

    def test_pauses_hold_up_no_full_batch_for_there_may_be_something_of_another_sort_behind_it(
        self, store: MemoryStore, clock: FakeClock
    ) -> None:
        sink = Pacing(fold=MINUTE)
        worker = deliverer(store, clock, sink)
        for number in range(4):
            record(store, f"attempts {number}", at=clock())
            until_idle(worker, clock, 2 * HOUR, MINUTE)
        names = [record(store, f"attempts {number}", at=clock()) for number in range(4, 4 + BATCH_MAX)]
        record(store, "strange", at=clock())
        until_idle(worker, clock, 2 * MINUTE)
        assert sink.ids[4:] == [names, ["strange"]]

    def test_a_clock_that_was_ahead_silences_for_no_longer_than_a_fold(
        self, store: MemoryStore, clock: FakeClock
    ) -> None:
        sink = Recorder(fold=MINUTE)
        ahead = FakeClock(START + DAY)
        record(store, "e1")
        deliverer(store, ahead, sink).deliver()
        record(store, "e2")
        worker = deliverer(store, clock, sink)
        until_idle(worker, clock, 2 * MINUTE)
        assert sink.ids == [["e1"], ["e2"]]


class TestLeases:
    def test_a_worker_that_died_is_followed_by_another_once_its_lease_is_over(
        self, store: MemoryStore, clock: FakeClock
    ) -> None:
        record(store, "e1")
        sink = Recorder(does=crashing)
        with pytest.raises(Crash):
            deliverer(store, clock, sink).deliver()
        sink.does = lambda _: True
        other = deliverer(store, clock, sink)
        clock.advance(LEASE - 1)
        assert other.deliver() == 0
        clock.advance(1)
        assert other.deliver() == 1

    def test_a_worker_that_was_too_slow_stops(self, store: MemoryStore, clock: FakeClock) -> None:
        record(store, "e1")
        record(store, "e2")
        second = Recorder()

        def slow(_: Message) -> bool:
            clock.advance(2 * LEASE)
            deliverer(store, clock, second).deliver()
            return True

        first = Recorder(does=slow)
        deliverer(store, clock, first).deliver()
        assert first.ids == [["e1"]]
        assert second.ids == [["e1"], ["e2"]]

    @pytest.mark.parametrize("fold", [MINUTE, 0], ids=["of a sink that folds", "of one that does not"])
    def test_a_call_that_always_outlasts_its_lease_is_not_made_for_ever(
        self, store: MemoryStore, clock: FakeClock, fold: int
    ) -> None:
        record(store, "e1")
        sink = Recorder(fold=fold)
        workers = [deliverer(store, clock, sink) for _ in range(2)]

        def slow(_: Message) -> bool:
            clock.advance(LEASE + 5 * SECOND)
            if len(sink.given) < 50:
                workers[len(sink.given) % 2].deliver()
            return True

        sink.does = slow
        workers[0].deliver()
        until_idle(workers[0], clock, HOUR, MINUTE)
        assert len(sink.given) == 2
        assert {message.id for message in sink.given} == {"e1"}

    def test_the_lease_is_renewed_before_a_call_that_may_take_long(self, store: MemoryStore, clock: FakeClock) -> None:
        for n in range(5):
            record(store, f"e{n}")

        def slow(_: Message) -> bool:
            assert store.claim("somebody else", clock(), clock() + LEASE) is None
            clock.advance(LEASE - SECOND)
            assert store.claim("somebody else", clock(), clock() + LEASE) is None
            return True

        sink = Recorder(does=slow)
        assert deliverer(store, clock, sink).deliver() == 5

    def test_asked_to_stop_it_finishes_the_message_and_lets_another_go_on(
        self, store: MemoryStore, clock: FakeClock
    ) -> None:
        for n in range(3):
            record(store, f"e{n}")
        stop = threading.Event()
        sink = Recorder()

        def last(_: Message) -> bool:
            stop.set()
            return True

        sink.does = last
        assert deliverer(store, clock, sink).deliver(stop=stop) == 1
        sink.does = lambda _: True
        deliverer(store, clock, sink).deliver()
        assert sink.ids == [["e0"], ["e1"], ["e2"]]

    @pytest.mark.parametrize(("bounded", "copies"), [(True, 2), (False, 1)])
    def test_a_store_that_goes_away_loses_nothing(
        self, store: MemoryStore, clock: FakeClock, bounded: bool, copies: int
    ) -> None:
        record(store, "e1")
        faulty = FaultyStore(store)
        sink = Recorder(bounded=bounded)
        worker = deliverer(faulty, clock, sink)
        faulty.fail_before("settle")
        with pytest.raises(StoreUnavailable):
            worker.deliver()
        clock.advance(LEASE)
        worker.deliver()
        assert sink.ids == [["e1"]] * copies

    def test_run_waits_for_a_store_that_goes_away(self, store: MemoryStore, clock: FakeClock) -> None:
        faulty = FaultyStore(store)
        faulty.fail_before("failing", 2)
        stop = threading.Event()
        sink = Recorder(does=lambda _: not stop.set())
        record(store, "e1")
        deliverer(faulty, clock, sink).run(stop, pause=0.001)
        assert sink.ids == [["e1"]]


class TestSinksThatFail:
    def test_a_sink_that_fails_for_everybody_rests(self, store: MemoryStore, clock: FakeClock) -> None:
        for n in range(50):
            record(store, f"e{n}", f"subject {n}")
        sink = Recorder(does=failing)
        worker = deliverer(store, clock, sink)
        worker.deliver()
        assert len(sink.given) == 3
        assert store.failing()["recorder"].error == "out of order"
        sink.does = lambda _: True
        until_idle(worker, clock, 10 * MINUTE)
        assert len(sink.told) == 50
        assert not store.failing()

    def test_it_is_disabled_after_its_endurance_and_what_waits_is_kept(
        self, store: MemoryStore, clock: FakeClock
    ) -> None:
        record(store, "e1")
        sink = Recorder(does=failing, endurance=HOUR)
        heard: list[tuple[str, Failing]] = []
        worker = deliverer(store, clock, sink, disabled=lambda name, failing: heard.append((name, failing)))
        until_idle(worker, clock, 3 * HOUR, MINUTE)
        assert [name for name, _ in heard] == ["recorder"]
        assert store.failing()["recorder"].disabled is not None
        count = len(sink.given)
        record(store, "e2", at=clock())
        worker.deliver()
        assert len(sink.given) == count
        assert [letter.id for letter in store.dead_letters(10)] == ["e1", "e2"]

    def test_enabled_again_it_tells_what_an_operator_sends_again(self, store: MemoryStore, clock: FakeClock) -> None:
        record(store, "e1")
        sink = Recorder(does=lambda _: _closed())
        worker = deliverer(store, clock, sink)
        worker.deliver()
        assert store.failing()["recorder"].disabled == START
        sink.does = lambda _: True
        store.note_failing("recorder", None)
        store.revive(["e1"], clock())
        worker.deliver()
        assert sink.ids == [["e1"]]

    def test_another_workers_success_counts(self, store: MemoryStore, clock: FakeClock) -> None:
        store.note_failing("recorder", Failing(START - HOUR, "was out of order"))
        record(store, "e1")
        deliverer(store, clock, Recorder()).deliver()
        assert not store.failing()


def _closed() -> bool:
    raise SinkClosed("gone")


class Figures(Observer):
    def __init__(self) -> None:
        self.heard: list[tuple[object, ...]] = []

    def delivered(self, sink: str, events: int) -> None:
        self.heard.append((sink, events))
        raise ZeroDivisionError

    def undelivered(self, sink: str, code: str, *, given_up: bool) -> None:
        self.heard.append((sink, code, given_up))


def test_observers_learn_of_every_attempt_and_hold_none_up(store: MemoryStore, clock: FakeClock) -> None:
    record(store, "a1", "ann")
    record(store, "b1", "bob")
    record(store, "c1", "cid")
    does = {"ann": lambda _: True, "bob": failing, "cid": refusing}
    figures, sink = Figures(), Recorder(does=lambda message: does[message.subject](message))
    deliverer(store, clock, sink, observers=[figures]).deliver()
    assert figures.heard == [
        ("recorder", 1),
        ("recorder", "delivery_failed", False),
        ("recorder", "delivery_refused", True),
    ]


def test_waits_grow_from_seconds_to_hours_and_are_spread() -> None:
    assert wait(1, 0) == SOONEST
    assert wait(1, 1) == SOONEST * 1.5
    assert wait(100, 1) == LATEST
    assert [wait(n, 0) for n in range(1, 30)] == sorted(wait(n, 0) for n in range(1, 30))


def test_a_letter_of_a_sink_that_is_gone_is_done(store: MemoryStore, clock: FakeClock) -> None:
    record(store, "e1")
    deliverer(store, clock, Recorder("gone", does=failing)).deliver()
    clock.advance(HOUR)
    deliverer(store, clock, Recorder("stays")).deliver()
    assert store.claim("w", clock() + DAY, clock() + 2 * DAY) is None


def test_a_letter_keeps_the_progress_of_each_sink(store: MemoryStore, clock: FakeClock) -> None:
    record(store, "e1")
    deliverer(store, clock, Recorder("one"), Recorder("two", does=failing)).deliver()
    batch = store.claim("w", clock() + HOUR, clock() + 2 * HOUR)
    assert batch is not None
    progress = batch.letters[0].progress
    assert {name: each.fate for name, each in progress.items()} == {"one": Fate.DONE, "two": Fate.WAITING}
    assert replace(progress["two"], due=0).attempts == 1
