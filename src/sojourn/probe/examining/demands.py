"""For how long a session may last: what the standards demand, and what an observation says of each. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from sojourn.probe.answers import Answer

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


@dataclass(frozen=True, slots=True)
class Demand:
    """A standard, and the seconds after which it wants a session over."""

    standard: str
    seconds: float


INACTIVITY = (
    Demand("Fluid Attacks 068", 5 * MINUTE),
    Demand("PCI DSS 4.0 8.2.8", 15 * MINUTE),
    Demand("FedRAMP (AC-12 with the value of AC-11)", 15 * MINUTE),
    Demand("NIST SP 800-63B-4 AAL3", 15 * MINUTE),
    Demand("NIST SP 800-63B-4 AAL2", HOUR),
)
"""How long it may lie idle."""
LIFETIME = (
    Demand("NIST SP 800-63B-4 AAL3", 12 * HOUR),
    Demand("NIST SP 800-63B-4 AAL2", DAY),
    Demand("NIST SP 800-63B-4 AAL1", 30 * DAY),
)
"""How long it may last in all, however busy it is."""


class Meets(Enum):
    """What an observation says of a demand."""

    YES = "met"
    NO = "not met"
    UNTOLD = "not told by this wait"


@dataclass(frozen=True, slots=True)
class Span:
    """When a session ended: it was open after `alive` seconds, and no longer after `dead`; None if it still was."""

    alive: float
    dead: float | None

    def meets(self, demand: Demand) -> Meets:
        """Whether a session that lasts so long satisfies a demand."""
        if self.dead is not None and self.dead <= demand.seconds:
            return Meets.YES
        return Meets.NO if self.alive >= demand.seconds else Meets.UNTOLD

    def __str__(self) -> str:
        if self.dead is None:
            return f"not within {duration(self.alive)}"
        return (
            f"between {duration(self.alive)} and {duration(self.dead)}"
            if self.alive
            else f"within {duration(self.dead)}"
        )


def verdict(span: Span, demands: Sequence[Demand]) -> Answer:
    """What follows: a pass if one standard at least is met, a failure if none can be.

    Which of them counts, the operator knows. What nobody waited for is no pass.
    """
    found = {span.meets(demand) for demand in demands}
    if Meets.YES in found:
        return Answer.PASS
    if Meets.NO not in found:
        return Answer.NOT_TESTABLE
    return Answer.WARN if Meets.UNTOLD in found else Answer.FAIL


def table(span: Span, demands: Sequence[Demand]) -> Iterator[str]:
    """Each demand and what the observation says of it."""
    for demand in demands:
        yield f"{demand.standard}, at most {duration(demand.seconds)}: {span.meets(demand).value}"


def duration(seconds: float) -> str:
    """As a person says it: "15 minutes", "90 seconds", "12 hours"."""
    for unit, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds >= 2 * unit or seconds == unit:
            count = round(seconds / unit, 1)
            return f"{count:g} {name}{'' if count == 1 else 's'}"
    return f"{seconds:.3g} second{'' if seconds == 1 else 's'}"
