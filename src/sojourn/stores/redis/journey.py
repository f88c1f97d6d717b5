"""How calls get their replies, whatever happens on the way. No I/O: callers that wait and that await share it.

A script that a server does not know is sent; a Cluster whose slots move is followed; after a failover the master is
found; what may succeed in a moment is tried again, never beyond the deadline. Every script may be sent twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sojourn.core.errors import ConfigurationError, SojournError, StoreUnavailable
from sojourn.stores.redis.address import Node
from sojourn.stores.redis.asking import Call, Pause, Unconfirmed
from sojourn.stores.redis.dispatch import CHUNK, Answer, Command, Dispatch, Exchange, Look, Steps
from sojourn.stores.redis.replies import Lost, Meaning, Refused, error_of, meaning, redirection

SOONEST = 0.05
"""Seconds of the first pause, as a mean; each is three times the one before."""
HOPS_MAX = 5
"""How often a call is sent on at once before it pauses, too."""


@dataclass(slots=True)
class _Errand:
    """One call on its way. ask: whom to ask this once. source: whether the server has to be sent the script."""

    place: int
    call: Call
    ask: Node | None = None
    source: bool = False
    hops: int = 0


@dataclass(slots=True)
class _Batch:
    """Errands for one node. wait: how many replicas are to confirm what they write; 0 when none is waited for."""

    node: Node
    errands: list[_Errand]
    confirm: bool = False
    wait: int = 0


class Journey:
    """The way of some calls to their replies. began: when, by the clock."""

    def __init__(self, dispatch: Dispatch, calls: Sequence[Call], began: float) -> None:
        self._dispatch = dispatch
        self._address = dispatch.address
        self._chart = dispatch.chart
        self._ends = began + dispatch.address.deadline
        self._replies: list[Any] = [None] * len(calls)
        self._waiting = [_Errand(place, call) for place, call in enumerate(calls)]
        self._alone = len(calls) > 1
        self._trouble: SojournError | None = None
        self._look = not dispatch.chart.version
        self._lost: list[Node] = []

    def steps(self) -> Steps[list[Any]]:
        """What is to be done, and in the end the replies in the order of the calls.

        Raises StoreUnavailable when they could not be had in time, RecordFormatError when a script met what it cannot
        read, ConfigurationError when the address does not fit the servers.
        """
        pauses, seen = 0, self._chart.version
        while self._waiting:
            trouble: SojournError | None = None
            # Somebody else may have found the masters by now.
            if self._look and not self._chart.fixed and self._chart.version == seen:
                for answer in (yield Look(tuple(self._lost), seen)):
                    trouble = StoreUnavailable(str(answer))
            if trouble is None:
                seen, self._look = self._chart.version, False
                self._lost.clear()
                trouble = yield from self._round()
            if trouble is not None:
                pause = SOONEST * 3**pauses * (0.5 + self._dispatch.draw())
                # What is begun may take the time of one answer: so the deadline holds.
                if pauses == self._address.retries or pause + self._address.timeout > self.left():
                    raise trouble
                pauses += 1
                yield Pause(pause)
        return self._replies

    def left(self) -> float:
        """Seconds until the deadline."""
        return self._ends - self._dispatch.clock()

    def _round(self) -> Steps[SojournError | None]:
        """Send everything that waits once. Returns why some of it has to wait for a while."""
        self._trouble = None
        batches = self._batches()
        if any(batch.confirm for batch in batches):
            yield from self._count_replicas(batches)
        batches = [batch for batch in batches if batch.errands]
        answers: list[Answer] = yield [self._exchange(batch) for batch in batches]
        for batch, answer in zip(batches, answers, strict=True):
            if isinstance(answer, Lost):
                self._lose(batch, answer)
            else:
                self._settle(batch, answer)
        return self._trouble

    def _batches(self) -> list[_Batch]:
        groups: dict[tuple[Node, bool], list[_Errand]] = {}
        homeless = []
        for errand in self._waiting:
            node = errand.ask or self._chart.home(errand.call.route)
            confirm = errand.call.confirmed and self._address.replicas != 0
            if node is None:
                homeless.append(errand)
            else:
                groups.setdefault((node, confirm), []).append(errand)
        self._waiting = homeless
        if homeless:
            self._pause(StoreUnavailable("No node of the Cluster has the slot of a route."), look=True)
        return [
            _Batch(node, errands[start : start + CHUNK], confirm)
            for (node, confirm), errands in groups.items()
            for start in range(0, len(errands), CHUNK)
        ]

    def _pause(self, trouble: SojournError, *, look: bool) -> None:
        self._trouble = trouble
        self._look = self._look or look

    def _count_replicas(self, batches: list[_Batch]) -> Steps[None]:
        for batch in (batch for batch in batches if batch.confirm):
            known = self._dispatch.replicas_of(batch.node)
            if known is None:
                (answer,) = yield [Exchange(batch.node, [("ROLE",)])]
                if isinstance(answer, Lost):
                    self._lose(batch, answer)
                    batch.errands = []
                    continue
                (role,) = answer
                if isinstance(role, Refused):
                    raise error_of(str(role), batch.node)
                known = len(role[2]) if role[0] == b"master" else 0
                self._dispatch.has_replicas(batch.node, known)
            batch.wait = known

    def _exchange(self, batch: _Batch) -> Exchange:
        commands: list[Command] = []
        sent: set[str] = set()
        for errand in batch.errands:
            if errand.ask is not None:
                commands.append(("ASKING",))
            if errand.source and errand.call.script not in sent:
                sent.add(errand.call.script)
                commands.append(self._dispatch.command_with_source(errand.call))
            else:
                commands.append(self._dispatch.command(errand.call))
        patience = 0.0
        if batch.wait:
            patience = self._address.replica_timeout
            commands.append(("WAIT", batch.wait, int(patience * 1000)))
        return Exchange(batch.node, commands, self._alone or batch.wait > 0, patience)

    def _lose(self, batch: _Batch, lost: Lost) -> None:
        """Nothing is known of these calls: they are sent again, to whoever is the master by then."""
        self._waiting += batch.errands
        for errand in batch.errands:
            errand.ask = None
        self._lost.append(batch.node)
        self._pause(StoreUnavailable(str(lost)), look=True)

    def _settle(self, batch: _Batch, replies: list[Any]) -> None:
        unconfirmed = batch.confirm
        if batch.wait:
            heard = replies[-1]
            if isinstance(heard, Refused) and heard.args[0].startswith("NOPERM"):
                raise error_of(str(heard), batch.node)
            unconfirmed = isinstance(heard, Refused) or heard < batch.wait
        place = 0
        for errand in batch.errands:
            place += errand.ask is not None  # the answer to ASKING
            reply = replies[place]
            place += 1
            if isinstance(reply, Refused):
                self._waiting.append(errand)
                self._refused(errand, str(reply), batch.node)
            else:
                self._replies[errand.place] = Unconfirmed(reply) if unconfirmed else reply

    def _refused(self, errand: _Errand, text: str, node: Node) -> None:
        """See to what an error reply asks for. Raises what cannot be helped."""
        means = meaning(text)
        errand.ask, errand.hops = None, errand.hops + 1
        if means is Meaning.GIVE_UP:
            raise error_of(text, node)
        if means in (Meaning.AGAIN, Meaning.LOOK):
            self._pause(error_of(text, node), look=means is Meaning.LOOK)
            return
        if errand.hops > HOPS_MAX:
            errand.hops = 0
            self._pause(error_of(text, node), look=True)
        if means is Meaning.SOURCE:
            errand.source = True
            return
        if not self._address.cluster:
            raise ConfigurationError(f"{node} belongs to a Cluster: write redis+cluster://{node}")
        slot, elsewhere = redirection(text, node)
        if means is Meaning.MOVED:
            self._chart.moved(slot, elsewhere)
        else:
            errand.ask = elsewhere
