"""A process of a site that is killed with -9 on its way from a commit to whoever is told, and one that comes after it.

Run as a program: the kind of process, Django's settings as JSON, the file in which the sink writes what it sent.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from sojourn.core.timeouts import DAY, MINUTE
from sojourn.notify.desk import LEASE
from sojourn.notify.sinks import Message

KIND, SETTINGS, SENT = sys.argv[1:4] if len(sys.argv) > 3 else ("", "", "")
SOON = 30.0


class FileSink:
    """Writes each message that it sends as a line of a file. In a process that is to be killed, it is its last."""

    name = "file"
    fold = MINUTE
    patience = 3 * DAY
    endurance = 0

    def wants(self, event: Mapping[str, object]) -> bool:
        return event["type"] in ("session.started", "session.ended")

    def deliver(self, message: Message) -> bool:
        with Path(SENT).open("a") as file:
            file.write(json.dumps([message.id, [event["type"] for event in message.events], KIND]) + "\n")
            file.flush()
            os.fsync(file.fileno())
        if KIND == "killed while it sends":
            os.kill(os.getpid(), signal.SIGKILL)
        return True


def main() -> None:
    from django.conf import settings

    settings.configure(**json.loads(SETTINGS))
    import django

    django.setup()
    from sojourn.contrib.django.internal import herald, wiring
    from sojourn.core.records import Arrival

    if KIND == "comes after":
        later = wiring.clock() + LEASE + 1  # when the lease of one that was killed is over
        wiring.clock = lambda: later
        from sojourn.contrib.django.delivery import deliver

        deliver()
        wiring.clock = lambda: later + MINUTE  # and then what was folded
        deliver()
        return
    if KIND == "killed while it sends":
        herald.keep_delivering()  # as the middleware does
    wiring.control().start(Arrival("ann"))
    wiring.control().start(Arrival("ann"))
    if KIND == "killed after the commit":
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(SOON)


if __name__ == "__main__":
    main()
