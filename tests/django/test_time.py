"""Timeouts: judged when somebody looks, never late."""

from __future__ import annotations

import pytest

from sojourn.core.records import EndReason
from sojourn.core.timeouts import DAY, HOUR, MINUTE
from tests.django.browser import reasons

pytestmark = pytest.mark.django_db


class TestTime:
    """Timeouts, judged when somebody looks."""

    def test_inactivity_ends_it(self, first, clock):
        first.sign_in()
        clock.advance(30 * MINUTE - 1)
        assert first.who() == "ada"
        clock.advance(30 * MINUTE)
        response = first.get("/private/")
        assert response.status_code == 401
        assert "not used for some time" in response.content.decode()
        assert reasons() == [EndReason.INACTIVITY_TIMEOUT]

    def test_activity_keeps_it_until_the_absolute_timeout(self, first, clock):
        first.sign_in()
        for _ in range(12 * 3 - 1):
            clock.advance(20 * MINUTE)
            assert first.get("/private/").status_code == 200
        clock.advance(20 * MINUTE)
        assert first.get("/private/").status_code == 401
        assert reasons() == [EndReason.ABSOLUTE_TIMEOUT]

    def test_a_session_that_is_over_takes_no_room(self, limit, first, second, clock):
        limit("refuse")
        first.sign_in()
        clock.advance(30 * MINUTE)
        assert second.sign_in().status_code == 302

    def test_passive_paths_are_no_activity(self, sojourn, first, clock):
        sojourn(PASSIVE_PATHS=["/plain/"])
        first.sign_in()
        for _ in range(3):
            clock.advance(9 * MINUTE)
            assert first.get("/plain/").status_code == 200
        clock.advance(3 * MINUTE)
        assert first.get("/private/").status_code == 401

    @pytest.mark.parametrize("way", [{"later": "10000000"}, {"expiry": "10000000"}])
    def test_a_persistent_session_has_timeouts_of_its_own(self, sojourn, first, clock, way):
        sojourn(PERSISTENT_INACTIVITY_TIMEOUT="14d", PERSISTENT_ABSOLUTE_TIMEOUT="30d")
        first.sign_in(url="/remembering-login/", data=way)
        clock.advance(13 * DAY)
        assert first.who() == "ada"
        clock.advance(14 * DAY)
        assert first.get("/private/").status_code == 401

    def test_a_ticked_box_makes_a_session_persistent(self, sojourn, first, clock):
        sojourn(PERSISTENT_INACTIVITY_TIMEOUT="14d", PERSISTENT_ABSOLUTE_TIMEOUT="30d")
        first.sign_in(url="/custom-login/", data={"remember_me": "true"})
        clock.advance(HOUR)
        assert first.who() == "ada"

    def test_the_record_ends_no_later_than_djangos_session(self, settings, sojourn, limit, first, second, clock):
        limit("refuse")
        sojourn(ABSOLUTE_TIMEOUT="90d", INACTIVITY_TIMEOUT="60d")
        settings.SESSION_COOKIE_AGE = 600
        first.sign_in()
        clock.advance(10 * MINUTE)
        assert second.sign_in().status_code == 302
        assert reasons() == [EndReason.CARRIER_EXPIRED]

    def test_so_it_does_where_the_view_sets_an_expiry_after_login(self, sojourn, limit, first, second, clock):
        limit("refuse")
        sojourn(ABSOLUTE_TIMEOUT="90d", INACTIVITY_TIMEOUT="60d")
        first.sign_in(url="/remembering-login/", data={"later": "600"})
        clock.advance(10 * MINUTE)
        assert second.sign_in().status_code == 302
        assert reasons() == [EndReason.CARRIER_EXPIRED]

    def test_where_django_moves_its_end_the_record_moves_too(self, settings, sojourn, first, clock):
        sojourn(ABSOLUTE_TIMEOUT="90d", INACTIVITY_TIMEOUT="60d")
        settings.SESSION_COOKIE_AGE = 600
        settings.SESSION_SAVE_EVERY_REQUEST = True
        first.sign_in()
        for _ in range(3):
            clock.advance(9 * MINUTE)
            assert first.who() == "ada"
