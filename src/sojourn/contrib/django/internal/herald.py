"""After each commit: whoever delivers is woken, and what is kept stays within its bound."""

import logging
from itertools import count

from django.core import mail
from django.core.signals import setting_changed
from django.db import close_old_connections
from django.utils.module_loading import import_string

from sojourn.contrib.django import delivery
from sojourn.contrib.django.settings import current
from sojourn.core.errors import StoreError
from sojourn.core.events import Event
from sojourn.notify.background import Background
from sojourn.stores.observed import Observer

SHED_EVERY = 256
"""After so many recorded events the oldest are shed, if there are too many."""
SHED_AT_ONCE = 1024
_logger = logging.getLogger("sojourn.delivery")
_background = Background(delivery.deliverer, close_old_connections)
_declined = False


def keep_delivering() -> None:
    """See to it that this process delivers, if it is to. Asked with every request, and cheap."""
    if not _background.running and not _declined:
        _consider()


def stop_delivering() -> None:
    """Finish the message under way, until somebody asks this process to deliver again."""
    if _background.running:
        _background.stop()


def _consider() -> None:
    global _declined  # noqa: PLW0603  # of the process, as the thread is
    # Django's and pytest's runners put an outbox there. A thread with a connection of its own would see nothing of
    # what a test has not committed, and keep the test's database from being removed.
    under_test = hasattr(mail, "outbox")
    try:
        told = delivery.sinks()
    except Exception:  # such as a path in SINKS that leads nowhere: a check says so, and no request fails for it
        _logger.exception("This process delivers nothing.")
        told = ()
    if current().DELIVERY != delivery.BACKGROUND or under_test or not told:
        _declined = True
    else:
        _background.start()


class Herald(Observer):
    """Hears of every recorded event once it is committed."""

    def __init__(self) -> None:
        self._recorded = count(1)

    def happened(self, event: Event) -> None:
        """See `Observer.happened`."""
        if next(self._recorded) % SHED_EVERY == 0 and not _background.do(shed):
            shed()
        if delivery.wanted(event):
            self._wake(event.subject)

    def _wake(self, subject: str) -> None:
        by = current().DELIVERY
        if by == delivery.BACKGROUND:
            _background.nudge(subject)
        elif by != delivery.WORKER:
            try:
                import_string(by)(subject)
            except Exception:  # the sign-in has happened, and the event is recorded for whoever comes by next
                _logger.exception("SOJOURN['DELIVERY'] failed: who is to deliver has not been told.")


def shed() -> None:
    """Forget the oldest of too many events, a bounded number of them."""
    from sojourn.contrib.django.internal.wiring import control

    try:
        gone = control().store.shed(current().OUTBOX_MAX_EVENTS, SHED_AT_ONCE)
    except StoreError as error:
        _logger.error("The outbox may be larger than its bound: %s.", error.code)  # noqa: TRY400  # as above
    else:
        if gone:
            _logger.warning("%d events are forgotten: there were more than SOJOURN['OUTBOX_MAX_EVENTS'].", gone)


def _forget(*, setting: str, **_: object) -> None:
    global _declined  # noqa: PLW0603  # as above
    if setting in {"SOJOURN", "DATABASES", "SECRET_KEY"}:
        _declined = False
        stop_delivering()


setting_changed.connect(_forget, dispatch_uid="sojourn.herald")
