"""Metrics for Prometheus, by its own library (the extra `prometheus`). The site's own /metrics shows them."""

import threading
from weakref import WeakKeyDictionary

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram

from sojourn.telemetry.metrics import METRICS, Kind, Metric, Metrics

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
    def of(cls, registry: CollectorRegistry = REGISTRY) -> "PrometheusMetrics":
        """The metrics in `registry`, made if they are not there: a registry takes each name once."""
        with _lock:
            if registry not in _made:
                _made[registry] = cls(registry)
            return _made[registry]

    def count(self, metric: Metric, value: str) -> None:
        """See `Metrics.count`."""
        self._counters[metric].labels(value).inc()

    def time(self, metric: Metric, seconds: float) -> None:
        """See `Metrics.time`."""
        self._histograms[metric].observe(seconds)
