"""The one setting, `SOJOURN`: a dict, typed here. Every key has a default, and is described where it stands.

Read lazily, and again whenever Django's settings change, so that `override_settings` works in tests.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields, replace
from difflib import get_close_matches
from functools import cache
from typing import Any, cast

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from sojourn.contrib.django.limits import KEYS, parse_limits, parse_ping_pong
from sojourn.contrib.django.setting import setting
from sojourn.contrib.django.settings_knowing import Knowing
from sojourn.contrib.django.values import (
    client,
    cookie_name,
    directives,
    flag,
    hops,
    metrics,
    named_policy,
    page_address,
    place,
    point_in_time,
    prefixes,
    text,
)
from sojourn.control import Options
from sojourn.core.errors import ConfigurationError
from sojourn.core.policy import Limit, PingPong, Policy
from sojourn.core.timeouts import DAY, MINUTE, SECOND, Timeouts, parse_duration
from sojourn.stores.redis.address import Address


@dataclass(frozen=True, slots=True)
class Settings(Knowing):
    """All settings, checked and typed; durations in milliseconds. Written as `SOJOURN = {"NAME": value}`."""

    ENABLED: bool = setting(
        flag,
        "Whether Sojourn does anything at all. False is meant for test suites that are not about it.",
        default=True,
        example="False",
    )
    LIMITS: tuple[Limit, ...] = setting(
        parse_limits,
        "How many sessions one user may have open, and what happens at the limit: a list of dicts.",
        default=(),
        example='[{"max_sessions": 3, "overflow": "end_existing"}]',
    )
    PRESET: Policy | None = setting(
        named_policy,
        "A named policy to start from: fedramp, pci, aal1, aal2, aal3, fluid. Other settings override its parts.",
        default=None,
        example='"aal2"',
    )
    INACTIVITY_TIMEOUT: int | None = setting(
        parse_duration, "A session ends after this long without activity (ASVS 7.3.1).", default=None, example='"30m"'
    )
    ABSOLUTE_TIMEOUT: int | None = setting(
        parse_duration,
        "A session ends this long after its sign-in, however active it is (ASVS 7.3.2).",
        default=None,
        example='"12h"',
    )
    PERSISTENT_INACTIVITY_TIMEOUT: int | None = setting(
        parse_duration,
        "INACTIVITY_TIMEOUT of a session whose user asked to stay signed in; the same if not set.",
        default=None,
        example='"14d"',
    )
    PERSISTENT_ABSOLUTE_TIMEOUT: int | None = setting(
        parse_duration,
        "ABSOLUTE_TIMEOUT of a session whose user asked to stay signed in; the same if not set.",
        default=None,
        example='"30d"',
    )
    TOUCH_INTERVAL: int | None = setting(
        parse_duration,
        "Activity is written at most this often: by default every minute, or every tenth of the inactivity timeout.",
        default=None,
        example='"1m"',
    )
    PASSIVE_PATHS: tuple[str, ...] = setting(
        prefixes,
        "Beginnings of paths whose requests are no activity of the user, such as polling.",
        default=(),
        example='["/api/notifications/"]',
    )
    TIMEOUT_WARNING: int = setting(
        parse_duration,
        "How long before a timeout pages warn of it and count down (WCAG 2.2.1); at most a third of the timeout.",
        default=2 * MINUTE,
        example='"2m"',
    )
    REPORT_ACTIVITY: bool = setting(
        flag,
        "Whether typing, clicking and scrolling in a page that warns of timeouts is activity, so that nobody is signed "
        "out in the middle of a long form. Such pages then send a small request at most once every TOUCH_INTERVAL.",
        default=True,
        example="False",
    )
    REPLACE_SAME_DEVICE: bool = setting(
        flag,
        "Whether a sign-in from a device that already has a session replaces that session.",
        default=True,
        example="False",
    )
    PING_PONG: PingPong | None = setting(
        parse_ping_pong,
        "When two devices that keep ending each other's sessions are noticed, and their user told: after so many times "
        'by turns, within so long. `then`: "refuse" or "ask" in place of "end_existing" for that sign-in. None: never.',
        default=cast("PingPong | None", PingPong()),
        example='{"times": 3, "within": "10m", "then": "ask"}',
    )
    REPORT_ONLY: bool = setting(
        flag,
        "Record what the policy would do (`manage.py sojourn report`), and change nothing: no limit and no timeout is "
        "enforced, and whoever was signed in before Sojourn was installed goes on, uncounted.",
        default=False,
        example="True",
    )
    ADOPT_EXISTING: bool = setting(
        flag,
        "Whether sessions that were signed in before Sojourn was installed go on, and are counted from their next "
        "request, until ADOPT_UNTIL. Otherwise they must sign in again.",
        default=False,
        example="True",
    )
    ADOPT_UNTIL: int | None = setting(
        point_in_time,
        "Until when ADOPT_EXISTING holds: a date (its beginning) or a moment, in TIME_ZONE unless it names another. "
        "Who has not come back by then signs in once more.",
        default=None,
        example='"2027-03-01"',
    )
    STORE: str | Address = setting(
        place,
        "Where Sojourn's records are: the alias of a database, or the address of a Valkey or Redis (redis://, "
        "rediss://, unix://, redis+cluster://, redis+sentinel://; needs the extra redis).",
        default=cast("str | Address", "default"),
        example='"redis://localhost:6379/0"',
    )
    MOVE_TO: str | Address | None = setting(
        place,
        "Where the records move to, as in STORE, while the site goes on: `manage.py sojourn move` moves them, once "
        "every process has this setting.",
        default=None,
        example='"redis://localhost:6379/0"',
    )
    CLIENT: str = setting(
        client, "The name of this application, for limits that count each one apart.", default="", example='"shop"'
    )
    SUBJECT: str = setting(
        text,
        "Dotted path of a callable that takes a user and returns their subject: unique, never reused.",
        default="",
        example='"accounts.sessions.subject"',
    )
    POLICY: str = setting(
        text,
        "Dotted path of a callable that takes an Arrival and returns its Policy, for rules of your own.",
        default="",
        example='"accounts.sessions.policy"',
    )
    ADAPTER: str = setting(
        text,
        "Dotted path of the class that answers Sojourn's questions.",
        default="sojourn.contrib.django.adapter.Adapter",
        example='"accounts.sessions.Adapter"',
    )
    TRUSTED_PROXY_HOPS: int = setting(
        hops,
        "How many proxies of yours stand before Django; X-Forwarded-For is read that far from the right.",
        default=0,
        example="1",
    )
    TICKET_LIFETIME: int = setting(
        parse_duration, "How long a sign-in waits for its user to choose.", default=5 * MINUTE, example='"5m"'
    )
    ROTATION_GRACE: int = setting(
        parse_duration,
        "How long the token before a renewal is accepted, for requests on their way.",
        default=10 * SECOND,
        example='"10s"',
    )
    RETENTION: int = setting(
        parse_duration, "How long ended sessions and recorded events are remembered.", default=30 * DAY, example='"30d"'
    )
    REAUTHENTICATION_WINDOW: int = setting(
        parse_duration,
        "Ending other sessions asks for the password again if it was given longer ago than this (ASVS 7.5.2).",
        default=15 * MINUTE,
        example='"15m"',
    )
    DEVICE_COOKIE: str = setting(
        cookie_name,
        "The name of the cookie that recognises a device.",
        default="sojourn_device",
        example='"sojourn_device"',
    )
    DEVICE_COOKIE_AGE: int = setting(
        parse_duration, "How long a device is recognised.", default=365 * DAY, example='"365d"'
    )
    TICKET_COOKIE: str = setting(
        cookie_name,
        "The name of the cookie of a sign-in that waits.",
        default="sojourn_ticket",
        example='"sojourn_ticket"',
    )
    CLEAR_SITE_DATA: tuple[str, ...] = setting(
        directives,
        "What a sign-out over https asks the browser to clear (the Clear-Site-Data header).",
        default=("storage",),
        example='["storage"]',
    )
    NO_STORE: bool = setting(
        flag,
        "Whether pages that show a signed-in user something, and say nothing of caches themselves, are kept by no "
        "browser and no cache, so that the back button shows nothing after a sign-out (ASVS 14.3.2).",
        default=True,
        example="False",
    )
    METRICS: tuple[str, ...] = setting(
        metrics,
        "Which libraries are given figures: prometheus, opentelemetry. Each is an extra of the package.",
        default=(),
        example='["prometheus"]',
    )
    METRICS_REGISTRY: str = setting(
        text,
        "Dotted path of the registry that Prometheus' figures go to.",
        default="prometheus_client.REGISTRY",
        example='"shop.metrics.registry"',
    )
    HELP_URL: str = setting(
        page_address,
        "A page that helps users who were refused and cannot sign out elsewhere, or whose sign-ins are paused.",
        default="",
        example='"/help/"',
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
        return Policy(
            limits=self.LIMITS or base.limits,
            timeouts=timeouts,
            persistent=persistent,
            replace_same_device=self.REPLACE_SAME_DEVICE,
            ping_pong=self.PING_PONG,
            familiarity=replace(self.FAMILIARITY, memory=self.DEVICE_COOKIE_AGE),
            report_only=self.REPORT_ONLY,
        )

    def options(self) -> Options:
        """What session control takes from these settings."""
        return Options(
            touch_interval=self.TOUCH_INTERVAL,
            ticket_lifetime=self.TICKET_LIFETIME,
            rotation_grace=self.ROTATION_GRACE,
            retention=self.RETENTION,
            address_retention=self.ADDRESS_RETENTION,
            memory=self.DEVICE_COOKIE_AGE,
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """A setting that cannot be used: its name ("" for all of them together), what is wrong, and what to write."""

    name: str
    message: str
    hint: str

    def __str__(self) -> str:
        where = f"SOJOURN[{self.name!r}]" if self.name else "SOJOURN"
        return f"{where}: {self.message}"


def read(raw: object) -> tuple[Settings, list[Problem]]:
    """The settings in `raw`, the value of `SOJOURN`, and what is wrong with it; a wrong value counts as not set."""
    if not isinstance(raw, Mapping):
        return Settings(), [Problem("", "It is not a dict.", 'Write SOJOURN = {"INACTIVITY_TIMEOUT": "30m"}, or {}.')]
    known: dict[str, Field[Any]] = {each.name: each for each in fields(Settings)}
    problems = [_unknown(str(name), list(known)) for name in raw if name not in known]
    values: dict[str, Any] = {}
    for name, each in known.items():
        if name not in raw or (raw[name] is None and each.default is None):
            continue
        try:
            values[name] = each.metadata["parse"](raw[name])
        except ConfigurationError as error:
            written, doc = each.metadata["example"], each.metadata["doc"]
            hint = f'Write SOJOURN["{name}"] = {written}, for instance, or leave it out. {doc}'
            problems.append(Problem(name, str(error), hint))
    found = Settings(**values)
    # What a wrong value would have been for is not known, so contradictions are looked for among right ones only.
    return found, problems or _contradictions(found)


def _unknown(name: str, known: list[str]) -> Problem:
    if name.lower() in KEYS:
        return Problem(name, "It belongs to a limit.", 'Write it in LIMITS: SOJOURN["LIMITS"] = [{"max_sessions": 3}].')
    alike = get_close_matches(name.upper(), known, 3)
    return Problem(name, "There is no such setting.", f"Write {' or '.join(alike) or 'one of: ' + ', '.join(known)}.")


def _contradictions(found: Settings) -> list[Problem]:
    problems = []
    try:
        policy = found.policy()
    except ConfigurationError as error:
        return [Problem("LIMITS", str(error), 'Write SOJOURN["INACTIVITY_TIMEOUT"] = "30m", for instance.')]
    for each in (policy.timeouts, policy.persistent or policy.timeouts):
        try:
            Timeouts(each.inactivity, each.absolute, found.TOUCH_INTERVAL)
        except ConfigurationError as error:
            problems.append(Problem("TOUCH_INTERVAL", str(error), "Write a shorter TOUCH_INTERVAL, or leave it out."))
            break
    if found.DEVICE_COOKIE == found.TICKET_COOKIE:
        problems.append(Problem("TICKET_COOKIE", "It is the same as DEVICE_COOKIE.", "Write another name."))
    return problems


@cache
def current() -> Settings:
    """The settings in force. Raises ImproperlyConfigured if any of them cannot be used: nothing runs on a guess."""
    found, problems = read(getattr(django_settings, "SOJOURN", {}))
    if problems:
        raise ImproperlyConfigured(f"{problems[0]} {problems[0].hint}")
    return found


def described() -> list[tuple[str, object, str]]:
    """Name, default and description of every setting, for the reference and its test."""
    return [(each.name, None if each.default is MISSING else each.default, each.metadata["doc"]) for each in every()]


def every() -> list[Field[Any]]:
    """The field of every setting: what stands in `Settings` itself first, for whoever reads about them."""
    return sorted(fields(Settings), key=lambda each: each.name not in Settings.__annotations__)


def _forget(*, setting: str, **_: object) -> None:
    if setting in {"SOJOURN", "DATABASES"}:
        current.cache_clear()


setting_changed.connect(_forget, dispatch_uid="sojourn.settings")
