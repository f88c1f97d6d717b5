"""What was promised, beside what was measured: ratios of one run, met or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.growth import Grown
from benchmarks.race import Raced
from benchmarks.valkey import Figures
from benchmarks.visits import Cost, ratio


@dataclass(frozen=True, slots=True)
class Target:
    """One promise."""

    what: str
    target: str
    measured: str
    met: bool

    @property
    def verdict(self) -> str:
        """In a word."""
        return "met" if self.met else "**not met**"


def of_visits(database: str, costs: Mapping[str, Cost], *, separate: float) -> list[Target]:
    """Those of an authenticated request; `separate` is what it may cost where the user is read apart."""
    db, joined, apart, allauth = (costs.get(key) for key in ("db", "sojourn", "sojourn-separate", "allauth"))
    db_prepared, prepared = (costs.get(key) for key in ("db-prepared", "sojourn-prepared"))
    found = []
    if db is None or joined is None:
        return found
    found.append(_at_most(f"request, {database}: Sojourn on `db` over `db` alone", ratio(joined, db), 1.0))
    if db_prepared is not None and prepared is not None:
        found.append(_at_most(f"the same, {database} with prepared statements", ratio(prepared, db_prepared), 1.0))
    added = len(joined.queries) - len(db.queries)
    found.append(Target(f"queries added to a request, {database}", "at most 1", str(added), added <= 1))
    found.append(Target(f"writes of a request, {database}", "0", str(joined.writes), joined.writes == 0))
    quiet = not joined.stranger["queries"] and not joined.stranger["vary"]
    said = "none" if quiet else f"{len(joined.stranger['queries'])} queries, Vary: {joined.stranger['vary']}"
    found.append(Target(f"without a session cookie, {database}", "no query, no `Vary`", said, quiet))
    if apart is not None:
        found.append(_at_most(f"the same, {database}, where the user is read apart", ratio(apart, db), separate))
    if allauth is not None:
        times = ratio(allauth, joined)
        what = f"allauth usersessions with TRACK_ACTIVITY over Sojourn, {database}"
        found.append(Target(what, "at least 2 times", f"{times:.2f} times", times >= 2))
    return found


def of_growth(database: str, grown: Sequence[Grown]) -> list[Target]:
    """Those of the sign-in check: flat."""
    if len(grown) < 2:
        return []
    times = max(each.ours for each in grown) / min(each.ours for each in grown)
    what = f"sign-in check, {database}: slowest over quickest, {grown[0].size:,} to {grown[-1].size:,} sessions"
    return [Target(what, "at most 1.5 times", f"{times:.2f} times", times <= 1.5)]


def of_valkey(found: Figures) -> list[Target]:
    """Those of the store on Valkey: flat, and cheap where many look-ups are on their way at once."""
    promised = []
    if len(found.stored) > 1:
        span = f"{found.stored[0].size:,} to {found.stored[-1].size:,} sessions"
        for what, took in (
            ("look-up", [each.look_up for each in found.stored]),
            ("sign-in", [each.sign_in for each in found.stored]),
        ):
            times = max(took) / min(took)
            named = f"{what}, Valkey: slowest over quickest, {span}"
            promised.append(Target(named, "at most 1.5 times", f"{times:.2f} times", times <= 1.5))
    times = found.awaited_get / found.awaited
    named = "32 in flight on an event loop: a GET issued singly over a look-up"
    return [*promised, Target(named, "at least 5 times", f"{times:.2f} times", times >= 5)]


def of_race(raced: Sequence[Raced]) -> list[Target]:
    """Those of the race: none, ever."""
    return [
        Target(f"race: bursts of {each.bursts} that broke the limit", "0", str(each.broken), each.broken == 0)
        for each in raced
        if "Sojourn" in each.title
    ]


def _at_most(what: str, measured: float, bound: float) -> Target:
    return Target(what, f"at most {bound:.2f}", f"{measured:.2f}", round(measured, 2) <= bound)
