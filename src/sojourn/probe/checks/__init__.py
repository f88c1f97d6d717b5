"""Every check: the cheapest first, those that wait or change the account last.

To be a module of this folder is to be registered.
"""

import pkgutil
from functools import cache
from importlib import import_module

from sojourn.probe.check import Check, Need


@cache
def all_checks() -> tuple[Check, ...]:
    """The checks by whether they wait, or change anything; then by the number of sign-ins of each; then by id."""
    found = [import_module(f"{__name__}.{each.name}").CHECK for each in pkgutil.iter_modules(__path__)]
    return tuple(sorted(found, key=_place))


def _place(check: Check) -> tuple[int, int, str]:
    changes = bool({Need.CHANGES, Need.ADMIN} & check.needs)
    return 2 * changes + (Need.WAIT in check.needs), check.sign_ins, check.id
