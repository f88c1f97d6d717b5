"""What is found in pages and headers, case by case."""

from __future__ import annotations

import pytest

from sojourn.probe.checks.caches import shared_caches_may_keep
from sojourn.probe.checks.forwarded_address import addresses_in
from sojourn.probe.checks.sign_out_everywhere import has_way_out
from sojourn.probe.examining.examination import Budget, Examination
from sojourn.probe.examining.tour import AT_MOST, toured
from sojourn.probe.reading.pages import addresses
from sojourn.probe.surveying import survey
from sojourn.probe.wire.network import Network
from sojourn.probe.wire.visitor import Page
from tests.patients.plain import Plain
from tests.patients.serving import serving
from tests.probe.seen import answer

URL = "https://app.example/account/"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("", False),  # by itself no shared cache keeps what has no lifetime
        ("public", True),
        ("max-age=60", True),
        ("max-age=0, must-revalidate", False),
        ("private, max-age=60", False),
        ("public, no-cache", False),
        ("s-maxage=1", True),
        ("no-store, public", False),
    ],
)
def test_shared_caches_keep_what_the_header_allows(said: str, kept: bool) -> None:
    assert shared_caches_may_keep(answer(URL, ("Cache-Control", said))) is kept


def test_addresses_are_found_among_other_figures() -> None:
    text = "From 192.0.2.7, at 10:45:55 on 22.11.2026, and 2001:db8::7. std::string and 1.2.3 and 999.1.1.1 are none."
    assert addresses_in(text) == {"192.0.2.7", "2001:db8::7"}


@pytest.mark.parametrize(
    ("html", "there"),
    [
        ("<a href='/account/leave'>Sign out</a>", True),
        ("<form action='/goodbye'><button>x</button></form>", True),
        ("<a href='../goodbye?next=/'>x</a>", True),
        ("<button aria-label='Log out'></button>", True),
        ("<input type='submit' value='Abmelden'>", True),
        ("<p>You can sign out on another page</p>", False),
        ("<a href='/goodbye-and-thanks'>x</a>", False),
    ],
)
def test_a_way_out_is_seen_as_a_person_sees_it_or_by_where_it_leads(html: str, there: bool) -> None:
    assert has_way_out(Page((answer(URL, body=html),)), "/goodbye") is there


def test_a_page_is_no_way_out_because_it_leads_to_the_front_page() -> None:
    assert not has_way_out(Page((answer(URL, body="<a href='/'>Home</a>"),)), "/")


def test_every_address_of_a_page_is_seen() -> None:
    html = "<a href=a><img src=b><form action=c><button formaction=d></form><iframe src=e><object data=f><p title=g>"
    assert sorted(addresses(Page((answer(URL, body=html),)))) == list("abcdef")


def test_a_walk_opens_what_is_linked_and_leaves_alone_what_may_do_something() -> None:
    asked = []

    class Wide(Plain):
        """Has links that do something, and ten pages beside them."""

        def answer(self, request):
            asked.append((request.path, bool(request.session and request.session.user)))
            if request.path.startswith(("/page", "/ill-named")):
                acts = (
                    "<a href='/session/5/delete'>x</a><a href='/ill-named'>Revoke</a><a href='//other.example/'>y</a>"
                )
                return self.page(request, "Page", acts)
            return super().answer(request)

        def report(self, request):
            return self.page(request, "Report", "".join(f"<a href='/page{number}'>Page</a>" for number in range(9)))

    with serving(Wide()) as site:
        network = Network(site.profile())
        budget = Budget(network.profile)
        examination = Examination(network, survey(network, budget), budget)
        tour = toured(examination)
        again = toured(examination)
        network.close()
    assert len(tour.pages) == len(tour.inside) == 10
    assert again is tour
    assert budget.spent == 2  # the survey, and the walk
    assert not {"/session/5/delete", "/ill-named"} & {path for path, signed_in in asked if signed_in}


def test_a_walk_ends() -> None:
    class Endless(Plain):
        """Every page leads to another one."""

        def answer(self, request):
            if request.path.startswith("/page"):
                return self.page(request, "Page", f"<a href='{request.path}0'>Next</a>")
            return super().answer(request)

        def report(self, request):
            return self.page(request, "Report", "<a href='/page'>Next</a>")

    with serving(Endless()) as site:
        network = Network(site.profile())
        budget = Budget(network.profile)
        examination = Examination(network, survey(network, budget), budget)
        assert len(toured(examination).pages) == AT_MOST
        network.close()
