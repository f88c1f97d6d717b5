"""Who watches this site's store: the log of sessions, Django's signals, and the metrics that the settings ask for."""

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings as django_settings
from django.core.signals import setting_changed
from django.utils.crypto import salted_hmac
from django.utils.module_loading import import_string

from sojourn.contrib.django.settings import current, read
from sojourn.contrib.django.signals import SignalSender
from sojourn.core.search import Census
from sojourn.stores.observed import Observer
from sojourn.telemetry.logs import Correlation, SessionLog
from sojourn.telemetry.metrics import RecentCensus

if TYPE_CHECKING:
    from sojourn.telemetry.prometheus import CensusCollector


def correlation() -> Correlation:
    """What makes the ids that stand for sessions and subjects in the logs: `correlation().subject(...)` finds a user's.

    Its key is made from SECRET_KEY. A new one makes new ids: old lines and new lines then do not join.
    """
    return Correlation(salted_hmac("sojourn.telemetry.correlation", b"", algorithm="sha256").digest())


def gauges() -> "CensusCollector":
    """What is asked when Prometheus collects. It is in METRICS_REGISTRY already; for the registry of a view that adds
    up the files of several processes (Prometheus' multiprocess mode), which knows no gauge that is asked.
    """
    from sojourn.telemetry.prometheus import CensusCollector

    return CensusCollector(recent_census)


def observers() -> list[Observer]:
    """Everybody who is told what happens. Nothing of a metrics library is imported unless METRICS names it."""
    return [SessionLog(correlation()), SignalSender(), *(_MAKERS[name]() for name in current().METRICS)]


def prepare() -> None:
    """Make the metrics that are asked for, so that they are there, at zero, before anything has happened.

    Settings that cannot be used are not complained of here: the system checks say what is wrong with them.
    """
    found, problems = read(getattr(django_settings, "SOJOURN", {}))
    if found.METRICS and not problems:
        with suppress(ImportError):
            observers()


def _prometheus() -> Observer:
    from sojourn.telemetry.prometheus import PrometheusMetrics

    return PrometheusMetrics.of(import_string(current().METRICS_REGISTRY), recent_census)


@cache  # an instrument is made once in a process
def _opentelemetry() -> Observer:
    from sojourn.telemetry.otel import OpenTelemetryMetrics

    return OpenTelemetryMetrics(recent_census)


_MAKERS: dict[str, Callable[[], Observer]] = {"prometheus": _prometheus, "opentelemetry": _opentelemetry}


def _census() -> Census:
    """Asked from whatever thread collects, so the connection is left as at the end of a request."""
    from sojourn.contrib.django.internal import storage
    from sojourn.contrib.django.internal.wiring import control

    try:
        return control().census()
    finally:
        storage.let_go()


recent_census = RecentCensus(_census)


def _forget(*, setting: str, **_: object) -> None:
    if setting in {"SOJOURN", "DATABASES"}:
        recent_census.forget()


setting_changed.connect(_forget, dispatch_uid="sojourn.telemetry")
