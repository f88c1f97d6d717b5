"""Session control: what an application calls.

`SessionControl` waits, `AsyncSessionControl` awaits: twins of a few lines a method, held equal by a test. All they
share is in `rules`.
"""

from sojourn.control.aio import AsyncSessionControl
from sojourn.control.rules import Options, system_clock
from sojourn.control.sync import SessionControl

__all__ = ["AsyncSessionControl", "Options", "SessionControl", "system_clock"]
