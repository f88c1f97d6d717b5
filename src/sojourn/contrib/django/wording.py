"""What the core's words are called before people: why a session ended, and what kind of device it was on."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sojourn.core.records import DeviceClass, EndReason

REASONS: dict[EndReason, str | Promise] = {
    EndReason.LOGOUT: pgettext_lazy("reason", "Signed out"),
    EndReason.REVOKED: pgettext_lazy("reason", "Ended from another session"),
    EndReason.OPERATOR: pgettext_lazy("reason", "Ended by an administrator"),
    EndReason.EVICTED: pgettext_lazy("reason", "Made room for a new session"),
    EndReason.REPLACED: pgettext_lazy("reason", "Signed in again in the same browser"),
    EndReason.SWITCHED: pgettext_lazy("reason", "Another account signed in"),
    EndReason.INACTIVITY_TIMEOUT: pgettext_lazy("reason", "Not used for too long"),
    EndReason.ABSOLUTE_TIMEOUT: pgettext_lazy("reason", "Reached its longest duration"),
    EndReason.CARRIER_EXPIRED: pgettext_lazy("reason", "The browser’s sign-in expired"),  # noqa: RUF001  # typography, for people
    EndReason.CREDENTIAL_CHANGED: pgettext_lazy("reason", "Password or sign-in data changed"),
    EndReason.DEACTIVATED: pgettext_lazy("reason", "Account deactivated"),
    EndReason.DELETED: pgettext_lazy("reason", "Account deleted"),
    EndReason.EPOCH: pgettext_lazy("reason", "All sessions ended by an administrator"),
    EndReason.ABORTED: pgettext_lazy("reason", "The sign-in did not complete"),
}

DEVICE_CLASSES: dict[DeviceClass, str | Promise] = {
    DeviceClass.COMPUTER: _("Computer"),
    DeviceClass.PHONE: _("Phone"),
    DeviceClass.TABLET: _("Tablet"),
    DeviceClass.BOT: _("Program"),
    DeviceClass.OTHER: _("Unknown device"),
}


def reason_text(reason: str) -> str:
    """Why a session ended, in a few words, for lists; an unknown word is shown as "Ended"."""
    try:
        return str(REASONS[EndReason(reason)])
    except ValueError:
        return str(pgettext_lazy("reason", "Ended"))
