"""The one setting, `SOJOURN`: a dict, typed here. Every key has a default, and this file is where it is described.

Read lazily, and again whenever Django's settings change, so that `override_settings` works in tests.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cache
from typing import Any, TypeVar

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from sojourn.contrib.django.limits import parse_limits
from sojourn.control import Options
from sojourn.core.errors import ConfigurationError
from sojourn.core.policy import Limit, Policy
from sojourn.core.presets import preset
from sojourn.core.timeouts import DAY, MINUTE, SECOND, Timeouts, parse_duration

T = TypeVar("T")


def _of(kind: type[T]) -> Callable[[object], T]:
    def parse(value: object) -> T:
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ConfigurationError(f"{value!r} is not a {kind.__name__}.")
        return value

    return parse


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) and item for item in value):
        raise ConfigurationError(f"{value!r} is not a list of texts.")
    return tuple(value)


def _hops(value: object) -> int:
    hops = _of(int)(value)
    if not 0 <= hops <= 16:
        raise ConfigurationError(f"{value!r} proxies are not between 0 and 16.")
    return hops


def _name(value: object) -> str:
    name = _of(str)(value)
    if not name.isascii() or not name.replace("_", "").replace("-", "").isalnum():
        raise ConfigurationError(f"{name!r} is not a name of letters, digits, '-' and '_'.")
    return name


def _prefixes(value: object) -> tuple[str, ...]:
    prefixes = _texts(value)
    for prefix in prefixes:
        if not prefix.startswith("/"):
            raise ConfigurationError(f"{prefix!r} is not the beginning of a path; it must start with '/'.")
    return prefixes


def _setting(parse: Callable[[Any], T], doc: str, *, default: T) -> T:
    made: T = field(default=default, metadata={"parse": parse, "doc": doc})
    return made


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, checked and typed; durations in milliseconds. Written as `SOJOURN = {"NAME": value}`."""

    ENABLED: bool = _setting(
        _of(bool),
        "Whether Sojourn does anything at all. False is meant for test suites that are not about it.",
        default=True,
    )
    LIMITS: tuple[Limit, ...] = _setting(
        parse_limits,
        "How many sessions one user may have open, and what happens at the limit: a list of dicts.",
        default=(),
    )
    PRESET: Policy | None = _setting(
        lambda value: preset(_of(str)(value)),
        "A named policy to start from: fedramp, pci, aal1, aal2, aal3, fluid. Other settings override its parts.",
        default=None,
    )
    INACTIVITY_TIMEOUT: int | None = _setting(
        parse_duration, "A session ends after this long without activity (ASVS 7.3.1).", default=None
    )
    ABSOLUTE_TIMEOUT: int | None = _setting(
        parse_duration, "A session ends this long after its sign-in, however active it is (ASVS 7.3.2).", default=None
    )
    PERSISTENT_INACTIVITY_TIMEOUT: int | None = _setting(
        parse_duration,
        "INACTIVITY_TIMEOUT of a session whose user asked to stay signed in; the same if not set.",
        default=None,
    )
    PERSISTENT_ABSOLUTE_TIMEOUT: int | None = _setting(
        parse_duration,
        "ABSOLUTE_TIMEOUT of a session whose user asked to stay signed in; the same if not set.",
        default=None,
    )
    TOUCH_INTERVAL: int | None = _setting(
        parse_duration,
        "Activity is written at most this often: by default every minute, or every tenth of the inactivity timeout.",
        default=None,
    )
    PASSIVE_PATHS: tuple[str, ...] = _setting(
        _prefixes, "Beginnings of paths whose requests are no activity of the user, such as polling.", default=()
    )
    REPLACE_SAME_DEVICE: bool = _setting(
        _of(bool), "Whether a sign-in from a device that already has a session replaces that session.", default=True
    )
    REPORT_ONLY: bool = _setting(
        _of(bool),
        "Record what the limits would do, and change nothing: no limit and no timeout is enforced.",
        default=False,
    )
    ADOPT_EXISTING: bool = _setting(
        _of(bool),
        "Whether sessions that were signed in before Sojourn was installed go on, and are counted from their next "
        "request. Otherwise they must sign in again.",
        default=False,
    )
    STORE: str = _setting(_of(str), "The alias of the database that holds Sojourn's records.", default="default")
    CLIENT: str = _setting(_of(str), "The name of this application, for limits that count each one apart.", default="")
    SUBJECT: str = _setting(
        _of(str),
        "Dotted path of a callable that takes a user and returns their subject: unique, never reused.",
        default="",
    )
    POLICY: str = _setting(
        _of(str),
        "Dotted path of a callable that takes an Arrival and returns its Policy, for rules of your own.",
        default="",
    )
    ADAPTER: str = _setting(
        _of(str),
        "Dotted path of the class that answers Sojourn's questions.",
        default="sojourn.contrib.django.adapter.Adapter",
    )
    TRUSTED_PROXY_HOPS: int = _setting(
        _hops,
        "How many proxies of yours stand before Django; X-Forwarded-For is read that far from the right.",
        default=0,
    )
    TICKET_LIFETIME: int = _setting(
        parse_duration, "How long a sign-in waits for its user to choose.", default=5 * MINUTE
    )
    ROTATION_GRACE: int = _setting(
        parse_duration,
        "How long the token before a renewal is accepted, for requests on their way.",
        default=10 * SECOND,
    )
    RETENTION: int = _setting(
        parse_duration, "How long ended sessions and recorded events are remembered.", default=30 * DAY
    )
    REAUTHENTICATION_WINDOW: int = _setting(
        parse_duration,
        "Ending other sessions asks for the password again if it was given longer ago than this (ASVS 7.5.2).",
        default=15 * MINUTE,
    )
    DEVICE_COOKIE: str = _setting(_name, "The name of the cookie that recognises a device.", default="sojourn_device")
    DEVICE_COOKIE_AGE: int = _setting(parse_duration, "How long a device is recognised.", default=365 * DAY)
    TICKET_COOKIE: str = _setting(_name, "The name of the cookie of a sign-in that waits.", default="sojourn_ticket")
    CLEAR_SITE_DATA: tuple[str, ...] = _setting(
        _texts,
        "What a sign-out over https asks the browser to clear (the Clear-Site-Data header).",
        default=("storage",),
    )
    HELP_URL: str = _setting(
        _of(str), "A page that helps users who were refused and cannot sign out elsewhere.", default=""
    )

    def policy(self) -> Policy:
        """The policy these settings describe. Raises ConfigurationError for a combination that locks people out."""
        base = self.PRESET or Policy()
        timeouts = Timeouts(
            self.INACTIVITY_TIMEOUT or base.timeouts.inactivity, self.ABSOLUTE_TIMEOUT or base.timeouts.absolute
        )
        persistent = Timeouts(
            self.PERSISTENT_INACTIVITY_TIMEOUT or timeouts.inactivity,
            self.PERSISTENT_ABSOLUTE_TIMEOUT or timeouts.absolute,
        )
        for each in (timeouts, persistent):
            Timeouts(each.inactivity, each.absolute, self.TOUCH_INTERVAL)  # refuses an interval that is too long
        return Policy(
            limits=self.LIMITS or base.limits,
            timeouts=timeouts,
            persistent=persistent,
            replace_same_device=self.REPLACE_SAME_DEVICE,
            report_only=self.REPORT_ONLY,
        )

    def options(self) -> Options:
        """What session control takes from these settings."""
        return Options(
            touch_interval=self.TOUCH_INTERVAL,
            ticket_lifetime=self.TICKET_LIFETIME,
            rotation_grace=self.ROTATION_GRACE,
            retention=self.RETENTION,
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """A setting that cannot be used: its name, what is wrong with it, and what to write."""

    name: str
    message: str


def read(raw: object) -> tuple[Settings, list[Problem]]:
    """The settings in `raw`, the value of `SOJOURN`, and what is wrong with it; a wrong value counts as not set."""
    if not isinstance(raw, Mapping):
        return Settings(), [Problem("", "SOJOURN must be a dict.")]
    known: dict[str, Field[Any]] = {each.name: each for each in fields(Settings)}
    problems = [
        Problem(str(name), f"There is no such setting. Known are: {', '.join(known)}.")
        for name in raw
        if name not in known
    ]
    values: dict[str, Any] = {}
    for name, each in known.items():
        if name not in raw or (raw[name] is None and each.default is None):
            continue
        try:
            values[name] = each.metadata["parse"](raw[name])
        except ConfigurationError as error:
            problems.append(Problem(name, str(error)))
    found = Settings(**values)
    try:
        found.policy()
        found.options()
    except ConfigurationError as error:
        problems.append(Problem("", str(error)))
    return found, problems


@cache
def current() -> Settings:
    """The settings in force. Raises ImproperlyConfigured if any of them cannot be used: nothing runs on a guess."""
    found, problems = read(getattr(django_settings, "SOJOURN", {}))
    if problems:
        first = problems[0]
        where = f"SOJOURN[{first.name!r}]" if first.name else "SOJOURN"
        raise ImproperlyConfigured(f"{where}: {first.message}")
    return found


def described() -> list[tuple[str, object, str]]:
    """Name, default and description of every setting, for the reference and its test."""
    return [
        (each.name, None if each.default is MISSING else each.default, each.metadata["doc"])
        for each in fields(Settings)
    ]


def _forget(*, setting: str, **_: object) -> None:
    if setting in {"SOJOURN", "DATABASES"}:
        current.cache_clear()


setting_changed.connect(_forget, dispatch_uid="sojourn.settings")
