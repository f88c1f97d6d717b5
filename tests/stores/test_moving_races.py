"""Sign-ins, ends and touches by real processes while everybody moves, and the move is killed: every promise holds.

Nobody is over the limit, nobody is signed out who should not be, and nothing that has ended comes back.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sojourn import Admitted, Arrival, SessionControl
from sojourn.core.outcomes import Authenticated
from sojourn.core.records import EndReason
from sojourn.stores.movable import DONE
from sojourn.stores.mover import begin, finish, left
from sojourn.stores.moving import MovingStore
from sojourn.testing.conformance import wanted
from sojourn.testing.races import race
from tests.stores import sql_site
from tests.stores.places import Place, settings
from tests.stores.storm import MAX, SUBJECTS, Client, Journal, Reckoning, at_once, policy, still_live

HERE = "tests.stores.test_moving_races"
ROOT = Path(__file__).parents[2]
PATIENCE = 900.0
WAYS = [("sqlite", "valkey"), ("valkey", "sqlite")]
if "SOJOURN_RACE_BURSTS" in os.environ:  # `make races`
    databases, servers = ("sqlite", "postgresql", "mysql"), ("valkey", "redis")
    WAYS = [way for one in databases for other in servers for way in ((one, other), (other, one))]

pytestmark = [pytest.mark.races, pytest.mark.redis]


@pytest.fixture(params=WAYS, ids=[" to ".join(way) for way in WAYS])
def places(request: pytest.FixtureRequest, place_of: Callable[[str], Place]) -> tuple[Place, Place]:
    """Where everybody is, and where everybody moves to."""
    old, new = request.param
    return place_of(old), place_of(new)


def open_stores(old: Place, new: Place) -> MovingStore:
    return MovingStore(old.open(wanted), new.open(wanted))


# The moment at which a subject moves ------------------------------------------------------------------------------


class Told(NamedTuple):
    """What a contender was told in a burst."""

    admitted: tuple[tuple[str, str], ...] = ()
    """Sid and token."""
    ended: tuple[str, ...] = ()
    touched: tuple[tuple[str, int], ...] = ()
    """Sid and moment."""
    wrong: str = ""


def connect(number: int, old: Place, new: Place, tokens: list[list[str]]) -> Callable[[int], Told]:
    """Two of them move the subject, three sign in; one ends a session, one touches another, and one looks all up."""
    sql_site.configure(alone=True)
    store = open_stores(old, new)
    control = SessionControl(store, policy)

    def move(burst: int) -> Told:
        return Told(wrong="" if store.move(subject(burst)) else "not moved")

    def sign_in(burst: int) -> Told:
        outcome = control.start(Arrival(subject(burst)))
        if not isinstance(outcome, Admitted):
            return Told()
        assert outcome.token is not None
        return Told(((outcome.session.sid, outcome.token.reveal()),), tuple(session.sid for session in outcome.ended))

    def end(burst: int) -> Told:
        found = control.authenticate(tokens[burst][0])
        if not isinstance(found, Authenticated):
            return Told()
        gone = control.end(subject(burst), [found.session.sid], EndReason.LOGOUT)
        return Told(ended=tuple(session.sid for session in gone))

    def touch(burst: int) -> Told:
        found = control.authenticate(tokens[burst][1])
        if not isinstance(found, Authenticated):
            return Told()
        at = found.session.last_seen + 1
        return Told(touched=((found.session.sid, at),) if store.touch(found.session, at, None) else ())

    def look(burst: int) -> Told:
        crowd = len(store.roster(subject(burst)).sessions)
        return Told(wrong=f"{crowd} sessions" if crowd > MAX else "")

    store.roster("warm up")
    return (move, move, sign_in, sign_in, sign_in, end, touch, look)[number]


def subject(burst: int) -> str:
    return f"user-{burst}"


def test_at_the_moment_somebody_moves_every_promise_holds(
    places: tuple[Place, Place], race_bursts: int, capsys: pytest.CaptureFixture[str]
) -> None:
    bursts, store = race_bursts * 4, open_stores(*places)
    control = SessionControl(store, policy)
    first = [[control.start(Arrival(subject(burst))) for _ in range(MAX)] for burst in range(bursts)]
    known: list[dict[str, str]] = [
        {each.session.sid: each.token.reveal() for each in there if isinstance(each, Admitted) and each.token}
        for there in first
    ]
    assert {len(sids) for sids in known} == {MAX}
    begin(store)
    report = race(
        f"{HERE}:connect",
        {"old": places[0], "new": places[1], "tokens": [list(sids.values()) for sids in known]},
        count=lambda burst: max(0, len(store.roster(subject(burst)).sessions) - MAX),
        expected=0,
        processes=8,
        bursts=bursts,
    )
    with capsys.disabled():
        print(f"\n{places[0].name} to {places[1].name}: {report}")
    assert not report.violations, report
    assert finish(store)
    only_new = places[1].open(wanted)
    alone = SessionControl(only_new, policy)
    for burst, results in enumerate(report.results):
        told = [result for (result,) in results]
        assert not [each.wrong for each in told if each.wrong]
        tokens = {**known[burst], **{sid: token for each in told for sid, token in each.admitted}}
        ended = {sid for each in told for sid in each.ended}
        live = {sid for sid, token in tokens.items() if isinstance(alone.authenticate(token), Authenticated)}
        assert live == tokens.keys() - ended, "who was not ended is signed in, and who was is not"
        roster = only_new.roster(subject(burst)).sessions
        assert {session.sid for session in roster} == live
        touched = dict(pair for each in told for pair in each.touched)
        assert all(session.last_seen >= touched.get(session.sid, 0) for session in roster)


# A move that is killed, in a storm --------------------------------------------------------------------------------

IDLE = [f"idle-{number}" for number in range(100)]
KILLS = [("pack", "after", "3"), ("bring_in", "after", "20")]
if "SOJOURN_RACE_BURSTS" in os.environ:
    KILLS += [("bring_in", "before", "20"), ("erase", "after", "20")]


def move(site: dict[str, Any], *death: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "tests.stores.moved", json.dumps(site), *death]
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        command, check=False, cwd=ROOT, env=environment, timeout=PATIENCE, capture_output=True, text=True
    )
    return done.returncode, done.stdout or done.stderr


def operate_or_rage(number: int, old: Place, new: Place, over: str) -> Callable[[int], Any]:
    """The first of them is an operator, whose commands are killed until one is not; the others storm until then."""
    sql_site.configure(alone=True)

    def operate(_: int) -> list[tuple[int, str]]:
        site = settings({"STORE": old, "MOVE_TO": new})
        try:
            return [move(site, *death) for death in [*KILLS, ()]]
        finally:
            Path(over).touch()

    client = Client(number, SessionControl(open_stores(old, new), policy))

    def rage(_: int) -> Journal:
        while not Path(over).exists():
            at_once(client.act())
            time.sleep(0.005)  # the operator's turn: all share few processors
        return at_once(client.rage(50))

    at_once(client.rage(50))  # so that the storm does not begin with nobody
    return rage if number else operate


def test_a_move_that_is_killed_again_and_again_goes_on_in_a_storm(
    places: tuple[Place, Place], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    began, store = time.monotonic(), open_stores(*places)
    control = SessionControl(store, policy)
    idle = [control.start(Arrival(subject)) for subject in IDLE]
    report = race(
        f"{HERE}:operate_or_rage",
        {"old": places[0], "new": places[1], "over": str(tmp_path / "over")},
        count=lambda _: sum(len(store.roster(subject).sessions) > MAX for subject in SUBJECTS),
        expected=0,
        processes=3,
        bursts=1,
        timeout=PATIENCE,
    )
    ((commands,), *storms) = report.results[0]
    *killed, (status, last) = commands
    assert [code for code, _ in killed] == [-signal.SIGKILL] * len(KILLS), killed
    assert status == 0, last
    assert json.loads(last)["over"] is True
    assert not report.violations, f"{report.survivors[0]} subjects have more than {MAX} sessions"
    assert left(places[0].open(wanted), 1) == 0
    only_new = places[1].open(wanted)
    assert only_new.moves.whereabouts("").move == DONE
    alone = SessionControl(only_new, policy)
    journals = [journal for (journal,) in storms]
    reckoning = Reckoning(journals, still_live(journals, alone))
    with capsys.disabled():
        print(
            f"\n{places[0].name} to {places[1].name}: {len(reckoning.tries)} calls while a move was killed "
            f"{len(killed)} times, {len(reckoning.errors)} errors; {len(reckoning.union('tokens'))} admissions, "
            f"{len(reckoning.lost_admissions)} lost; {len(reckoning.union('ended'))} ends, "
            f"{len(reckoning.lost_ends)} undone; {time.monotonic() - began:.0f} s"
        )
    assert reckoning.errors == []
    assert reckoning.lost_ends == reckoning.undead == []
    assert reckoning.lost_admissions == []
    assert reckoning.union("ended"), "the storm has ended some"
    for each in idle:
        assert isinstance(each, Admitted)
        assert each.token is not None
        assert isinstance(alone.authenticate(each.token), Authenticated), "who did nothing is signed in still"
