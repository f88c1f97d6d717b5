"""Metrics and spans for OpenTelemetry, by its API (the extra `opentelemetry`). The site brings the SDK.

Without an SDK the API does nothing, and neither does this.
"""

import time
from collections.abc import Callable, Iterable
from importlib.metadata import version

from opentelemetry import metrics, trace

from sojourn.core.outcomes import StartOutcome
from sojourn.core.search import Census
from sojourn.telemetry.metrics import GAUGES, METRICS, OUTCOMES, Kind, Metric, Metrics

SCOPE = "sojourn"


class OpenTelemetryMetrics(Metrics):
    """Instruments of the meter `sojourn`, and a span for each sign-in that was decided about.

    The providers are the global ones unless others are given.
    """

    def __init__(
        self,
        census: Callable[[], Census | None],
        meter_provider: metrics.MeterProvider | None = None,
        tracer_provider: trace.TracerProvider | None = None,
    ) -> None:
        meter = metrics.get_meter(SCOPE, version("sojourn"), meter_provider)
        self._tracer = trace.get_tracer(SCOPE, version("sojourn"), tracer_provider)
        self._counters = {
            each: meter.create_counter(each.name, each.unit, each.doc) for each in METRICS if each.kind is Kind.COUNTER
        }
        self._histograms = {
            each: meter.create_histogram(
                each.name, each.unit, each.doc, explicit_bucket_boundaries_advisory=each.buckets
            )
            for each in METRICS
            if each.kind is Kind.HISTOGRAM
        }
        for each, figure in GAUGES.items():
            meter.create_observable_gauge(each.name, [_asked(census, figure)], each.unit, each.doc)

    def count(self, metric: Metric, value: str) -> None:
        """See `Metrics.count`."""
        self._counters[metric].add(1, {metric.label: value})

    def took(self, metric: Metric, seconds: float) -> None:
        """See `Metrics.took`."""
        self._histograms[metric].record(seconds)

    def decided(self, outcome: StartOutcome, seconds: float) -> None:
        """See `Observer.decided`. The span is a child of whatever span the request has open."""
        super().decided(outcome, seconds)
        ended = time.time_ns()
        span = self._tracer.start_span(
            "sojourn.admission",
            attributes={"sojourn.outcome": OUTCOMES[type(outcome)]},
            start_time=ended - int(seconds * 1e9),
        )
        span.end(ended)


def _asked(
    census: Callable[[], Census | None], figure: Callable[[Census], float]
) -> Callable[[metrics.CallbackOptions], Iterable[metrics.Observation]]:
    def observe(_: metrics.CallbackOptions) -> Iterable[metrics.Observation]:
        found = census()
        return [] if found is None else [metrics.Observation(figure(found))]

    return observe
