"""What `doctor` looks at beside the system checks: the database, the clocks, the records, as they are now.

Each examination yields findings and adds to the facts; one that cannot be made says so and lets the others go on.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module

from django.conf import settings as django_settings
from django.core.cache import caches
from django.core.checks import ERROR, WARNING, run_checks
from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

from sojourn.contrib.django.checks import TAG
from sojourn.contrib.django.delivery import BACKGROUND, sinks
from sojourn.contrib.django.internal.wiring import control, now
from sojourn.contrib.django.operations.sentences import duration
from sojourn.contrib.django.operations.terminal import when
from sojourn.contrib.django.settings import current
from sojourn.core.search import EventQuery, SessionQuery, Standing
from sojourn.core.timeouts import DAY, MINUTE, SECOND, deadline
from sojourn.web.problems import instant

SKEW = 2 * SECOND
"""How far the clocks of the application and the database may be apart."""
LATE = 2 * DAY
"""How long `purge` may have been missed."""
UNTOLD = 5 * MINUTE
"""How long what is due may wait for somebody to deliver it."""
LOOKED_AT = 200
"""How many of the latest sessions are looked at."""


class Level(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Symptom:
    """Something that is not as it should be: what it is, and what to do."""

    level: Level
    id: str
    text: str
    hint: str = ""


@dataclass(slots=True)
class Patient:
    """What has been found out so far, as facts."""

    facts: dict[str, object] = field(default_factory=dict)


def examine() -> tuple[dict[str, object], list[Symptom]]:
    """All facts and all symptoms. Changes nothing; raises nothing that a wrong installation could cause."""
    patient, symptoms = Patient(), list(_checks())
    for step in _STEPS:
        if step in _IN_DATABASE and "database" not in patient.facts:
            continue
        try:
            symptoms += step(patient)
        except Exception as error:  # noqa: BLE001  # whatever a wrong installation leads to is told, and is no crash
            name = step.__name__.strip("_").replace("_", " ")
            symptoms.append(
                Symptom(
                    Level.ERROR,
                    f"doctor.{step.__name__.strip('_')}",
                    f"The {name} could not be examined: {type(error).__name__}.",
                    "Put right what stands above, and run this again.",
                )
            )
    return patient.facts, sorted(symptoms, key=lambda symptom: list(Level).index(symptom.level))


def _checks() -> Iterator[Symptom]:
    for message in run_checks(tags=[TAG], include_deployment_checks=True):
        level = Level.ERROR if message.level >= ERROR else Level.WARNING if message.level >= WARNING else Level.INFO
        yield Symptom(level, message.id or "", str(message.msg), str(message.hint or ""))


def _settings(patient: Patient) -> Iterator[Symptom]:
    found = current()
    patient.facts |= {
        "enabled": found.ENABLED,
        "report_only": found.REPORT_ONLY,
        "policy": found.POLICY or "the settings'",
        "session_engine": django_settings.SESSION_ENGINE,
        "trusted_proxy_hops": found.TRUSTED_PROXY_HOPS,
        "store": found.STORE,
    }
    return iter(())


def _database(patient: Patient) -> Iterator[Symptom]:
    """Reachable, and what it is."""
    connection = connections[current().STORE]
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        yield Symptom(
            Level.ERROR,
            "doctor.database",
            f"The database '{current().STORE}' cannot be reached: {type(error).__name__}. Until then, every request "
            "that carries a session is answered with 503.",
            "Start it, and compare HOST, PORT, USER and PASSWORD in DATABASES.",
        )
        return
    patient.facts["database"] = f"{connection.display_name} {'.'.join(map(str, connection.get_database_version()))}"
    patient.facts["isolation"] = _isolation(connection)


def _isolation(connection: BaseDatabaseWrapper) -> str:
    statements = {"postgresql": "SHOW transaction_isolation", "mysql": "SELECT @@tx_isolation"}
    if connection.vendor not in statements:
        return "serializable"
    with connection.cursor() as cursor:
        cursor.execute(statements[connection.vendor])
        return str(cursor.fetchone()[0]).lower().replace("-", " ")


def _migrations(patient: Patient) -> Iterator[Symptom]:
    executor = MigrationExecutor(connections[current().STORE])
    wanted = [key for key in executor.loader.graph.leaf_nodes() if key[0] == "sojourn"]
    missing = [str(migration) for migration, _ in executor.migration_plan(wanted)]
    patient.facts["migrations_missing"] = missing
    if missing:
        yield Symptom(
            Level.ERROR,
            "doctor.migrations",
            f"Migrations are not applied: {', '.join(missing)}.",
            "Run `python manage.py migrate sojourn`"
            + (f" --database {current().STORE}." if current().STORE != "default" else "."),
        )


def _clocks(patient: Patient) -> Iterator[Symptom]:
    """All processes go by their own clock: those of several machines must agree. The database's is one to compare."""
    connection = connections[current().STORE]
    statements = {
        "postgresql": "SELECT extract(epoch FROM clock_timestamp()) * 1000",
        "mysql": "SELECT UNIX_TIMESTAMP(SYSDATE(3)) * 1000",
    }
    if connection.vendor not in statements:
        return  # it has no clock of its own
    with connection.cursor() as cursor:
        before = time.time() * 1000
        cursor.execute(statements[connection.vendor])
        skew = round(float(cursor.fetchone()[0]) - (before + time.time() * 1000) / 2)
    patient.facts["clock_skew_ms"] = skew
    if abs(skew) > SKEW:
        yield Symptom(
            Level.WARNING,
            "doctor.clocks",
            f"The clocks of this machine and of the database are {abs(skew) / 1000:.1f} seconds apart: if several "
            "machines serve the site, sessions end early or late by as much.",
            "Let all machines keep time by NTP.",
        )


def _engine(patient: Patient) -> Iterator[Symptom]:
    """Django's own sessions, which carry the tokens."""
    name = django_settings.SESSION_ENGINE
    import_module(name).SessionStore().exists("d" * 32)
    if name.rpartition(".")[2] not in {"cache", "cached_db"}:
        return
    backend = type(caches[django_settings.SESSION_CACHE_ALIAS]).__name__
    patient.facts["session_cache"] = backend
    if backend == "DummyCache" or (backend == "LocMemCache" and not django_settings.DEBUG):
        yield Symptom(
            Level.ERROR if backend == "DummyCache" else Level.WARNING,
            "doctor.engine",
            f"SESSION_ENGINE keeps sessions in a {backend}, which "
            + ("forgets everything." if backend == "DummyCache" else "no other process sees."),
            "Use a cache that all processes share, or django.contrib.sessions.backends.db.",
        )


def _records(patient: Patient) -> Iterator[Symptom]:
    """How many there are, and whether `purge` runs."""
    census, retention = control().census(), control().options.retention
    patient.facts |= {
        "sessions_live": census.sessions,
        "users_with_sessions": census.subjects,
        "events": census.outbox,
        "oldest_event_seconds": None if census.outbox_since is None else (now() - census.outbox_since) // 1000,
    }
    late = "Let a timer run `python manage.py sojourn purge` daily."
    overdue = next(iter(control().store.overdue(now(), 1)), None)
    since = deadline(overdue) if overdue is not None else None
    patient.facts["longest_overdue_seconds"] = None if since is None else (now() - since) // 1000
    if since is not None and now() - since > LATE:
        yield Symptom(
            Level.WARNING,
            "doctor.purge",
            f"A session has been past its time for {duration((now() - since) // DAY * DAY)} and its end is not "
            "recorded: the purge does not run.",
            late,
        )
    oldest = next(iter(control().store.journal(EventQuery(limit=1))), None)
    if oldest is not None and now() - int(str(oldest["at"])) > retention + LATE:
        yield Symptom(
            Level.WARNING,
            "doctor.outbox",
            f"Events are kept that are older than RETENTION ({duration(retention)}): the purge does not run.",
            late,
        )


def _delivery(patient: Patient) -> Iterator[Symptom]:
    """Whether people are told what happened."""
    from sojourn.contrib.django.models import OutboxEvent

    waiting = OutboxEvent._base_manager.using(current().STORE).filter(due__isnull=False)
    due = waiting.order_by("due").values_list("due", flat=True).first()
    failing, dead = control().store.failing(), control().store.dead_letters(1)
    patient.facts |= {
        "sinks": [sink.name for sink in sinks()],
        "delivery": current().DELIVERY,
        "longest_due_seconds": None if due is None else max(0, now() - due) // 1000,
        "failing_sinks": sorted(failing),
    }
    if due is not None and now() - due > UNTOLD:
        yield Symptom(
            Level.WARNING,
            "doctor.delivery",
            f"Messages have been due for {duration((now() - due) // MINUTE * MINUTE)} and nobody delivers them.",
            "Let `python manage.py sojourn deliver` run as a service."
            if current().DELIVERY != BACKGROUND
            else "Does any web process answer requests, and may it have threads (uWSGI: enable-threads)? Otherwise let "
            "`python manage.py sojourn deliver` run as a service.",
        )
    for name, failure in failing.items():
        yield Symptom(
            Level.WARNING,
            "doctor.sink",
            f"{name} has failed since {when(failure.since)}: {failure.error}."
            + (" It is disabled." if failure.disabled is not None else ""),
            f"Put it right, then run `python manage.py sojourn deliver --enable {name}`."
            if failure.disabled is not None
            else "It is tried again by itself.",
        )
    if dead:
        yield Symptom(
            Level.WARNING,
            "doctor.dead",
            "There are messages that could not be delivered, and are not tried again.",
            "`python manage.py sojourn deliver --list-dead` shows them, and --resend-all tries them again.",
        )


def _addresses(patient: Patient) -> Iterator[Symptom]:
    """Whether the sessions show the addresses of people, or that of a proxy."""
    sessions = control().search(SessionQuery(Standing.LIVE, limit=LOOKED_AT)).sessions
    patient.facts["latest_sessions_looked_at"] = len(sessions)
    most = Counter(session.address for session in sessions).most_common(1)
    subjects = {session.subject for session in sessions}
    if most and len(subjects) >= 10 and most[0][1] == len(sessions):
        yield Symptom(
            Level.WARNING,
            "doctor.addresses",
            f"The latest {len(sessions)} sessions of {len(subjects)} users all come from one address: it may be a "
            "proxy's.",
            'If a proxy of yours stands before Django, write SOJOURN["TRUSTED_PROXY_HOPS"] = 1, or as many as there '
            "are.",
        )


def _epoch(patient: Patient) -> Iterator[Symptom]:
    """What began before the epoch is void; one that is still to come would make void whatever begins until then."""
    from sojourn.contrib.django.models import Epoch

    epoch = Epoch._base_manager.using(current().STORE).values_list("at", flat=True).first()
    patient.facts["epoch"] = instant(epoch)
    if epoch is not None and epoch > now():
        yield Symptom(
            Level.ERROR,
            "doctor.epoch",
            "All sessions were ended at a moment that, by this machine's clock, is still to come: sessions that begin "
            "until then are void.",
            "Compare the clocks of all machines.",
        )


_STEPS: tuple[Callable[[Patient], Iterator[Symptom]], ...] = (
    _settings,
    _database,
    _migrations,
    _clocks,
    _engine,
    _epoch,
    _records,
    _delivery,
    _addresses,
)
_IN_DATABASE = frozenset({_migrations, _clocks, _epoch, _records, _delivery, _addresses})
