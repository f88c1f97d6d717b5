"""Sojourn: concurrent session control for web applications.

What everybody uses. Those who await find `AsyncSessionControl` in `sojourn.control`, and `open_async_store` in
`sojourn.stores.opening`; who wants more of it finds `Options` and `Device` there and in `sojourn.core.records`.
"""

from sojourn.control import SessionControl
from sojourn.core.errors import SojournError
from sojourn.core.outcomes import Admitted, Authenticated, ChoiceRequired, Ended, Paused, Refused, Unknown
from sojourn.core.policy import Limit, Policy
from sojourn.core.presets import preset
from sojourn.core.records import Arrival
from sojourn.core.timeouts import Timeouts
from sojourn.stores.opening import open_store

__all__ = [
    "Admitted",
    "Arrival",
    "Authenticated",
    "ChoiceRequired",
    "Ended",
    "Limit",
    "Paused",
    "Policy",
    "Refused",
    "SessionControl",
    "SojournError",
    "Timeouts",
    "Unknown",
    "open_store",
    "preset",
]
