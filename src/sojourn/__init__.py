"""Sojourn: concurrent session control for web applications."""

from sojourn.control import AsyncSessionControl, Options, SessionControl
from sojourn.core.errors import SojournError
from sojourn.core.outcomes import Admitted, Authenticated, ChoiceRequired, Ended, Paused, Refused, Unknown
from sojourn.core.policy import Limit, Policy
from sojourn.core.presets import preset
from sojourn.core.records import Arrival, Device
from sojourn.core.timeouts import Timeouts
from sojourn.stores.opening import open_async_store, open_store

__all__ = [
    "Admitted",
    "Arrival",
    "AsyncSessionControl",
    "Authenticated",
    "ChoiceRequired",
    "Device",
    "Ended",
    "Limit",
    "Options",
    "Paused",
    "Policy",
    "Refused",
    "SessionControl",
    "SojournError",
    "Timeouts",
    "Unknown",
    "open_async_store",
    "open_store",
    "preset",
]
