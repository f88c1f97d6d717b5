"""Who watches the store of this site: the log of sessions, and the metrics that the settings ask for."""

from collections.abc import Callable
from functools import cache

from django.utils.crypto import salted_hmac
from django.utils.module_loading import import_string

from sojourn.contrib.django.settings import current
from sojourn.stores.observed import Observer
from sojourn.telemetry.logs import Correlation, SessionLog


def correlation() -> Correlation:
    """What makes the ids in the logs. A new SECRET_KEY makes new ones: old lines and new lines then do not join."""
    return Correlation(salted_hmac("sojourn.telemetry.correlation", b"", algorithm="sha256").digest())


def observers() -> list[Observer]:
    """Everybody who is told what happens. Nothing of a metrics library is imported unless METRICS names it."""
    return [SessionLog(correlation()), *(_MAKERS[name]() for name in current().METRICS)]


def _prometheus() -> Observer:
    from sojourn.telemetry.prometheus import PrometheusMetrics

    return PrometheusMetrics.of(import_string(current().METRICS_REGISTRY))


@cache  # an instrument is made once in a process
def _opentelemetry() -> Observer:
    from sojourn.telemetry.otel import OpenTelemetryMetrics

    return OpenTelemetryMetrics()


_MAKERS: dict[str, Callable[[], Observer]] = {"prometheus": _prometheus, "opentelemetry": _opentelemetry}
