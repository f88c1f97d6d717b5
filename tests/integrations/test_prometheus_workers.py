"""Prometheus with several worker processes, as real ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_several_processes_are_added_up_and_gauges_asked_once(tmp_path: Path) -> None:
    """Prometheus' multiprocess mode: workers write files, and whoever is asked adds them up."""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    worker = (
        "from prometheus_client import REGISTRY\n"
        "from sojourn.telemetry.prometheus import PrometheusMetrics\n"
        "from tests.unit.test_metrics import live\n"
        "live(PrometheusMetrics.of(REGISTRY, lambda: None))\n"
    )
    asked = (
        "from prometheus_client import CollectorRegistry, generate_latest\n"
        "from prometheus_client.multiprocess import MultiProcessCollector\n"
        "from sojourn.telemetry.prometheus import CensusCollector\n"
        "from tests.unit.test_metrics import CENSUS\n"
        "registry = CollectorRegistry()\n"
        "MultiProcessCollector(registry)\n"
        "registry.register(CensusCollector(lambda: CENSUS))\n"
        "print(generate_latest(registry).decode())\n"
    )
    for _ in range(2):
        subprocess.run([sys.executable, "-c", worker], env=environment, check=True, timeout=60)
    done = subprocess.run(
        [sys.executable, "-c", asked], env=environment, check=True, timeout=60, capture_output=True, text=True
    )
    lines = done.stdout.splitlines()
    for line in (
        'sojourn_sign_ins_total{outcome="admitted"} 6.0',
        'sojourn_session_ends_total{reason="logout"} 4.0',
        "sojourn_lookup_duration_seconds_count 4.0",
        "sojourn_sessions_live 3.0",
        "sojourn_outbox_age_seconds 90.0",
    ):
        assert lines.count(line) == 1
