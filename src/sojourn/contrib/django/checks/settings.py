"""Checks of `SOJOURN` itself."""

import inspect
from collections.abc import Iterator

from asgiref.sync import iscoroutinefunction
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Info
from django.core.checks import Warning as Caution

from sojourn.contrib.django.adapter import Adapter
from sojourn.contrib.django.checks.findings import is_kind, load, present, when_enabled
from sojourn.contrib.django.internal.wiring import now
from sojourn.contrib.django.settings import Settings, read
from sojourn.core.errors import ConfigurationError


def check_settings(**_: object) -> list[CheckMessage]:
    """Every setting can be used. Asked even when Sojourn is not enabled: `current()` refuses the settings then, too."""
    problems = read(getattr(django_settings, "SOJOURN", {}))[1]
    return [Error(str(problem), hint=problem.hint, id="sojourn.E001") for problem in problems]


def _path_fault(path: str, wanted: type | None, arguments: tuple[object, ...]) -> str:
    """Why what is at `path` cannot be called with `arguments`; "" if it can. `wanted`: a class; None: a function."""
    try:
        found = load(path)
    except ImportError as error:
        return f"it cannot be imported: {error}"
    if wanted is not None and not is_kind(found, wanted):
        return f"it is not a subclass of {wanted.__module__}.{wanted.__qualname__}"
    if not callable(found) or (wanted is None and isinstance(found, type)):
        return "it is not a function"
    if iscoroutinefunction(found):
        return "it is async, and is called without being awaited"
    try:
        inspect.signature(found).bind(*arguments)
    except TypeError as error:
        return f"it cannot be called as Sojourn calls it: {error}"
    except ValueError:  # written in C, without a signature
        return ""
    return ""


def _registry_fault(path: str) -> str:
    try:
        return "" if callable(getattr(load(path), "register", None)) else "it is no registry"
    except ImportError as error:
        return f"it cannot be imported: {error}"


@when_enabled
def check_paths() -> Iterator[CheckMessage]:
    """Dotted paths lead to what they should lead to."""
    found = present()
    faults = [("ADAPTER", _path_fault(found.ADAPTER, Adapter, ()), "class Adapter(Adapter)")]
    if found.SUBJECT:
        faults.append(("SUBJECT", _path_fault(found.SUBJECT, None, (None,)), "def subject(user) -> str"))
    if found.POLICY:
        faults.append(("POLICY", _path_fault(found.POLICY, None, (None,)), "def policy(arrival) -> Policy"))
    if "prometheus" in found.METRICS:
        faults.append(("METRICS_REGISTRY", _registry_fault(found.METRICS_REGISTRY), "registry = CollectorRegistry()"))
    for name, fault, wanted in faults:
        if fault:
            own = {"ADAPTER": "Adapter", "METRICS_REGISTRY": "registry"}.get(name, name.lower())
            yield Error(
                f"SOJOURN['{name}'] cannot be used: {' '.join(fault.split())}.",
                hint=f'Write SOJOURN["{name}"] = "accounts.sessions.{own}" for a `{wanted}` in accounts/sessions.py, '
                "or leave it out.",
                id="sojourn.E002",
            )


@when_enabled
def check_cookie_names() -> Iterator[CheckMessage]:
    """No two cookies share a name."""
    found = present()
    taken = {getattr(django_settings, name): name for name in ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME")}
    for name in ("DEVICE_COOKIE", "TICKET_COOKIE"):
        if getattr(found, name) in taken:
            yield Error(
                f"SOJOURN['{name}'] is the same name as {taken[getattr(found, name)]}: each would overwrite the other.",
                hint=f"Leave SOJOURN['{name}'] out, or write another name.",
                id="sojourn.E003",
            )


def _never_idle(found: Settings) -> Iterator[CheckMessage]:
    try:
        policy = found.policy()
    except ConfigurationError:
        return  # `check_settings` says so
    for kind, each in (("", policy.timeouts), ("PERSISTENT_", policy.persistent or policy.timeouts)):
        if each.inactivity is not None and each.absolute is not None and each.inactivity >= each.absolute:
            yield Caution(
                f"The {kind}INACTIVITY_TIMEOUT has no effect: the {kind}ABSOLUTE_TIMEOUT is no longer, so that every "
                "session ends by that.",
                hint=f'Write a longer SOJOURN["{kind}ABSOLUTE_TIMEOUT"], or a shorter {kind}INACTIVITY_TIMEOUT.',
                id="sojourn.W007",
            )
            return


@when_enabled
def check_purpose() -> Iterator[CheckMessage]:
    """The settings do something, and what they seem to do."""
    found = present()
    own = [name for name in ("LIMITS", "PRESET", "INACTIVITY_TIMEOUT", "ABSOLUTE_TIMEOUT") if getattr(found, name)]
    if found.POLICY and own:
        yield Caution(
            f"SOJOURN['POLICY'] decides about every sign-in, so {', '.join(own)} in SOJOURN have no effect.",
            hint=f"Leave out {', '.join(own)}, and let the policy's function return them; or leave out POLICY.",
            id="sojourn.W001",
        )
    if not found.POLICY and not own:
        yield Caution(
            "SOJOURN sets no limit and no timeout: any number of sessions may be open, for as long as they like.",
            hint='Write SOJOURN = {"LIMITS": [{"max_sessions": 3}], "INACTIVITY_TIMEOUT": "30m"}, or a PRESET.',
            id="sojourn.W002",
        )
    if not found.POLICY:
        yield from _never_idle(found)
    if {"cookies", "*"} & set(found.CLEAR_SITE_DATA):
        yield Caution(
            "SOJOURN['CLEAR_SITE_DATA'] clears all cookies at a sign-out: the device is no longer recognised, and "
            "other sites of the same registered domain are signed out as well.",
            hint='Leave it out, or write ["storage"]. Sojourn expires its own cookies by their names.',
            id="sojourn.W003",
        )
    if found.ADOPT_EXISTING and found.ADOPT_UNTIL is None:
        yield Caution(
            "SOJOURN['ADOPT_EXISTING'] has no end: a session that something else has signed in is taken on trust, "
            "for as long as it is on.",
            hint='Write SOJOURN["ADOPT_UNTIL"] = "2027-03-01", for instance: some time after you install Sojourn, '
            "when most have come back. Whoever comes later signs in once more.",
            id="sojourn.W004",
        )
    elif found.ADOPT_EXISTING and found.ADOPT_UNTIL is not None and now() >= found.ADOPT_UNTIL:
        yield Caution(
            "SOJOURN['ADOPT_UNTIL'] is over: ADOPT_EXISTING does nothing any more.",
            hint="Leave out ADOPT_EXISTING and ADOPT_UNTIL.",
            id="sojourn.W005",
        )
    if found.ADOPT_UNTIL is not None and not found.ADOPT_EXISTING:
        yield Caution(
            "SOJOURN['ADOPT_UNTIL'] has no effect without ADOPT_EXISTING.",
            hint="Write ADOPT_EXISTING as well, or leave out both.",
            id="sojourn.W006",
        )
    if found.REPORT_ONLY:
        yield Info(
            "SOJOURN['REPORT_ONLY'] is True: what the limits would do is recorded, and nothing is enforced.",
            hint="Leave REPORT_ONLY out when the records show what you expect.",
            id="sojourn.I001",
        )
