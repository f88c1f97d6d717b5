"""The metrics, through each library, as its own parser or reader understands them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from sojourn.control import SessionControl
from sojourn.core import events
from sojourn.core.errors import StoreUnavailable
from sojourn.core.outcomes import StartOutcome
from sojourn.core.policy import Limit, Overflow, Policy
from sojourn.core.records import Arrival, EndReason
from sojourn.core.search import Census
from sojourn.core.timeouts import HOUR, SECOND, Timeouts
from sojourn.core.tokens import mint_token
from sojourn.stores.memory import MemoryStore
from sojourn.stores.observed import ObservedStore, Observer
from sojourn.stores.wrappers import FaultyStore
from sojourn.telemetry.metrics import GAUGES, METRICS, OUTCOMES, STARTED_BY, STORE_ERRORS, Kind, RecentCensus
from sojourn.telemetry.otel import OpenTelemetryMetrics
from sojourn.telemetry.prometheus import CensusCollector, PrometheusMetrics
from sojourn.testing.clock import START, FakeClock

Figures = dict[tuple[str, str], float]
"""The value of each sample that is not zero, by its OpenTelemetry name and the value of its label."""
CENSUS = Census(START, sessions=3, subjects=2, outbox=7, outbox_since=START - 90 * SECOND, dead=4)
NAMES = {metric.prometheus_name: metric.name for metric in (*METRICS, *GAUGES)}


class Prometheus:
    """What Prometheus would have scraped."""

    def __init__(self, census: Callable[[], Census | None] = lambda: CENSUS) -> None:
        self.registry = CollectorRegistry()
        self.observer: Observer = PrometheusMetrics.of(self.registry, census)

    def figures(self) -> Figures:
        found = {}
        for family in text_string_to_metric_families(generate_latest(self.registry).decode()):
            for sample in family.samples:
                name = NAMES.get(sample.name.removesuffix("_count"))
                if name is not None and sample.value:
                    found[name, next(iter(sample.labels.values()), "")] = sample.value
        return found


class OpenTelemetry:
    """What a reader would have exported."""

    def __init__(self, census: Callable[[], Census | None] = lambda: CENSUS) -> None:
        self.reader, self.spans = InMemoryMetricReader(), InMemorySpanExporter()
        tracers = TracerProvider()
        tracers.add_span_processor(SimpleSpanProcessor(self.spans))
        self.tracer = tracers.get_tracer("site")
        self.observer: Observer = OpenTelemetryMetrics(census, MeterProvider([self.reader]), tracers)

    def metrics(self) -> list[Any]:
        data = self.reader.get_metrics_data()
        return [] if data is None else data.resource_metrics[0].scope_metrics[0].metrics

    def figures(self) -> Figures:
        return {
            (metric.name, next(iter(point.attributes.values()), "")): getattr(point, "value", None) or point.count
            for metric in self.metrics()
            for point in metric.data.data_points
        }


@pytest.fixture(params=[Prometheus, OpenTelemetry])
def library(request: pytest.FixtureRequest) -> Any:
    return request.param()


def live(observer: Observer) -> None:
    """A small life: two sign-ins, one refused, one choice, three kinds of end, a dead token, a store that fails."""
    clock, faulty = FakeClock(), FaultyStore(MemoryStore())
    store = ObservedStore(faulty, [observer], clock=clock)

    def control(overflow: Overflow, **more: Any) -> SessionControl:
        return SessionControl(store, Policy((Limit(1, overflow),), Timeouts(HOUR), **more), clock=clock)

    started: Any = control(Overflow.REFUSE).start(Arrival("ann"))
    control(Overflow.REFUSE).start(Arrival("ann"))
    control(Overflow.ASK).start(Arrival("ann"), browser="browser")
    control(Overflow.END_EXISTING).start(Arrival("ann"))
    control(Overflow.END_EXISTING, report_only=True).start(Arrival("ann"))
    control(Overflow.ASK).end("ann", None, EndReason.LOGOUT)
    control(Overflow.ASK).authenticate(started.token)
    control(Overflow.ASK).authenticate(mint_token(0))
    faulty.fail_before("visit")
    with pytest.raises(StoreUnavailable):
        control(Overflow.ASK).authenticate(started.token)
    observer.delivered("mail", 2)
    observer.undelivered("hook", "delivery_failed", given_up=False)


def test_every_figure_is_kept(library: Any) -> None:
    live(library.observer)
    assert library.figures() == {
        ("sojourn.sign_ins", "admitted"): 3,
        ("sojourn.sign_ins", "refused"): 1,
        ("sojourn.sign_ins", "choice"): 1,
        ("sojourn.session.ends", "evicted"): 1,
        ("sojourn.session.ends", "logout"): 2,
        ("sojourn.would_have", "end_existing"): 1,
        ("sojourn.token.rejections", "ended"): 1,
        ("sojourn.token.rejections", "unknown"): 1,
        ("sojourn.store.errors", "store-unavailable"): 1,
        ("sojourn.deliveries", "mail"): 1,
        ("sojourn.delivery.failures", "hook"): 1,
        ("sojourn.lookup.duration", ""): 2,
        ("sojourn.admission.duration", ""): 5,
        ("sojourn.sessions.live", ""): 3,
        ("sojourn.outbox.events", ""): 7,
        ("sojourn.outbox.dead", ""): 4,
        ("sojourn.outbox.age", ""): 90,
    }


def test_no_gauge_is_told_when_the_store_does_not_answer() -> None:
    for library in (Prometheus(lambda: None), OpenTelemetry(lambda: None)):
        assert not [name for name, _ in library.figures() if "outbox" in name or "live" in name]


def test_every_sign_in_and_every_label_is_known_beforehand() -> None:
    assert set(OUTCOMES) == set(StartOutcome.__args__)
    assert set(STARTED_BY.values()) == set(OUTCOMES.values())
    assert set(STARTED_BY) < set(events.TYPE_OF)
    assert set(STORE_ERRORS.values) == {
        "store",
        "store-unavailable",
        "store-unconfirmed",
        "store-contention",
        "record-format",
    }
    assert all(bool(metric.label) == (metric.kind is Kind.COUNTER) for metric in METRICS)
    by_settings = {metric for metric in METRICS if metric.label == "sink"}  # which there are, the settings say
    assert all(bool(metric.values) == bool(metric.label) for metric in METRICS if metric not in by_settings)


class TestPrometheus:
    """What is particular to Prometheus."""

    def test_every_series_is_there_at_zero_before_anything_happens(self) -> None:
        text = generate_latest(Prometheus().registry).decode()
        for metric in METRICS:
            assert f"# HELP {metric.prometheus_name} {metric.doc}\n" in text
            for value in metric.values:
                assert f'\n{metric.prometheus_name}{{{metric.label}="{value}"}} 0.0\n' in text

    def test_durations_fall_into_their_buckets(self) -> None:
        library = Prometheus()
        library.observer.looked_up(0.0003)
        value = library.registry.get_sample_value
        assert value("sojourn_lookup_duration_seconds_bucket", {"le": "0.00025"}) == 0
        assert value("sojourn_lookup_duration_seconds_bucket", {"le": "0.0005"}) == 1
        assert value("sojourn_lookup_duration_seconds_sum") == 0.0003

    def test_a_registry_has_them_once_however_often_they_are_asked_for(self) -> None:
        library = Prometheus()
        assert PrometheusMetrics.of(library.registry, lambda: CENSUS) is library.observer

    def test_registering_the_gauges_asks_the_store_nothing(self) -> None:
        CollectorRegistry().register(CensusCollector(lambda: pytest.fail("asked before anybody collects")))


class TestOpenTelemetry:
    """What is particular to OpenTelemetry."""

    def test_units_and_descriptions_are_told(self) -> None:
        library = OpenTelemetry()
        live(library.observer)
        told = {metric.name: (metric.unit, metric.description) for metric in library.metrics()}
        assert told == {metric.name: (metric.unit, metric.doc) for metric in (*METRICS, *GAUGES)}

    def test_histograms_have_buckets_that_fit(self) -> None:
        library = OpenTelemetry()
        library.observer.looked_up(0.0003)
        (point,) = next(m for m in library.metrics() if m.name == "sojourn.lookup.duration").data.data_points
        assert point.explicit_bounds[:3] == (0.0001, 0.00025, 0.0005)
        assert point.bucket_counts[2] == 1

    def test_an_admission_is_a_span_of_the_request_that_names_nobody(self) -> None:
        library = OpenTelemetry()
        with library.tracer.start_as_current_span("request") as request:
            live(library.observer)
        spans = [span for span in library.spans.get_finished_spans() if span.name == "sojourn.admission"]
        assert [dict(span.attributes or {}) for span in spans] == [
            {"sojourn.outcome": outcome} for outcome in ("admitted", "refused", "choice", "admitted", "admitted")
        ]
        assert all(
            span.parent is not None and span.parent.span_id == request.get_span_context().span_id for span in spans
        )
        assert all(span.start_time <= span.end_time for span in spans)

    def test_without_the_sdk_nothing_is_kept_and_nothing_fails(self) -> None:
        live(OpenTelemetryMetrics(lambda: CENSUS))


class TestCensus:
    """The gauges ask the store, but not more often than is good for it."""

    def test_it_is_asked_at_most_every_so_many_seconds(self) -> None:
        now, asked = [0.0], []
        census = RecentCensus(lambda: asked.append(now[0]) or CENSUS, seconds=10, timer=lambda: now[0])
        for moment in (0, 5, 9.9, 10, 15, 100):
            now[0] = moment
            assert census() == CENSUS
        assert asked == [0, 10, 100]
        census.forget()
        census()
        assert asked == [0, 10, 100, 100]

    def test_where_it_takes_long_it_is_asked_less_often(self) -> None:
        now, asked = [0.0], []

        def slow() -> Census:
            asked.append(now[0])
            now[0] += 2
            return CENSUS

        census = RecentCensus(slow, seconds=10, timer=lambda: now[0])
        for moment in (0, 50, 99, 100, 150):
            now[0] = moment
            census()
        assert asked == [0, 100]

    def test_a_store_that_does_not_answer_is_no_error(self, caplog: pytest.LogCaptureFixture) -> None:
        def away() -> Census:
            raise StoreUnavailable

        assert RecentCensus(away)() is None
        assert caplog.records == []  # the store's observers have been told

    def test_anything_else_that_fails_is_logged_without_what_it_says(self, caplog: pytest.LogCaptureFixture) -> None:
        def forbidden() -> Census:
            raise RuntimeError("secret")

        assert RecentCensus(forbidden)() is None
        assert [record.getMessage() for record in caplog.records] == [
            "The figures of the store cannot be collected: RuntimeError."
        ]


@pytest.mark.parametrize("module", ["sojourn.telemetry.metrics", "sojourn.telemetry.logs", "sojourn.stores.observed"])
def test_no_library_is_imported_unless_it_is_asked_for(module: str) -> None:
    code = f"import sys, {module}; print([m for m in sys.modules if m.startswith(('prometheus', 'opentelemetry'))])"
    done = subprocess.run([sys.executable, "-c", code], check=True, timeout=60, capture_output=True, text=True)
    assert done.stdout == "[]\n"
