"""Examinations: of an application that is there, and one whose survey saw what a test says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from sojourn.probe.examining.examination import Budget, Examination
from sojourn.probe.profiles.profile import Account, Profile
from sojourn.probe.profiles.secret import Secret
from sojourn.probe.survey.learnt import Survey
from sojourn.probe.surveying import survey
from sojourn.probe.wire.exchange import Exchange
from sojourn.probe.wire.network import Network
from sojourn.probe.wire.visitor import Page, Visitor


@contextmanager
def surveyed(profile: Profile) -> Iterator[Examination]:
    """An examination of what `profile` names, after its survey."""
    network = Network(profile)
    try:
        budget = Budget(profile)
        yield Examination(network, survey(network, budget), budget)
    finally:
        network.close()


def answer(url: str, *headers: tuple[str, str], body: str = "", status: int = 200) -> Exchange:
    """An answer to a GET."""
    return Exchange("GET", url, (), "", status, headers, body, 1)


def examined(
    *answers: Exchange, carriers: tuple[str, ...] = ("sid",), target: str = "https://app.example", **profile: Any
) -> Examination:
    """An examination after a survey in which the sign-in was answered so. Nobody is asked anything."""
    said = Profile(target, Account("ann", Secret("a password")), **profile)
    network = Network(said)
    network.close()  # nothing is sent
    pages = (Page(answers),)
    nothing = cast("Any", None)
    found = Survey(nothing, f"{target}/login", (), carriers, None, pages, Visitor(network))
    return Examination(network, found, Budget(said))
