"""What all checks share: the settings as far as they can be read, loading by dotted path, and when to be silent."""

from collections.abc import Callable, Iterable

from django.conf import settings as django_settings
from django.core.checks import CheckMessage
from django.utils.module_loading import import_string

from sojourn.contrib.django.settings import Settings, read

Check = Callable[..., list[CheckMessage]]


def present() -> Settings:
    """The settings in force; a wrong one counts as not set, and has a finding of its own."""
    return read(getattr(django_settings, "SOJOURN", {}))[0]


def when_enabled(find: Callable[[], Iterable[CheckMessage]]) -> Check:
    """A check that finds nothing where Sojourn does nothing (ENABLED is False)."""

    def check(**_: object) -> list[CheckMessage]:
        return list(find()) if present().ENABLED else []

    # Not functools.wraps: Django would then see the arguments of `find`, and no **kwargs among them.
    check.__name__, check.__qualname__, check.__doc__ = find.__name__, find.__qualname__, find.__doc__
    return check


def load(path: str) -> object:
    """What is at the dotted path. Raises ImportError if there is nothing, whatever the text is."""
    try:
        found: object = import_string(path)
    except (TypeError, ValueError) as error:  # a relative or empty module name
        raise ImportError(str(error)) from error
    return found


def is_kind(found: object, kind: type) -> bool:
    """Whether `found` is the class `kind` or one derived from it; middleware may also be a function."""
    return isinstance(found, type) and issubclass(found, kind)
