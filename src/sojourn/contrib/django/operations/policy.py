"""`policy`: the running configuration as the document that ASVS 7.1.1 and 7.1.2 ask for."""

from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from django.conf import settings as django_settings

from sojourn.contrib.django.internal.wiring import control, now
from sojourn.contrib.django.operations.base import Operation, Options
from sojourn.contrib.django.operations.document import document
from sojourn.contrib.django.operations.sentences import duration
from sojourn.contrib.django.operations.terminal import Terminal
from sojourn.contrib.django.settings import current
from sojourn.web.problems import instant

TOLD = (
    "At a sign-in that ended other sessions: which ones.",
    "At the next request of a session that was ended by somebody or something else: why, when, and by which device.",
    "At a sign-in that is refused: which sessions are open, and when the first of them ends by itself.",
)


class PolicyDocument(Operation):
    """Prints the policy."""

    name = "policy"
    help = (
        "Print the session policy that is in force as a document (OWASP ASVS 7.1.1, 7.1.2), from the running "
        "configuration: Markdown, or JSON."
    )

    def run(self, terminal: Terminal, options: Options) -> None:  # noqa: ARG002  # it has none
        """See `Operation.run`."""
        body = document(control().one_policy, facts())
        if terminal.as_json:
            terminal.data(body)
        else:
            terminal.say("\n".join(markdown(body)))


def facts() -> dict[str, Any]:
    """What the document says beside the policy itself."""
    found = current()
    try:
        installed = version("sojourn")
    except PackageNotFoundError:
        installed = ""
    until = found.ADOPT_UNTIL
    return {
        "sojourn": installed,
        "generated_at": instant(now()),
        "enabled": found.ENABLED,
        "decided_by": found.POLICY or None,
        "touch_interval": found.TOUCH_INTERVAL,
        "django_session": {
            "engine": django_settings.SESSION_ENGINE,
            "at_most_seconds": django_settings.SESSION_COOKIE_AGE,
            "counted_from": "the last request"
            if django_settings.SESSION_SAVE_EVERY_REQUEST
            else "the last change of what the session holds",
            "until_browser_closes": django_settings.SESSION_EXPIRE_AT_BROWSER_CLOSE,
            "cookie_secure": django_settings.SESSION_COOKIE_SECURE,
            "cookie_httponly": django_settings.SESSION_COOKIE_HTTPONLY,
            "cookie_samesite": django_settings.SESSION_COOKIE_SAMESITE,
        },
        "choice_seconds": found.TICKET_LIFETIME // 1000,
        "reauthentication_seconds": found.REAUTHENTICATION_WINDOW // 1000,
        "adoption": {
            "adopts": found.ADOPT_EXISTING and (until is None or now() < until),
            "until": instant(until) if found.ADOPT_EXISTING else None,
        },
        "told": TOLD,
    }


def markdown(body: Mapping[str, Any]) -> Iterator[str]:
    """The document, for people."""
    yield "# Session policy\n"
    yield f"From the running configuration, {body['generated_at']}; Sojourn {body['sojourn']}.\n"
    if not body["enabled"]:
        yield "**Sojourn is switched off (ENABLED): nothing of this is in force.**\n"
    if body["report_only"]:
        yield "**Report-only: the limits and timeouts below are recorded and not enforced.**\n"
    yield "## How long a session lasts (ASVS 7.1.1, 7.3.1, 7.3.2)\n"
    if body["decided_by"]:
        yield f"The function `{body['decided_by']}` decides about limits and timeouts, for each sign-in.\n"
    else:
        yield from _timeouts(body["timeouts"])
        yield "\n### Beside NIST SP 800-63B-4\n"
        yield "| level | section | sessions | statement | deviates |\n|---|---|---|---|---|"
        for each in body["nist_sp_800_63b_4"]:
            answer = "**yes**" if each["deviates"] else "no"
            yield f"| {each['level']} | {each['section']} | {each['sessions']} | {each['sentence']} | {answer} |"
    yield from _django(body["django_session"])
    yield "\n## How many sessions may be open (ASVS 7.1.2)\n"
    if not body["decided_by"]:
        yield from [f"- {limit['sentence']}" for limit in body["limits"]] or ["Any number: no limit is set."]
        if body["limits"]:
            yield "\nAll limits hold together: any that refuses refuses, and asking comes before ending."
            yield f"Whoever is asked has {duration(body['choice_seconds'] * 1000)} to answer."
        if body["ping_pong"] and any(limit["overflow"] == "end_existing" for limit in body["limits"]):
            yield body["ping_pong"]["sentence"]
        if body["same_device_replaces"]:
            yield "A sign-in from a device that has a session in the same application replaces that session."
    yield "\n## What ends a session\n"
    for each in body["ends"]:
        yield f"- `{each['reason']}`: {each['sentence']}{'' if each['in_force'] else ' (Not enforced at present.)'}"
    yield "\nAn ended session is dead at its next request, and no way leads back.\n"
    yield "## What users are told\n"
    yield from (f"- {sentence}" for sentence in body["told"])
    again = duration(body["reauthentication_seconds"] * 1000)
    yield f"\nEnding other sessions of one's own asks for the password again if it was given more than {again} ago."
    if body["adoption"]["adopts"]:
        until = f", until {body['adoption']['until']}" if body["adoption"]["until"] else ""
        yield f"\nSessions from before Sojourn was installed are taken over at their next request{until}."
    yield "\n## To be added by the site\n"
    yield from (f"- {sentence}" for sentence in body["to_be_added"])


def _timeouts(timeouts: Mapping[str, Mapping[str, float | None]]) -> Iterator[str]:
    yield "| sessions | without activity | in all |\n|---|---|---|"
    for kind, name in (("ordinary", "ordinary"), ("persistent", "whose user asked to stay signed in")):
        both = (timeouts[kind]["inactivity_seconds"], timeouts[kind]["absolute_seconds"])
        shown = " | ".join(duration(None if bound is None else round(bound * 1000)) for bound in both)
        yield f"| {name} | {shown} |"
    early = max(timeouts[kind]["early_by_at_most_seconds"] or 0 for kind in timeouts)
    yield f"\nA session never ends late; without activity, it may end up to {duration(round(early * 1000))} early."


def _django(session: Mapping[str, Any]) -> Iterator[str]:
    ends = duration(session["at_most_seconds"] * 1000)
    closes = ", or when the browser is closed" if session["until_browser_closes"] else ""
    yield (
        f"\nWhatever is said above, a session ends with Django's own, which carries it: {ends} after "
        f"{session['counted_from']}{closes}, unless its view says otherwise."
    )
