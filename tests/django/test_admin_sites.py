"""Admin sites of one's own, several of them, none at all: what a site has to write, and what it gets."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import override_settings
from django.urls import clear_url_caches, include, path
from django.utils.module_loading import import_string

from sojourn.contrib.django import administration
from sojourn.contrib.django.models import Session
from tests.django.administrators import VIEWER, session, signed_in, text, url
from tests.django.browser import subject
from tests.django.test_checks import ask_another_process

pytestmark = pytest.mark.django_db


@pytest.fixture
def back_office(no_limit):
    """A second admin site, beside the default one, as a site of several writes it."""
    site = admin.AdminSite("back-office")
    administration.register(site)
    urls: Any = ModuleType("urls_of_two_sites")
    urls.urlpatterns = [path("back-office/", site.urls), path("", include("tests.django_site.urls"))]
    sys.modules["urls_of_two_sites"] = urls
    with override_settings(ROOT_URLCONF="urls_of_two_sites"):
        clear_url_caches()
        yield site
    clear_url_caches()
    del sys.modules["urls_of_two_sites"]


def test_pages_of_a_second_site_lead_to_each_other_and_not_to_the_first(back_office, ada):
    browser = signed_in("vera", *VIEWER)
    target = session(ada)
    there = "/back-office/sojourn/session/"
    for page in ("", f"{url('change', target.sid)}", f"{url('subject', target.subject)}", "dashboard/"):
        source = browser.get(there + page.removeprefix(url("changelist"))).content.decode()
        assert there in source
        assert f'"{url("changelist")}' not in source
    assert 'href="/back-office/sojourn/session/"' in browser.get("/back-office/").content.decode()


def test_registering_twice_is_registering_once(back_office):
    before = back_office.get_model_admin(Session)
    administration.register(back_office)
    assert back_office.get_model_admin(Session) is before


def test_a_site_without_our_pages_has_no_link_to_them(no_limit, ada, rf, monkeypatch):
    user_admin = import_string("django.contrib.auth.admin.UserAdmin")
    bare = admin.AdminSite("bare")
    bare.register(User, user_admin)
    bare.register(Group)
    monkeypatch.setattr("sojourn.contrib.django.templatetags.sojourn_admin.reverse", _nowhere)
    request = rf.get("/")
    request.user = ada
    page = text(user_admin(User, admin.site).change_view(request, str(ada.pk)).render())
    assert "History" in page
    assert url("subject", subject()) not in page


def _nowhere(*_: object, **__: object) -> str:
    from django.urls import NoReverseMatch

    raise NoReverseMatch


def test_a_site_without_the_admin_works_and_loads_none_of_it(tmp_path):
    apps = """
        INSTALLED_APPS = [name for name in INSTALLED_APPS if name != "django.contrib.admin"]
        ROOT_URLCONF = "sojourn.contrib.django.urls"
        LOGIN_URL = "https://sso.example/"
    """
    ask = """
import sys, django
django.setup()
from django.core.checks import run_checks
from django.core.management import call_command
call_command("migrate", verbosity=0)
print([finding.id for finding in run_checks(tags=["sojourn"])], "django.contrib.admin" in sys.modules)
"""
    done = ask_another_process(tmp_path, apps, "-c", ask)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[] False"


def test_a_site_that_finds_its_admin_modules_itself_is_told_what_to_write(tmp_path):
    apps = """
        INSTALLED_APPS = [
            "django.contrib.admin.apps.SimpleAdminConfig" if name == "django.contrib.admin" else name
            for name in INSTALLED_APPS
        ]
    """
    ask = """
import django
django.setup()
from django.core.checks import run_checks
print([finding.id for finding in run_checks(tags=["sojourn"])])
"""
    done = ask_another_process(tmp_path, apps, "-c", ask)
    assert done.stdout.strip() == "['sojourn.I050']", done.stderr
