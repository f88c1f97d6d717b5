"""Several stores, one script: every call goes to all of them with the same identifiers, and all must agree."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sojourn.control import Options, SessionControl
from sojourn.core.admission import Minted
from sojourn.core.errors import SojournError
from sojourn.core.policy import PolicyResolver
from sojourn.core.store import Store
from sojourn.core.tokens import TicketSecret, Token, check_subject, route_of, secret_route
from sojourn.stores.memory import MemoryStore
from sojourn.testing.clock import FakeClock
from sojourn.testing.conformance.setup import MemoryReader, Reader, wanted

R = TypeVar("R")


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A store to compare with the model: empty, and used by one test at a time.

    The store is made with `sojourn.testing.conformance.wanted`.
    `reader` reads its events; without one they are not compared. `close` is called when the comparison is over.
    """

    name: str
    store: Store
    reader: Reader | None = None
    close: Callable[[], None] = field(default=_nothing)


class ScriptedControl(SessionControl):
    """Session control whose identifiers are numbered, not random: the n-th is the same in every run and store."""

    _count = 0

    def _next(self, length: int) -> str:
        self._count += 1
        return urlsafe_b64encode(hashlib.sha256(f"identifier {self._count}".encode()).digest()).decode()[:length]

    def renew(self, subject: str) -> Token:
        """See `Rules.renew`."""
        return Token(f"soj_{route_of(subject):02x}{self._next(43)}")

    def mint(self, subject: str, now: int) -> tuple[Minted, Token, TicketSecret]:
        """See `Rules.mint`."""
        route = route_of(check_subject(subject))
        token, secret = self.renew(subject), TicketSecret(f"sojt_{route:02x}{self._next(43)}")
        sid = f"{route:02x}{self._next(22)}"
        return Minted(sid, token.digest(), secret.digest(), now + self.options.ticket_lifetime), token, secret


class Ensemble:
    """The model, a `MemoryStore`, and the candidates, each under a control of its own on one clock and policy."""

    def __init__(self, candidates: Sequence[Candidate], policy: PolicyResolver, clock: FakeClock, options: Options):
        memory = MemoryStore(wanted=wanted)
        self.members = (Candidate("memory", memory, MemoryReader(memory)), *candidates)
        self.controls = [ScriptedControl(one.store, policy, clock=clock, options=options) for one in self.members]

    @property
    def model(self) -> Store:
        """The store that all others are compared with."""
        return self.members[0].store

    def call(self, ask: Callable[[SessionControl], R]) -> R:
        """Ask every control, compare the answers, and return the model's. An error of Sojourn's is an answer too."""
        answers = [_answer(ask, control) for control in self.controls]
        self._agree(answers)
        first = answers[0]
        if isinstance(first, SojournError):
            raise first
        return first

    def compare(self, subjects: Sequence[str], sids: Sequence[str], tickets: Sequence[TicketSecret], now: int) -> None:
        """Compare all that can be looked up, and the events that were recorded."""
        for subject in subjects:
            self._agree([one.store.roster(subject) for one in self.members])
            self._agree([list(one.store.history(subject, 50)) for one in self.members])
            readers = [(one.name, one.reader) for one in self.members if one.reader is not None]
            told = [[{**event, "id": ""} for event in reader.events(subject)] for _, reader in readers]
            self._agree(told, [name for name, _ in readers])
        self._agree([list(one.store.overdue(now, 50)) for one in self.members])
        for sid in sids:
            self._agree([one.store.find(sid) for one in self.members])
        for ticket in tickets:
            self._agree([one.store.ticket(ticket.digest(), secret_route(ticket)) for one in self.members])

    def close(self) -> None:
        """Let go of all candidates."""
        for one in self.members:
            one.close()

    def _agree(self, answers: Sequence[Any], names: Sequence[str] | None = None) -> None:
        names = names or [one.name for one in self.members]
        first = _comparable(answers[0])
        for name, answer in zip(names[1:], answers[1:], strict=True):
            assert _comparable(answer) == first, f"{name} says\n{answer}\nand {names[0]} says\n{answers[0]}"


def _answer(ask: Callable[[SessionControl], R], control: SessionControl) -> R | SojournError:
    try:
        return ask(control)
    except SojournError as error:
        return error


def _comparable(answer: Any) -> Any:
    return (type(answer), str(answer)) if isinstance(answer, SojournError) else answer
