"""`manage.py sojourn list, end, pause, resume, explain, erase, export`: what operators do, and what is on record."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError
from django.test import override_settings

from sojourn.contrib.django.internal.wiring import control
from sojourn.contrib.django.models import Session
from sojourn.contrib.django.operations import operations
from sojourn.core.records import Arrival, Device, DeviceClass, EndReason, Roster
from sojourn.core.timeouts import HOUR, MINUTE
from tests.django.browser import JSON, Browser, open_sessions, reasons, recorded, sids, subject
from tests.django.commands import Terminal, failure, run, somebody, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_limit")]


@pytest.fixture
def two(first: Any, second: Any, clock: Any) -> tuple[Any, Any]:
    """Ada is signed in in two browsers."""
    first.sign_in()
    clock.advance(MINUTE)
    second.sign_in()
    clock.advance(1)
    return first, second


def listed(*words: str) -> list[dict[str, Any]]:
    """The sessions that `list` shows."""
    return [json.loads(line) for line in run("list", "--json", *words).splitlines()]


@pytest.fixture
def many(clock: Any, no_limit: None) -> None:
    """Sessions of many users on many devices."""
    for number in range(12):
        kind = DeviceClass.PHONE if number % 3 == 0 else DeviceClass.COMPUTER
        device = Device(kind, "Safari" if number % 2 else "Firefox", "iOS" if number % 3 == 0 else "Windows")
        who = f"subject-{number % 4}"
        control().start(Arrival(who, client="shop" if number % 2 else "", device=device, address=f"192.0.2.{number}"))
        clock.advance(MINUTE)


class TestList:
    """`list`."""

    def test_it_shows_live_sessions_the_latest_first(self, two):
        assert [each["sid"] for each in listed()] == sids()
        assert [each["user"] for each in listed()] == ["ada", "ada"]
        table = run("list").splitlines()
        assert table[0].split() == ["SESSION", "USER", "LAST", "SEEN", "DEVICE", "ADDRESS", "STANDING"]
        assert [line.split()[0] for line in table[1:]] == sids()

    def test_a_table_fits_into_eighty_columns_and_never_cuts_an_id(self, clock, monkeypatch):
        monkeypatch.setenv("COLUMNS", "80")
        device = Device(family="A browser with a long name", os="An operating system")
        control().start(
            Arrival("a-long-subject-" * 10, device=device, address="2001:db8:1111:2222:3333:4444:5555:6666")
        )
        clock.advance(HOUR)
        lines = run("list", "--standing", "any").splitlines()
        assert max(map(len, lines)) <= 80
        assert re.fullmatch(r"[0-9a-f]{2}[A-Za-z0-9_-]{22}", lines[1].split()[0])

    @pytest.mark.parametrize(
        ("words", "count"),
        [
            ((), 12),
            (("--limit", "5"), 5),
            (("--limit", "0"), 12),
            (("--subject", "subject-1"), 3),
            (("--address", "192.0.2.1"), 3),
            (("--device", "safari"), 6),
            (("--device-class", "phone"), 4),
            (("--client", "shop"), 6),
            (("--since", "5m"), 5),
            (("--before", "5m"), 7),
            (("--since", "2199-01-01"), 0),
            (("--device", "safari", "--device-class", "phone"), 2),
            (("--standing", "over"), 0),
            (("--reason", "logout"), 0),
        ],
    )
    @pytest.mark.usefixtures("many")
    def test_filters_must_all_hold(self, words, count):
        assert len(listed(*words)) == count

    @pytest.mark.usefixtures("many")
    def test_what_is_over_is_shown_with_its_reason(self):
        control().end("subject-1", None, EndReason.OPERATOR, by="command:ops", note="a theft")
        found = listed("--reason", "operator")
        assert {(each["standing"], each["ended_by"], each["note"]) for each in found} == {
            ("operator", "command:ops", "a theft")
        }
        assert len(listed("--standing", "any")) == 12

    @pytest.mark.usefixtures("many")
    def test_a_footer_says_how_many_there_are(self):
        assert "5 of 12." in run("list", "--limit", "5")
        assert " of " not in run("list")

    def test_many_pages_are_read_one_after_the_other(self, monkeypatch):
        from sojourn.contrib.django.operations import filters

        monkeypatch.setattr(filters, "PAGE_MAX", 3)
        for number in range(8):
            control().start(Arrival(f"subject-{number}"))
        assert len({each["sid"] for each in listed("--limit", "0")}) == 8
        assert len({each["sid"] for each in listed("--limit", "7")}) == 7

    def test_nothing_is_said_in_a_sentence(self, ada):
        assert run("list").strip() == "No live session is like that."
        assert run("list", "--json") == ""

    def test_a_page_costs_a_bounded_number_of_queries(self, many, django_assert_max_num_queries):
        with django_assert_max_num_queries(3):
            run("list", "--limit", "10")


class TestEnd:
    """`end`: dead at the next request, on every engine, and on record."""

    @pytest.mark.parametrize("engine", ["db", "cache", "cached_db", "file", "signed_cookies"], indirect=True)
    def test_one_that_is_ended_is_dead_at_its_next_request(self, engine, two):
        mine, other = two
        sid = sids()[0]
        assert told("end", sid, "--note", "a stolen phone", "--yes")["ended"] == [sid]
        answer = other.get("/private/", headers=JSON)
        assert (answer.status_code, answer.json()["reason"]) == (401, "operator")
        assert mine.who() == "ada"

    def test_who_did_it_and_why_is_on_record(self, two, monkeypatch):
        monkeypatch.setattr("getpass.getuser", lambda: "grace")
        run("end", "--user", "ada", "--note", "a stolen phone", "--yes")
        ended = control().store.history(subject(), 9)
        assert {(each.end_reason, each.ended_by, each.end_note) for each in ended} == {
            (EndReason.OPERATOR, "command:grace", "a stolen phone")
        }
        events = recorded("session.ended")
        assert {event["session"]["ended_by"] for event in events} == {"command:grace"}

    def test_the_browser_is_not_told_what_the_operator_wrote(self, two):
        run("end", "--user", "ada", "--note", "suspected of fraud", "--yes")
        for headers in ({}, JSON):
            assert b"fraud" not in two[0].get("/private/", headers=headers).content

    def test_what_would_end_is_shown_and_asked_for(self, two):
        with somebody("it is time", "yes"):
            out = run("end", "--user", "ada")
        assert all(sid in out for sid in [each.sid for each in control().store.history(subject(), 9)])
        assert "2 sessions were ended." in out

    @pytest.mark.parametrize("answers", [("why not", "no"), ("why not", ""), ("",)])
    def test_without_a_yes_or_a_reason_nothing_ends(self, two, answers):
        with somebody(*answers):
            assert "Nothing was changed" in failure("end", "--user", "ada")
        assert len(open_sessions()) == 2

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("--user", "ada"), "--note"),
            (("--user", "ada", "--note", "x"), "--yes"),
            (("--user", "ada", "--note", " ", "--yes"), "--note"),
            (("--user", "nobody", "--note", "x", "--yes"), "There is no user 'nobody'"),
            (("00" + "x" * 22, "--note", "x", "--yes"), "there is no session"),
            (("ann",), "write --user"),
            (("--note", "x", "--yes"), "Write one of"),
            (("--all", "--user", "ada", "--note", "x", "--yes"), "Write one of"),
            (("--user", "ada", "--subject", "x", "--note", "x", "--yes"), "either"),
            (("--since", "soon", "--note", "x", "--yes"), "neither a duration"),
            (("--subject", "\x00", "--note", "x", "--yes"), "255 bytes"),
            (("--address", "", "--note", "x", "--yes"), "--address"),
            (("--device", "", "--user", "ada", "--note", "x", "--yes"), "--device"),
        ],
    )
    def test_what_cannot_be_meant_changes_nothing_and_says_what_to_write(self, two, words, said):
        assert said in failure("end", *words)
        assert len(open_sessions()) == 2

    def test_one_of_an_unknown_id_spoils_all(self, two):
        assert "there is no session" in failure("end", *sids(), "00" + "x" * 22, "--note", "x", "--yes")
        assert len(open_sessions()) == 2

    @pytest.mark.usefixtures("many")
    def test_filters_pick_whom_it_ends(self):
        assert len(told("end", "--device-class", "phone", "--note", "x", "--yes")["ended"]) == 4
        assert {each["device_class"] for each in listed()} == {"computer"}

    def test_what_is_over_already_keeps_its_reason(self, two):
        sid = sids()[0]
        two[1].post("/logout/")
        assert told("end", sid, "--note", "x", "--yes") == {"ended": []}
        assert reasons() == [EndReason.LOGOUT]

    @pytest.mark.usefixtures("many")
    def test_all_end_with_one_epoch(self):
        body = told("end", "--all", "--note", "a backup was restored", "--yes")
        assert body["count"] == 12
        assert {(each["standing"], each["note"]) for each in listed("--standing", "over")} == {
            ("epoch", "a backup was restored")
        }

    @pytest.mark.parametrize("engine", ["db", "cache", "cached_db", "file", "signed_cookies"], indirect=True)
    def test_all_are_dead_at_their_next_request(self, engine, two):
        run("end", "--all", "--note", "a backup was restored", "--yes")
        for browser in two:
            assert browser.get("/private/").status_code == 401
        two[0].sign_in()
        assert two[0].who() == "ada"

    def test_everybody_is_signed_out_only_by_the_whole_sentence(self, two):
        with somebody("a backup", "yes"):
            failure("end", "--all")
        assert len(open_sessions()) == 2
        with somebody("a backup", "end all sessions"):
            run("end", "--all")
        assert open_sessions() == []

    @pytest.mark.usefixtures("many")
    def test_progress_is_shown_to_whoever_watches_and_to_nobody_else(self):
        watched, piped = Terminal(), StringIO()
        run("end", "--client", "shop", "--note", "x", "--yes", err=watched)
        run("end", "--all", "--note", "x", "--yes", err=piped)
        assert "6 of 6" in watched.getvalue()
        assert piped.getvalue() == ""


class TestPause:
    """`pause` and `resume`."""

    def test_a_paused_user_cannot_sign_in_and_open_sessions_go_on(self, two, newcomer, monkeypatch):
        monkeypatch.setattr("getpass.getuser", lambda: "grace")
        body = told("pause", "ada", "--note", "a suspicion", "--until", "2h")
        assert (body["user"], body["by"], body["note"], body["open"]) == ("ada", "command:grace", "a suspicion", 2)
        assert newcomer.sign_in().status_code == 403
        assert two[0].who() == "ada"

    def test_a_pause_ends_by_itself(self, first, clock):
        run("pause", "ada", "--note", "x", "--until", "2h")
        clock.advance(2 * HOUR)
        assert first.sign_in().status_code == 302

    def test_a_pause_ends_when_somebody_says_so(self, first):
        run("pause", "ada", "--note", "x")
        assert told("resume", "ada")["resumed"] is True
        assert first.sign_in().status_code == 302
        assert "were not paused" in run("resume", "ada")

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("ada",), "--note"),
            (("ada", "--note", "x", "--until", "2020-01-01"), "later"),
            (("ada", "--note", "x", "--until", "soon"), "neither a duration"),
            (("nobody", "--note", "x"), "There is no user"),
        ],
    )
    def test_what_cannot_be_meant_changes_nothing(self, first, words, said):
        assert said in failure("pause", *words)
        assert first.sign_in().status_code == 302


class TestWhoIsMeant:
    """USER is a user name, a primary key or a subject."""

    def test_by_name_by_key_and_by_subject(self, ada):
        for words in (("ada",), (str(ada.pk),), (subject(), "--subject")):
            assert told("explain", *words)["user"] == "ada"

    def test_a_name_that_is_somebody_elses_key_is_not_guessed_at(self, ada, django_user_model):
        django_user_model.objects.create_user(str(ada.pk))
        assert "--subject" in failure("erase", str(ada.pk), "--yes")

    @pytest.mark.parametrize("user", ["", "x" * 5000, "99999999999999999999", "-1", "1e5", "ada\x00"])
    def test_nonsense_is_nobody(self, ada, user):
        assert "There is no user" in failure("explain", user)

    def test_somebody_whose_account_is_gone_is_found_by_subject(self, first, ada):
        first.sign_in()
        who = subject()
        ada.delete()
        body = told("export", who, "--subject")
        assert (body["user"], body["sessions"][0]["standing"]) == (None, "deleted")


class TestExplain:
    """`explain`: what a sign-in would come to now."""

    def test_it_says_what_each_limit_says_and_what_it_comes_to(self, two, sojourn):
        sojourn(
            LIMITS=[
                {"max_sessions": 2, "overflow": "refuse", "name": "two"},
                {"max_sessions": 1, "groups": ["press"], "name": "press"},
            ]
        )
        body = told("explain", "ada")
        assert body["outcome"] == "refused"
        assert "staff" in body["groups"]
        assert [line.partition("”")[0].partition("“")[2] for line in body["lines"]] == ["two", "press", ""]
        assert body["inactivity_timeout"] == 1800
        assert {each["sid"] for each in body["open"]} == set(sids())
        said = run("explain", "ada")
        assert "The sign-in would be refused." in said
        assert "30 minutes" in said

    def test_it_comes_to_what_it_said(self, two, sojourn, newcomer):
        sojourn(LIMITS=[{"max_sessions": 2}])
        (ends,) = told("explain", "ada")["would_end"]
        newcomer.sign_in()
        assert [each.sid for each in control().store.history(subject(), 9)] == [ends]

    @pytest.mark.parametrize(("kind", "outcome"), [("phone", "choice-required"), ("computer", "admitted")])
    def test_it_goes_by_the_kind_of_device_and_the_application(self, two, sojourn, kind, outcome):
        sojourn(LIMITS=[{"max_sessions": 1, "overflow": "ask", "device_classes": ["phone"]}])
        assert told("explain", "ada", "--device-class", kind)["outcome"] == outcome
        sojourn(LIMITS=[{"max_sessions": 1, "overflow": "ask", "clients": ["shop"]}])
        assert told("explain", "ada", "--client", "shop")["outcome"] == "admitted"

    def test_it_says_what_else_keeps_somebody_out(self, ada):
        run("pause", "ada", "--note", "a suspicion")
        ada.is_active = False
        ada.save()
        said = run("explain", "ada")
        assert "deactivated" in said
        assert "a suspicion" in said
        assert told("explain", "ada")["outcome"] == "paused"

    def test_it_changes_nothing(self, two):
        before = control().store.roster(subject()), recorded()
        run("explain", "ada")
        assert (control().store.roster(subject()), recorded()) == before


class TestEraseAndExport:
    """`erase` (GDPR Article 17) and `export` (Articles 15 and 20)."""

    def test_an_export_has_all_that_is_kept_and_nothing_that_opens_a_session(self, two, first):
        control().name_device(subject(), sids()[0], "My phone")
        two[1].post("/logout/")
        kept = [*open_sessions(), *control().store.history(subject(), 9)]
        body = told("export", "ada")
        assert sorted(each["sid"] for each in body["sessions"]) == sorted(each.sid for each in kept)
        assert len(kept) == 2
        assert len(body["events"]) == len(recorded())
        assert body["profile"]["device_names"] == ["My phone"]
        assert "My phone" in [each["device_name"] for each in body["sessions"]]
        text = json.dumps(body)
        for each in kept:
            secrets = (each.digest.hex(), (each.predecessor or b"").hex(), each.device.digest, each.credential)
            assert not any(value and value in text for value in secrets)
        assert not re.search(r"soj[a-z]?_[A-Za-z0-9_-]{20}", text)

    def test_everything_kept_is_in_the_export_or_named_as_left_out(self, two):
        left_out = {
            "digest", "predecessor", "predecessor_until", "generation", "credential", "device_digest", "privileges",
            "format", "deadline", "state",
        }  # fmt: skip
        renamed = {
            "created": "started_at", "authenticated": "authenticated_at", "last_seen": "last_seen_at",
            "inactivity_timeout": "over_at", "expires": "over_at", "carrier_expires": "over_at", "ended": "ended_at",
            "device_kind": "device_class", "device_family": "device", "device_os": "device", "end_reason": "reason",
            "amr": "signed_in_by", "acr": "assurance", "parent": "acting_for", "end_note": "note",
        }  # fmt: skip
        two[1].post("/logout/")
        keys = {key for each in told("export", "ada")["sessions"] for key in each}
        columns = {field.attname for field in Session._meta.get_fields()}
        assert {renamed.get(name, name) for name in columns - left_out} <= keys

    def test_whoever_is_erased_is_signed_out_and_forgotten(self, two, bob):
        other = Browser()
        other.sign_in("bob")
        assert told("erase", "ada", "--yes")["ended"] == 2
        assert control().store.roster(subject()) == Roster(subject())
        assert not control().store.history(subject(), 9)
        assert not recorded(username="ada")
        for browser in two:
            assert browser.who() == ""
        assert other.who() == "bob"
        empty = told("export", "ada")
        assert (empty["sessions"], empty["events"]) == ([], [])

    def test_whoever_listens_learns_of_the_ends_first(self, two, django_capture_on_commit_callbacks):
        from sojourn.contrib.django.signals import session_ended

        heard = []

        def hear(**named: Any) -> None:
            heard.append(named)

        session_ended.connect(hear)
        with django_capture_on_commit_callbacks(execute=True):
            run("erase", "ada", "--yes")
        session_ended.disconnect(hear)
        assert len(heard) == 2

    def test_only_the_name_itself_is_a_yes(self, two):
        with somebody("yes"):
            assert failure("erase", "ada") == "Nothing was changed."
        assert "--yes" in failure("erase", "ada")
        with somebody("ada"):
            run("erase", "ada")
        assert open_sessions() == []


NAME = "a\x1b]0;name\x07\x9b31m\u202eb\r\nada was never here"


@pytest.mark.parametrize(
    "words",
    [
        ["list"],
        ["list", "--json"],
        ["explain", "{key}"],
        ["explain", "{key}", "--json"],
        ["pause", "{key}", "--note", "why"],
        ["pause", "{key}", "--note", "why", "--json"],
        ["resume", "{key}"],
        ["end", "--user", "{key}", "--note", "why", "--yes"],
        ["export", "{key}"],
        ["erase", "{key}", "--yes"],
    ],
    ids=" ".join,
)
def test_what_people_call_themselves_commands_no_terminal_and_forges_no_line(bob, words):
    bob.username = NAME  # as a site that has no form for it lets it be
    bob.save()
    Browser("Firefox/1 \x1b[31m").force_login(bob)
    said = run(*(word.format(key=bob.pk) for word in words))
    assert said.replace("\n", "").isprintable()
    assert not any(line.startswith("ada was never") for line in said.splitlines())
    if said.startswith("{"):
        assert json.loads(said)["user"] == NAME


def test_each_operation_refuses_to_run_on_wrong_settings_and_says_which(ada):
    with override_settings(SOJOURN={"LIMIT": 1}):
        for operation in operations():
            words = ["ada"] if operation.name in {"explain", "pause", "resume", "erase", "export"} else []
            if operation.name != "doctor":
                assert "Write LIMITS" in failure(operation.name, *words)


def test_a_store_that_is_away_is_said_without_a_traceback(ada, away):
    for words in (["list"], ["end", "--user", "ada", "--note", "x", "--yes"], ["purge"], ["explain", "ada"]):
        with away():
            assert "doctor" in failure(*words)


def test_so_is_one_without_its_tables(ada):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sojourn_session RENAME TO sojourn_away")
    assert "doctor" in failure("list")


def test_each_operation_can_answer_with_json(two):
    words = {
        "end": ["--user", "ada", "--note", "x", "--yes"],
        "pause": ["ada", "--note", "x"],
        "erase": ["ada", "--yes"],
        "webhook": ["--secret"],
        "deliver": ["--once"],
        **{name: ["ada"] for name in ("resume", "explain", "export")},
    }
    for operation in operations():
        if operation.name == "move":
            continue  # there is nowhere to move to here: tests/django/test_move.py
        out = run(operation.name, *words.get(operation.name, []), "--json")
        assert all(json.loads(line) for line in ([out] if operation.name != "list" else out.splitlines()))


@pytest.mark.parametrize("words", [("list", "--standing", "dead"), ("list", "--limit", "-1"), ("list", "--colour")])
def test_a_word_that_is_not_known_is_refused(words):
    with pytest.raises(CommandError):
        run(*words)


def test_a_person_without_a_name_is_recorded_as_unknown(two, monkeypatch):
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert told("end", "--user", "ada", "--note", "x", "--yes")["by"] == "command:unknown"


def test_the_exit_status_and_all_actions_are_in_the_help():
    done = subprocess.run(
        [sys.executable, "-m", "django", "sojourn", "--help"],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.django_site.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Exit status" in done.stdout
    assert all(operation.name in done.stdout for operation in operations())
