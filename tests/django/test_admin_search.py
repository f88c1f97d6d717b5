"""The list of sessions in the admin: what is found, in which order, page by page, and what a page costs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localtime

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.administration.search import PAGE, USERS
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.records import DeviceClass, EndReason
from sojourn.core.timeouts import MINUTE
from tests.django.administrators import VIEWER, again, listed, session, signed_in, text, url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("any_store", "no_limit")]


@pytest.fixture
def viewer():
    return signed_in("vera", *VIEWER)


@pytest.fixture
def found(viewer):
    """Asks for a page of the list; the sessions on it, without the one that asks."""

    def ask(**asked):
        response = viewer.get(url("changelist"), asked)
        assert response.status_code == 200
        mine = {row.sid for row in response.context["rows"] if row.mine}
        return [sid for sid in listed(response) if sid not in mine]

    return ask


class TestWhatIsFound:
    def test_open_sessions_of_everybody_newest_first(self, found, ada, bob, clock):
        first = session(ada)
        clock.advance(1)
        second = session(bob)
        clock.advance(1)
        control().end(first.subject, [first.sid], EndReason.LOGOUT)
        third = session(ada)
        assert found() == [third.sid, second.sid]
        assert set(found(standing="over")) == {first.sid}
        assert len(found(standing="any")) == 3

    @pytest.mark.parametrize("words", ["bob", "BO", "bob@example", "@EXAMPLE.org"])
    def test_by_a_part_of_the_user_name_or_of_the_mail_address(self, found, ada, bob, words):
        User.objects.filter(pk=ada.pk).update(email="ada@elsewhere.org")
        session(ada)
        wanted = session(bob)
        assert found(user=words) == [wanted.sid]

    def test_by_the_subject_itself_even_if_nobody_is_known_by_it(self, found, ada, bob):
        wanted = session(bob)
        session(ada)
        bob.delete()  # which ends it
        assert found(user=wanted.subject, standing="any") == [wanted.sid]

    def test_a_name_that_nobody_has_finds_nothing(self, found, ada):
        session(ada)
        assert found(user="zoe") == []

    @pytest.mark.parametrize(
        ("asked", "value"),
        [
            ("device", "fire"),
            ("device", "ANDROID"),
            ("device_class", "phone"),
            ("address", "192.0.2."),
            ("client", "shop"),
        ],
    )
    def test_by_what_is_known_of_the_session(self, found, ada, asked, value):
        wanted = session(ada, kind=DeviceClass.PHONE, os="Android", address="192.0.2.7", client="shop")
        session(ada, family="Safari", os="macOS", address="198.51.100.7", client="shop-2")
        assert found(**{asked: value}) == [wanted.sid]

    def test_a_wildcard_of_the_database_is_only_a_character(self, found, ada):
        session(ada, address="192.0.2.7")
        assert found(address="192_") == found(address="%") == found(device="%") == []

    def test_by_the_reason_of_the_end_which_only_ended_sessions_have(self, found, ada):
        wanted, other = session(ada), session(ada)
        control().end(wanted.subject, [wanted.sid], EndReason.EVICTED)
        control().end(other.subject, [other.sid], EndReason.LOGOUT)
        assert found(reason="evicted") == [wanted.sid]
        assert found(reason="evicted", standing="any") == [wanted.sid]

    def test_by_when_it_was_signed_in_in_the_readers_time(self, found, ada, clock):
        early = session(ada)
        clock.advance(4 * MINUTE)
        late = session(ada)
        between = localtime(datetime.fromtimestamp((early.created + 2 * MINUTE) / 1000, UTC)).strftime("%Y-%m-%dT%H:%M")
        assert found(since=between, standing="any") == [late.sid]
        assert found(before=between, standing="any") == [early.sid]

    def test_what_time_has_ended_is_not_open_though_nobody_has_noted_it(self, viewer, ada, clock):
        wanted = session(ada)
        clock.advance(31 * MINUTE)
        viewer = again("vera")
        response = viewer.get(url("changelist"), {"user": "ada"})
        assert listed(response) == []
        response = viewer.get(url("changelist"), {"user": "ada", "standing": "over"})
        assert listed(response) == [wanted.sid]
        assert "Not used for too long" in text(response)

    def test_more_users_than_are_looked_for_are_said_and_the_shortest_names_are_among_them(self, viewer):
        User.objects.bulk_create(User(username=f"someone-{number}") for number in range(USERS + 1))
        short = User.objects.create(username="someone")
        wanted = session(short)
        response = viewer.get(url("changelist"), {"user": "someone"})
        assert listed(response) == [wanted.sid]
        assert "Write more of the name" in text(response)
        assert "Write more of the name" not in text(viewer.get(url("changelist"), {"user": "someone-20"}))


class TestWhatCannotBeSearchedFor:
    @pytest.mark.parametrize(
        "asked",
        [
            {"standing": "dead"},
            {"reason": "boredom"},
            {"device_class": "fridge"},
            {"since": "yesterday"},
            {"before": "0000-00-00T99:99"},
            {"user": "x" * 256},
            {"user": "a\0b"},
            {"address": "1" * 65},
        ],
    )
    def test_it_is_said_and_nothing_is_shown(self, viewer, ada, asked):
        session(ada)
        response = viewer.get(url("changelist"), asked)
        assert response.status_code == 400
        assert "cannot be searched for" in text(response)
        assert listed(response) == []

    @pytest.mark.parametrize("cursor", ["", "1", "x.y", "1.2", "-1.00", "9" * 30 + ".00" + "a" * 22, "1." + "a" * 5000])
    @pytest.mark.parametrize("direction", ["older", "newer"])
    def test_a_place_that_is_none_is_the_first_page(self, found, ada, direction, cursor):
        wanted = session(ada)
        assert found(user="ada", **{direction: cursor}) == [wanted.sid]


class TestPages:
    @pytest.fixture
    def many(self, ada, clock):
        """Two and a half pages of sessions, the newest first."""
        made = []
        for _ in range(PAGE * 5 // 2):
            clock.advance(1)
            made.append(session(ada).sid)
        return made[::-1]

    def test_each_session_is_on_one_page_on_the_way_down_and_on_the_way_up(self, viewer, many):
        seen, pages = [], []
        response = viewer.get(url("changelist"), {"user": "ada"})
        while True:
            seen += listed(response)
            pages.append(listed(response))
            if not response.context["older"]:
                break
            response = viewer.get(url("changelist") + response.context["older"])
        assert seen == many
        assert len(pages) == 3
        response = viewer.get(url("changelist") + response.context["newer"])
        assert listed(response) == pages[1]
        response = viewer.get(url("changelist") + response.context["newer"])
        assert listed(response) == pages[0]
        assert response.context["newer"] == ""

    def test_the_search_goes_along_from_page_to_page(self, viewer, many, bob):
        session(bob)
        response = viewer.get(url("changelist"), {"user": "ada", "device": "firefox"})
        response = viewer.get(url("changelist") + response.context["older"])
        assert response.context["form"]["device"].value() == "firefox"
        assert listed(response) == many[PAGE : 2 * PAGE]

    def test_it_counts_what_is_found(self, viewer, many):
        assert f"{len(many)} sessions" in text(viewer.get(url("changelist"), {"user": "ada"}))

    def test_it_does_not_count_for_ever(self, viewer, many, monkeypatch):
        monkeypatch.setattr("sojourn.contrib.django.administration.listing.COUNTED", 100)
        assert "More than 100 sessions" in text(viewer.get(url("changelist"), {"user": "ada"}))

    def test_a_full_page_of_many_users_takes_no_more_queries_than_one_row(
        self, viewer, ada, bob, django_assert_num_queries
    ):
        from django.db import connection

        session(ada)
        with CaptureQueriesContext(connection) as one:
            viewer.get(url("changelist"))
        people = [User(username=f"user-{number}") for number in range(PAGE)]
        for user in User.objects.bulk_create(people):
            session(user)
        with CaptureQueriesContext(connection) as many:
            response = viewer.get(url("changelist"))
        assert len(listed(response)) == PAGE
        assert len({row.user_name for row in response.context["rows"]}) == PAGE
        assert len(many) <= len(one)


class TestNames:
    def test_who_cannot_be_found_is_shown_by_their_subject(self, viewer, bob):
        gone = session(bob)
        bob.delete()
        page = text(viewer.get(url("changelist"), {"standing": "any"}))
        assert f"{gone.subject} ( not known )" in page or f"{gone.subject} (not known)" in page

    def test_another_user_with_the_key_of_a_deleted_one_is_not_taken_for_them(self, viewer, bob):
        gone = session(bob)
        key = bob.pk
        bob.delete()
        User.objects.create(pk=key, username="newcomer", date_joined=datetime(2001, 1, 1, tzinfo=UTC))
        assert adapter().users_of([gone.subject]) == {}

    def test_where_the_site_names_its_subjects_the_page_says_why_there_are_no_names(self, viewer, bob, sojourn):
        sojourn(SUBJECT="tests.django.administrators.subject_by_mail")
        viewer = again("vera")
        session(bob)
        response = viewer.get(url("changelist"), {"user": "bob"})
        assert [row.user_name for row in response.context["rows"]] == ["mail:bob@example.org"]
        assert "setting SUBJECT" in text(response)

    @pytest.mark.parametrize(
        "subject", ["", "auth.user", "auth.user|", "auth.user|x", "auth.user|" + "9" * 40, "other.user|1", "||", "é|1"]
    )
    def test_a_subject_of_another_form_belongs_to_nobody(self, ada, subject):
        assert adapter().users_of([subject]) == {}

    def test_what_a_browser_and_a_network_say_is_never_markup(self, viewer, ada):
        evil = "<script>alert(1)</script>"
        User.objects.filter(pk=ada.pk).update(username=evil)
        shown = session(ada, family=evil, os='"><img src=x>', address=evil[:60], client=evil, place=evil)
        for page in (url("changelist"), url("change", shown.sid), url("subject", shown.subject)):
            source = viewer.get(page).content.decode()
            assert "&lt;script&gt;" in source
            assert evil not in source
            assert "<img src=x>" not in source
