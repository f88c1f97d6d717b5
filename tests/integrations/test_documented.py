"""The code of the how-tos that need no other package."""

from __future__ import annotations

from typing import Any

from django.test import RequestFactory

from sojourn.contrib.django.adapter import Adapter
from sojourn.contrib.django.settings import read
from tests.integrations import documented


def test_the_settings_for_rest_framework_can_be_used() -> None:
    names: dict[str, Any] = documented.run("with-drf.md")
    found, problems = read(names["SOJOURN"])
    assert (found.PASSIVE_PATHS, problems) == (("/api/notifications/",), [])


def test_the_adapter_for_another_way_to_act_as_a_user_says_so() -> None:
    names: dict[str, Any] = documented.run("with-hijack.md")
    assert read(names["SOJOURN"])[1] == []
    site: Adapter = names["OurAdapter"]()
    assert site.impersonating(RequestFactory().post("/support/act-as/"))
    assert not site.impersonating(RequestFactory().post("/login/"))
