"""What was measured, as tables to read and pictures to look at, and into the page about them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import admission, plots
from benchmarks.growth import Grown
from benchmarks.race import Raced
from benchmarks.targets import Target
from benchmarks.valkey import Figures
from benchmarks.visits import Cost, ratio

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "explanation" / "performance.md"
_PART = re.compile(r"(<!-- measured: (\w+) -->\n).*?(<!-- end of what was measured -->\n)", re.DOTALL)

PICTURES = {
    "requests": ("request-cost.svg", "Bars: what a request costs with each engine and package"),
    "growth": ("sign-in-check.svg", "Lines: how long the check takes, from a thousand to a million sessions"),
}
"""The plot above each table that has one."""


@dataclass(slots=True)
class Results:
    """Everything of one run; each by the name of the database."""

    visits: dict[str, dict[str, Cost]] = field(default_factory=dict)
    growth: dict[str, list[Grown]] = field(default_factory=dict)
    raced: list[Raced] = field(default_factory=list)
    admission: dict[str, dict[str, float]] = field(default_factory=dict)
    valkey: Figures | None = None
    targets: list[Target] = field(default_factory=list)
    machine: str = ""


def parts(results: Results) -> dict[str, str]:
    """The text of each part that there are results for, as Markdown that is readable as it is."""
    found = {}
    if results.targets:
        rows = [(each.what, each.target, each.measured, each.verdict) for each in results.targets]
        found["targets"] = table(("what", "target", "measured", ""), rows)
    if results.visits:
        found["requests"] = _requests(results.visits)
    if results.growth:
        found["growth"] = _growth(results.growth)
    if results.raced:
        found["race"] = _race(results.raced)
    if results.admission:
        found["admission"] = _admission(results.admission)
    if results.valkey:
        found["valkey"] = _valkey(results.valkey)
    if results.machine:
        found["machine"] = f"{results.machine}.\n"
    return found


def pictures(results: Results) -> dict[str, str]:
    """The plots, by the names of their files."""
    found = {}
    if results.visits:
        groups = [
            (
                f"{name}, microseconds",
                [
                    plots.Bar(
                        _plain(cost.title),
                        cost.microseconds,
                        f"{cost.microseconds:,.0f} µs, {_count(len(cost.queries), 'query', 'queries')}",
                        ours=key.startswith("sojourn"),
                    )
                    for key, cost in sorted(costs.items(), key=lambda pair: pair[1].microseconds)
                ],
            )
            for name, costs in results.visits.items()
        ]
        text = "Horizontal bars, shortest first; the table below has the same figures."
        found[PICTURES["requests"][0]] = plots.bars("One authenticated request in Django", groups, described=text)
    if results.growth:
        series: list[tuple[str, Sequence[float | None], bool]] = []
        for name, grown in results.growth.items():
            series.append((f"Sojourn, {name}", [each.ours for each in grown], True))
        for name, grown in results.growth.items():
            if any(each.loop is not None for each in grown):
                series.append((f"the loop, {name}", [each.loop for each in grown], False))
        sizes = [each.size for each in next(iter(results.growth.values()))]
        text = "Sojourn's lines are flat, the loop's rise with the number of sessions; figures in the table below."
        found[PICTURES["growth"][0]] = plots.lines(
            "How long the check at a sign-in takes", sizes, series, described=text
        )
    return found


def write(results: Results) -> list[Path]:
    """Put what was measured into the page, and the plots beside the other pictures. Returns what was written."""
    new = parts(results)
    for name, (picture, about) in PICTURES.items():
        if name in new:
            new[name] = f"![{about}](../images/{picture})\n\n{new[name]}"
    text = PAGE.read_text(encoding="utf-8")
    missing = set(new) - {match[2] for match in _PART.finditer(text)}
    if missing:
        raise SystemExit(f"{PAGE.name} has no place for {', '.join(sorted(missing))}")

    def fill(match: re.Match[str]) -> str:
        return f"{match[1]}{new[match[2]]}{match[3]}" if match[2] in new else match[0]

    PAGE.write_text(_PART.sub(fill, text), encoding="utf-8")
    written = [PAGE]
    for name, drawing in pictures(results).items():
        written.append(DOCS / "images" / name)
        written[-1].write_text(drawing, encoding="utf-8")
    return written


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table in even columns."""
    widths = [max(len(row[at]) for row in (header, *rows)) for at in range(len(header))]
    lines = [header, ["-" * width for width in widths], *rows]
    return "".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |\n"
        for line in lines
    )


def _requests(visits: Mapping[str, Mapping[str, Cost]]) -> str:
    names = list(visits)
    header = ["what"] + [part for name in names for part in (f"{name}, µs", "over `db`", "queries")]
    rows = []
    for key in max(visits.values(), key=len):  # what is measured on one database only is on the longest list
        row = []
        for name in names:
            cost, base = visits[name].get(key), visits[name].get("db")
            if cost is None or base is None:
                row += ["-", "-", "-"]
                continue
            row += [f"{cost.microseconds:,.0f}", f"{ratio(cost, base):.2f}", _statements(cost)]
            title = cost.title
        rows.append([title, *row])
    return table(header, rows)


def _statements(cost: Cost) -> str:
    other = len(cost.queries) - cost.reads - cost.writes
    said = [
        _count(cost.reads, "read"),
        *([_count(cost.writes, "write")] if cost.writes else []),
        *([_count(other, "other")] if other else []),
    ]
    return ", ".join(said) if cost.queries else "0"


def _growth(growth: Mapping[str, Sequence[Grown]]) -> str:
    names = list(growth)
    header = ["stored sessions"] + [part for name in names for part in (f"Sojourn, {name}", f"the loop, {name}")]
    sizes = [each.size for each in growth[names[0]]]
    rows = []
    for at, size in enumerate(sizes):
        cells = [cell for name in names for cell in (_ms(growth[name][at].ours), _ms(growth[name][at].loop))]
        rows.append([f"{size:,}", *cells])
    return table(header, rows)


def _race(raced: Sequence[Raced]) -> str:
    rows = []
    for each in raced:
        ends = str(each.least) if each.least == each.most else f"{each.least} to {each.most}"
        rows.append((each.title, f"{each.broken} of {each.bursts}", ends, _ms(each.milliseconds)))
    return table(("approach", "bursts that broke the limit", "open afterwards", "all sign-ins together took"), rows)


def _admission(found: Mapping[str, Mapping[str, float]]) -> str:
    names = list(found)
    header = ["what"] + [part for name in names for part in (f"{name}, µs", "commits' worth")]
    rows = []
    for key, title in admission.TITLES.items():
        cells = []
        for name in names:
            cells += [f"{found[name][key]:,.0f}", f"{found[name][key] / found[name]['commit']:.1f}"]
        rows.append([title, *cells])
    return table(header, rows)


def _valkey(found: Figures) -> str:
    rows = [
        (f"{each.size:,}", f"{each.look_up:,.0f} µs", f"{each.sign_in:,.0f} µs", f"{each.bytes_each:,.0f}")
        for each in found.stored
    ]
    stored = table(("stored sessions", "a look-up", "a sign-in that ends another", "bytes for each session"), rows)
    most = found.stored[-1].bytes_each
    beside = [
        ("`GET` of as many bytes, waiting", f"{found.get:,.0f} µs"),
        ("a look-up, waiting", f"{found.look_up:,.0f} µs"),
        ("`GET` with `redis.asyncio`, issued singly, 32 in flight", f"{found.awaited_get:,.0f} µs each"),
        ("a look-up on the same loop, 32 in flight", f"{found.awaited:,.0f} µs each"),
        ("the same, of records that this process has never read", f"{found.awaited_unread:,.0f} µs each"),
        ("one of Django's own sessions in the same server (its cache backend)", f"{found.django_bytes:,.0f} bytes"),
        ("sessions of Sojourn's in a GiB", f"{(1 << 30) / most:,.0f}"),
    ]
    return f"{stored}\n{table(('beside it', ''), beside)}"


def _ms(value: float | None) -> str:
    if value is None:
        return "not run"
    return f"{value / 1000:.1f} s" if value >= 1000 else f"{value:.3g} ms"


def _count(number: int, one: str, more: str = "") -> str:
    return f"{number} {one if number == 1 else more or one + 's'}"


def _plain(title: str) -> str:
    return title.replace("`", "").replace("**", "")
