"""Plots as geometry, for templates to draw as SVG: pure. No colour is needed to read them: every value is a number too.

A charting library would bring scripts or inline styles, which a strict Content-Security-Policy forbids; two kinds of
bars need neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 480, 198
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 8, 12, 34
_LABELS = 4  # about so many words fit under the columns


@dataclass(frozen=True, slots=True)
class Column:
    """One column: where it stands, and what it says."""

    x: float
    y: float
    width: float
    height: float
    label: str
    value: int
    labelled: bool
    """Whether its label is written under it; it is in the table in any case."""

    @property
    def middle(self) -> float:
        """Where its label is centred."""
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True, slots=True)
class Tick:
    """One line of the scale."""

    y: float
    value: int


@dataclass(frozen=True, slots=True)
class Columns:
    """A plot of columns over time."""

    columns: tuple[Column, ...]
    ticks: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    floor: int = HEIGHT - _BOTTOM
    label_y: int = HEIGHT - 8

    @property
    def empty(self) -> bool:
        """Whether there is nothing to see."""
        return not any(column.value for column in self.columns)

    @property
    def highest(self) -> Column:
        """The highest column, the latest of equal ones. Raises ValueError for a plot without columns."""
        return max(reversed(self.columns), key=lambda column: column.value)


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a plot of lying bars; `share` is its length in percent of the longest."""

    label: str
    value: int
    share: float


def columns(labels: Sequence[str], values: Sequence[int]) -> Columns:
    """One column for each label and value, on a scale of round numbers that begins at zero."""
    top = max([*values, 1])
    step = _round_step(top)
    roof = -(-top // step) * step
    floor = HEIGHT - _BOTTOM
    room, slot = floor - _TOP, (WIDTH - _LEFT - _RIGHT) / max(1, len(values))
    every = max(1, -(-len(values) // _LABELS))
    made = []
    for place, (label, value) in enumerate(zip(labels, values, strict=True)):
        height = round(room * value / roof, 1)
        made.append(
            Column(
                x=round(_LEFT + slot * place + slot * 0.12, 1),
                y=round(floor - height, 1),
                width=round(slot * 0.76, 1),
                height=height,
                label=label,
                value=value,
                labelled=place % every == 0,
            )
        )
    ticks = [Tick(round(floor - room * value / roof, 1), value) for value in range(0, roof + 1, step)]
    return Columns(tuple(made), tuple(ticks))


def bars(pairs: Sequence[tuple[str, int]]) -> list[Bar]:
    """One lying bar for each label and value."""
    longest = max([value for _, value in pairs] + [1])
    return [Bar(label, value, round(100 * value / longest, 1)) for label, value in pairs]


def _round_step(top: int) -> int:
    """The step of a scale up to `top` with at most five lines above zero: 1, 2 or 5 times a power of ten."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if top <= 5 * factor * power:
                return factor * power
        power *= 10
