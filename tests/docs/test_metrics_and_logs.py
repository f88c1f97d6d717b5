"""The page about metrics and logs says what the code tells: every metric, every event, every field."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys

from prometheus_client import CollectorRegistry

from sojourn.core.records import EndReason
from sojourn.core.search import Census
from sojourn.stores.observed import Rejection
from sojourn.telemetry.logs import LINES
from sojourn.telemetry.metrics import ENDS, GAUGES, METRICS, RecentCensus
from sojourn.telemetry.prometheus import PrometheusMetrics
from tests.docs.markdown import DOCS, Page
from tests.unit import test_logs

PAGE = Page(DOCS / "howto" / "metrics-and-logs.md")


def rows(columns: int) -> list[list[str]]:
    """The rows of the page's tables that have so many columns, without their headings."""
    found = [line.strip("|").split("|") for line in PAGE.prose.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in row] for row in found if len(row) == columns]


def test_every_metric_is_in_the_table_and_no_other() -> None:
    wanted = []
    for metric in (*METRICS, *GAUGES):
        values = ", ".join(f"`{value}`" for value in metric.values)
        if metric is ENDS:
            assert metric.values == tuple(EndReason)
            values = "see [reasons](../reference/events.md#reasons)"
        if metric.label == "sink":
            values = "its name"  # which there are, the settings say
        label = f"`{metric.label}`: {values}" if metric.label else ""
        wanted.append([f"`{metric.prometheus_name}`", f"`{metric.name}`", str(metric.kind), label, metric.doc])
    assert rows(5) == wanted


def test_every_event_is_in_the_table_with_its_level_and_no_other() -> None:
    told = {event.strip("`"): level for event, level, _ in rows(3)}
    assert told == {event: logging.getLevelName(level) for event, (level, _) in LINES.items()}
    assert {f"token.{why}" for why in Rejection} < set(told)


def test_every_field_is_in_the_table_and_no_other() -> None:
    told = {name for names, _ in rows(2) for name in re.findall(r"`(\w+)`", names)}
    assert told == test_logs.every_field()


def test_every_metric_in_the_rules_exists() -> None:
    """Under the names that Prometheus gives the parts of a histogram, too."""
    registry = CollectorRegistry()
    PrometheusMetrics.of(registry, RecentCensus(lambda: Census(1)))
    known = {sample.name for family in registry.collect() for sample in family.samples}
    (rules,) = [block.code for block in PAGE.blocks if block.language == "yaml"]
    used = set(re.findall(r"\bsojourn_\w+", rules))
    assert len(used) > 5
    assert used <= known
    for metric in METRICS:
        for value in re.findall(rf'{metric.prometheus_name}{{{metric.label or "-"}!?="([^"]+)"}}', rules):
            assert value in metric.values


def test_there_are_no_more_series_than_the_page_says() -> None:
    assert "fixed, and less than a hundred" in PAGE.text
    registry = CollectorRegistry()
    PrometheusMetrics.of(registry, RecentCensus(lambda: Census(1)))
    names = [sample.name for family in registry.collect() for sample in family.samples]
    assert 50 < sum(not name.endswith("_created") for name in names) < 100


def test_the_configuration_writes_one_line_of_json_for_each_event() -> None:
    """In a process of its own, since it configures all logging."""
    configuration = PAGE.blocks[0].code
    code = f"""
import logging.config
{configuration}
logging.config.dictConfig(LOGGING)
from sojourn.core.events import SessionStarted
from sojourn.telemetry.logs import Correlation, SessionLog
from sojourn.testing.samples import full_session
SessionLog(Correlation(b"key")).happened(SessionStarted(subject="ann", at=1, session=full_session("one")))
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, timeout=60, capture_output=True, text=True)
    (line,) = done.stderr.splitlines()
    shown = json.loads(line)
    assert shown["event"] == "session.started"
    sample = json.loads(next(block.code for block in PAGE.blocks if block.language == "json"))
    assert list(shown)[:6] == list(sample)[:6]
    assert set(sample) <= set(shown) | {"reason", "by"}
