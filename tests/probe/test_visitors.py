"""A visitor is a browser of its own: what it carries goes out with its own requests, as it is, and with no others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sojourn.probe.wire.cookies import Cookie
from sojourn.probe.wire.network import Network
from sojourn.probe.wire.visitor import Visitor
from tests.patients.serving import serving


@pytest.fixture
def network() -> Iterator[Network]:
    """To an application that gives everybody a cookie, and answers with those that it was sent."""

    def echo(environ: dict, start_response):
        start_response("200 OK", [("Set-Cookie", "who=somebody; Secure"), ("Content-Type", "text/plain")])
        return [environ.get("HTTP_COOKIE", "nothing").encode("latin-1")]

    with serving(echo) as site:
        network = Network(site.profile())
        yield network
        network.close()


def test_one_visitors_cookies_never_go_out_with_another(network: Network) -> None:
    first, second = Visitor(network), Visitor(network)
    first.get("")
    assert first.get("").text == "who=somebody"
    assert second.get("").text == "nothing"


def test_a_cookie_may_hold_more_than_ascii(network: Network) -> None:
    visitor = Visitor(network)
    visitor.jar.put(Cookie("who", "Zoë", "localhost", "/", host_only=True, secure=True))
    assert visitor.get("").text == "who=Zoë"
