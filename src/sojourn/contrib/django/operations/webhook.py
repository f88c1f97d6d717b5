"""`webhook`: make a secret, and see whether a receiver answers."""

import secrets
from argparse import ArgumentParser

from django.core.management.base import CommandError

from sojourn.contrib.django.internal.wiring import now
from sojourn.contrib.django.operations.base import Operation, Options
from sojourn.contrib.django.operations.terminal import Terminal
from sojourn.contrib.django.settings import current
from sojourn.notify.signature import new_secret
from sojourn.notify.sinks import DeliveryFailed
from sojourn.notify.webhook import sinks_of


class WebhookOperation(Operation):
    """Sends a signed message that tells nothing, at once and once."""

    name = "webhook"
    help = "See whether the receiver of a webhook accepts what is sent to it; or make a secret for one."
    checked = False

    def arguments(self, parser: ArgumentParser) -> None:
        """See `Operation.arguments`."""
        parser.add_argument("webhook", metavar="NAME", nargs="?", help="Its name in WEBHOOKS; all if not given.")
        parser.add_argument("--secret", action="store_true", help="Print a new secret, and send nothing.")

    def run(self, terminal: Terminal, options: Options) -> None:
        """See `Operation.run`."""
        if options["secret"]:
            secret = new_secret()
            terminal.result({"secret": secret}, secret)
            return
        found = [sink for sink in sinks_of(current().WEBHOOKS, now) if options["webhook"] in (None, sink.webhook.name)]
        if not found:
            names = ", ".join(webhook.name for webhook in current().WEBHOOKS)
            if not names:
                raise CommandError('No webhook is set: write SOJOURN["WEBHOOKS"], with a secret that --secret makes.')
            raise CommandError(f"There is no such webhook in the settings. There are: {names}.")
        errors: dict[str, str] = {}
        for sink in found:
            terminal.progress(sink.webhook.name)
            try:
                sink.ping(secrets.token_urlsafe(16))
            except DeliveryFailed as error:
                errors[sink.webhook.name] = str(error)
        terminal.done()
        rows = [[sink.webhook.name, errors.get(sink.webhook.name, "accepted")] for sink in found]
        if terminal.as_json:
            terminal.data([{"webhook": name, "error": errors.get(name, "")} for name, _ in rows])
        else:
            terminal.table(("WEBHOOK", "ANSWER"), rows)
        if errors:
            raise CommandError(f"{len(errors)} of {len(found)} did not accept it.")
