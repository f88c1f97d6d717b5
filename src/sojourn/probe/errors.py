"""Why an audit could not go on: one tree, with a stable `code` for each. What a check found is data, never an error."""

import inspect


class ProbeError(Exception):
    """The probe could not do its work."""

    code = "probe"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or inspect.cleandoc(type(self).__doc__ or ""))


class WrongProfile(ProbeError):
    """What the operator wrote is contradictory or incomplete; the message says what to write."""

    code = "wrong-profile"


class OffLimits(ProbeError):
    """A request would have gone to a host that the operator has not named; nothing was sent."""

    code = "off-limits"


class Unreachable(ProbeError):
    """The application did not answer, or not in time, or with something that is no HTTP."""

    code = "unreachable"


class Endless(Unreachable):
    """The application redirects in a circle, or for longer than a browser would follow."""

    code = "endless"


class CannotSignIn(ProbeError):
    """No way was found to sign in; the message says what was tried, and what to write into a profile."""

    code = "cannot-sign-in"


class AtLimit(CannotSignIn):
    """The account has as many sessions as it may have before the audit begins; the message says so."""

    code = "at-limit"


class LockedOut(ProbeError):
    """The application shows signs of a lockout or a rate limit: the audit stops at once, so as to do no harm."""

    code = "locked-out"


class OutOfSignIns(ProbeError):
    """The number of sign-ins that the operator allows is used up."""

    code = "out-of-sign-ins"


class OutOfTime(ProbeError):
    """The time that the operator allows is used up."""

    code = "out-of-time"


class NotRestored(ProbeError):
    """What the probe changed of the account could not be changed back: the audit stops, and says so."""

    code = "not-restored"


class NotTestable(ProbeError):
    """Raised by a check, anywhere in it, that cannot tell: the message is the reason. Never counted as a pass."""

    code = "not-testable"
