"""Every check, the cheapest first. A check is a module of this folder: to be there is to be registered."""

import pkgutil
from functools import cache
from importlib import import_module

from sojourn.probe.check import Check


@cache
def all_checks() -> tuple[Check, ...]:
    """The checks by the number of sign-ins that each makes, then by id."""
    found = [import_module(f"{__name__}.{each.name}").CHECK for each in pkgutil.iter_modules(__path__)]
    return tuple(sorted(found, key=lambda check: (check.sign_ins, check.id)))
