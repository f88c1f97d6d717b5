"""The link "this wasn't me" of a message, and the page behind it."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.core.signing import Signer
from django.test import Client
from django.urls import reverse

from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.notices.links import Kind, LinkExpired, link_of, not_me_url, read, signed
from sojourn.core.errors import InvalidInput
from sojourn.core.events import (
    ChoiceOffered,
    Event,
    EvictionsRepeated,
    SessionEnded,
    SessionRotated,
    SessionStarted,
    StartRefused,
    payload,
)
from sojourn.core.records import EndReason, Session, State
from sojourn.core.timeouts import DAY
from sojourn.stores.wrappers import InstrumentedStore
from tests.django.browser import PASSWORD, Browser, open_sessions, reasons, sids, subject

SITE = "https://app.example"
PAGE = "/sessions/not-me/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def site(sojourn: Any) -> None:
    sojourn(SITE_URL=SITE, LIMITS=[{"max_sessions": 5}])


@pytest.fixture
def stranger(ada: User) -> Browser:
    """A browser in which nobody is signed in, such as that of somebody who reads the message."""
    return Browser(enforce_csrf_checks=True)


def started(session: Session) -> dict[str, object]:
    """The event of a sign-in, as the message about it was given it; the same whenever it is asked for."""
    return payload(SessionStarted(subject=session.subject, at=session.created, id="an-event", session=session))


def newest() -> Session:
    return max(open_sessions(), key=lambda session: session.created)


def path_of(url: str) -> str:
    return url.removeprefix(SITE)


def token_in(url: str) -> str:
    return parse_qs(urlsplit(url).query)["token"][0]


def text_of(response: Any) -> str:
    page = re.sub(r"<head>.*?</head>", "", response.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def form_of(browser: Client, url: str) -> dict[str, str]:
    """Open the link; what the form there sends. Nothing is in it if the link leads nowhere."""
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', browser.get(path_of(url)).content.decode())
    return dict(found)


def press(browser: Client, url: str, end: str = "session", form: dict[str, str] | None = None) -> Any:
    """Open the link and press the button, or press it in the `form` as it was when the link was opened."""
    sent = {"token": token_in(url), **(form_of(browser, url) if form is None else form), "end": end}
    return browser.post(PAGE, sent, headers={"referer": f"{SITE}/"})


class TestLink:
    """What the link in a message is."""

    def test_it_names_the_site_and_no_other_host(self, both):
        url = not_me_url(started(newest()))
        assert url.startswith(f"{SITE}{PAGE}?token=")
        assert re.fullmatch(r"[\w.=&?/:-]+[A-Za-z0-9]", url), "so that no mail program cuts its end off"

    def test_every_copy_of_a_message_has_the_same_one(self, both, clock):
        event = started(newest())
        url = not_me_url(event)
        clock.advance(DAY)
        assert not_me_url(event) == url

    def test_there_is_none_without_the_site_s_address(self, both, sojourn):
        sojourn(SITE_URL="")
        assert not_me_url(started(newest())) == ""

    def test_there_is_none_without_our_pages(self, both, settings):
        settings.ROOT_URLCONF = "tests.django_site.urls_without_ours"
        assert not_me_url(started(newest())) == ""

    def test_what_it_is_about_depends_on_what_happened(self, both):
        one, other = both
        session = newest()
        evicted = replace(session, state=State.ENDED, end_reason=EndReason.EVICTED, ended=session.created, ended_by=one)
        facts: dict[str, Any] = {"subject": session.subject, "at": session.created}
        stopped: dict[str, Any] = {**facts, "arrival": {}, "limit": "one"}
        events: list[tuple[Event, tuple[Kind, str] | None]] = [
            (SessionStarted(**facts, session=session), (Kind.STARTED, other)),
            (SessionEnded(**facts, session=evicted), (Kind.EVICTED, one)),
            (SessionEnded(**facts, session=replace(evicted, ended_by="root")), None),
            (SessionEnded(**facts, session=replace(evicted, end_reason=EndReason.LOGOUT)), None),
            (StartRefused(**stopped), (Kind.REFUSED, "")),
            (ChoiceOffered(**stopped), (Kind.PENDING, "")),
            (EvictionsRepeated(**facts, arrival={}, against=(), outcome="ask"), (Kind.REPEATED, "")),
            (SessionRotated(**facts, session=session), None),
        ]
        for event, expected in events:
            link = link_of(payload(event))
            assert (None if link is None else (link.kind, link.question.sid)) == expected, event.type

    def test_it_is_read_as_it_was_written(self, both, clock):
        link = link_of(started(newest()))
        assert link is not None
        assert read(signed(link), clock()) == link
        with pytest.raises(LinkExpired):
            read(signed(link), link.expires)

    def test_it_outlives_a_new_secret_key_for_as_long_as_the_old_one_is_a_fallback(self, both, clock, settings):
        link = link_of(started(newest()))
        assert link is not None
        token = signed(link)
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
        assert read(token, clock()) == link
        settings.SECRET_KEY_FALLBACKS = []
        with pytest.raises(InvalidInput):
            read(token, clock())


class TestPage:
    """What is shown before anybody presses anything."""

    def test_it_tells_of_device_and_time_and_no_more_than_the_message(self, both, stranger):
        response = stranger.get(path_of(not_me_url(started(newest()))))
        assert response.status_code == 200
        shown = text_of(response)
        assert "Mobile Safari on iOS" in shown
        assert "It was not me: end that session" in shown
        assert "End all sessions of this account" in shown
        for secret in ("ada", "127.0.0.1", "example.org", "Firefox"):
            assert secret not in shown

    def test_opening_it_changes_nothing_however_and_however_often(self, both, stranger, monkeypatch):
        url = path_of(not_me_url(started(newest())))
        before = control().store.roster(subject())
        watched: Any = control().store
        counting = InstrumentedStore(watched.store)
        monkeypatch.setattr(watched, "store", counting)
        for method in ("get", "head", "options", "get", "get"):
            asked = counting.calls.total()
            getattr(stranger, method)(url, headers={"sec-purpose": "prefetch"})
            assert (counting.calls.total() == asked) is (method == "options")
        assert not {"transact", "touch", "visit"} & set(counting.calls)
        assert control().store.roster(subject()) == before
        assert stranger.get(url).status_code == 200

    def test_a_post_without_the_form_of_the_page_is_refused(self, both, stranger):
        url = not_me_url(started(newest()))
        sent = {"token": token_in(url), "end": "all"}
        assert stranger.post(PAGE, sent).status_code == 403
        assert len(sids()) == 2

    def test_so_it_is_where_the_site_has_no_middleware_that_would(self, both, stranger, settings):
        settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "Csrf" not in name]
        url = not_me_url(started(newest()))
        assert stranger.post(PAGE, {"token": token_in(url), "end": "all"}).status_code == 403
        assert "1 session was ended." in text_of(press(stranger, url))

    def test_its_address_goes_nowhere_and_no_cache_keeps_it(self, both, stranger):
        response = stranger.get(path_of(not_me_url(started(newest()))))
        assert response.headers["Referrer-Policy"] == "strict-origin"
        assert "no-store" in response.headers["Cache-Control"]
        assert response.headers["X-Frame-Options"] == "DENY"

    def test_no_log_of_ours_has_the_token(self, both, stranger, caplog):
        url = not_me_url(started(newest()))
        with caplog.at_level(logging.DEBUG):
            stranger.get(path_of(url))
            stranger.post(PAGE, {"token": token_in(url), "end": "all"})
            press(stranger, url)
            press(stranger, url)
            stranger.get(path_of(url) + "x")
        assert caplog.records, "refused and used links are logged by Django"
        # Not what Django writes of its templates for developers, below INFO: that has every request's whole address.
        ours = [each for each in caplog.records if each.name.startswith("sojourn") or each.levelno >= logging.INFO]
        assert not [each for each in ours if token_in(url)[:30] in each.getMessage()]

    def test_a_refused_sign_in_leads_to_a_list_of_what_is_open(self, both, stranger, clock):
        event = payload(StartRefused(subject=subject(), at=clock(), arrival={}, limit="one"))
        shown = text_of(stranger.get(path_of(not_me_url(event))))
        assert "gave the right password" in shown
        assert "Mobile Safari on iOS" in shown
        assert "Firefox on Windows" in shown
        assert "It was not me: end that session" not in shown
        assert "127.0.0.1" not in shown

    def test_somebody_else_who_is_signed_in_here_is_told_so(self, both, bob):
        browser = Browser()
        browser.sign_in("bob")
        url = not_me_url(started(newest()))
        assert "about another account" in text_of(browser.get(path_of(url)))
        assert press(browser, url, "all").status_code == 200
        assert sids() == []
        assert browser.who() == "bob"

    def test_a_password_that_was_changed_since_is_told(self, both, first, stranger, clock):
        url = not_me_url(started(newest()))
        assert "was changed" not in text_of(stranger.get(path_of(url)))
        clock.advance(1000)
        new = "A longer one, after tea."
        first.post("/password/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
        assert "The password of this account was changed after that, on" in text_of(stranger.get(path_of(url)))
        assert "The password of this account was changed on" in text_of(press(stranger, url, "all"))

    def test_a_password_that_nobody_saw_change_is_told_too(self, both, ada, stranger):
        url = not_me_url(started(newest()))
        ada.set_password("Another")
        User.objects.filter(pk=ada.pk).update(password=ada.password)
        assert "The password of this account was changed after that." in text_of(stranger.get(path_of(url)))


class TestButton:
    """What a press of the button does."""

    def test_it_ends_that_session_and_no_other(self, both, stranger, first, second):
        one, _ = both
        response = press(stranger, not_me_url(started(newest())))
        assert response.status_code == 200
        assert "1 session was ended." in text_of(response)
        assert sids() == [one]
        assert reasons() == [EndReason.DISOWNED]
        assert first.who() == "ada"
        assert "was not theirs" in text_of(second.get("/private/"))

    def test_it_ends_all_if_that_is_what_is_pressed(self, both, stranger):
        assert "2 sessions were ended." in text_of(press(stranger, not_me_url(started(newest())), "all"))
        assert sids() == []
        assert {*reasons()} == {EndReason.DISOWNED, EndReason.REVOKED}

    def test_no_button_is_no_answer(self, both, stranger):
        url = not_me_url(started(newest()))
        assert press(stranger, url, "everything").status_code == 200
        assert len(sids()) == 2
        assert "1 session was ended." in text_of(press(stranger, url))

    def test_it_works_once(self, both, stranger, second):
        url = not_me_url(started(newest()))
        form = form_of(stranger, url)
        press(stranger, url, form=form)
        second.get("/private/")  # where it is told why it is signed out
        second.sign_in()
        again = press(stranger, url, "all", form)
        assert again.status_code == 410
        assert "It was used before" in text_of(again)
        assert "It was used before" in text_of(stranger.get(path_of(url)))
        assert len(sids()) == 2

    def test_a_device_that_signed_in_again_is_ended_all_the_same(self, both, stranger, second, clock):
        one, other = both
        url = not_me_url(started(newest()))
        clock.advance(1000)
        second.sign_in()
        assert other not in sids()
        press(stranger, url)
        assert sids() == [one]

    def test_a_session_that_is_over_is_told_and_all_can_still_be_ended(self, both, stranger, second):
        one, _ = both
        url = not_me_url(started(newest()))
        second.post("/logout/")
        shown = text_of(stranger.get(path_of(url)))
        assert "That session is over already." in shown
        assert "It was not me: end that session" not in shown
        assert sids() == [one]
        press(stranger, url, "all")
        assert sids() == []

    def test_who_ends_their_own_session_is_signed_out_here(self, both, first):
        url = not_me_url(started(newest()))
        assert "2 sessions were ended." in text_of(press(first, url, "all"))
        assert first.session_cookie() == ""
        assert first.who() == ""
        assert first.get("/private/").status_code == 302, "and not told once more that the session has ended"

    def test_it_leads_to_the_password_reset(self, both, stranger, sojourn, settings):
        sojourn(PASSWORD_RESET_URL="/new-password/", HELP_URL="/help/")
        page = press(stranger, not_me_url(started(newest()))).content.decode()
        assert 'href="/new-password/"' in page
        assert 'href="/help/"' in page

    def test_the_owner_who_was_refused_gets_in(self, first, second, stranger, limit, sojourn, clock):
        limit("refuse")
        first.sign_in()
        assert second.sign_in().status_code == 409
        event = payload(StartRefused(subject=subject(), at=clock(), arrival={}, limit="one"))
        press(stranger, not_me_url(event), "all")
        assert second.sign_in().status_code == 302
        assert reasons() == [EndReason.REVOKED]


class TestRefusedPage:
    """Whoever is refused is told of the way out by mail, where there is one."""

    SENTENCE = "A link in it ends all sessions of the account"

    @pytest.fixture
    def refuse(self, first: Browser, second: Browser, limit: Any) -> Any:
        def go() -> str:
            limit("refuse")
            first.sign_in()
            return text_of(second.sign_in())

        return go

    def test_it_says_that_a_message_is_sent(self, refuse):
        shown = refuse()
        assert self.SENTENCE in shown
        assert "example.org" not in shown

    @pytest.mark.parametrize("keys", [{"SITE_URL": ""}, {"NOTICES": {"refused": []}}])
    def test_it_does_not_where_none_is_sent(self, refuse, sojourn, keys):
        sojourn(**keys)
        assert self.SENTENCE not in refuse()

    def test_nor_to_an_account_without_an_address(self, refuse, ada):
        User.objects.filter(pk=ada.pk).update(email="")
        assert self.SENTENCE not in refuse()


class TestWrongLinks:
    """Links that lead nowhere, each with a clear answer."""

    @pytest.fixture
    def url(self, both: tuple[str, str]) -> str:
        return not_me_url(started(newest()))

    def test_expired(self, url, stranger, clock, sojourn):
        sojourn(INACTIVITY_TIMEOUT=None, ABSOLUTE_TIMEOUT=None)
        clock.advance(7 * DAY)
        page = stranger.get(path_of(url))
        assert (page.status_code, "It is too old." in text_of(page)) == (410, True)

    @pytest.mark.parametrize(
        "change",
        [lambda t: t[:-1], lambda t: f"x{t}", lambda t: "", lambda t: t * 20, lambda t: t.upper(), lambda t: "\x00"],
        ids=["cut", "begun otherwise", "missing", "too long", "in capitals", "nothing like it"],
    )
    def test_tampered_with(self, url, stranger, change, django_assert_num_queries):
        form = {**form_of(stranger, url), "token": change(token_in(url))}
        with django_assert_num_queries(0):
            page = stranger.get(PAGE, {"token": form["token"]})
            pressed = press(stranger, url, "all", form)
        assert page.status_code == pressed.status_code == 404
        assert "It is not complete, or was changed on the way" in text_of(page)
        assert len(sids()) == 2

    @pytest.mark.parametrize(
        ("more", "version", "status"),
        [
            ({"salt": "sojourn.notices.links"}, 1, 200),
            ({"salt": "another purpose"}, 1, 404),
            ({}, 1, 404),
            ({"salt": "sojourn.notices.links"}, 2, 404),
        ],
        ids=["ours", "for something else", "for nothing in particular", "by a later release"],
    )
    def test_signed_with_our_key_but(self, both, stranger, more, version, status):
        body = [version, "started", subject(), "an-event", 1, "", 10**15]
        token = Signer(sep=".", **more).sign_object(body)
        assert stranger.get(PAGE, {"token": token}).status_code == status

    @pytest.mark.parametrize("body", [[], {}, "text", [1], [1, "nothing", "s", "e", 1, "", 10**15], [2] * 7, None])
    def test_signed_by_another_release(self, stranger, body):
        token = Signer(salt="sojourn.notices.links", sep=".").sign_object(body)
        assert stranger.get(PAGE, {"token": token}).status_code == 404

    def test_of_an_account_that_is_gone(self, url, stranger, ada):
        form = form_of(stranger, url)
        ada.delete()
        page = press(stranger, url, form=form)
        assert (page.status_code, "does not exist any more" in text_of(page)) == (410, True)

    def test_of_an_account_that_is_deactivated(self, url, stranger, ada):
        form = form_of(stranger, url)
        ada.is_active = False
        ada.save()
        page = press(stranger, url, form=form)
        assert (page.status_code, "is deactivated" in text_of(page)) == (410, True)

    def test_of_another_user_changes_nothing_of_mine(self, both, bob, stranger):
        browser = Browser()
        browser.sign_in("bob")
        (his,) = open_sessions("bob")
        press(stranger, not_me_url(started(his)), "all")
        assert (len(sids()), sids("bob")) == (2, [])

    def test_a_sid_of_somebody_else_in_a_link_ends_nothing(self, both, bob, stranger):
        forged = replace(newest(), subject=subject("bob"))
        press(stranger, not_me_url(started(forged)))
        assert len(sids()) == 2


def test_a_store_that_is_down_is_told_and_the_link_still_works_later(both, stranger, monkeypatch):
    from sojourn.core.errors import StoreUnavailable

    url = not_me_url(started(newest()))

    def fail(*_: object, **__: object) -> None:
        raise StoreUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(type(control()), "answer", fail)
        assert press(stranger, url).status_code == 503
    assert "1 session was ended." in text_of(press(stranger, url))


def test_the_page_is_open_where_every_other_asks_for_a_sign_in(both, stranger, settings):
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    assert stranger.get(path_of(not_me_url(started(newest())))).status_code == 200


def test_the_page_has_no_address_of_its_own_in_the_form(both, stranger):
    page = stranger.get(path_of(not_me_url(started(newest())))).content.decode()
    assert f'action="{reverse("sojourn:not_me")}"' in page, "so that a refused form is logged without the token"
