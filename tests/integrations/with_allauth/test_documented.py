"""The code of docs/howto/with-allauth.md runs here."""

from __future__ import annotations

from typing import Any

from django.conf import settings as django_settings

from sojourn.contrib.django.allauth import LiveSessions
from tests.integrations import documented


def test_the_documented_setting_is_this_site_s_and_the_strategy_of_one_s_own_is_live() -> None:
    names: dict[str, Any] = documented.run("with-allauth.md")
    assert names["HEADLESS_TOKEN_STRATEGY"] == django_settings.HEADLESS_TOKEN_STRATEGY
    assert issubclass(names["OurTokenStrategy"], LiveSessions)
    assert names["OurTokenStrategy"].lookup_session is LiveSessions.lookup_session
