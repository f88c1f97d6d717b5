"""Moments as operators write them: so long ago, or a date."""

from django.core.management.base import CommandError

from sojourn.contrib.django.internal.wiring import now
from sojourn.contrib.django.values import point_in_time
from sojourn.core.errors import ConfigurationError
from sojourn.core.timeouts import parse_duration


def _moment(text: str, sign: int) -> int:
    try:
        return now() + sign * parse_duration(text)
    except ConfigurationError:
        pass
    try:
        return point_in_time(text)
    except ConfigurationError:
        raise CommandError(
            f"'{text[:80]}' is neither a duration, such as '90m' or '7d', nor a date, such as '2027-03-01' or "
            "'2027-03-01T06:00'."
        ) from None


def past(text: str | None) -> int | None:
    """A moment in the past: a duration counts back from now."""
    return None if text is None else _moment(text, -1)


def future(text: str | None) -> int | None:
    """A moment in the future: a duration counts from now."""
    return None if text is None else _moment(text, 1)
