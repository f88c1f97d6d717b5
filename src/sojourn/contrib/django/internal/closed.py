"""A way of telling has been disabled by its failures: the site's administrators learn of it, in the log and by mail."""

import logging
from datetime import UTC, datetime
from typing import Any

from django.conf import settings as django_settings
from django.core.mail import get_connection, mail_admins
from django.utils import translation
from django.utils.translation import gettext

from sojourn.core.outbox import Failing
from sojourn.telemetry.logs import encoded

_TIMEOUT = 15
"""Seconds for a mail server where the site has set no EMAIL_TIMEOUT: who tries it is in the middle of delivering."""
_logger = logging.getLogger("sojourn.delivery")


def sink_disabled(sink: str, failing: Failing) -> None:
    """Log and mail that `sink` is disabled, why, and what to do. Raises nothing: what was delivered stays so."""
    _logger.error("The sink %s is disabled: %s", sink, encoded(failing.error))
    if not django_settings.ADMINS:
        return
    since = datetime.fromtimestamp(failing.since // 1000, UTC).isoformat()
    with translation.override(django_settings.LANGUAGE_CODE):
        subject = gettext("Nothing is sent to %(sink)s any more") % {"sink": sink}
        body = gettext(
            "Nothing is sent to %(sink)s any more: it has failed since %(since)s, or asked for nothing more.\n\n"
            "The last answer: %(error)s\n\n"
            "Put it right, then run:\n\n"
            "    python manage.py sojourn deliver --enable %(sink)s\n"
            "    python manage.py sojourn deliver --resend-all --sink %(sink)s\n\n"
            "If it is not wanted any more, take it out of the settings."
        ) % {"sink": sink, "since": since, "error": failing.error}
    try:
        connection: Any = get_connection()
        if getattr(connection, "timeout", 0) is None:
            connection.timeout = _TIMEOUT
        mail_admins(subject, body, connection=connection)
    except Exception as error:  # noqa: BLE001  # whatever a mail backend raises
        _logger.error("The administrators could not be told: %s.", type(error).__name__)  # noqa: TRY400  # no address
