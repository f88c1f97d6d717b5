"""Fill in the parts of the documentation that the source says best: `.venv/bin/python docs/generate.py`.

They stand between `<!-- generated: name -->` and `<!-- end -->`; everything around them is written by hand.
tests/docs/test_reference.py fails when one of them is out of date.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import subprocess
import sys
from argparse import Action, ArgumentParser
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import django
import openapi
import probing
from arguments import heard
from django.conf import settings as django_settings
from scan import SOURCE, checks, files

from sojourn.contrib.django import signals
from sojourn.contrib.django.limits import _PARSERS as LIMIT_PARSERS
from sojourn.contrib.django.settings import every
from sojourn.contrib.django.webhooks import EXAMPLE_SECRET
from sojourn.core import errors, events, presets
from sojourn.core.decisions import end_session
from sojourn.core.outcomes import Admitted, ChoiceRequired, Paused, Refused
from sojourn.core.policy import Counts, Familiarity, Limit, Order, Overflow, PingPong, Scope
from sojourn.core.records import Device, DeviceClass, EndReason, Session
from sojourn.core.timeouts import DAY, HOUR, MINUTE, SECOND, parse_duration
from sojourn.notify import schema
from sojourn.notify.notices import Kind, Notices
from sojourn.probe.profiles import keys as profile_keys
from sojourn.probe.profiles.file import Credentials
from sojourn.probe.profiles.profile import Profile, Step
from sojourn.stores.redis import address, keys
from sojourn.web import problems

DOCS = Path(__file__).parent
COMMAND = ".venv/bin/python docs/generate.py"
LINE = 120
_PART = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end -->\n)", re.DOTALL)

LIMIT_KEYS = {
    "max_sessions": "how many may be open at once; at least 1; the only key that must be there",
    "overflow": "what happens to a sign-in for which there is no room",
    "order": "which session ends first under `end_existing`",
    "scope": "what is counted apart: a list",
    "counts": "what is counted",
    "groups": "the limit holds only users in one of these groups: a list; empty means everybody",
    "exempt": "the limit does not hold users in one of these groups: a list",
    "clients": "counts and holds only sessions of these applications (see CLIENT): a list; empty means all",
    "device_classes": "counts and holds only sessions on these kinds of device: a list; empty means all",
    "name": "a name for records and explanations",
}
_KINDS: dict[str, type[Any]] = {
    "overflow": Overflow,
    "order": Order,
    "scope": Scope,
    "counts": Counts,
    "device_classes": DeviceClass,
}


def duration(milliseconds: int) -> str:
    """A duration as one writes it in the settings."""
    for size, letter in ((DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s")):
        if milliseconds % size == 0:
            return f"{milliseconds // size}{letter}"
    return f"{milliseconds} ms"


def settings() -> str:
    """Every setting, its default and an example."""
    parts = []
    for each in every():
        parse, example = each.metadata["parse"], each.metadata["example"]
        norun = " norun" if EXAMPLE_SECRET in example else ""  # a check rightly refuses it: everybody knows it
        written = _formatted(f'SOJOURN = {{"{each.name}": {example}}}\n')
        shown = f"```python{norun}\n{written}```\n"
        parts.append(
            f"\n## {each.name}\n{each.metadata['doc']}\n\nDefault: {_default(parse, each.default)}.\n\n{shown}"
        )
    return "".join(parts)


def _formatted(code: str) -> str:
    """`code` as `ruff format` has it, which looks at the examples in these pages, too."""
    if all(len(line) <= LINE for line in code.splitlines()):
        return code
    ruff = [sys.executable, "-m", "ruff", "format", f"--line-length={LINE}", "-"]
    return subprocess.run(ruff, input=code, capture_output=True, text=True, check=True).stdout  # noqa: S603  # our own words


def _default(parse: Callable[..., object], value: Any) -> str:
    if value is None:
        return "not set"
    if value in ((), ""):
        return "empty"
    if isinstance(value, Familiarity):
        keys = ("new_place", "distance_km", "travel_kmh")
        return f"`{json.dumps({key: getattr(value, key) for key in keys})}`"
    if isinstance(value, PingPong):
        return f'`{{"times": {value.times}, "within": "{duration(value.within)}"}}`'
    if isinstance(value, Notices):
        return f"`{json.dumps({kind: sorted(value.channels(kind)) for kind in Kind})}`"
    if parse is parse_duration:
        return f'`"{duration(value)}"`'
    return f"`{value}`" if isinstance(value, bool) else f"`{json.dumps(value)}`"


def limit_keys() -> str:
    """The keys of a limit."""
    if set(LIMIT_KEYS) != set(LIMIT_PARSERS):
        raise SystemExit(f"docs/generate.py: LIMIT_KEYS must describe {sorted(LIMIT_PARSERS)}")
    defaults = {each.name: each.default for each in fields(Limit)}
    rows = ["| key | what it is | values | default |\n|---|---|---|---|\n"]
    for key, about in LIMIT_KEYS.items():
        values = ", ".join(f"`{item}`" for item in _KINDS.get(key, ()))
        default = defaults[key]
        rows.append(f"| `{key}` | {about} | {values} | {f'`{default}`' if default and key in _KINDS else ''} |\n")
    return "".join(rows).replace("`<factory>`", "").replace("frozenset()", "")


def presets_table() -> str:
    """The presets, with their limits and timeouts."""
    rows = ["| preset | limits | inactivity | absolute |\n|---|---|---|---|\n"]
    for name, policy in presets.PRESETS.items():
        limits = "; ".join(f"{one.max_sessions}, then `{one.overflow}` ({one.name})" for one in policy.limits)
        bounds = (policy.timeouts.inactivity, policy.timeouts.absolute)
        shown = " | ".join(duration(bound) if bound else "none" for bound in bounds)
        rows.append(f"| `{name}` | {limits or 'none'} | {shown} |\n")
    return "".join(rows)


def errors_table() -> str:
    """The tree of errors, with their codes."""
    rows = ["| error | is a | code | retry after | meaning |\n|---|---|---|---|---|\n"]
    for kind in (item for item in vars(errors).values() if isinstance(item, type) and issubclass(item, Exception)):
        after = f"{kind.retry_after} s" if issubclass(kind, errors.StoreError) else ""
        base = "" if kind is errors.SojournError else f"`{kind.__bases__[0].__name__}`"
        text = " ".join((inspect.getdoc(kind) or "").split())
        rows.append(f"| `{kind.__name__}` | {base} | `{kind.code}` | {after} | {text} |\n")
    return "".join(rows)


def redis_keys() -> str:
    """What each key of a route holds."""
    rows = ["| key | type | what it holds |\n|---|---|---|\n"]
    for name, about in keys.CONTAINERS.items():
        kind, _, holds = about.partition(": ")
        rows.append(f"| `{name}` | {kind} | {_cell(holds)} |\n")
    return "".join(rows)


def redis_options() -> str:
    """What may follow the address of a Valkey or Redis."""
    rows = [f"| `{name}` | {option.means} |\n" for name, option in address.OPTIONS.items()]
    return "| option | what it is |\n|---|---|\n" + "".join(rows)


_NOON = 1_800_014_400_000


def _sample(sid: str, device: Device, place: str) -> Session:
    return Session(
        sid=sid,
        subject="auth.user|7|1700000000",
        digest=bytes(32),
        created=_NOON,
        authenticated=_NOON,
        last_seen=_NOON + MINUTE,
        inactivity_timeout=30 * MINUTE,
        client="shop",
        device=device,
        address="192.0.2.7",
        place=place,
    )


OFFICE = _sample("5cQ2m1fV0Zk8yT4sWn7bRxLg", Device(DeviceClass.COMPUTER, "Firefox", "Windows"), "Bern")
PHONE = _sample(
    "5cA7d3hJ9pX2uE6vKq1oMtYw", Device(DeviceClass.PHONE, "Mobile Safari", "iOS", "what recognises it"), "Basel"
)
NAMES = {PHONE.device.digest: "My phone"}
EVICTED = end_session(OFFICE, EndReason.EVICTED, PHONE.sid, _NOON + 2 * MINUTE)


def _json(body: object) -> str:
    return f"\n```json\n{json.dumps(body, indent=2, ensure_ascii=False)}\n```\n"


def events_list() -> str:
    """Every event, with its JSON."""
    samples: dict[str, Any] = {
        "session": PHONE,
        "also_open": (OFFICE.sid,),
        "arrival": {"client": "shop", "device": PHONE.device.label, "device_class": "phone", "address": "192.0.2.7"},
        "limit": Limit(1, Overflow.REFUSE).title,
        "open": (OFFICE.sid,),
        "outcome": "refuse",
        "sid": PHONE.sid,
        "ended": (OFFICE.sid,),
        "by": "admin:boss",
        "note": "lost laptop",
        "until": _NOON + DAY,
        "against": (OFFICE.sid,),
    }
    parts = []
    for kind, name in events.TYPE_OF.items():
        values = {each.name: samples[each.name] for each in fields(kind) if each.name in samples}
        if kind is events.SessionEnded:
            values["session"] = EVICTED
        if kind is events.ChoiceOffered:
            values["limit"] = Limit(1, Overflow.ASK).title
        event = kind(subject=PHONE.subject, at=_NOON + 2 * MINUTE, id="h3J0vX5kQm8sT1yZ6nWbRw", **values)
        signal = next(word for word, each in vars(signals).items() if each is signals.SIGNAL_OF[kind])
        about = f"{inspect.getdoc(kind)}\n\nDjango signal: `{signal}`."
        parts.append(f"\n## {name}\n{about}\n{_json(events.payload(event))}")
    return "".join(parts)


_PLAIN = {
    "INACTIVITY_TIMEOUT": "It was not used for too long.",
    "ABSOLUTE_TIMEOUT": "It reached its longest duration.",
    "DEACTIVATED": "The account was deactivated.",
    "DELETED": "The account was deleted.",
}
"""Reasons whose names say it all, and which the source therefore does not explain."""


def reasons() -> str:
    """Every reason for which a session ends."""
    about, rows = _attribute_docs(EndReason) | _PLAIN, ["| reason | meaning |\n|---|---|\n"]
    return "".join(rows + [f"| `{reason}` | {about[reason.name]} |\n" for reason in EndReason])


def _attribute_docs(kind: type) -> dict[str, str]:
    """The texts that stand under the members of a class."""
    found, name = {}, ""
    (definition,) = ast.parse(inspect.getsource(kind)).body
    for node in getattr(definition, "body", []):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and name:
            found[name] = str(node.value.value)
        name = ast.unparse(node.targets[0]) if isinstance(node, ast.Assign) else ""
    return found


def problem(name: str) -> str:
    """The JSON of one outcome."""
    asking = ChoiceRequired(Limit(1, Overflow.ASK), (OFFICE,), 1, _NOON + 5 * MINUTE)
    bodies: dict[str, object] = {
        "admitted": problems.admitted_json(Admitted(PHONE, (EVICTED,), ()), NAMES),
        "limit-reached": problems.refused_problem(Refused.of(Limit(1, Overflow.REFUSE), (OFFICE,)), NAMES),
        "choice-required": {**problems.choice_problem(asking, NAMES), "ticket": "sojt_..."},
        "session-ended": problems.ended_problem(EVICTED, PHONE, NAMES),
        "choice-over": problems.invalid_ticket_problem(),
        "store-unavailable": problems.unavailable_problem(errors.StoreUnavailable()),
        "not-confirmed": problems.unconfirmed_problem(),
        "sign-ins-paused": problems.paused_problem(Paused(_NOON + DAY)),
        "not-signed-in": problems.not_signed_in_problem(),
        "reauthentication-required": problems.reauthentication_problem(
            15 * MINUTE, "password", "/sessions/api/reauthenticate/"
        ),
    }
    return _json(bodies[name])


def commands() -> str:
    """Every operation of `manage.py sojourn`, with its arguments."""
    if not django_settings.configured:  # a program needs that to import what knows users
        django_settings.configure(
            INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "sojourn.contrib.django"]
        )
        django.setup()
    from sojourn.contrib.django.operations import operations

    parts = []
    for operation in operations():
        parser = ArgumentParser(add_help=False)
        operation.arguments(parser)
        rows = [f"| {_argument(each)} | {_cell(each.help or '')}{_choices(each)} |\n" for each in heard(parser)]
        table = "| argument | what it is |\n|---|---|\n" + "".join(rows) if rows else ""
        parts.append(f"\n## {operation.name}\n{operation.help}\n\n{table}")
    return "".join(parts).replace("\n\n\n", "\n\n")


def probe_profile() -> str:
    """The keys of the probe's profile, a table for each of its tables."""
    defaults = {
        each.name: each.default for kind in (Profile, Step, Credentials) for each in fields(kind) if each.default != ""
    }
    parts = []
    for table, about in profile_keys.TABLES.items():
        rows = "".join(
            f"| `{key.name}` | {key.kind.value} | {_cell(key.about)}{_plain(key, defaults)} |\n"
            for key in profile_keys.KEYS
            if key.table == table
        )
        heading = f"## [{table}]\n{about}." if table else f"## {about}"
        parts.append(f"{heading}\n\n| key | holds | what it is |\n|---|---|---|\n{rows}")
    own = "".join(f"- `[{name}]`: {about}\n" for name, about in profile_keys.TABLES_OF_CHECKS.items())
    return "\n".join([*parts, f"## Tables of single checks\nEach is read by the check that needs it.\n\n{own}"])


def _plain(key: profile_keys.Key, defaults: dict[str, Any]) -> str:
    default = defaults.get(key.fills)
    number = isinstance(default, int | float) and not isinstance(default, bool)
    return f" Unless given: {default:g}." if number else ""


def _argument(action: Action) -> str:
    name = action.option_strings[-1] if action.option_strings else str(action.metavar)
    valued = action.option_strings and action.nargs != 0
    value = f" {action.metavar or ('...' if action.choices else action.dest.upper())}" if valued else ""
    return f"`{name}{value}`"


def _choices(action: Action) -> str:
    return f" One of: {', '.join(f'`{item}`' for item in action.choices)}." if action.choices else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


PARTS: dict[str, Callable[[], str]] = {
    "settings": settings,
    "limit-keys": limit_keys,
    "presets": presets_table,
    "errors": errors_table,
    "events": events_list,
    "reasons": reasons,
    "redis-keys": redis_keys,
    "redis-options": redis_options,
    "checks": checks,
    "commands": commands,
    "probe-checks": probing.checks,
    "probe-options": probing.options,
    "files": files,
    "probe-profile": probe_profile,
    "json-requests": openapi.requests,
    "json-fields": openapi.fields,
}


def part(name: str) -> str:
    """The generated part called `name`."""
    return PARTS[name]() if name in PARTS else problem(name)


def pages() -> dict[Path, str]:
    """Every page with a generated part, as it is to be; and the schema of what webhooks send."""
    found = {path: path.read_text(encoding="utf-8") for path in sorted(DOCS.rglob("*.md"))}
    written = {
        path: _PART.sub(lambda match: match[1] + part(match[2]) + match[3], text)
        for path, text in found.items()
        if _PART.search(text)
    }
    return written | {SOURCE / "notify" / schema.FILE: schema.text()}


def main() -> None:
    """Write what has changed."""
    for path, text in pages().items():
        if text != path.read_text(encoding="utf-8"):
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(DOCS.parent)}\n")


if __name__ == "__main__":
    main()
