"""The probe signs in by itself, as a person would, to applications as they come; it knows that it is, and gets out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sojourn.probe.examination import Budget, Examination
from sojourn.probe.network import Network
from sojourn.probe.profile import Profile
from sojourn.probe.surveying import survey
from tests.patients.django_logins import LOGINS, django_logins
from tests.patients.express_form import express_form
from tests.patients.flask_form import flask_form
from tests.patients.serving import Site
from tests.services.availability import NotInstalled, unavailable


@contextmanager
def examined(profile: Profile) -> Iterator[Examination]:
    network = Network(profile)
    try:
        budget = Budget(profile)
        yield Examination(network, survey(network, budget), budget)
    finally:
        network.close()


def signs_in_and_out(profile: Profile, *, carriers: tuple[str, ...]) -> None:
    with examined(profile) as examination:
        assert examination.survey.carriers == carriers
        visitor, stranger = examination.sign_in(), examination.visitor()
        assert examination.is_signed_in(visitor)
        assert not examination.is_signed_in(stranger)
        assert examination.is_signed_in(examination.stolen(visitor))
        examination.sign_out(visitor)
        assert not examination.is_signed_in(visitor)


@pytest.fixture(scope="module")
def django_site() -> Iterator[Site]:
    with django_logins() as site:
        yield site


@pytest.mark.parametrize("login", LOGINS.values(), ids=LOGINS)
def test_it_signs_in_to_django(django_site: Site, login: str) -> None:
    signs_in_and_out(django_site.profile(login=login), carriers=("sessionid",))


def test_it_finds_djangos_login_without_being_told_where(django_site: Site) -> None:
    signs_in_and_out(django_site.profile(), carriers=("sessionid",))


def test_it_signs_in_to_a_flask_form() -> None:
    with flask_form() as site:
        signs_in_and_out(site.profile(), carriers=("session",))


def test_it_signs_in_to_an_express_form() -> None:
    try:
        with express_form() as site:
            signs_in_and_out(site.profile(), carriers=("connect.sid",))
    except NotInstalled as missing:
        unavailable(str(missing))
