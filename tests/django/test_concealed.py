"""A password in SOJOURN["STORE"] is shown nowhere."""

from __future__ import annotations

import logging
from io import StringIO

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import RequestFactory
from django.views.debug import ExceptionReporter

from sojourn.contrib.django.concealed import Concealed, conceal
from sojourn.contrib.django.internal import wiring
from sojourn.contrib.django.settings import current
from sojourn.core.errors import StoreError
from sojourn.core.tokens import mint_token
from sojourn.stores.redis.address import Address

SECRET = "hunter2"
ADDRESS = f"redis://ada:{SECRET}@127.0.0.1:1/3?prefix=shop"
PLACES = [ADDRESS, f"redis://ada:{SECRET}@127.0.0.1:port/", f"redis:/ada:{SECRET}@127.0.0.1/0", f"x://{SECRET}"]


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, settings: object, sojourn: object) -> str:
    """An address with a password, one that can be used among others, as a site has it when it has started."""
    sojourn(STORE=request.param)
    conceal()
    return request.param


def test_it_stays_the_text_that_it_is(place):
    assert django_settings.SOJOURN["STORE"] == place
    assert isinstance(django_settings.SOJOURN["STORE"], str)


def test_djangos_page_for_errors_does_not_show_it(place, settings):
    settings.DEBUG = True
    try:
        wiring.control().authenticate(mint_token(0).reveal())
        current()
    except (ImproperlyConfigured, StoreError) as error:
        inside = error.__traceback__ and error.__traceback__.tb_next  # this test knows the address, and may
        found = ExceptionReporter(RequestFactory().get("/"), type(error), error, inside)
    else:
        pytest.fail("nobody answers there")
    for page in (found.get_traceback_html(), found.get_traceback_text()):
        assert SECRET not in page
    assert "STORE" in found.get_traceback_html()


def test_no_command_shows_it(place, db):
    said = StringIO()
    for command in (["diffsettings", "--all"], ["sojourn", "doctor"], ["sojourn", "doctor", "--json"], ["check"]):
        try:
            call_command(*command, stdout=said, stderr=said)
        except (CommandError, ImproperlyConfigured) as error:
            said.write(str(error))
    try:
        call_command("sojourn", "policy", stdout=said, stderr=said)
    except Exception as error:
        said.write(f"{error!r}")
    assert SECRET not in said.getvalue()
    assert "'STORE'" in said.getvalue()


def test_no_repr_and_no_log_has_it(sojourn, caplog):
    sojourn(STORE=ADDRESS)
    with caplog.at_level(logging.DEBUG), pytest.raises(StoreError) as raised:
        wiring.control().authenticate(mint_token(0).reveal())
    everything = [repr(current()), repr(Address.parse(ADDRESS)), str(raised.value), caplog.text]
    everything += [repr(vars(each)) for each in (wiring.control(), wiring.control().store)]
    assert not [text for text in everything if SECRET in text]


def test_what_can_be_used_is_shown_without_user_password_and_options():
    shown = repr(Concealed(ADDRESS))
    assert "redis://127.0.0.1:1" in shown
    assert not [part for part in (SECRET, "ada", "shop") if part in shown]


@pytest.mark.parametrize("value", ["default", None, 5, {"x": 1}])
def test_any_other_value_is_left_alone(settings, value):
    settings.SOJOURN = before = {**settings.SOJOURN, "STORE": value}
    conceal()
    assert django_settings.SOJOURN is before


def test_settings_that_are_no_dict_are_left_alone(settings):
    settings.SOJOURN = "redis://"
    conceal()
    assert django_settings.SOJOURN == "redis://"
