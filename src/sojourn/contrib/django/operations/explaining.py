"""`explain`: what a sign-in would come to now, and which rule says so."""

from argparse import ArgumentParser

from sojourn.contrib.django.adapter import adapter
from sojourn.contrib.django.internal.wiring import control, now
from sojourn.contrib.django.operations.accounts import account, add_account
from sojourn.contrib.django.operations.base import Operation, Options
from sojourn.contrib.django.operations.sentences import duration, seconds
from sojourn.contrib.django.operations.showing import as_json, show
from sojourn.contrib.django.operations.terminal import Terminal, when
from sojourn.contrib.django.settings import current
from sojourn.core.outcomes import Admitted, ChoiceRequired, Paused, StartOutcome
from sojourn.core.records import Arrival, Device, DeviceClass, clean_text
from sojourn.web.problems import instant


class Explain(Operation):
    """Explains what holds for a user."""

    name = "explain"
    help = "Say what a sign-in of a user would come to now, from a device that they have not used before, and why."

    def arguments(self, parser: ArgumentParser) -> None:
        """See `Operation.arguments`."""
        add_account(parser)
        kinds = list(map(str, DeviceClass))
        parser.add_argument("--device-class", choices=kinds, default="computer", help="On this kind of device.")
        parser.add_argument("--client", help="In this application; by default that of the setting CLIENT.")
        parser.add_argument("--persistent", action="store_true", help="As if they asked to stay signed in.")

    def run(self, terminal: Terminal, options: Options) -> None:
        """See `Operation.run`."""
        who = account(options["user"], is_subject=options["subject"])
        arrival = Arrival(
            who.subject,
            client=current().CLIENT if options["client"] is None else options["client"],
            device=Device(DeviceClass(options["device_class"])),
            persistent=options["persistent"],
            groups=frozenset() if who.user is None else adapter().groups(who.user),
            credentials=() if who.user is None else adapter().credentials(who.user),
        )
        explanation = control().explain(arrival)
        timeouts = control().policy_for(arrival).timeouts_for(arrival.persistent)
        pause = control().store.roster(who.subject).profile.pause
        sessions = control().sessions(who.subject)
        inactive = who.user is not None and not who.user.is_active
        if terminal.as_json:
            terminal.data(
                {
                    **who.facts(),
                    "active": None if who.user is None else who.user.is_active,
                    "groups": sorted(arrival.groups),
                    "outcome": _word(explanation.outcome),
                    "lines": list(explanation.lines),
                    "would_end": _would_end(explanation.outcome),
                    "inactivity_timeout": seconds(timeouts.inactivity),
                    "absolute_timeout": seconds(timeouts.absolute),
                    "paused": None
                    if pause is None or not pause.holds(now())
                    else {
                        "since": instant(pause.since),
                        "until": instant(pause.until),
                        "by": pause.by,
                        "note": pause.note,
                    },
                    "open": [as_json(session, who.facts()["user"]) for session in sessions],
                }
            )
            return
        terminal.say(f"{who.name}, on a {arrival.device.kind} not seen before" + _to(arrival.client))
        terminal.say(f"In these groups: {', '.join(map(clean_text, sorted(arrival.groups))) or 'none'}.")
        if inactive:
            terminal.say("The account is deactivated: Django lets nobody sign in to it.")
        if pause is not None and pause.holds(now()):
            until = "" if pause.until is None else f" until {when(pause.until)}"
            terminal.say(f"Sign-ins are paused since {when(pause.since)}{until}, by {pause.by}: {pause.note or '-'}")
        for line in explanation.lines:
            terminal.say(f"- {line}")
        terminal.say(
            f"- Inactivity timeout of such a session: {duration(timeouts.inactivity)}; absolute timeout: "
            f"{duration(timeouts.absolute)}."
        )
        terminal.say(f"\nOpen now: {len(sessions)}")
        if sessions:
            show(terminal, sessions)


def _to(client: str) -> str:
    return f", in the application '{client}'" if client else ""


def _word(outcome: StartOutcome) -> str:
    if isinstance(outcome, Admitted):
        return "admitted"
    if isinstance(outcome, ChoiceRequired):
        return "choice-required"
    return "paused" if isinstance(outcome, Paused) else "refused"


def _would_end(outcome: StartOutcome) -> list[str]:
    return [session.sid for session in outcome.ended] if isinstance(outcome, Admitted) else []
