"""What administrators do to sessions: each act asks first, wants a reason, and is put on record."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User

from sojourn.contrib.django.administration import matching
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.errors import StoreUnavailable
from sojourn.core.records import EndReason
from sojourn.core.timeouts import HOUR
from tests.django.administrators import ALL, ENDER, VIEWER, again, session, signed_in, staff, text, url
from tests.django.browser import Browser, open_sessions, reasons, sids, subject

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("any_store", "no_limit")]

WHY = "a stolen laptop"
YES = {"confirmed": "1", "note": WHY}


@pytest.fixture
def admin():
    """The browser of somebody who may do everything, but is no superuser."""
    return signed_in("root", *ALL)


def log(user=None):
    return [(entry.user.username, entry.change_message) for entry in LogEntry.objects.order_by("pk")]


class TestEveryAct:
    @pytest.fixture(params=["end", "end_subject", "end_all", "end_matching", "pause", "resume"])
    def act(self, request, ada):
        target = session(ada)
        control().pause(subject("ada"), by="command")
        if request.param == "end_matching":
            return url("end_matching") + "?user=ada"
        key = {"end": target.sid, "end_all": ""}.get(request.param, target.subject)
        return url(request.param, key)

    def nothing_happened(self):
        return len(sids()) == 1 and control().store.roster(subject("ada")).profile.pause.by == "command" and not log()

    def test_nothing_happens_by_a_link(self, admin, act):
        response = admin.get(act)
        assert response.status_code == 200
        assert "Your reason" in text(response)
        assert self.nothing_happened()

    def test_nothing_happens_by_a_post_that_nobody_confirmed(self, admin, act):
        assert admin.post(act, {"note": WHY}).status_code == 200
        assert self.nothing_happened()

    @pytest.mark.parametrize("note", ["", "   ", "x" * 256, "a\0b"])
    def test_nothing_happens_without_a_reason(self, admin, act, note):
        assert admin.post(act, {"confirmed": "1", "note": note}).status_code == 400
        assert self.nothing_happened()

    def test_nothing_happens_without_the_csrf_token(self, act):
        staff("root", *ALL)
        strict = Browser(enforce_csrf_checks=True)
        page = strict.get("/login/").content.decode()
        token = page.split('csrfmiddlewaretoken" value="')[1].split('"')[0]
        assert strict.sign_in("root", data={"csrfmiddlewaretoken": token}).status_code == 302
        assert strict.post(act, YES | {"phrase": "end all sessions", "as_of": "1"}).status_code == 403
        assert self.nothing_happened()

    @pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
    def test_other_methods_do_nothing(self, admin, act, method):
        assert getattr(admin, method)(act).status_code == 405
        assert self.nothing_happened()


class TestEndingOne:
    def test_it_is_dead_at_its_next_request_on_every_engine(self, engine, admin, ada):
        browser = Browser()
        browser.sign_in()
        (sid,) = sids()
        assert admin.post(url("end", sid), YES).status_code == 302
        assert browser.get("/whoami/").status_code == 401
        assert browser.who() == ""

    def test_who_and_why_are_on_record(self, admin, ada):
        target = session(ada)
        admin.post(url("end", target.sid), YES)
        ended = control().store.find(target.sid)
        assert (ended.end_reason, ended.ended_by, ended.end_note) == (EndReason.OPERATOR, "admin:root", WHY)
        assert log() == [("root", f"1 session was ended. Reason: {WHY}")]
        assert LogEntry.objects.get().get_admin_url() == url("change", target.sid)
        page = text(admin.get(url("change", target.sid)))
        assert "Ended by an administrator" in page
        assert "admin:root" in page
        assert WHY in page

    def test_the_user_learns_neither_who_nor_why(self, admin, ada):
        browser, other = Browser(), Browser()
        browser.sign_in()
        (sid,) = sids()
        other.sign_in()
        admin.post(url("end", sid), YES)
        for response in (
            browser.get("/whoami/"),
            browser.get("/whoami/", headers={"accept": "application/json"}),
            other.get("/sessions/"),
            other.get("/sessions/", headers={"accept": "application/json"}),
        ):
            assert WHY not in response.content.decode()
            assert "root" not in response.content.decode()

    def test_what_is_over_already_stays_as_it_ended(self, admin, ada):
        target = session(ada)
        control().end(target.subject, [target.sid], EndReason.LOGOUT)
        assert admin.post(url("end", target.sid), YES).status_code == 302
        assert reasons() == [EndReason.LOGOUT]
        assert log() == []

    @pytest.mark.parametrize("sid", ["x", "00" + "a" * 22, "00" + "a" * 500, "%00", "..%2f"])
    def test_a_session_that_is_not_there_is_not_found(self, admin, sid):
        assert admin.get(url("end", sid)).status_code == 404
        assert admin.post(url("end", sid), YES).status_code == 404
        assert admin.get(url("change", sid)).status_code == 404

    def test_a_reason_that_looks_like_django_s_own_log_does_not_break_the_log(self, admin, ada):
        admin.post(url("end", session(ada).sid), {**YES, "note": '[{"added": 1}]'})
        root = User.objects.get(username="root")
        root.is_superuser = True
        root.save()
        assert admin.get("/admin/").status_code == 200


class TestEndingTheSelected:
    def test_those_that_are_checked_end_and_no_others(self, admin, ada, bob):
        first, second, third = session(ada), session(bob), session(bob)
        chosen = {"sid": [first.sid, second.sid]}
        asked = admin.post(url("end_selected"), chosen)
        assert "End 2 sessions" in text(asked)
        assert sorted([first.sid, second.sid]) == sorted(row.sid for row in asked.context["rows"])
        admin.post(url("end_selected"), chosen | YES)
        assert (sids(), sids("bob")) == ([], [third.sid])
        assert {entry.object_id for entry in LogEntry.objects.all()} == {first.sid, second.sid}

    def test_nothing_checked_is_said(self, admin):
        response = admin.post(url("end_selected"), {"sid": ["x", ""]}, follow=True)
        assert "No open session was selected" in text(response)

    def test_one_s_own_may_be_checked_and_the_page_says_what_that_means(self, admin):
        (mine,) = sids("root")
        assert "you will be signed out" in text(admin.post(url("end_selected"), {"sid": [mine]}))
        admin.post(url("end_selected"), {"sid": [mine]} | YES)
        assert admin.get(url("changelist")).status_code == 401

    def test_a_store_that_goes_away_half_way_leaves_what_ended_on_record(self, admin, ada, bob, monkeypatch):
        chosen = [session(ada).sid, session(bob).sid]
        answer = control().end

        def away(subject_, *args, **more):
            if subject_ == subject("bob"):
                raise StoreUnavailable
            return answer(subject_, *args, **more)

        monkeypatch.setattr(control(), "end", away)
        assert admin.post(url("end_selected"), {"sid": chosen} | YES).status_code == 503
        assert (sids(), sids("bob")) == ([], chosen[1:])
        assert [entry.object_id for entry in LogEntry.objects.all()] == chosen[:1]


class TestEndingAllOfAUser:
    def test_all_of_theirs_end_and_nobody_else_s(self, admin, ada, bob):
        session(ada), session(ada)
        other = session(bob)
        assert "ada" in text(admin.get(url("end_subject", subject("ada"))))
        admin.post(url("end_subject", subject("ada")), YES)
        assert (sids(), sids("bob")) == ([], [other.sid])

    def test_it_stands_in_the_history_of_the_user_s_own_page(self, admin, ada):
        session(ada)
        admin.post(url("end_subject", subject("ada")), YES)
        boss = again("ada")
        history = boss.get(f"/admin/auth/user/{ada.pk}/history/")
        assert WHY in text(history)

    def test_of_somebody_whom_nobody_knows_any_more(self, admin, bob):
        key = subject("bob")
        bob.delete()
        assert admin.post(url("end_subject", key), YES).status_code == 302
        assert LogEntry.objects.get().object_id == key

    def test_one_s_own_session_in_use_is_spared_unless_one_says_otherwise(self, admin):
        (mine,) = sids("root")
        again("root")
        admin.post(url("end_subject", subject("root")), YES)
        assert sids("root") == [mine]
        admin.post(url("end_subject", subject("root")), YES | {"own": "on"})
        assert sids("root") == []

    @pytest.mark.parametrize("key", ["x" * 256, "a\nb"])
    def test_what_cannot_be_a_subject_is_not_found(self, admin, key):
        assert admin.get(url("subject", key)).status_code == 404
        assert admin.post(url("end_subject", key), YES).status_code == 404


class TestEndingAllThatASearchFinds:
    def ask(self, admin, query, **more):
        page = admin.get(url("end_matching") + query)
        as_of = page.context["form"]["as_of"].value()
        return admin.post(url("end_matching") + query, YES | {"as_of": as_of} | more, follow=True)

    def test_it_ends_what_the_search_finds_and_nothing_else(self, admin, ada, bob, clock):
        session(ada), session(ada)
        kept = session(bob), session(ada, family="Safari")
        clock.advance(1)
        assert "These are 2 sessions" in text(admin.get(url("end_matching") + "?user=ada&device=firefox"))
        assert "2 sessions were ended" in text(self.ask(admin, "?user=ada&device=firefox"))
        assert {*sids(), *sids("bob")} == {each.sid for each in kept}
        assert log() == [("root", f"2 sessions were ended. Reason: {WHY}")]

    def test_one_s_own_is_spared_unless_one_says_otherwise(self, admin, ada, clock):
        (mine,) = sids("root")
        session(ada)
        clock.advance(1)
        self.ask(admin, "?device=firefox")
        assert (sids(), sids("root")) == ([], [mine])
        self.ask(admin, "?device=firefox", own="on")
        assert sids("root") == []

    def test_who_signs_in_after_the_question_is_not_meant(self, admin, ada, clock):
        session(ada)
        clock.advance(1)
        page = admin.get(url("end_matching") + "?user=ada")
        clock.advance(1)
        late = session(ada)
        admin.post(url("end_matching") + "?user=ada", YES | {"as_of": page.context["form"]["as_of"].value()})
        assert sids() == [late.sid]

    def test_it_goes_on_step_by_step_until_nothing_is_left(self, admin, ada, clock, monkeypatch):
        monkeypatch.setattr(matching, "STEP", 0.0)
        monkeypatch.setattr(matching, "_BATCH", 10)
        for _ in range(25):
            session(ada)
            clock.advance(1)
        response = self.ask(admin, "?user=ada")
        steps = [len(sids())]
        while "hidden" in response.context and response.status_code == 200 and "Go on" in text(response):
            assert "sojourn/administration.js" in response.content.decode()
            response = admin.post(url("end_matching") + "?user=ada", dict(response.context["hidden"]), follow=True)
            steps.append(len(sids()))
        assert steps == [15, 5, 0]
        assert "25 sessions were ended" in text(response)
        assert [message.split(" ")[0] for _, message in log()] == ["10", "10", "5"]
        assert {ended.end_note for ended in control().store.history(subject(), 100)} == {WHY}

    def test_a_store_that_goes_away_half_way_is_tried_again_and_what_ended_is_on_record(
        self, admin, ada, bob, clock, monkeypatch
    ):
        for user in (ada, bob):
            session(user, address="192.0.2.1")
            clock.advance(1)
        answer = control().end
        begun = []

        def away(*args, **more):
            begun.append(1)
            if len(begun) == 2:
                raise StoreUnavailable
            return answer(*args, **more)

        monkeypatch.setattr(control(), "end", away)
        response = self.ask(admin, "?address=192.0.2.1")
        assert "1 session was ended." in text(response)
        assert len(sids() + sids("bob")) == 1
        assert log() == [("root", f"1 session was ended. Reason: {WHY}")]
        response = admin.post(url("end_matching") + "?address=192.0.2.1", dict(response.context["hidden"]), follow=True)
        assert "2 sessions were ended." in text(response)
        assert sids() + sids("bob") == []

    def test_a_search_for_nothing_in_particular_needs_the_permission_to_end_all(self, ada):
        session(ada)
        ender = signed_in("eve", *ENDER)
        for response in (ender.get(url("end_matching")), ender.post(url("end_matching"), YES | {"as_of": 2**50})):
            assert response.status_code == 403
        assert len(sids()) == 1

    def test_a_search_that_is_none_ends_nothing(self, admin, ada):
        session(ada)
        for query in ("?since=yesterday", "?user=" + "x" * 300):
            admin.post(url("end_matching") + query, YES | {"as_of": 2**50})
        assert len(sids()) == 1

    @pytest.mark.parametrize("bad", [{"as_of": "x"}, {"as_of": "-1"}, {}, {"as_of": "1", "after": "x"}])
    def test_an_answer_that_is_none_ends_nothing(self, admin, ada, bad):
        session(ada)
        assert admin.post(url("end_matching") + "?user=ada", YES | bad).status_code == 400
        assert len(sids()) == 1

    def test_ended_ones_are_no_longer_to_be_ended(self, admin, ada):
        gone = session(ada)
        control().end(gone.subject, [gone.sid], EndReason.LOGOUT)
        response = admin.get(url("end_matching") + "?user=ada&standing=over&reason=logout", follow=True)
        assert "finds no open session" in text(response)

    @pytest.mark.parametrize("query", ["?reason=logout", "?standing=over&user=ada", "?standing=any&reason=logout"])
    def test_a_search_for_ended_ones_ends_none_that_is_open(self, ada, query):
        session(ada)
        ender = signed_in("eve", *ENDER)
        assert "finds no open session" in text(ender.get(url("end_matching") + query, follow=True))
        response = ender.post(url("end_matching") + query, YES | {"as_of": 2**50}, follow=True)
        assert "finds no open session" in text(response)
        assert len(sids()) == 1


class TestEndingEverybodys:
    def test_all_are_dead_at_once_with_who_and_why_on_record(self, admin, ada, bob, clock):
        browser = Browser()
        browser.sign_in()
        session(bob)
        clock.advance(1)
        response = admin.post(url("end_all"), YES | {"phrase": " End ALL sessions "})
        assert response.status_code == 200
        assert "3 endings were written down" in text(response)
        assert browser.get("/whoami/").status_code == 401
        assert admin.get(url("changelist")).status_code == 401
        for name in ("ada", "bob", "root"):
            (ended,) = control().store.history(subject(name), 10)
            assert (ended.end_reason, ended.ended_by, ended.end_note) == (EndReason.EPOCH, "admin:root", WHY)
        assert log() == [("root", f"All were ended. Reason: {WHY}")]

    @pytest.mark.parametrize("phrase", ["", "yes", "end all session"])
    def test_the_phrase_must_be_typed(self, admin, ada, phrase):
        session(ada)
        assert admin.post(url("end_all"), YES | {"phrase": phrase}).status_code == 400
        assert len(sids()) == 1

    def test_what_cannot_be_written_down_in_time_is_dead_all_the_same(self, admin, ada, bob, clock, monkeypatch):
        monkeypatch.setattr("sojourn.contrib.django.administration.everybody.STEP", -1.0)
        session(ada), session(bob)
        clock.advance(1)
        response = admin.post(url("end_all"), YES | {"phrase": "end all sessions"})
        assert "manage.py sojourn purge" in text(response)
        assert open_sessions() == open_sessions("bob") == []
        control().sweep()
        assert reasons() == reasons("bob") == [EndReason.EPOCH]


class TestPausing:
    def test_a_paused_user_cannot_sign_in_and_a_resumed_one_can(self, admin, ada):
        admin.post(url("pause", subject()), YES)
        browser = Browser()
        browser.sign_in()
        assert browser.who() == ""
        page = text(admin.get(url("subject", subject())))
        assert "Sign-ins are paused" in page
        assert "admin:root" in page
        assert WHY in page
        admin.post(url("resume", subject()), {"confirmed": "1", "note": "found again"})
        browser.sign_in()
        assert browser.who() == "ada"
        assert [message for _, message in log()] == [
            f"Sign-ins are paused. Reason: {WHY}",
            "They can sign in again. Reason: found again",
        ]

    def test_open_sessions_go_on_unless_they_are_to_end(self, admin, ada):
        session(ada)
        admin.post(url("pause", subject()), YES)
        assert len(sids()) == 1
        admin.post(url("pause", subject()), YES | {"end_too": "on"})
        assert sids() == []

    def test_a_pause_may_have_an_end(self, admin, ada, clock):
        from django.utils.timezone import localtime

        from sojourn.contrib.django.presentation import moment

        until = localtime(moment(clock() + HOUR)).strftime("%Y-%m-%dT%H:%M")
        admin.post(url("pause", subject()), YES | {"until": until})
        browser = Browser()
        browser.sign_in()
        assert browser.who() == ""
        clock.advance(HOUR)
        browser.sign_in()
        assert browser.who() == "ada"

    @pytest.mark.parametrize("until", ["2001-01-01T00:00", "9999-12-31T23:59", "soon", "0001-01-01T00:00"])
    def test_an_end_that_is_past_or_beyond_all_plans_is_not_taken(self, admin, ada, until):
        assert admin.post(url("pause", subject()), YES | {"until": until}).status_code == 400
        assert control().store.roster(subject()).profile.pause is None

    def test_nobody_pauses_themselves(self, admin):
        response = admin.post(url("pause", subject("root")), YES, follow=True)
        assert "You cannot pause your own sign-ins" in text(response)
        assert control().store.roster(subject("root")).profile.pause is None

    def test_who_may_pause_but_not_end_does_not_end(self, ada):
        session(ada)
        warden = signed_in("wanda", *VIEWER, "pause_subject")
        assert "End their open sessions" not in text(warden.get(url("pause", subject())))
        warden.post(url("pause", subject()), YES | {"end_too": "on"})
        assert control().store.roster(subject()).profile.pause is not None
        assert len(sids()) == 1
