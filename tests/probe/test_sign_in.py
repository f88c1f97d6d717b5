"""The probe signs in by itself, as a person would, to applications as they come; it knows that it is, and gets out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sojourn.probe.errors import CannotSignIn
from sojourn.probe.profiles.file import make_profile, parse_profile
from sojourn.probe.profiles.profile import Profile
from tests.patients.django_logins import LOGINS, django_logins
from tests.patients.express_form import express_form
from tests.patients.flask_form import flask_form
from tests.patients.flask_steps import flask_steps
from tests.patients.serving import Site
from tests.probe.seen import surveyed
from tests.services.availability import NotInstalled, unavailable


def signs_in_and_out(profile: Profile, *, carriers: tuple[str, ...]) -> None:
    with surveyed(profile) as examination:
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


@pytest.fixture(scope="module")
def steps_site() -> Iterator[Site]:
    with flask_steps() as site:
        yield site


def with_profile(site: Site, text: str) -> Profile:
    said = site.profile()
    file = parse_profile(text)
    return make_profile(said.target, said.account.name, said.account.password, file=file, hosts=said.hosts, ca=said.ca)


def test_it_signs_in_where_the_password_is_asked_for_on_a_second_page(steps_site: Site) -> None:
    signs_in_and_out(steps_site.profile(login="/plain/begin"), carriers=("sid",))


def test_a_profile_tells_of_two_steps_that_nobody_would_guess(steps_site: Site) -> None:
    with (
        pytest.raises(CannotSignIn, match="no form with a password"),
        surveyed(steps_site.profile(login="/veiled/begin")),
    ):
        pass
    profile = with_profile(
        steps_site,
        '[[login.steps]]\nurl = "/veiled/begin"\nfields = { who = "{user}" }\n'
        '[[login.steps]]\nfields = { secret = "{password}" }',
    )
    signs_in_and_out(profile, carriers=("sid",))


@pytest.mark.parametrize("page", ["/api/me", "/api/state"], ids=["refuses strangers", "answers everybody 200"])
def test_a_profile_tells_of_json_and_a_bearer_token(steps_site: Site, page: str) -> None:
    profile = with_profile(
        steps_site,
        '[login]\nbearer = "{token}"\n[[login.steps]]\nurl = "/api/login"\njson = true\n'
        'fields = { "credentials.name" = "{user}", "credentials.word" = "{password}" }\n'
        'keep = { token = "data.tokens.0.access" }\n'
        f'[signed_in]\nurls = ["{page}"]\n[logout]\nurl = "/api/session"\nmethod = "DELETE"',
    )
    signs_in_and_out(profile, carriers=())
    with surveyed(profile) as examination:
        assert len(examination.token(examination.sign_in())) == 43


def test_a_script_of_the_page_would_send_its_csrf_cookie_along_and_so_does_the_probe(steps_site: Site) -> None:
    profile = with_profile(
        steps_site,
        '[[login.steps]]\nurl = "/spa"\n[[login.steps]]\nurl = "/spa/login"\njson = true\n'
        'fields = { user = "{user}", password = "{password}" }\n'
        '[signed_in]\nurls = ["/spa/me"]\n[logout]\nurl = "/spa/logout"',
    )
    signs_in_and_out(profile, carriers=("sid",))


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ('fields = { none = "{password}" }', "has no form with a field 'none'"),
        ('form = "#none"\nfields = { none = "{password}" }', "has no form '#none'"),
        ('json = true\nfields = { a = "{password}" }\nkeep = { t = "a.b" }', "without a value at a.b"),
        ('json = true\nfields = { a = "{token}{password}" }', "{token} in the profile stands for nothing"),
    ],
)
def test_a_step_that_cannot_be_done_is_told(steps_site: Site, steps: str, said: str) -> None:
    profile = with_profile(steps_site, f'[[login.steps]]\nurl = "/veiled/begin"\n{steps}')
    with pytest.raises(CannotSignIn) as told, surveyed(profile):
        pass
    assert said in str(told.value)
