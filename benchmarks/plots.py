"""Plots as SVG, drawn by hand: no library, readable on light and dark, and without colour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_STYLE = """\
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 15px; font-weight: 600 }
.quiet { fill: #59636e }
.grid { stroke: #d1d9e0; stroke-width: 1 }
.bar { fill: #8c959f }
.ours { fill: #1a6fb0 }
.line { fill: none; stroke: #59636e; stroke-width: 2; stroke-dasharray: 6 4 }
.line.own { stroke: #1a6fb0; stroke-dasharray: none }
.dot { fill: #59636e }
.dot.own { fill: #1a6fb0 }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .quiet { fill: #9198a1 }
  .grid { stroke: #3d444d }
  .bar { fill: #7d8590 }
  .ours { fill: #58a6ff }
  .line { stroke: #9198a1 }
  .line.own { stroke: #58a6ff }
  .dot { fill: #9198a1 }
  .dot.own { fill: #58a6ff }
}
</style>"""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it is, how long, what to write at its end, and whether it is one of ours."""

    label: str
    value: float
    note: str
    ours: bool = False


def bars(title: str, groups: Sequence[tuple[str, Sequence[Bar]]], *, described: str) -> str:
    """Groups of horizontal bars, one below the other, each group to a scale of its own."""
    width, left, right, row = 760, 290, 150, 24
    parts, y = [f'<text class="title" x="0" y="18">{escape(title)}</text>'], 46
    for name, group in groups:
        parts.append(f'<text class="quiet" x="0" y="{y}">{escape(name)}</text>')
        y += 12
        longest = max(bar.value for bar in group)
        for bar in group:
            length = max(1.0, (width - left - right) * bar.value / longest)
            kind = "ours" if bar.ours else "bar"
            parts.append(
                f'<text x="{left - 10}" y="{y + 15}" text-anchor="end">{escape(bar.label)}</text>'
                f'<rect class="{kind}" x="{left}" y="{y + 3}" width="{length:.1f}" height="{row - 8}" rx="2"/>'
                f'<text x="{left + length + 8:.1f}" y="{y + 15}">{escape(bar.note)}</text>'
            )
            y += row
        y += 30
    return _svg(width, y - 14, title, described, parts)


def lines(
    title: str,
    sizes: Sequence[int],
    series: Sequence[tuple[str, Sequence[float | None], bool]],
    *,
    described: str,
) -> str:
    """Lines over sizes, both scales logarithmic: each with its name, milliseconds (None: not measured), and if ours."""
    width, height, left, right, top, bottom = 760, 380, 70, 190, 46, 44
    known = [value for _, values, _ in series for value in values if value is not None]
    low, high = math.floor(math.log10(min(known))), math.ceil(math.log10(max(known)))
    first, last = math.log10(sizes[0]), math.log10(sizes[-1])

    def across(size: float) -> float:
        return left + (width - left - right) * (math.log10(size) - first) / (last - first or 1)

    def down(value: float) -> float:
        return top + (height - top - bottom) * (high - math.log10(value)) / (high - low or 1)

    parts = [f'<text class="title" x="0" y="18">{escape(title)}</text>']
    for power in range(low, high + 1):
        y = down(10**power)
        parts.append(f'<line class="grid" x1="{left}" y1="{y:.1f}" x2="{width - right}" y2="{y:.1f}"/>')
        parts.append(
            f'<text class="quiet" x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{_time(10.0**power)}</text>'
        )
    for size in sizes:
        x, y = across(size), height - bottom + 20
        parts.append(f'<text class="quiet" x="{x:.1f}" y="{y}" text-anchor="middle">{size:,}</text>')
    parts.append(f'<text class="quiet" x="{left}" y="{height - 4}">stored sessions</text>')
    taken: list[float] = []
    for name, values, ours in series:
        points = [(across(size), down(v)) for size, v in zip(sizes, values, strict=True) if v is not None]
        own = " own" if ours else ""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline class="line{own}" points="{path}"/>')
        parts += [f'<circle class="dot{own}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in points]
        x, y = points[-1]
        y += 4
        while any(abs(y - other) < 15 for other in taken):
            y += 15
        taken.append(y)
        parts.append(f'<text x="{x + 10:.1f}" y="{y:.1f}">{escape(name)}</text>')
    return _svg(width, height, title, described, parts)


def _time(milliseconds: float) -> str:
    return f"{milliseconds:g} ms" if milliseconds < 1000 else f"{milliseconds / 1000:g} s"


def _svg(width: int, height: int, title: str, described: str, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' role="img" aria-labelledby="t d">\n<title id="t">{escape(title)}</title>\n<desc id="d">{escape(described)}'
        f"</desc>\n{_STYLE}\n" + "\n".join(parts) + "\n</svg>\n"
    )
