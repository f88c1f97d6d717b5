"""Browsers that are told apart: where several sign in as one user, each says that it is another one.

All of them are desktop browsers, because a limit may count telephones apart. Each says whose it is, too.
"""

from dataclasses import dataclass

from sojourn.probe.wire.network import Network
from sojourn.probe.wire.visitor import Visitor

_MOZILLA = "Mozilla/5.0"
_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


@dataclass(frozen=True, slots=True)
class Agent:
    """A browser, as its requests and as people name it."""

    name: str
    system: str
    header: str
    """Its `User-Agent`."""


AGENTS = (
    Agent("Firefox", "Linux", f"{_MOZILLA} (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    Agent("Chrome", "Windows", f"{_MOZILLA} (Windows NT 10.0; Win64; x64) {_CHROME}"),
    Agent(
        "Safari",
        "Mac",
        f"{_MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
        "Safari/605.1.15",
    ),
    Agent("Edge", "Windows", f"{_MOZILLA} (Windows NT 10.0; Win64; x64) {_CHROME} Edg/140.0.0.0"),
    Agent("Firefox", "Windows", f"{_MOZILLA} (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    Agent("Chrome", "Linux", f"{_MOZILLA} (X11; Linux x86_64) {_CHROME}"),
)


def browser(network: Network, number: int) -> Visitor:
    """A new browser without any cookie; those of neighbouring numbers are of different kinds."""
    visitor = Visitor(network)
    visitor.headers["User-Agent"] = f"{AGENTS[number % len(AGENTS)].header} sojourn-probe"
    return visitor
