"""What the core's words are called before people: why a session ended, kinds of devices, limits."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from sojourn.core.policy import Counts, Limit, Overflow, Scope
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
    EndReason.CARRIER_EXPIRED: pgettext_lazy("reason", "The browser’s sign-in expired"),
    EndReason.CREDENTIAL_CHANGED: pgettext_lazy("reason", "Password or sign-in data changed"),
    EndReason.DEACTIVATED: pgettext_lazy("reason", "Account deactivated"),
    EndReason.DELETED: pgettext_lazy("reason", "Account deleted"),
    EndReason.EPOCH: pgettext_lazy("reason", "All sessions ended by an administrator"),
    EndReason.DISOWNED: pgettext_lazy("reason", "Reported as not you"),
    EndReason.ABORTED: pgettext_lazy("reason", "The sign-in did not complete"),
}

EXPLANATIONS: dict[EndReason, str | Promise] = {
    EndReason.LOGOUT: _("You signed out, so this session is over. Sign in again to go on."),
    EndReason.REVOKED: _("This session was ended from another session of your account. Sign in again to go on."),
    EndReason.EVICTED: _(
        "There was a new sign-in to your account. The number of open sessions is limited, so this one was "
        "ended to make room."
    ),
    EndReason.REPLACED: _(
        "You signed in again in this browser, and the newer session took the place of this one. If you do "
        "not see it, sign in again."
    ),
    EndReason.INACTIVITY_TIMEOUT: _(
        "This session was not used for some time, so it was ended to protect your account. Sign in again to go on."
    ),
    EndReason.ABSOLUTE_TIMEOUT: _(
        "This session reached the longest time it may last. To protect your account, you have to sign in "
        "anew from time to time, however active you are."
    ),
    EndReason.CARRIER_EXPIRED: _(
        "The time for which this browser keeps you signed in is over. Sign in again to go on."
    ),
    EndReason.CREDENTIAL_CHANGED: _(
        "The password of this account, or other data used to sign in, was changed. To protect the account, "
        "this session was ended. Sign in again to go on, with the new password if there is one."
    ),
    EndReason.DEACTIVATED: _(
        "This account was deactivated, so all its sessions were ended. To have it activated again, ask the "
        "people who run this site."
    ),
    EndReason.DELETED: _(
        "This account was deleted, so all its sessions were ended. If you did not expect that, ask the "
        "people who run this site."
    ),
    EndReason.DISOWNED: _(
        "The owner of this account said that this sign-in was not theirs. If it was yours, sign in again, and change "
        "the password if somebody else may know it."
    ),
    EndReason.ABORTED: _(
        "Your sign-in could not be completed because of an error, so its session was ended. Please sign in again."
    ),
    EndReason.SWITCHED: _(
        "Another account was signed in to in this browser, which ended the session of the account before it. "
        "Sign in again to go on."
    ),
    EndReason.OPERATOR: _(
        "An administrator ended this session. You can sign in again; to learn why, ask the people who run this site."
    ),
    EndReason.EPOCH: _("The people who run this site ended all sessions, of every account. Sign in again to go on."),
}
_REVOKED_FROM_ELSEWHERE = _("This session was ended from elsewhere, on request. Sign in again to go on.")
_ENDED = _("This session has ended. Sign in again to go on.")

DEVICE_CLASSES: dict[DeviceClass, str | Promise] = {
    DeviceClass.COMPUTER: _("Computer"),
    DeviceClass.PHONE: _("Phone"),
    DeviceClass.TABLET: _("Tablet"),
    DeviceClass.BOT: _("Program"),
    DeviceClass.OTHER: _("Unknown device"),
}
MUTABLE_NOTICES = {
    "second_session": _("A sign-in on a device that you know, while you are signed in elsewhere."),
    "evicted": _("A session of yours that was ended to make room for another one."),
}
"""What users may silence, by its kind, as the page says it. All else is told in any case."""

KINDS_OF_DEVICES: dict[DeviceClass, str | Promise] = {
    DeviceClass.COMPUTER: pgettext_lazy("limit", "Computers"),
    DeviceClass.PHONE: pgettext_lazy("limit", "Phones"),
    DeviceClass.TABLET: pgettext_lazy("limit", "Tablets"),
    DeviceClass.BOT: pgettext_lazy("limit", "Programs"),
    DeviceClass.OTHER: pgettext_lazy("limit", "Other devices"),
}
_APART: dict[Scope, str | Promise] = {
    Scope.CLIENT: pgettext_lazy("limit", "for each application"),
    Scope.DEVICE_CLASS: pgettext_lazy("limit", "for each kind of device"),
}
_BEYOND: dict[Overflow, str | Promise] = {
    Overflow.REFUSE: pgettext_lazy("limit", "then sign-ins are refused"),
    Overflow.ASK: pgettext_lazy("limit", "then users choose what ends"),
    Overflow.END_EXISTING: pgettext_lazy("limit", "then others end"),
}


def limit_title(limit: Limit) -> str:
    """The name that the site has given a limit or, if it has none, its rule in a few words."""
    if limit.name:
        return limit.name
    if limit.counts is Counts.DEVICES:
        counted = ngettext("%(counter)d device", "%(counter)d devices", limit.max_sessions)
    else:
        counted = ngettext("%(counter)d session", "%(counter)d sessions", limit.max_sessions)
    apart = [str(_APART[scope]) for scope in sorted(limit.scope)]
    return f"{' '.join([counted % {'counter': limit.max_sessions}, *apart])}, {_BEYOND[limit.overflow]}"


def reason_text(reason: str) -> str:
    """Why a session ended, in a few words, for lists; an unknown word is shown as "Ended"."""
    try:
        return str(REASONS[EndReason(reason)])
    except ValueError:
        return str(pgettext_lazy("reason", "Ended"))


def explanation(reason: str, by: object = None) -> str:
    """Why a session ended, in a sentence or two, for pages and the `detail` that programs get.

    `by` is what ended it, if that is known. An unknown word is explained by "This session has ended".
    """
    if reason == EndReason.REVOKED and not by:
        return str(_REVOKED_FROM_ELSEWHERE)
    try:
        return str(EXPLANATIONS[EndReason(reason)])
    except ValueError:
        return str(_ENDED)
