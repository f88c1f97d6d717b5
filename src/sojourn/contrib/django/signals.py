"""Django signals of what happened to sessions, for a site's own code: `@receiver(session_ended)`.

A receiver is called with `sender`, the class of the event, and `event` (`sojourn.core.events`), once for each event,
in the thread of the request, after the transaction that recorded it was committed. What it raises is logged by Django
and goes no further; what must not be lost belongs to the outbox.
"""

from django.dispatch import Signal

from sojourn.core import events
from sojourn.core.events import Event
from sojourn.stores.observed import Observer

session_started = Signal()
"""A session was admitted."""
session_ended = Signal()
"""A session ended, for whatever reason: `event.session.end_reason` says which."""
session_rotated = Signal()
"""The token of a session was renewed."""
session_elevated = Signal()
"""The user proved again who they are, in a session that was open already."""
start_refused = Signal()
"""A sign-in was refused by a limit."""
start_paused = Signal()
"""A sign-in was stopped because an operator has paused the user's."""
choice_offered = Signal()
"""A sign-in waits for its user to choose which session to end."""
sign_ins_paused = Signal()
"""An operator paused a user's sign-ins."""
sign_ins_resumed = Signal()
"""An operator let a user sign in again."""
evictions_repeated = Signal()
"""Two devices of a user keep ending each other's sessions."""
would_have = Signal()
"""Report-only: what enforcement would have done."""

SIGNAL_OF: dict[type[Event], Signal] = {
    events.SessionStarted: session_started,
    events.SessionEnded: session_ended,
    events.SessionRotated: session_rotated,
    events.SessionElevated: session_elevated,
    events.StartRefused: start_refused,
    events.StartPaused: start_paused,
    events.ChoiceOffered: choice_offered,
    events.SignInsPaused: sign_ins_paused,
    events.SignInsResumed: sign_ins_resumed,
    events.EvictionsRepeated: evictions_repeated,
    events.WouldHave: would_have,
}


class SignalSender(Observer):
    """Sends the signal of each event."""

    def happened(self, event: Event) -> None:
        """See `Observer.happened`."""
        SIGNAL_OF[type(event)].send_robust(sender=type(event), event=event)
