"""Checks of what delivers."""

from collections.abc import Iterator

from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as Caution

from sojourn.contrib.django.checks.findings import load, present, when_enabled
from sojourn.contrib.django.delivery import BACKGROUND, WORKER

_PARTS = ("name", "fold", "patience", "endurance", "wants", "deliver")


def _fault(path: str) -> str:
    """Why what is at `path` cannot be called; "" if it can."""
    try:
        return "" if callable(load(path)) else "it is no function"
    except ImportError as error:
        return f"it cannot be imported: {error}"


def _sink_fault(path: str, taken: set[str]) -> str:
    """Why what is at `path` makes no sink; "" if it does, whose name is then among the `taken`."""
    fault = _fault(path)
    if fault:
        return fault
    try:
        made = load(path)()  # type: ignore[operator]  # it is callable
    except Exception as error:  # noqa: BLE001  # a site's own code may raise anything
        return f"calling it raises {type(error).__name__}"
    missing = [part for part in _PARTS if not hasattr(made, part)]
    if missing:
        return f"what it makes has no {', '.join(missing)}"
    if made.name in taken:
        return f"another one is called {str(made.name)[:64]}, too"
    taken.add(made.name)
    return ""


@when_enabled
def check_delivery() -> Iterator[CheckMessage]:
    """Whoever is to deliver can be called, and there is something to deliver by."""
    found = present()
    if found.DELIVERY not in (BACKGROUND, WORKER) and (fault := _fault(found.DELIVERY)):
        yield Error(
            f"SOJOURN['DELIVERY'] cannot be used: {' '.join(fault.split())}.",
            hint='Write "background", "worker", or the dotted path of a function that is called with a subject.',
            id="sojourn.E070",
        )
    taken = {"mail", *(f"webhook:{each.name}" for each in found.WEBHOOKS)}
    for path in found.SINKS:
        if fault := _sink_fault(path, taken):
            yield Error(
                f"SOJOURN['SINKS']: {path} cannot be used: {' '.join(fault.split())}.",
                hint="Write the dotted path of a class with the parts of `sojourn.notify.sinks.Sink`, and a name of "
                "its own, that is called without arguments.",
                id="sojourn.E071",
            )
    if found.OUTBOX_MAX_AGE > found.RETENTION:
        yield Caution(
            "SOJOURN['OUTBOX_MAX_AGE'] is longer than RETENTION: events are forgotten before they are given up.",
            hint="Write a shorter OUTBOX_MAX_AGE, or a longer RETENTION.",
            id="sojourn.W070",
        )
