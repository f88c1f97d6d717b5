"""Who may look, end, end all and pause: by every address of ours in the admin, with every method."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connections
from django.urls import resolve

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.administration.registration import SessionAdmin
from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.models import Session
from tests.django.administrators import ALL, ENDER, VIEWER, session, signed_in, staff, text, url
from tests.django.browser import PASSWORD, Browser, sids, subject

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("any_store", "no_limit")]

METHODS = ["get", "head", "post", "put", "patch", "delete", "options", "trace"]
LOOKING = {"changelist", "dashboard", "change", "subject"}
ENDING = {"end", "end_selected", "end_matching", "end_subject"}
NEEDED = {
    **{key: {"view_session"} for key in LOOKING},
    **{key: {"view_session", "end_session"} for key in ENDING},
    "end_all": {"view_session", "end_session", "end_all_sessions"},
    **{key: {"view_session", "pause_subject"} for key in ("pause", "resume")},
}
"""The permissions that each page asks for. A page that is added is written down here, or the first test fails."""
WHO = {
    "staff": (),
    "viewer": VIEWER,
    "ender": ENDER,
    "pauser": (*VIEWER, "pause_subject"),
    "who may end but not look": ("end_session", "end_all_sessions", "pause_subject"),
    "all": ALL,
}


def pages() -> dict[str, str]:
    """Every page of ours in the admin, from its own URL configuration, with its address for a session of ada's."""
    from django.contrib import admin

    names = [pattern.name.removeprefix("sojourn_session_") for pattern in SessionAdmin(Session, admin.site).get_urls()]
    keys = dict.fromkeys(("change", "end"), sids()[0]) | dict.fromkeys(
        ("subject", "end_subject", "pause", "resume"), subject()
    )
    return {name: url(name, keys.get(name, "")) + ("?user=ada" if name == "end_matching" else "") for name in names}


def everything(name: str) -> dict[str, object]:
    """The answers to all that any of the pages asks."""
    sid = sids()[0] if sids() else ""
    return {"confirmed": "1", "note": "why", "phrase": "end all sessions", "as_of": str(2**50), "sid": [sid]}


@pytest.fixture
def target(ada, clock):
    """A session that is not to end, of a user who is not to be paused, nor let go."""
    found = session(ada)
    control().pause(found.subject, by="command", note="before")
    clock.advance(1)
    return found


def untouched(target) -> bool:
    pause = control().store.roster(target.subject).profile.pause
    return sids() == [target.sid] and pause is not None and pause.note == "before" and not LogEntry.objects.exists()


def test_every_page_says_what_it_needs(target):
    assert set(pages()) == set(NEEDED)


@pytest.mark.parametrize("method", METHODS)
def test_a_stranger_gets_nowhere(target, method):
    for name, page in pages().items():
        response = getattr(Browser(), method)(page, everything(name))
        assert response.status_code == 302, name
        assert response.url.startswith("/admin/login/")
    assert untouched(target)


@pytest.mark.parametrize("method", METHODS)
def test_a_user_who_is_no_staff_gets_nowhere_whatever_permissions_they_have(target, method):
    staff("eve", *ALL)
    User.objects.filter(username="eve").update(is_staff=False)
    browser = Browser()
    browser.sign_in("eve")
    for name, page in pages().items():
        response = getattr(browser, method)(page, everything(name))
        assert response.status_code in {302, 405}, (name, response.status_code)
    assert untouched(target)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("who", WHO)
def test_nobody_does_what_their_permissions_do_not_say(target, who, method):
    browser, allowed = signed_in("eve", *WHO[who]), set(WHO[who])
    for name, page in pages().items():
        if allowed >= NEEDED[name]:
            continue
        response = getattr(browser, method)(page, everything(name))
        assert response.status_code == 403, (name, response.status_code)
        assert "ada" not in text(response)
    assert untouched(target)


@pytest.mark.parametrize("who", WHO)
def test_what_the_permissions_say_is_open(target, who):
    browser, allowed = signed_in("eve", *WHO[who]), set(WHO[who])
    answers = {name: browser.get(page).status_code for name, page in pages().items() if allowed >= NEEDED[name]}
    assert set(answers.values()) <= {200, 302}
    assert {name for name, status in answers.items() if status == 302} <= {"end_selected"}
    assert untouched(target)


@pytest.mark.parametrize("method", [method for method in METHODS if method != "post"])
def test_nothing_is_done_but_by_post(target, method):
    browser = signed_in("eve", *ALL)
    for name, page in pages().items():
        getattr(browser, method)(page, everything(name))
    assert untouched(target)


def test_no_page_holds_everybody_up_until_its_last_session_has_ended(target):
    for page in pages().values():
        assert resolve(page.partition("?")[0]).func._non_atomic_requests >= set(connections)


def test_no_other_site_frames_a_page_or_learns_whose_it_is(target):
    browser = signed_in("eve", *ALL)
    for page in pages().values():
        response = browser.get(page)
        assert response.headers["X-Frame-Options"] == "DENY"
        assert response.headers["Referrer-Policy"] == "same-origin"


def test_pages_show_no_button_that_would_be_refused(target):
    viewer = signed_in("vera", *VIEWER)
    for page in (url("changelist"), url("change", target.sid), url("subject", target.subject)):
        source = viewer.get(page).content.decode()
        for name in ENDING | {"end_all", "pause", "resume"}:
            key = {"end": target.sid, "end_subject": target.subject, "pause": target.subject, "resume": target.subject}
            assert f'"{url(name, key.get(name, ""))}' not in source


def test_django_s_own_forms_write_none_of_our_records(target):
    boss = Browser()
    User.objects.create_superuser("boss", password=PASSWORD)
    boss.sign_in("boss")
    for path in ("add/", f"{target.sid}/delete/", f"{target.sid}/history/"):
        assert boss.post(f"/admin/sojourn/session/{path}", {"post": "yes"}).status_code == 404
    assert boss.post(url("change", target.sid), {"state": "ended", "_save": "Save"}).status_code == 405
    actions = {"action": "delete_selected", "_selected_action": [target.sid], "post": "yes"}
    assert boss.post(url("changelist"), actions).status_code == 405
    for table in ("subject", "ticket", "outboxevent", "epoch"):
        assert boss.get(f"/admin/sojourn/{table}/").status_code == 404
    assert untouched(target)


class TestTheIndex:
    def test_sessions_are_there_for_who_may_look_and_nobody_else(self, target):
        viewer = signed_in("vera", *VIEWER)
        assert f'href="{url("changelist")}"' in viewer.get("/admin/").content.decode()
        assert viewer.get("/admin/sojourn/").status_code == 200
        other = signed_in("wim")
        assert url("changelist") not in other.get("/admin/").content.decode()
        assert other.get("/admin/sojourn/").status_code == 404

    def test_nobody_is_offered_to_add_or_change_one(self, target):
        User.objects.create_superuser("boss", password=PASSWORD)
        boss = Browser()
        boss.sign_in("boss")
        page = boss.get("/admin/").content.decode()
        assert "/admin/sojourn/session/add/" not in page
        assert f'href="{url("changelist")}" class="viewlink"' in page


class TestTheUserSPage:
    """Django's own page of a user, in the admin."""

    @pytest.fixture
    def address(self, bob):
        return f"/admin/auth/user/{bob.pk}/change/"

    def may(self, *permissions):
        from django.contrib.auth.models import Permission

        browser = signed_in("vera", *permissions)
        seen = Permission.objects.filter(content_type__app_label="auth", codename="view_user")
        User.objects.get(username="vera").user_permissions.add(*seen)
        return browser

    def test_it_leads_to_their_sessions_and_to_what_a_sign_in_would_come_to(self, address, bob):
        browser = self.may(*VIEWER)
        session(bob)
        page = browser.get(address).content.decode()
        assert f'<a href="{url("subject", subject("bob"))}">Sessions</a>' in page
        there = text(browser.get(url("subject", subject("bob"))))
        assert "Firefox on Windows" in there
        assert "The sign-in would be admitted" in there

    def test_it_does_not_for_who_may_not_look(self, address):
        page = self.may().get(address)
        assert page.status_code == 200
        assert "/admin/sojourn/" not in page.content.decode()

    def test_and_back_for_who_may_see_the_account(self, address, bob):
        session(bob)
        assert f'href="{address}"' in self.may(*VIEWER).get(url("subject", subject("bob"))).content.decode()
        other = signed_in("wim", *VIEWER)
        assert address not in other.get(url("subject", subject("bob"))).content.decode()

    def test_a_user_model_with_an_admin_of_its_own_says_one_word(self, bob, rf, monkeypatch):
        from django.contrib import admin
        from django.contrib.auth.admin import UserAdmin

        from sojourn.contrib.django.administration import UserSessionsMixin

        class OwnAdmin(UserSessionsMixin, UserAdmin):
            """As a site writes it."""

        User.objects.create_superuser("boss", password=PASSWORD)
        request = rf.get("/")
        request.user = User.objects.get(username="boss")
        response = OwnAdmin(User, admin.site).change_view(request, str(bob.pk))
        page = response.render().content.decode()
        assert url("subject", adapter().subject(bob)) in page
        assert "historylink" in page
