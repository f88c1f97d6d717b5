"""What a site's metrics and logs tell: each thing once, whatever the view's transaction did, and nobody's name."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from prometheus_client import CollectorRegistry, generate_latest

from sojourn.contrib.django import telemetry
from sojourn.contrib.django.internal import storage
from sojourn.contrib.django.internal.wiring import control
from sojourn.core.events import TYPE_OF
from sojourn.core.records import Arrival, EndReason
from sojourn.core.timeouts import HOUR, MINUTE
from sojourn.notify.sinks import Message
from sojourn.telemetry.formatter import JsonFormatter
from sojourn.telemetry.logs import LOGGER
from sojourn.telemetry.metrics import Metrics
from tests.django.again import again_on
from tests.django.browser import PASSWORD, AsgiBrowser, Browser, open_sessions, recorded, sids, subject
from tests.services.database import DatabaseServer

pytestmark = pytest.mark.django_db(transaction=True)

registry = CollectorRegistry()
OPTIONS = {"transaction_mode": "IMMEDIATE"}
WAYS = ["/login/", "/custom-login/", "/atomic-login/", "/swallowing-login/", "/admin/login/"]


class Figures:
    """What Prometheus would have scraped, without what is zero."""

    def __call__(self, metric: str) -> dict[str, float]:
        """The samples of a counter by the value of their label; of anything else by ""."""
        found = {}
        for family in registry.collect():
            for sample in family.samples:
                if sample.name == f"sojourn_{metric}" and sample.value:
                    found[next(iter(sample.labels.values()), "")] = sample.value
        return found

    @property
    def sign_ins(self) -> dict[str, float]:
        return self("sign_ins_total")

    @property
    def ends(self) -> dict[str, float]:
        return self("session_ends_total")


@pytest.fixture
def figures(sojourn: Any, monkeypatch: pytest.MonkeyPatch) -> Figures:
    """Fresh figures, which the site is told to keep."""
    monkeypatch.setattr(sys.modules[__name__], "registry", CollectorRegistry())
    sojourn(METRICS=["prometheus"], METRICS_REGISTRY=f"{__name__}.registry")
    telemetry.recent_census.forget()
    return Figures()


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Every line of the log of sessions so far, as the JSON formatter writes it."""
    with caplog.at_level(logging.DEBUG, LOGGER):
        yield lambda: [json.loads(JsonFormatter().format(r)) for r in caplog.records if r.name == LOGGER]


@pytest.fixture(params=["autocommit", "ATOMIC_REQUESTS"])
def mode(request: pytest.FixtureRequest) -> str:
    """Views without a transaction around them, and with one."""
    if request.param == "ATOMIC_REQUESTS":
        request.getfixturevalue("atomic_requests")
    return str(request.param)


@pytest.mark.usefixtures("mode")
class TestSignIns:
    """By every way, in a transaction of the view's or without one."""

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("overflow", ["refuse", "ask", "end_existing"])
    def test_each_is_counted_and_logged_once(self, figures, lines, limit, first, second, way, overflow):
        limit(overflow)
        first.sign_in()
        second.sign_in(url=way)
        more = {"refuse": "refused", "ask": "choice", "end_existing": "admitted"}[overflow]
        assert figures.sign_ins == Counter(["admitted", more])
        assert figures.ends == ({"evicted": 1} if overflow == "end_existing" else {})
        assert figures("admission_duration_seconds_count") == {"": 2}
        told = Counter(line["event"] for line in lines())
        assert told == Counter(event["type"] for event in recorded())
        assert sorted(line["event_id"] for line in lines()) == sorted(event["id"] for event in recorded())

    def test_a_choice_that_is_made_is_one_more_sign_in(self, figures, limit, first, second):
        limit("ask")
        first.sign_in()
        second.sign_in()
        second.choose()
        second.choose(*sids())
        assert figures.sign_ins == {"admitted": 2, "choice": 1}
        assert figures.ends == {"evicted": 1}

    def test_one_that_only_reports_is_counted_with_what_a_limit_would_have_done(
        self, figures, lines, sojourn, limit, first, second
    ):
        limit("refuse")
        sojourn(REPORT_ONLY=True)
        first.sign_in()
        second.sign_in()
        assert figures.sign_ins == {"admitted": 2}
        assert figures("would_have_total") == {"refuse": 1}
        assert [line["outcome"] for line in lines() if line["event"] == "report.would_have"] == ["refuse"]

    @pytest.mark.parametrize("way", ["/crashing-login/", "/failing-login/"])
    def test_one_whose_view_fails_counts_if_it_was_ever_a_session(self, figures, lines, mode, no_limit, first, way):
        first.sign_in(url=way)
        # Where the view's transaction took its session back there was none, and there is no event of one.
        taken_back = (mode, way) == ("ATOMIC_REQUESTS", "/crashing-login/") and storage.takes_part_in("default")
        kept = len(recorded("session.started"))
        assert kept == (0 if taken_back else 1)
        assert figures.sign_ins == ({"admitted": 1} if kept else {})
        assert figures.ends == ({"aborted": 1} if kept else {})
        assert [line["event"] for line in lines()] == (["session.started", "session.ended"] if kept else [])

    def test_one_that_the_view_takes_back_is_none(self, figures, no_limit, first):
        first.sign_in(url="/atomic-login/", data={"fail": "1"})
        assert figures.sign_ins == {}
        assert not recorded("session.started")


@pytest.mark.parametrize("overflow", ["refuse", "ask", "end_existing"])
def test_asynchronous_views_are_counted_once_too(figures, lines, limit, first, overflow):
    limit(overflow)
    first.sign_in()
    AsgiBrowser().sign_in(url="/async-login/")
    assert sum(figures.sign_ins.values()) == 2
    assert Counter(line["event"] for line in lines()) == Counter(event["type"] for event in recorded())


def _log_out(first: Any, second: Any, clock: Any) -> None:
    first.post("/logout/")


def _revoke(first: Any, second: Any, clock: Any) -> None:
    (mine,) = [s.sid for s in open_sessions() if s.device.os != "iOS"]
    second.post(f"/sessions/end/{mine}/")


def _disown(first: Any, second: Any, clock: Any) -> None:
    (newer,) = [s.sid for s in open_sessions() if s.device.os == "iOS"]
    first.post(f"/sessions/it-was-not-me/{newer}/")


def _as_operator(first: Any, second: Any, clock: Any) -> None:
    control().end(subject(), [open_sessions()[-1].sid], EndReason.OPERATOR, by="auth.user|99|0")


def _again(first: Any, second: Any, clock: Any) -> None:
    first.sign_in()


def _switch(first: Any, second: Any, clock: Any) -> None:
    first.sign_in("bob")


def _idle(first: Any, second: Any, clock: Any) -> None:
    clock.advance(29 * MINUTE)
    second.get("/plain/")
    clock.advance(2 * MINUTE)
    for _ in range(3):
        first.get("/private/", headers={"accept": "image/png"})


def _for_too_long(first: Any, second: Any, clock: Any) -> None:
    second.post("/logout/")
    for _ in range(12 * 3):
        clock.advance(20 * MINUTE)
        first.get("/plain/")


def _let_the_cookie_expire(first: Any, second: Any, clock: Any) -> None:
    first.sign_in(url="/remembering-login/", data={"later": "60"})
    clock.advance(2 * MINUTE)
    control().sweep()


def _change_password(first: Any, second: Any, clock: Any) -> None:
    second.post("/own-password/", {"password": "Later 1."})


def _deactivate(first: Any, second: Any, clock: Any) -> None:
    second.post("/logout/")
    user = User.objects.get(username="ada")
    user.is_active = False
    user.save()


def _delete(first: Any, second: Any, clock: Any) -> None:
    second.post("/logout/")
    User.objects.get(username="ada").delete()


def _fail(first: Any, second: Any, clock: Any) -> None:
    Browser().sign_in(url="/failing-login/")


def _begin_anew(first: Any, second: Any, clock: Any) -> None:
    second.post("/logout/")
    clock.advance(1)
    control().end_all(by="auth.user|99|0", note="after restoring a backup")


ENDINGS: dict[EndReason, Callable[[Any, Any, Any], None]] = {
    EndReason.LOGOUT: _log_out,
    EndReason.REVOKED: _revoke,
    EndReason.DISOWNED: _disown,
    EndReason.OPERATOR: _as_operator,
    EndReason.REPLACED: _again,
    EndReason.SWITCHED: _switch,
    EndReason.INACTIVITY_TIMEOUT: _idle,
    EndReason.ABSOLUTE_TIMEOUT: _for_too_long,
    EndReason.CARRIER_EXPIRED: _let_the_cookie_expire,
    EndReason.CREDENTIAL_CHANGED: _change_password,
    EndReason.DEACTIVATED: _deactivate,
    EndReason.DELETED: _delete,
    EndReason.ABORTED: _fail,
    EndReason.EPOCH: _begin_anew,
}


@pytest.mark.usefixtures("mode", "no_limit", "bob")
class TestEnds:
    """Two sessions of one user are open, and one of them ends."""

    @pytest.mark.parametrize("reason", ENDINGS)
    def test_each_is_counted_and_logged_once_with_its_reason(self, figures, lines, first, second, clock, reason):
        first.sign_in()
        clock.advance(1)
        second.sign_in()
        ENDINGS[reason](first, second, clock)
        assert figures.ends[reason] == 1
        ended = [line for line in lines() if line["event"] == "session.ended"]
        assert Counter(line["reason"] for line in ended) == figures.ends
        assert sum(figures.ends.values()) == len(recorded("session.ended"))
        started = {line["session"] for line in lines() if line["event"] == "session.started"}
        assert {line["session"] for line in ended} <= started

    def test_every_reason_is_tried(self):
        assert set(ENDINGS) | {EndReason.EVICTED} == set(EndReason)

    def test_whose_doing_it_was_joins_with_their_own_line(self, lines, first, second, clock):
        first.sign_in()
        clock.advance(1)
        second.sign_in()
        _revoke(first, second, clock)
        _, mine = [line["session"] for line in lines() if line["event"] == "session.started"]
        assert [line["by"] for line in lines() if line["event"] == "session.ended"] == [mine]


def test_an_end_that_is_rolled_back_has_not_happened(figures, lines, no_limit, first):
    first.sign_in()
    with transaction.atomic():
        control().end(subject(), None, EndReason.OPERATOR)
        assert figures.ends == {}
        transaction.set_rollback(True)
    assert figures.ends == {}
    with transaction.atomic():
        control().end(subject(), None, EndReason.OPERATOR)
        assert figures.ends == {}
    assert figures.ends == {"operator": 1}
    assert [line["event"] for line in lines()] == ["session.started", "session.ended"]


class TestLookUps:
    """Every request of somebody who is signed in."""

    def test_each_is_timed(self, figures, no_limit, first):
        first.sign_in()
        for _ in range(3):
            first.get("/plain/")
        assert figures("lookup_duration_seconds_count") == {"": 3}
        assert figures("token_rejections_total") == {}

    def test_a_live_one_writes_no_line(self, lines, no_limit, first):
        first.sign_in()
        before = lines()
        first.get("/private/")
        assert lines() == before

    def test_a_dead_one_is_counted_by_why(self, figures, lines, no_limit, first, ada):
        first.sign_in()
        cookie = first.session_cookie()
        control().end(subject(), None, EndReason.OPERATOR)
        first.get("/private/")
        assert figures("token_rejections_total") == {"ended": 1}
        assert lines()[-1]["event"] == "token.ended"
        assert lines()[-1]["session"] == lines()[0]["session"]
        assert cookie not in json.dumps(lines())

    def test_a_store_that_is_down_is_counted_and_logged(self, figures, lines, no_limit, first, away):
        first.sign_in()
        with away():
            assert first.get("/private/").status_code == 503
        assert figures("store_errors_total") == {"store-unavailable": 1}
        assert (lines()[-1]["event"], lines()[-1]["level"]) == ("store.failed", "ERROR")
        # Where the user is read along with the record, it is a look-up alone.
        assert lines()[-1]["call"] == ("visit" if storage.database() is None else "lookup")


class Patient:
    """A sink that wants everything, and that nobody tells anything here."""

    name, fold, patience, endurance = "patient", 0, HOUR, 0

    def wants(self, event: Mapping[str, object]) -> bool:
        return True

    def deliver(self, message: Message) -> bool:
        return False


class TestGauges:
    """What is asked when somebody collects."""

    def test_they_are_as_the_store_says(self, figures, sojourn, no_limit, first, second, clock):
        sojourn(SINKS=[f"{__name__}.Patient"])
        first.sign_in()
        clock.advance(90_000)
        second.sign_in()
        assert figures("sessions_live") == {"": 2}
        assert figures("outbox_events") == {"": 2}
        assert figures("outbox_age_seconds") == {"": 90}

    def test_collecting_goes_on_while_the_store_is_down(self, figures, no_limit, first, away):
        first.sign_in()
        with away():
            text = generate_latest(registry).decode()
        assert 'sojourn_sign_ins_total{outcome="admitted"} 1.0' in text
        assert "sojourn_outbox" not in text
        assert figures("store_errors_total") == {"store-unavailable": 1}

    def test_collecting_in_an_event_loop_gives_the_others_and_says_why(self, figures, no_limit, first, caplog):
        first.sign_in()

        async def scrape() -> str:
            return generate_latest(registry).decode()

        text = asyncio.run(scrape())
        assert 'sojourn_sign_ins_total{outcome="admitted"} 1.0' in text
        assert "sojourn_outbox" not in text
        assert "cannot be collected: SynchronousOnlyOperation" in caplog.text

    def test_the_connection_is_let_go_as_at_the_end_of_a_request(self, figures, no_limit, first, monkeypatch):
        """Whoever collects may do so from a thread in which no request ever ends."""
        let_go: list[bool] = []
        monkeypatch.setattr(connection, "close_if_unusable_or_obsolete", lambda: let_go.append(True))
        first.sign_in()
        let_go.clear()
        figures("sessions_live")
        assert let_go == [True]
        telemetry.recent_census.forget()
        with transaction.atomic():
            figures("sessions_live")
        assert let_go == [True]  # not in the middle of somebody's transaction

    def test_they_can_be_put_into_another_registry(self, figures, no_limit, first):
        other = CollectorRegistry()
        other.register(telemetry.gauges())
        first.sign_in()
        assert "sojourn_sessions_live 1.0" in generate_latest(other).decode()


@pytest.mark.usefixtures("mode")
class TestSilence:
    """An observer that fails, and metrics that nobody asked for."""

    def test_a_registry_that_fails_breaks_no_sign_in(self, figures, limit, first, second, monkeypatch, caplog):
        from sojourn.telemetry.prometheus import PrometheusMetrics

        def fail(*_: Any) -> None:
            raise OSError("no space left on device")

        monkeypatch.setattr(PrometheusMetrics, "count", fail)
        monkeypatch.setattr(PrometheusMetrics, "took", fail)
        limit("end_existing")
        first.sign_in()
        assert second.sign_in().status_code == 302
        assert second.get("/private/").status_code == 200
        assert first.get("/private/").status_code == 401
        complaints = [record.getMessage() for record in caplog.records if record.name == "sojourn.telemetry"]
        assert len(complaints) == 1
        assert complaints[0].startswith("PrometheusMetrics failed with OSError")

    def test_without_the_setting_nobody_keeps_figures_or_looks_at_the_time(self, no_limit):
        assert not any(isinstance(one, Metrics) or one.timed for one in telemetry.observers())


def test_a_site_that_asks_for_none_imports_none() -> None:
    code = (
        "import os, sys, django\n"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.django_site.settings'\n"
        "django.setup()\n"
        "from sojourn.contrib.django.internal.wiring import control\n"
        "control()\n"
        "print([name for name in sys.modules if name.startswith(('prometheus', 'opentelemetry'))])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n"


def test_a_site_that_asks_for_one_has_its_figures_at_zero_from_the_start() -> None:
    code = (
        "import os, django\n"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.django_site.settings'\n"
        "from django.conf import settings\n"
        "settings.SOJOURN = {**settings.SOJOURN, 'METRICS': ['prometheus', 'opentelemetry']}\n"
        "django.setup()\n"
        "from prometheus_client import REGISTRY\n"
        "print(REGISTRY.get_sample_value('sojourn_sign_ins_total', {'outcome': 'refused'}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout == "0.0\n"


def test_a_site_with_opentelemetrys_sdk_exports_figures_and_spans(tmp_path: Path) -> None:
    """In a process of its own, since an SDK is set once for all of a process."""
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "site"), "OPTIONS": OPTIONS}
    code = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.django_site.settings"
from django.conf import settings
settings.SOJOURN = {**settings.SOJOURN, "METRICS": ["opentelemetry"], "DELIVERY": "worker"}
django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.services.database import DatabaseServer
from tests.django.browser import PASSWORD, Browser
reader, spans = InMemoryMetricReader(), InMemorySpanExporter()
metrics.set_meter_provider(MeterProvider([reader]))
trace.set_tracer_provider(TracerProvider())
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(spans))
call_command("migrate", verbosity=0)
User.objects.create_user("ada", "", PASSWORD)
settings.ALLOWED_HOSTS = ["testserver"]
Browser().sign_in()
Browser().sign_in()
(scope,) = reader.get_metrics_data().resource_metrics[0].scope_metrics
for metric in scope.metrics:
    for point in metric.data.data_points:
        print(metric.name, *point.attributes.values(), point.value if hasattr(point, "value") else point.count)
for span in spans.get_finished_spans():
    print(span.name, span.attributes["sojourn.outcome"])
"""
    environment = {**os.environ, "SOJOURN_TEST_DATABASE": json.dumps(database)}
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=120, env=environment
    )
    told = done.stdout.splitlines()
    assert told[-2:] == ["sojourn.admission admitted"] * 2
    assert {
        "sojourn.sign_ins admitted 2",
        "sojourn.session.ends evicted 1",
        "sojourn.admission.duration 2",
        "sojourn.sessions.live 1",
    } < set(told)
    assert any(line.startswith("sojourn.outbox.events ") for line in told)


def own_subject(user: Any) -> str:
    """A subject that is found again wherever it stands."""
    return f"subject-of-{user.get_username()}-4711"


class TestNobodyIsNamed:
    """The whole life of sessions, with everything logged that can be."""

    @pytest.fixture
    def story(self, sojourn: Any, limit: Any, clock: Any, first: Any, second: Any, bob: Any) -> set[str]:
        """Lives it, and returns what must not be found: tokens, keys, cookies, sids, subjects, passwords, digests."""
        sojourn(SUBJECT=f"{__name__}.own_subject")
        secrets = {
            PASSWORD,
            "Later 1.",
            own_subject(bob),
            "subject-of-ada-4711",
            "ada@example.org",
            "subject-of-the-operator",
            "stolen",
        }

        def note(*_: Any) -> None:
            for browser in (first, second):
                secrets.update(cookie.value for cookie in browser.cookies.values() if len(cookie.value) > 9)
                token = (browser.session.get("_sojourn") or [""])[0]
                if token:
                    secrets.update((token, token[6:30]))
            for name in ("subject-of-ada-4711", own_subject(bob)):
                for session in (*control().store.roster(name).sessions, *control().store.history(name, 99)):
                    secrets.update((session.sid, session.digest.hex(), session.device.digest, session.credential))

        limit("ask")
        note(first.sign_in())
        note(second.sign_in())
        note(second.choose(*sids()))
        note(first.get("/private/"))
        note(second.post("/own-password/", {"password": "Later 1."}))
        limit("refuse")
        note(first.sign_in(password="Later 1."))
        sojourn(REPORT_ONLY=True)
        note(first.sign_in(password="Later 1."))
        sojourn(REPORT_ONLY=False)
        control().elevate(open_sessions()[0], acr="gold")
        old = first.session_cookie()
        note(first.get("/remember/"))
        first.session.cycle_key()
        note(first.get("/remember/"))
        note(first.sign_in("bob"))
        note(first.sign_in("bob", url="/crashing-login/"))
        control().pause(own_subject(bob), by="subject-of-the-operator", note="a phone that was stolen")
        note(first.sign_in("bob"))
        control().resume(own_subject(bob), by="subject-of-the-operator")
        control().end(own_subject(bob), None, EndReason.OPERATOR, by="subject-of-the-operator", note="stolen, too")
        limit("end_existing")
        for browser in (first, second) * 4:
            clock.advance(1)
            note(browser.sign_in("bob"))
        clock.advance(HOUR)
        note(second.get("/private/"))
        first.take_session(old)
        note(first.get("/private/"))
        control().authenticate(f"soj_00{'A' * 43}")
        control().purge()
        return {secret for secret in secrets if secret}

    def test_no_line_holds_anything_of_the_kind(self, caplog, request):
        with caplog.at_level(logging.DEBUG, "sojourn"):
            secrets = request.getfixturevalue("story")
        ours = [record for record in caplog.records if record.name.startswith("sojourn")]
        told = {record.__dict__.get("event", record.getMessage()) for record in ours}
        assert told >= {*TYPE_OF.values(), "token.ended", "token.unknown"}
        plain = logging.Formatter("%(asctime)s %(name)s %(message)s")
        text = "\n".join(JsonFormatter().format(r) + plain.format(r) + repr(vars(r)) for r in ours)
        assert len(secrets) > 20
        assert [secret for secret in secrets if secret in text] == []


def test_the_ids_of_a_log_can_be_found_for_a_user_and_change_with_the_key(lines, no_limit, first, settings):
    first.sign_in()
    (line,) = lines()
    assert line["subject"] == telemetry.correlation().subject(subject())
    assert line["session"] == telemetry.correlation().session(sids()[0])
    settings.SECRET_KEY = "another one"  # for a test
    first.post("/logout/")
    Browser().sign_in()
    assert lines()[-1]["subject"] == telemetry.correlation().subject(subject()) != line["subject"]


def test_acting_as_somebody_else_joins_with_ones_own_session(lines, figures, no_limit, ada):
    own: Any = control().start(Arrival("the operator"))
    control().start(Arrival(subject(), parent=own.session.sid))
    first, second = lines()
    assert second["acts_from"] == first["session"]
    assert figures.sign_ins == {"admitted": 2}


def test_where_logs_go_is_the_sites_affair() -> None:
    """A library configures no logging."""
    logger = logging.getLogger(LOGGER)
    assert logger.handlers == []
    assert logger.propagate
    assert logger.level == logging.NOTSET


CHOSEN = "TestSignIns and not custom and not swallowing and not admin"
"""On a server, a sign-in locks its user first, in a transaction of our own: by two ways of signing in."""


@pytest.mark.postgres
def test_each_is_told_once_on_postgresql(postgres_server: DatabaseServer) -> None:
    again_on(postgres_server, Path(__file__), CHOSEN)


@pytest.mark.mariadb
def test_each_is_told_once_on_mariadb(mariadb_server: DatabaseServer) -> None:
    again_on(mariadb_server, Path(__file__), CHOSEN)
