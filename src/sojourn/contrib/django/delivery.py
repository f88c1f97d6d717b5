"""Telling people, on a Django site: which sinks there are by its settings, and what delivers to them."""

import logging
import threading
from functools import cache

from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from sojourn.contrib.django.internal.closed import sink_disabled
from sojourn.contrib.django.notices.mail import MailSink
from sojourn.contrib.django.settings import current
from sojourn.core.events import Event, payload
from sojourn.notify.deliverer import Deliverer
from sojourn.notify.notices import Channel
from sojourn.notify.sinks import Sink, any_wants
from sojourn.notify.webhook import sinks_of

BACKGROUND, WORKER = "background", "worker"
"""What DELIVERY can be, beside a dotted path."""
_logger = logging.getLogger("sojourn.delivery")
_NEVER = threading.Event()


@cache
def sinks() -> tuple[Sink, ...]:
    """Every way of telling that the settings ask for, in the order in which one subject is told by them."""
    from sojourn.contrib.django.internal.wiring import now

    mail = (MailSink(),) if current().NOTICES.use(Channel.MAIL) else ()
    own = (import_string(path)() for path in current().SINKS)
    return (*mail, *sinks_of(current().WEBHOOKS, now), *own)


def wanted(event: Event) -> bool:
    """Whether any sink tells anybody of the event: asked in the atomic step that records it, so it never raises."""
    try:
        return any_wants(sinks(), payload(event))
    except Exception:  # a sink that cannot say is no reason to lose the event, let alone the sign-in
        _logger.exception("It cannot be told whether anybody wants an event of the type %s.", event.type)
        return True


def told_by_mail(event: Event) -> bool:
    """Whether the event goes by mail, so that its user's address is kept with it until then. As quick as `wanted`."""
    return current().NOTICES.use(Channel.MAIL) and MailSink().wants(payload(event))


def deliverer(worker: str = "") -> Deliverer:
    """A new deliverer over this site's store, for one thread. `worker`: its name, unique; made up if not given."""
    from sojourn.contrib.django.internal.wiring import control, now
    from sojourn.contrib.django.telemetry import observers

    return Deliverer(
        control().store,
        sinks(),
        clock=now,
        worker=worker,
        max_age=current().OUTBOX_MAX_AGE,
        observers=observers(),
        disabled=sink_disabled,
    )


def deliver(subject: str | None = None, stop: threading.Event = _NEVER) -> int:
    """Tell of all that is due now, of one subject or of everybody. For a task queue; see `Deliverer.deliver`."""
    return deliverer().deliver(subject, stop)


def _forget(*, setting: str, **_: object) -> None:
    if setting in {"SOJOURN", "DATABASES", "SECRET_KEY"}:
        sinks.cache_clear()


setting_changed.connect(_forget, dispatch_uid="sojourn.delivery")
