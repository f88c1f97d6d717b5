"""Metrics for Prometheus, by its own library (the extra `prometheus`). The site's own /metrics shows them."""

import threading
from collections.abc import Callable, Iterator
from weakref import WeakKeyDictionary

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from sojourn.core.search import Census
from sojourn.telemetry.metrics import GAUGES, METRICS, Kind, Metric, Metrics

_lock = threading.Lock()
_made: WeakKeyDictionary[CollectorRegistry, "PrometheusMetrics"] = WeakKeyDictionary()


class PrometheusMetrics(Metrics):
    """Counters and histograms in a registry: the library's own kinds, so that its multiprocess mode adds them up.

    Every value that a label can have is there from the beginning, so that a rate sees the first of its kind.
    """

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._counters: dict[Metric, Counter] = {}
        self._histograms: dict[Metric, Histogram] = {}
        for metric in METRICS:
            name = metric.prometheus_name
            if metric.kind is Kind.HISTOGRAM:
                self._histograms[metric] = Histogram(name, metric.doc, buckets=metric.buckets, registry=registry)
                continue
            counter = self._counters[metric] = Counter(name, metric.doc, [metric.label], registry=registry)
            for value in metric.values:
                counter.labels(value)

    @classmethod
    def of(cls, registry: CollectorRegistry, census: Callable[[], Census | None]) -> "PrometheusMetrics":
        """The metrics in `registry`, gauges included, made if they are not there: a registry takes each name once."""
        with _lock:
            if registry not in _made:
                _made[registry] = cls(registry)
                registry.register(CensusCollector(census))
            return _made[registry]

    def count(self, metric: Metric, value: str) -> None:
        """See `Metrics.count`."""
        self._counters[metric].labels(value).inc()

    def took(self, metric: Metric, seconds: float) -> None:
        """See `Metrics.took`."""
        self._histograms[metric].observe(seconds)


class CensusCollector(Collector):
    """The gauges: `census` is asked when the figures are collected. Without an answer there are none of them."""

    def __init__(self, census: Callable[[], Census | None]) -> None:
        self._census = census

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """What there is to collect; a registry asks that without asking for figures."""
        for metric in GAUGES:
            yield GaugeMetricFamily(metric.prometheus_name, metric.doc)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges as they are now."""
        census = self._census()
        if census is not None:
            for metric, figure in GAUGES.items():
                yield GaugeMetricFamily(metric.prometheus_name, metric.doc, value=figure(census))
