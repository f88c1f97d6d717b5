"""What `doctor` looks at beside the system checks: what keeps the records, the clocks, the records themselves.

Each examination yields findings and adds to the facts; one that cannot be made says so and lets the others go on.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from importlib import import_module

from django.conf import settings as django_settings
from django.core.cache import caches
from django.core.checks import ERROR, WARNING, run_checks
from django.db import DatabaseError, connections

from sojourn.contrib.django.checks import TAG
from sojourn.contrib.django.delivery import BACKGROUND, sinks
from sojourn.contrib.django.internal.wiring import control, now
from sojourn.contrib.django.operations import examined_database, examined_move, examined_servers
from sojourn.contrib.django.operations.sentences import duration
from sojourn.contrib.django.operations.symptoms import Level, Patient, Symptom
from sojourn.contrib.django.operations.terminal import when
from sojourn.contrib.django.settings import current
from sojourn.core.search import EventQuery, SessionQuery, Standing
from sojourn.core.timeouts import DAY, MINUTE, deadline
from sojourn.stores.redis.address import Address
from sojourn.web.problems import instant

LATE = 2 * DAY
"""How long `purge` may have been missed."""
UNTOLD = 5 * MINUTE
"""How long what is due may wait for somebody to deliver it."""
LOOKED_AT = 200
"""How many of the latest sessions are looked at."""


def examine() -> tuple[dict[str, object], list[Symptom]]:
    """All facts and all symptoms. Changes nothing; raises nothing that a wrong installation could cause."""
    patient, symptoms = Patient(), list(_checks())
    for step in _STEPS:
        if (step in _OF_STORE and not patient.reached) or (step in _OF_RECORDS and _without_tables(patient)):
            continue  # it could only say the same once more
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
        "move_to": None if found.MOVE_TO is None else _place(found.MOVE_TO),
        "store": _place(found.STORE),
    }
    return iter(())


def _place(store: str | Address) -> str:
    """What may be shown of it: an alias that is none may be an address with a password, mistyped."""
    return str(store) if isinstance(store, Address) or store in connections.settings else "not an alias in DATABASES"


def _store(patient: Patient) -> Iterator[Symptom]:
    """Reachable, what it is, and whether it keeps what it is given."""
    reached = []
    for there, place in _places(patient):
        if isinstance(place, str):
            yield from examined_database.reach(there, place)
        else:
            yield from examined_servers.reach(there, place)
        reached.append(there.reached)
    patient.reached = all(reached)


def _migrations(patient: Patient) -> Iterator[Symptom]:
    for there, place in _places(patient):
        if isinstance(place, str):
            yield from examined_database.migrations(there, place)


def _without_tables(patient: Patient) -> bool:
    return any(patient.facts.get(name) for name in ("migrations_missing", "move_to_migrations_missing"))


def _clocks(patient: Patient) -> Iterator[Symptom]:
    for there, place in _places(patient):
        if isinstance(place, str):  # servers have been asked for theirs
            yield from examined_database.clocks(there, place)


def _places(patient: Patient) -> Iterator[tuple[Patient, str | Address]]:
    """Where the records are, and where they move to, of which the facts have names of their own."""
    yield patient, current().STORE
    place, there = current().MOVE_TO, Patient()
    if place is not None:
        yield there, place
        patient.facts |= {f"move_to_{name}": fact for name, fact in there.facts.items()}


def _move(patient: Patient) -> Iterator[Symptom]:
    return examined_move.examine(patient)


def _engine(patient: Patient) -> Iterator[Symptom]:
    """Django's own sessions, which carry the tokens."""
    name = django_settings.SESSION_ENGINE
    try:
        import_module(name).SessionStore().exists("d" * 32)
    except DatabaseError as error:
        yield Symptom(
            Level.ERROR,
            "doctor.engine",
            f"Django's own table of sessions does not answer: {type(error).__name__}. Nobody can be signed in.",
            "Run `python manage.py migrate`, once the database can be reached.",
        )
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
    due = control().census().due_since
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
    epoch = control().store.epoch()
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
    _store,
    _migrations,
    _clocks,
    _move,
    _engine,
    _epoch,
    _records,
    _delivery,
    _addresses,
)
_OF_RECORDS = frozenset({_move, _epoch, _records, _delivery, _addresses})
_OF_STORE = _OF_RECORDS | {_migrations, _clocks}
