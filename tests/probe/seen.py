"""An examination whose survey saw what a test says, of an application that nobody asks anything."""

from __future__ import annotations

from typing import Any, cast

from sojourn.probe.examination import Budget, Examination
from sojourn.probe.exchange import Exchange
from sojourn.probe.network import Network
from sojourn.probe.profile import Account, Profile
from sojourn.probe.secret import Secret
from sojourn.probe.survey import Survey
from sojourn.probe.visitor import Page, Visitor


def answer(url: str, *headers: tuple[str, str], body: str = "", status: int = 200) -> Exchange:
    """An answer to a GET."""
    return Exchange("GET", url, (), "", status, headers, body, 1)


def examined(
    *answers: Exchange, carriers: tuple[str, ...] = ("sid",), target: str = "https://app.example", **profile: Any
) -> Examination:
    """An examination after a survey in which the sign-in was answered so."""
    said = Profile(target, Account("ann", Secret("a password")), **profile)
    network = Network(said)
    network.close()  # nothing is sent
    pages = (Page(answers),)
    nothing = cast("Any", None)
    survey = Survey(nothing, f"{target}/login", (), carriers, None, pages, Visitor(network))
    return Examination(network, survey, Budget(said))
