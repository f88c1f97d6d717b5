"""`purge`: end what time has ended, and forget what is old enough. For a timer."""

from sojourn.contrib.django.internal.wiring import control, now
from sojourn.contrib.django.operations.base import Operation, Options
from sojourn.contrib.django.operations.terminal import Terminal
from sojourn.contrib.django.settings import current

BATCH = 1000
"""How many records one step looks at; each of its transactions is shorter still."""


class Purge(Operation):
    """Sweeps, then purges, in batches that hold nobody up."""

    name = "purge"
    help = (
        "End what time has ended, so that it is recorded, and forget what ended longer ago than RETENTION, or is "
        "beyond OUTBOX_MAX_EVENTS; and addresses by ADDRESS_RETENTION, devices and places by DEVICE_COOKIE_AGE. Run it "
        "daily; nothing is unsafe without it."
    )

    def run(self, terminal: Terminal, options: Options) -> None:  # noqa: ARG002  # it has none
        """See `Operation.run`."""
        ended = gone = 0
        while found := control().sweep(BATCH):
            ended += found
            terminal.progress(f"{ended} sessions ended")
        before = now() - control().options.retention
        while forgotten := control().store.purge(before, BATCH):
            gone += forgotten
            terminal.progress(f"{ended} sessions ended, {gone} records forgotten")
        while (shed := control().store.shed(current().OUTBOX_MAX_EVENTS, BATCH)) > 0:
            gone += shed
        addresses, subjects = control().fade(BATCH)
        terminal.done()
        terminal.result(
            {"ended": ended, "forgotten": gone, "addresses": addresses, "subjects": subjects},
            f"{ended} sessions were past their time and have been ended; {gone} records are forgotten, the addresses "
            f"of {addresses} sessions, and old devices and places of {subjects} users.",
        )
