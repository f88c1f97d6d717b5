"""Delivery on Valkey and Redis: in how many commands, past damage, lost answers and other workers."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from sojourn.core.decisions import Decision
from sojourn.core.errors import RecordFormatError
from sojourn.core.events import SessionStarted
from sojourn.core.outbox import BATCH_MAX, Batch, Failing, Fate, Progress
from sojourn.core.tokens import ROUTES, route_of
from sojourn.stores.redis.address import Address
from sojourn.stores.redis.asking import Call
from sojourn.stores.redis.keys import PREFIX, key
from sojourn.stores.redis.servers import Servers
from sojourn.stores.redis.sync import RedisStore
from sojourn.testing.clock import START
from sojourn.testing.conformance import wanted
from sojourn.testing.conformance.letters import DONE, LATER, claim, give_up, happen, ids, ids_of, settle, started
from sojourn.testing.conformance.setup import keep, session
from sojourn.testing.races import race
from tests.stores.redis.site import client_of

HERE = "tests.stores.redis.test_outbox"
ANN = route_of("ann")

pytestmark = pytest.mark.redis


class Twice(Servers):
    """Loses each first answer, so that everything is sent again."""

    def ask(self, calls: Sequence[Call]) -> list[Any]:
        super().ask(calls)
        return super().ask(calls)


def open_store(url: str, servers: type[Servers] = Servers) -> RedisStore:
    return RedisStore(servers(Address.parse(url)), wanted=wanted)


@pytest.fixture(params=["valkey", "redis"])
def server(request: pytest.FixtureRequest) -> Any:
    found = request.getfixturevalue(f"{request.param}_server")
    found.flush()
    return found


@pytest.fixture
def store(server: Any) -> RedisStore:
    return open_store(server.url())


def listed(server: Any, container: str, route: int | None = None) -> dict[str, float]:
    """What a sorted set holds, that of one route or those of all."""
    with client_of(server) as client, client.pipeline(transaction=False) as pipeline:
        for each in range(ROUTES) if route is None else [route]:
            pipeline.zrange(key(PREFIX, each, container), 0, -1, withscores=True)
        return {member.decode(): score for found in pipeline.execute() for member, score in found}


def record_of(server: Any, event: str, route: int = ANN) -> bytes:
    found: bytes = server.execute("HGET", key(PREFIX, route, "events"), event)
    return found


def write_record(server: Any, event: str, record: bytes, route: int = ANN) -> None:
    server.execute("HSET", key(PREFIX, route, "events"), event, record)


# How many commands ----------------------------------------------------------------------------------------------


def scripts_run(server: Any, act: Callable[[], object]) -> int:
    act()  # the scripts are known to the server by now
    server.reset_stats()
    act()
    count: int = server.command_stats()["evalsha"]
    return count


def test_nothing_to_do_is_one_look_at_each_route(server: Any, store: RedisStore) -> None:
    assert scripts_run(server, lambda: store.claim("a worker", START, LATER)) == ROUTES


def test_a_look_at_a_route_of_which_nothing_is_due_is_two_commands(server: Any, store: RedisStore) -> None:
    happen(store, "ann", LATER)
    scripts_run(server, lambda: store.claim("a worker", START, LATER))
    assert server.command_stats() == {"evalsha": ROUTES, "zrangebyscore": 2 * ROUTES}


def test_a_claim_is_one_script_more_and_that_of_a_subject_the_only_one(server: Any, store: RedisStore) -> None:
    happen(store, "ann", START)
    happen(store, "bob", START)
    assert scripts_run(server, lambda: claim(store)) == ROUTES + 1
    happen(store, "cem", START)

    def act() -> None:
        batch = claim(store, "cem")
        settle(store, batch, [replace(each, due=START) for each in batch.letters])

    assert scripts_run(server, act) == 2


def test_a_server_that_has_forgotten_the_scripts_is_told_them_again(server: Any, store: RedisStore) -> None:
    (event,) = happen(store, "ann", START)
    server.execute("SCRIPT", "FLUSH")
    batch = claim(store)
    server.execute("SCRIPT", "FLUSH")
    assert store.settle(batch.lease, batch.letters, {"mail": START}, until=LATER) is not None
    server.execute("SCRIPT", "FLUSH")
    assert ids(store.more("ann", event.id)) == []


# Answers that were lost -----------------------------------------------------------------------------------------


def test_what_is_sent_again_does_what_it_did_and_says_what_it_said(server: Any) -> None:
    store = open_store(server.url(), Twice)
    events = happen(store, "ann", START, START, START)
    batch = claim(store)
    assert ids(batch.letters) == ids_of(events), "the first of the two has the lease, and is the same claim"
    lease = store.settle(batch.lease, [replace(batch.letters[0], progress={"mail": DONE})], {"mail": 7}, until=LATER)
    assert lease is not None
    give_up(store, Batch(lease, batch.letters), batch.letters[:2])
    assert ids(store.dead_letters(9)) == ids_of(events[:2])
    assert store.revive(ids_of(events), START) == 2
    assert ids(claim(store).letters) == ids_of(events)
    assert store.shed(1, 5) == 2
    assert ids(claim(store, now=LATER, until=LATER + 1).letters) == [events[2].id]


def test_a_claim_that_is_sent_again_is_not_a_second_claim(server: Any) -> None:
    store = open_store(server.url(), Twice)
    happen(store, "ann", START)
    claim(store)
    assert store.claim("a worker", START, LATER) is None
    assert store.claim("a worker", START, LATER, "ann") is None


# Damage ---------------------------------------------------------------------------------------------------------


def damaged_payload(payload: bytes) -> Callable[[bytes], bytes]:
    return lambda record: b"\n".join([*record.split(b"\n", 3)[:3], payload])


def damaged_progress(progress: bytes) -> Callable[[bytes], bytes]:
    def damage(record: bytes) -> bytes:
        head, subject, _, payload = record.split(b"\n", 3)
        return b"\n".join([head, subject, progress, payload])

    return damage


DAMAGE = [
    pytest.param(lambda _: b"", id="empty"),
    pytest.param(lambda _: b"\xff\n\xff", id="no text"),
    pytest.param(lambda record: b"x " + record, id="no number"),
    pytest.param(lambda record: record.replace(str(START).encode(), b"soon", 2), id="no time"),
    pytest.param(damaged_payload(b"["), id="no JSON"),
    pytest.param(damaged_payload(b"{}"), id="no event"),
    pytest.param(damaged_payload(b'{"id": 7, "subject": "ann", "type": "x", "at": 1}'), id="no id"),
    pytest.param(damaged_progress(b"["), id="no progress"),
    pytest.param(damaged_progress(b'{"mail": ["gone", 1, 0, "", ""]}'), id="no fate"),
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_letter_holds_no_other_up_and_is_counted(
    server: Any, store: RedisStore, damage: Callable[[bytes], bytes]
) -> None:
    first, second, third = happen(store, "ann", START, START, START)
    record = damage(record_of(server, second.id))
    write_record(server, second.id, record)
    batch = claim(store)
    assert ids(batch.letters) == [first.id, third.id]
    assert list(listed(server, "dead")) == [second.id]
    assert len(listed(server, "waiting")) == len(listed(server, "due")) == 2
    give_up(store, batch, batch.letters[1:])
    assert ids(store.dead_letters(1)) == [third.id], "it is passed over"
    assert store.revive([second.id, third.id], LATER) == 1
    assert record_of(server, second.id) == record, "it is kept for whoever looks into it"


def test_damaged_letters_beyond_a_batch_hold_nobody_up_either(server: Any, store: RedisStore) -> None:
    events = happen(store, "ann", *([START] * (BATCH_MAX + 3)))
    batch = claim(store)
    write_record(server, events[BATCH_MAX + 1].id, b"")
    assert ids(store.more("ann", batch.letters[-1].id)) == [events[BATCH_MAX].id, events[BATCH_MAX + 2].id]
    assert list(listed(server, "dead")) == [events[BATCH_MAX + 1].id]


def test_a_whole_batch_of_damaged_letters_does_not_keep_the_next_from_being_told(
    server: Any, store: RedisStore
) -> None:
    *damaged, last = happen(store, "ann", *([START] * (BATCH_MAX + 1)))
    for event in damaged:
        write_record(server, event.id, b"")
    assert ids(claim(store).letters) == [last.id]


def test_a_subject_of_whom_all_is_damaged_or_lost_holds_nobody_up(server: Any, store: RedisStore) -> None:
    damaged, lost = happen(store, "ann", START, START)
    write_record(server, damaged.id, b"")
    server.execute("HDEL", key(PREFIX, ANN, "events"), lost.id)
    happen(store, "bob", START + 1)
    assert claim(store, now=START + 1).lease.subject == "bob"
    assert store.claim("another", START + 1, LATER) is None
    assert "ann" not in listed(server, "ready")
    assert listed(server, "leased") == {"bob": LATER}


def test_a_lease_whose_memory_is_damaged_is_taken_all_the_same(server: Any, store: RedisStore) -> None:
    happen(store, "ann", START)
    for memory in (b"0 - \n[", b"", b"\xff"):
        server.execute("HSET", key(PREFIX, ANN, "leases"), "ann", memory)
        batch = claim(store)
        assert batch.lease.told == {}
        settle(store, batch, [])


@pytest.mark.parametrize("text", ["", "[", "{}", "[1]", '["now", "", null]', '[1, "", "then"]'])
def test_a_failing_sink_that_cannot_be_read_is_an_error(server: Any, store: RedisStore, text: str) -> None:
    store.note_failing("mail", Failing(START))
    server.execute("HSET", key(PREFIX, 0, "sinks"), "mail", text)
    with pytest.raises(RecordFormatError):
        store.failing()


# Where somebody was written to ----------------------------------------------------------------------------------


def test_a_contact_is_forgotten_in_the_step_that_settles_its_letter(server: Any, store: RedisStore) -> None:
    event = replace(started("ann", START), contact="ann@example.org")
    keep(store, events=[event])
    batch = claim(store)
    assert b"ann@example.org" in record_of(server, event.id)
    store.settle(batch.lease, [replace(batch.letters[0], due=None, progress={"mail": DONE})], {}, until=LATER)
    assert b"ann@example.org" not in record_of(server, event.id)
    assert listed(server, "exposed") == {}


def test_an_address_is_still_looked_for_when_the_contact_beside_it_is_forgotten(server: Any, store: RedisStore) -> None:
    event = SessionStarted(
        subject="ann", at=START, session=session("a", address="192.0.2.1"), contact="ann@example.org"
    )
    keep(store, events=[event])
    batch = claim(store)
    store.settle(batch.lease, [replace(batch.letters[0], due=None, progress={"mail": DONE})], {}, until=LATER)
    assert listed(server, "exposed") == {event.id: START}
    store.forget_addresses(START + 1)
    assert b"192.0.2.1" not in record_of(server, event.id)
    assert listed(server, "exposed") == {}


def test_how_far_delivery_is_waits_for_no_replica_since_what_is_lost_of_it_is_told_again(server: Any) -> None:
    store = open_store(f"{server.url()}?replicas=1&replica_timeout=0.01")
    happen(store, "ann", START)
    server.reset_stats()
    settle(store, batch := claim(store, "ann"), batch.letters)
    assert "wait" not in server.command_stats()


def test_what_was_forgotten_of_a_letter_while_a_worker_had_it_is_not_written_back(
    server: Any, store: RedisStore
) -> None:
    event = replace(started("ann", START), contact="ann@example.org")
    keep(store, events=[event])
    (letter,) = (batch := claim(store)).letters
    head, subject, progress, payload = record_of(server, event.id).split(b"\n", 3)
    facts = {**json.loads(payload), "address": "forgotten"}
    write_record(server, event.id, b"\n".join([head, subject, progress, json.dumps(facts).encode()]))
    settle(store, batch, [replace(letter, due=None, progress={"mail": DONE})])
    left = json.loads(record_of(server, event.id).split(b"\n", 3)[3])
    assert left["address"] == "forgotten"
    assert "contact" not in left
    assert listed(server, "waiting") == {}


# The bound ------------------------------------------------------------------------------------------------------


def test_the_oldest_of_all_routes_are_shed_though_one_route_has_most(server: Any, store: RedisStore) -> None:
    (oldest,) = happen(store, "bob", START + 9)
    anns = happen(store, "ann", *([START] * 150))
    (later,) = happen(store, "cem", START)
    anns += happen(store, "ann", *([START] * 50))
    assert store.shed(60, 90) == 90
    assert set(listed(server, "log")) == {later.id, *ids_of(anns[89:])}
    assert oldest.id not in listed(server, "log")
    assert store.shed(50, 1000) == 62
    assert set(listed(server, "log")) == set(ids_of(anns[150:]))


def test_nothing_of_what_was_shed_is_left_anywhere(server: Any, store: RedisStore) -> None:
    happen(store, "ann", START, START)
    keep(store, events=[replace(started("bob", START), contact="bob@example.org")], subject="bob")
    assert "exposed" in left_over(server)
    write_record(server, happen(store, "cem", START)[0].id, b"x\ncem\n\n", route_of("cem"))
    batch = claim(store, "bob")
    assert store.shed(0, 9) == 4
    settle(store, batch, batch.letters)
    assert left_over(server) == {"meta", "commits", "leases", "used"}


def left_over(server: Any) -> set[str]:
    """The containers that there are: one is gone where it is empty."""
    with client_of(server) as client:
        return {name.decode().rpartition(":")[2] for name in client.scan_iter(count=1000)}


# What is listed where -------------------------------------------------------------------------------------------


def assert_listed(server: Any, subjects: Sequence[str]) -> None:
    """Whoever has something that waits is ready from when the first of it is due, unless somebody has a lease."""
    due: dict[str, list[int]] = {}
    ready, leased, waiting = (listed(server, name) for name in ("ready", "leased", "waiting"))
    for text in listed(server, "due"):
        subject, rest = text.split("\0")
        due.setdefault(subject, []).append(int(rest[:16]))
        assert f"{subject}\0{rest[16:]}" in waiting
    assert ready == {subject: min(times) for subject, times in due.items() if subject not in leased}
    assert sum(map(len, due.values())) == len(waiting)
    assert set(leased) <= set(subjects)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_a_subject_is_ready_exactly_when_something_of_theirs_is_due(
    server: Any, store: RedisStore, seed: int
) -> None:
    luck, now = random.Random(seed), START
    subjects = ["ann", "bob", "Ann"]
    held: list[Batch] = []
    recorded: list[Any] = []

    def settle_some() -> None:
        if held:
            batch = held.pop(luck.randrange(len(held)))
            progress = {"mail": Progress(luck.choice(list(Fate)))}
            letters = [replace(each, due=luck.choice([None, now + 3]), progress=progress) for each in batch.letters]
            store.settle(batch.lease, letters, {}, until=luck.choice([None, now + 5]))

    def claim_one() -> None:
        batch = store.claim(luck.choice("xyz"), now, now + 5, luck.choice([None, *subjects]))
        held.extend([batch] if batch is not None else [])

    acts: list[Callable[[], object]] = [
        lambda: recorded.extend(happen(store, luck.choice(subjects), now, now + 2)),
        lambda: recorded and store.restore(Decision(None, events=(luck.choice(recorded),))),
        lambda: recorded and store.revive([luck.choice(recorded).id], now),
        lambda: store.shed(9, 2),
        lambda: luck.random() < 0.2 and store.erase(luck.choice(subjects)),
        claim_one,
        claim_one,
        settle_some,
    ]
    for _ in range(60):
        now += luck.choice([0, 1])
        luck.choice(acts)()
        assert_listed(server, subjects)


# What others do meanwhile ---------------------------------------------------------------------------------------


def connect(number: int, url: str) -> Callable[[int], str]:
    """A worker of a race: claims as long as there is anything, and tells whom it got."""
    store = open_store(url)
    store.roster("warm up")

    def work(burst: int) -> str:
        had = []
        while (batch := store.claim(f"worker {number}", burst_time(burst), burst_time(burst) + 500)) is not None:
            had.append(batch.lease.subject)
        return " ".join(had)

    return work


def burst_time(burst: int) -> int:
    return START + 1000 * burst


@pytest.mark.races
def test_of_many_processes_one_gets_each_subject(
    server: Any, store: RedisStore, race_processes: int, race_bursts: int
) -> None:
    for burst in range(race_bursts):
        for number in range(6):
            happen(store, f"person-{burst}-{number}", burst_time(burst))
    report = race(
        f"{HERE}:connect",
        {"url": server.url()},
        count=lambda _: len(listed(server, "waiting")),
        expected=6 * race_bursts,
        processes=min(race_processes, 8),
        bursts=race_bursts,
    )
    assert not report.violations, report
    for burst, results in enumerate(report.results):
        had = [name for (names,) in results for name in names.split() if name.startswith(f"person-{burst}-")]
        assert sorted(had) == [f"person-{burst}-{number}" for number in range(6)]
