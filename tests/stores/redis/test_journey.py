"""The way of calls through failures, step by step and by a clock of its own: no server is needed."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from sojourn.core.errors import ConfigurationError, RecordFormatError, StoreError, StoreUnavailable
from sojourn.stores.redis.address import Address, Node
from sojourn.stores.redis.asking import Call, Pause, Unconfirmed
from sojourn.stores.redis.dispatch import CHUNK, Dispatch, Exchange, Look
from sojourn.stores.redis.journey import HOPS_MAX, Journey
from sojourn.stores.redis.nodes import slot_of
from sojourn.stores.redis.replies import Lost, Refused, error_of, refused
from tests.stores.redis.scripts import box, get, put, scripts

A, B = Node("a", 1), Node("b", 2)


class Travel:
    """One journey that a test carries out by hand."""

    def __init__(self, url: str, *calls: Call) -> None:
        self.now = 0.0
        self.dispatch = Dispatch(Address.parse(url), scripts, clock=lambda: self.now, draw=lambda: 0.5)
        if not self.dispatch.chart.fixed:
            self.dispatch.chart.learn([A] * 128 + [B] * 128)
        self.begin(*calls)

    def begin(self, *calls: Call) -> None:
        self.steps = Journey(self.dispatch, calls, self.now).steps()
        self.step: Any = next(self.steps)

    def answer(self, *answers: Any) -> None:
        """One answer for each exchange: replies as a list, or that they were lost."""
        if isinstance(self.step, Pause):
            self.now += self.step.seconds
        self.step = self.steps.send(list(answers))

    def arrives(self, *answers: Any) -> Any:
        with pytest.raises(StopIteration) as done:
            self.answer(*answers)
        return done.value.value

    def fails(self, *answers: Any) -> StoreError:
        with pytest.raises(StoreError) as failed:
            self.answer(*answers)
        return failed.value

    def sent(self) -> list[tuple[Node, list[str]]]:
        """To whom which commands go, by name and script."""
        return [(each.node, [self.name(command) for command in each.commands]) for each in self.step]

    def name(self, command: tuple[Any, ...]) -> str:
        by_sha = {scripts(name).sha: name for name in ("put", "get", "where")}
        by_source = {scripts(name).source: name for name in ("put", "get", "where")}
        of = by_sha.get(command[1]) or by_source.get(command[1]) if len(command) > 1 else None
        return f"{command[0]} {of}" if of else " ".join(map(str, command))


def test_a_call_is_one_command_with_the_keys_of_its_route() -> None:
    travel = Travel("redis://a:1?prefix=shop", put(7, "f", 5))
    command = ("EVALSHA", scripts("put").sha, 1, box(7, "shop"), "f", 5)
    assert travel.step == [Exchange(A, [command])]
    assert travel.arrives([b"reply"]) == [b"reply"]


def test_calls_travel_by_node_in_writes_that_are_not_too_long() -> None:
    travel = Travel("redis+cluster://a:1", *(get(route % 256, "f") for route in range(512)))
    assert [(each.node, len(each.commands), each.alone) for each in travel.step] == [
        (A, CHUNK, True),
        (A, CHUNK, True),
        (A, 256 - 2 * CHUNK, True),
        (B, CHUNK, True),
        (B, CHUNK, True),
        (B, 256 - 2 * CHUNK, True),
    ]
    numbers = iter(range(512))
    replies = travel.arrives(*([next(numbers) for _ in each.commands] for each in travel.step))
    assert replies[:128] + replies[256:384] == list(range(256)), "each reply at the place of its call"


def test_a_script_that_is_not_known_is_sent_once_for_all_its_calls() -> None:
    travel = Travel("redis://a:1", get(1, "f"), put(1, "f", 1), get(2, "f"))
    unknown = Refused("NOSCRIPT No matching script. Please use EVAL.")
    travel.answer([unknown, b"x", unknown])
    assert travel.sent() == [(A, ["EVAL get", "EVALSHA get"])]
    assert travel.arrives([b"1", b"2"]) == [b"1", b"x", b"2"]


def test_who_moved_is_followed_at_once_and_asked_straight_away_from_then_on() -> None:
    travel = Travel("redis+cluster://a:1", get(1, "f"))
    travel.answer([Refused(f"MOVED {slot_of(1)} b:2")])
    assert travel.sent() == [(B, ["EVALSHA get"])]
    assert travel.arrives([b"x"]) == [b"x"]
    travel.begin(get(1, "f"), get(2, "f"))
    assert travel.sent() == [(B, ["EVALSHA get"]), (A, ["EVALSHA get"])]


def test_who_is_on_the_way_is_asked_for_once_at_the_new_place() -> None:
    travel = Travel("redis+cluster://a:1", get(1, "f"))
    travel.answer([Refused(f"ASK {slot_of(1)} :9")])
    assert travel.sent() == [(Node("a", 9), ["ASKING", "EVALSHA get"])], "no host is that of who said it"
    assert travel.arrives([b"OK", b"x"]) == [b"x"]
    travel.begin(get(1, "f"))
    assert travel.sent() == [(A, ["EVALSHA get"])]


def test_nodes_that_send_each_other_our_calls_are_not_followed_for_ever() -> None:
    travel = Travel("redis+cluster://a:1?retries=0", get(1, "f"))
    for hop in range(HOPS_MAX):
        travel.answer([Refused(f"MOVED {slot_of(1)} {'ab'[hop % 2]}:1")])
    assert "sends us to another node" in str(travel.fails([Refused(f"MOVED {slot_of(1)} c:1")]))


@pytest.mark.parametrize("text", ["TRYAGAIN Multiple keys", "LOADING Redis", "NOREPLICAS Not enough", "BUSY"])
def test_what_may_be_otherwise_in_a_moment_is_tried_again_after_a_pause(text: str) -> None:
    travel = Travel("redis://a:1", get(1, "f"))
    travel.answer([Refused(text)])
    assert travel.step == Pause(0.05)
    travel.answer()
    assert travel.sent() == [(A, ["EVALSHA get"])]
    assert travel.arrives([b"x"]) == [b"x"]


@pytest.mark.parametrize("answer", [[Refused("READONLY You")], [Refused("CLUSTERDOWN")], Lost("a is silent")])
def test_after_a_failover_the_masters_are_looked_for(answer: Any) -> None:
    travel = Travel("redis+cluster://a:1", get(1, "f"))
    travel.answer(answer)
    assert isinstance(travel.step, Pause)
    travel.answer()
    assert travel.step == Look((A,) if isinstance(answer, Lost) else (), seen=1)
    travel.dispatch.chart.learn([B] * 256)
    travel.answer()
    assert travel.sent() == [(B, ["EVALSHA get"])]


def test_who_finds_that_somebody_else_has_looked_does_not_look() -> None:
    travel = Travel("redis+cluster://a:1", get(1, "f"))
    travel.answer(Lost("a is silent"))
    travel.dispatch.chart.learn([B] * 256)
    travel.answer()
    assert travel.sent() == [(B, ["EVALSHA get"])]


def test_pauses_grow_and_end_with_the_retries() -> None:
    travel = Travel("redis://a:1?retries=3", get(1, "f"))
    pauses = []
    for _ in range(3):
        travel.answer(Lost("a is silent"))
        pauses.append(round(travel.step.seconds, 3))
        travel.answer()
    assert pauses == [0.05, 0.15, 0.45]
    failed = travel.fails(Lost("a is silent"))
    assert isinstance(failed, StoreUnavailable)
    assert str(failed) == "a is silent"


def test_nothing_is_begun_that_could_end_after_the_deadline() -> None:
    travel = Travel("redis://a:1?timeout=1&deadline=2.5&retries=100", get(1, "f"))
    travel.now = 1.0
    travel.answer(Lost("a is silent"))
    travel.answer()
    travel.now = 2.05
    travel.fails(Lost("a is silent"))


def test_what_was_answered_is_not_sent_again() -> None:
    travel = Travel("redis+cluster://a:1", get(1, "f"), get(200, "f"))
    travel.answer([b"x"], Lost("b is silent"))
    travel.answer()
    travel.answer()
    assert travel.sent() == [(B, ["EVALSHA get"])]
    assert travel.arrives([b"y"]) == [b"x", b"y"]


def test_what_is_to_be_confirmed_is_followed_by_one_wait_for_all_replicas_that_there_are() -> None:
    travel = Travel("redis://a:1?replicas=all", put(1, "f", 1, confirmed=True), put(2, "f", 1, confirmed=True))
    assert travel.sent() == [(A, ["ROLE"])]
    travel.answer([[b"master", 1, [[b"r", b"1", b"1"], [b"r", b"2", b"1"]]]])
    assert travel.sent() == [(A, ["EVALSHA put", "EVALSHA put", "WAIT 2 500"])]
    assert travel.step[0].alone
    assert travel.arrives([1, 1, 2]) == [1, 1]
    travel.begin(put(1, "f", 1, confirmed=True))
    assert travel.sent() == [(A, ["EVALSHA put", "WAIT 2 500"])], "how many there are is remembered for a moment"
    assert travel.step[0].alone, "who waits on a connection holds up everybody else on it"
    assert travel.arrives([1, 1]) == [Unconfirmed(1)]
    travel.now += 6
    travel.begin(put(1, "f", 1, confirmed=True))
    assert travel.sent() == [(A, ["ROLE"])]
    travel.answer([[b"master", 1, []]])
    assert travel.sent() == [(A, ["EVALSHA put"])]
    assert travel.arrives([1]) == [Unconfirmed(1)], "no replica is no promise"


def test_a_wait_that_fails_leaves_a_change_unconfirmed_unless_it_may_not_be_asked() -> None:
    travel = Travel("redis://a:1?replicas=1", put(1, "f", 1, confirmed=True))
    assert travel.arrives([1, Refused("UNBLOCKED force unblock")]) == [Unconfirmed(1)]
    travel.begin(put(1, "f", 1, confirmed=True))
    assert "ACL LOG" in str(travel.fails([1, Refused("NOPERM this user has no permissions to run the 'wait' command")]))


def test_a_change_of_which_the_answer_was_lost_is_confirmed_when_it_is_sent_again() -> None:
    travel = Travel("redis://a:1?replicas=1", put(1, "f", 1, confirmed=True))
    travel.answer(Lost("a is silent"))
    travel.answer()
    assert travel.sent() == [(A, ["EVALSHA put", "WAIT 1 500"])]
    assert travel.arrives([0, 1]) == [0]


def test_who_was_lost_is_not_asked_for_the_masters_unless_there_is_nobody_else() -> None:
    dispatch = Travel("redis+cluster://c:3", get(1, "f")).dispatch
    assert dispatch.guides(Look((), 1)) == [A, B, Node("c", 3)]
    assert dispatch.guides(Look((B,), 1)) == [A, Node("c", 3)]
    assert len(dispatch.guides(Look((A, B, Node("c", 3)), 1))) == 3


@pytest.mark.parametrize(
    "text",
    [
        "MOVED 1 a:1",
        "ASK 1 a:1",
        "NOSCRIPT No matching script.",
        "TRYAGAIN Multiple keys request during rehashing of slot",
        "LOADING Redis is loading the dataset in memory",
        "CLUSTERDOWN The cluster is down",
        "MASTERDOWN Link with MASTER is down",
        "READONLY You can't write against a read only replica.",
        "OOM command not allowed",
        "NOPERM this user has no permissions",
        "WRONGTYPE Operation against a key",
        "MISCONF Errors writing to the AOF file",
        "NOREPLICAS Not enough good replicas to write.",
        "BUSY Redis is busy running a script.",
        "ERR user_script:1: Script attempted to access nonexistent global variable",
        "ERR max number of clients",
    ],
)
def test_what_redis_py_makes_of_an_error_reply_is_read_as_it_was_sent(text: str) -> None:
    from redis._parsers.base import BaseParser

    assert str(refused(BaseParser.parse_error(text))) == text


SAID = [
    ("OOM command not allowed when used memory > 'maxmemory'.", StoreUnavailable, "is full"),
    ("WRONGTYPE Operation against a key holding the wrong kind of value", RecordFormatError, "another prefix"),
    ("ERR user_script:3: attempt to index a nil value script: 12ab", RecordFormatError, "A script failed"),
    ("MISCONF Errors writing to the AOF file: No space left", StoreUnavailable, "cannot write to its disk"),
    ("NOAUTH Authentication required.", StoreUnavailable, "asks for a password"),
    ("WRONGPASS invalid username-password pair", StoreUnavailable, "refuses the user or the password"),
    ("NOPERM this user has no permissions", StoreUnavailable, "ACL LOG"),
    ("DENIED Redis is running in protected mode", StoreUnavailable, "protected mode"),
    ("ERR max number of clients reached", StoreUnavailable, "max number of clients"),
    ("ERR DB index is out of range", ConfigurationError, "database"),
    ("ERR unknown command 'EVALSHA', with args beginning with: 'SECRET'", StoreUnavailable, "was it renamed"),
    ("ERR something 'SECRET' else", StoreUnavailable, "the error ERR"),
    ("STRANGE SECRET", StoreUnavailable, "the error STRANGE"),
]


@pytest.mark.parametrize(("text", "kind", "says"), SAID)
def test_an_error_reply_is_told_in_our_words_and_repeats_nothing(text: str, kind: type[Exception], says: str) -> None:
    error = error_of(text, A)
    assert type(error) is kind
    assert says in str(error)
    assert "SECRET" not in str(error)


def test_without_redis_py_the_servers_say_what_to_install_and_the_address_is_read_all_the_same() -> None:
    program = (
        "import sys; sys.modules['redis'] = None\n"
        "from sojourn.stores.redis.address import Address; Address.parse('redis://h')\n"
        "from sojourn.core.errors import ConfigurationError\n"
        "for name in ('servers', 'async_servers', 'waiting', 'examine'):\n"
        "    try: __import__(f'sojourn.stores.redis.{name}')\n"
        "    except ConfigurationError as error: assert 'sojourn[redis]' in str(error), error\n"
        "    else: raise AssertionError(name)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
